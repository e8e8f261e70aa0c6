"""The tests' own rules: in CI a skip is a failure, and no test sees the real home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPS = {
    "a test": "import pytest\ndef test_it():\n    pytest.skip('no daemon')\n",
    "a file": "import pytest\npytest.skip('no daemon', allow_module_level=True)\n",
}


@pytest.mark.parametrize("what", SKIPS)
@pytest.mark.parametrize(("ci", "failed"), [("0", False), ("1", True)])
def test_in_ci_nothing_is_skipped(tmp_path: Path, what: str, ci: str, failed: bool) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(SKIPS[what], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", str(tmp_path)],
        env={**os.environ, "RUNBOOK_CI": ci, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("skipped in CI" in done.stdout) == failed, done.stdout + done.stderr
    assert (done.returncode in (1, 2)) == failed, done.stdout


def test_the_home_of_the_tests_is_not_the_person_s() -> None:
    assert "runbook-tests-" in os.environ["RUNBOOK_HOME"]
    assert "runbook-tests-" in os.environ["XDG_CONFIG_HOME"]
