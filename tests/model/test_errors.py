"""The registry of errors: every code can be said, is raised with its names, and is used."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import runbook
from runbook.model.errors import REGISTRY, Problem, ProblemsError, RunbookError

FILES = sorted(Path(runbook.__file__).parent.rglob("*.py"))
ERRORS = ("RunbookError", "ProblemsError")


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def raised() -> Iterator[tuple[str, str, set[str], bool]]:
    """(where, code, the names given, whether more are given by **) of every place that makes an error."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in ERRORS:
                given = {keyword.arg for keyword in node.keywords if keyword.arg}
                more = any(keyword.arg is None for keyword in node.keywords)
                given |= {"count"} if called == "ProblemsError" else set()
                yield f"{path.name}:{node.lineno}", str(node.args[0].value), given, more


RAISED = list(raised())


def test_the_places_were_found() -> None:
    assert len(RAISED) > 20


@pytest.mark.parametrize(("where", "code", "given", "more"), RAISED, ids=[f"{r[0]}-{r[1]}" for r in RAISED])
def test_every_error_is_raised_with_a_known_code_and_all_its_names(
    where: str, code: str, given: set[str], more: bool
) -> None:
    assert code in REGISTRY, where
    assert more or names(REGISTRY[code].sentence) <= given, where


@pytest.mark.parametrize("code", REGISTRY)
def test_every_code_can_be_said(code: str) -> None:
    entry = REGISTRY[code]
    given = dict.fromkeys(names(entry.sentence), "it")
    error = RunbookError(code, **given)
    assert error.text()
    assert error.next()
    assert "{" not in error.text().replace("{{", "")
    assert str(error).startswith(code)
    assert error.exit_code in (1, 2, 3, 6)


def test_every_code_is_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES if path.name != "errors.py")
    assert [code for code in REGISTRY if not re.search(rf"[\"']{code}[\"']", text)] == []


def test_an_unknown_code_or_a_missing_value_is_a_bug_at_once() -> None:
    with pytest.raises(KeyError):
        RunbookError("E-NOTHING")
    with pytest.raises(KeyError):
        RunbookError("E-FILE", file="x")


def test_what_is_missing_in_the_next_line_is_shown_as_a_blank_to_fill_in() -> None:
    assert RunbookError("E-INCIDENT-OPEN", name="i-1", plan="p").next().startswith("runbook resume i-1")
    assert RunbookError("E-SITE-NONE", looked="x").next().startswith("runbook start NAME --lab")


def test_problems_are_sorted_and_said_with_their_place() -> None:
    second = Problem("a.yaml", 10, 1, "E-YAML", "steps", "expected this")
    first = Problem("a.yaml", 9, 1, "E-YAML", "steps", "expected that")
    error = ProblemsError("E-PLAN-BAD", [second, first], name="plan")
    assert error.problems == (first, second)
    assert str(first) == "a.yaml:9:1: steps: expected that [E-YAML]"
    assert "2 problem(s)" in error.text()
