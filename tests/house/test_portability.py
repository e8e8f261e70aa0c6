"""The program runs where the POSIX-only modules and functions are missing, as they are on Windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# A sitecustomize, so that the processes which the program starts itself lack the same things.
WITHOUT_POSIX = """
import os, signal, sys
# These two choose another module of theirs by sys.platform; here only the POSIX one exists.
import asyncio, platformdirs.unix

MISSING = {"fcntl", "termios", "pwd", "grp", "resource"}

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, Missing())
for name in MISSING:
    sys.modules.pop(name, None)
del os.fork, os.getuid, signal.SIGHUP, signal.SIGTSTP
"""

IMPORT_EVERYTHING = """
import importlib, os, pkgutil, runbook
assert not hasattr(os, "fork")
names = [module.name for module in pkgutil.walk_packages(runbook.__path__, "runbook.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


@pytest.fixture
def without_posix(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_POSIX, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(tmp_path), "RUNBOOK_HOME": str(tmp_path / "home")}


def test_every_module_can_be_imported(without_posix: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_EVERYTHING],
        env=without_posix,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def test_the_first_screen_is_reached(without_posix: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "runbook", "start", "cti-down", "--lab"],
        env=without_posix,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "runbook resume lab-" in done.stdout
