"""The table of faults names every fault, and tests that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.faults.mutants import MUTANTS

TEXT = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests/\w+/)?test_\w+\.py)(?:::(test_\w+))?`", TEXT)))


@cache
def names_in(file: str) -> set[str]:
    """The tests of one file."""
    path = ROOT / (file if "/" in file else f"tests/faults/{file}")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("fault", [f"F{number:02}" for number in range(1, 45)])
def test_every_fault_has_a_row(fault: str) -> None:
    """Each of F01 to F44 has one row in the table, with a test or what it waits for."""
    rows = re.findall(rf"^\| {fault} .*$", TEXT, re.MULTILINE)
    named = [row for row in rows if row.count("|") == 5]
    assert len(named) == 1
    assert "`test_" in named[0] or "comes with" in named[0]


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value)
def test_every_named_test_is_there(file: str, name: str) -> None:
    """A test that the document names exists, and so does a file that it names."""
    found = names_in(file)
    assert name in found if name else found


CAMPAIGN = ("disk", "files", "hung_disk", "kill", "power_cut", "soak", "syscalls")
"""The files whose tests each show one fault."""


def test_every_test_says_its_fault() -> None:
    """The sentence of each test of the campaign begins with its fault."""
    silent = [
        f"{path.name}::{node.name}"
        for path in (Path(__file__).with_name(f"test_{name}.py") for name in CAMPAIGN)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if not re.match(r"F\d\d", ast.get_docstring(node) or "")
    ]
    assert silent == []


@pytest.mark.parametrize("name", MUTANTS)
def test_what_a_mutant_takes_out_is_there(name: str) -> None:
    """Every line that a mutant replaces stands in its file, and every test that it runs exists: otherwise it would show nothing."""
    changes, tests = MUTANTS[name]
    assert [file for file, old, _new in changes if old not in (ROOT / file).read_text(encoding="utf-8")] == []
    assert [test for test in tests if not (ROOT / test.partition("::")[0]).is_file()] == []
