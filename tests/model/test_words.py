"""Every code that the program can record has words, in the one table that screen and report share."""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

import pytest

from runbook.model import events as e
from runbook.model.kind import Result
from runbook.model.outcome import Outcome
from runbook.model.prompts import Gone
from runbook.model.state import IncidentState
from runbook.model.step import Phase
from runbook.model.words import WORDS, practice_mark, word
from runbook.store.summaries import State

DECLARED = [
    ("outcome", get_args(Outcome)),
    ("phase", get_args(Phase)),
    ("status", get_args(IncidentState)),
    ("status", get_args(State)),
    ("paused", get_args(get_type_hints(Gone)["why"])),
    ("ended", get_args(get_type_hints(Result)["ended"])),
]
IN_EVENTS = [
    ("input", e.InputAnswered, "`how`: "),
    ("paused", e.Paused, "`why`: "),
    ("purpose", e.ReadingTaken, "`purpose`: "),
    ("refused", e.ApprovalRefused, "`why`: "),
    ("ended", e.ActionEnded, "`ended`: "),
    ("by", e.StepFinished, "`by`: "),
    ("how", e.StepFinished, "`how`: "),
    ("unknown_answer", e.UnknownAnswered, "knew: "),
    ("choice", e.FailureAnswered, "menu: "),
    ("because", e.WentTo, "`because`: "),
    ("jump", e.ClockJumped, "`kind`: "),
]
"""The table, the event, and what stands before the list of its codes in the event's docstring."""


@pytest.mark.parametrize(("table", "codes"), DECLARED)
def test_every_declared_code_has_a_word(table: str, codes: tuple[str, ...]) -> None:
    assert codes
    assert set(codes) - set(WORDS[table]) == set()


@pytest.mark.parametrize(("table", "event", "before"), IN_EVENTS)
def test_every_code_that_an_event_names_has_a_word(table: str, event: type[e.Event], before: str) -> None:
    """The docstring of an event lists its codes; each has a word."""
    text = re.sub(r" ?\([^)]*\)", "", str(event.__doc__).partition(before)[2])
    codes = re.match(r"\w+(?: \| \w+)+", text)
    assert codes, text
    assert set(codes[0].split(" | ")) - set(WORDS[table]) == set()


def test_a_code_of_another_version_is_shown_as_it_is() -> None:
    assert word("melted", "outcome") == "melted"
    assert word("", "answer") == ""


def test_only_practice_is_marked() -> None:
    assert [practice_mark(mode) for mode in ("live", "lab", "drill")] == ["", "LAB", "DRILL"]
