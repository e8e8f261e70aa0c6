"""What the documents list is what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from runbook.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_has_a_line_for_every_command(name: str) -> None:
    assert re.search(rf"^\| `runbook {name}\b", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("requirement", PROJECT["dependencies"])
def test_every_dependency_was_decided(requirement: str) -> None:
    (name,) = re.findall(r"^[\w-]+", requirement)
    decisions = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| {re.escape(name)}\b", decisions, re.MULTILINE)


@pytest.mark.parametrize("requirement", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"])
def test_every_dependency_is_pinned(requirement: str) -> None:
    (name,) = re.findall(r"^[\w-]+", requirement)
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    assert f"\n{name.lower().replace('_', '-')}==" in pinned


def test_the_constraints_name_no_registry() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line)] == []
