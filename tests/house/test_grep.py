"""Words that must not stand anywhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "runbook").rglob("*.py"))


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # an unpacked sdist
        paths = [path for path in ROOT.rglob("*") if "__pycache__" not in path.parts]
    return [path for path in paths if path.is_file()]


def _found(pattern: str, paths: list[Path]) -> list[str]:
    wanted = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if wanted.search(line)
    ]


@pytest.mark.parametrize(
    ("why", "pattern"),
    [
        (
            "an unknown host key is refused, never taken",
            r"AutoAddPolicy|WarningPolicy|StrictHostKeyChecking[= ]+(no|off|accept-new)",
        ),
        ("YAML is read by the strict loader only", r"yaml\.(load|full_load|unsafe_load|load_all|safe_load)\b"),
        ("no shell reads a value", r"shell\s*=\s*True|os\.system\("),
    ],
)
def test_the_program_never_says(why: str, pattern: str) -> None:
    assert SOURCES
    assert _found(pattern, SOURCES) == [], why


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    here = Path(__file__)
    paths = [path for path in _tracked() if path != here]
    assert _found(r"(?<![\w.$}~-])/(root|work|home/\w+|Users/\w+|opt/pypi)/", paths) == []


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    planted = ROOT / "runbook" / "__init__.py"
    assert _found("A contingency-plan runner", [planted]) != []
