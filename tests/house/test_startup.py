"""A command pays only for what it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"PIL", "paramiko", "pydantic", "jinja2", "typst", "prompt_toolkit", "rich", "yaml", "sqlite3", "platformdirs"}
LIST_MODULES = """
import sys
from runbook.cli.app import main
code = main({arguments!r})
print(code, *sorted(set(name.partition(".")[0] for name in sys.modules)))
print("commands", *sorted(name for name in sys.modules if name.startswith("runbook.cli.")))
"""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["--help", "--lang", "zh"]])
def test_answers_about_itself_import_no_heavy_library_and_no_command(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    modules, commands = done.stdout.splitlines()[-2:]
    code, *names = modules.split()
    assert code == "0"
    assert not HEAVY & set(names)
    assert commands.split() == ["commands", "runbook.cli.app", "runbook.cli.common"]
