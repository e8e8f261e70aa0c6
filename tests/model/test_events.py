"""Events: every one survives the journal, and what another version wrote is kept."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import events
from runbook.model.events import Event, StepBegun, Unrecognised
from runbook.model.record import Recorded, body, event, further, kinds
from runbook.model.state import fold

TEXT = st.text(max_size=20)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), TEXT)  # fmt: skip
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 10**9),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bool | None: st.none() | st.booleans(),
    dict[str, str]: st.dictionaries(TEXT, TEXT, max_size=3),
    dict[str, Any]: st.dictionaries(TEXT, SCALAR, max_size=3),
    dict[str, list[Any]]: st.dictionaries(TEXT, st.lists(SCALAR, max_size=2), max_size=3),
    list[str]: st.lists(TEXT, max_size=3),
    list[dict[str, str]]: st.lists(st.dictionaries(TEXT, TEXT, max_size=3), max_size=2),
    dict[str, list[Any]]: st.dictionaries(TEXT, st.lists(SCALAR, max_size=2), max_size=3),
    list[dict[str, Any]]: st.lists(st.dictionaries(TEXT, SCALAR, max_size=3), max_size=2),
}


def any_event(kind: str) -> st.SearchStrategy[Event]:
    cls = getattr(events, kind)
    hints = get_type_hints(cls)
    return st.builds(cls, **{field.name: BY_TYPE[hints[field.name]] for field in fields(cls)})


@pytest.mark.parametrize("kind", kinds())
@given(data=st.data())
def test_every_event_survives_the_journal(kind: str, data: st.DataObject) -> None:
    made = data.draw(any_event(kind))
    assert event(kind, json.loads(json.dumps(body(made)))) == made


@pytest.mark.parametrize("kind", kinds())
@settings(max_examples=3)
@given(data=st.data())
def test_an_event_with_a_field_of_a_later_version_keeps_its_meaning(kind: str, data: st.DataObject) -> None:
    """A later version's intent is an intent: what is known of an event counts, and what was added to it is kept beside it."""
    known = data.draw(any_event(kind))
    later = {**body(known), "moon": "full"}
    assert event(kind, later) == known
    assert further(known, later) == {"moon": "full"}
    assert further(known, body(known)) == {}


def test_a_kind_of_a_later_version_is_kept_and_changes_nothing_but_the_last_event() -> None:
    kept = event("MoonRose", {"at": "02:51"})
    row = Recorded("i", "w", 1, "2026-11-04T04:00:00.000Z", "b", 1.0, "T", kept, "", "ab12" * 16)
    state = fold([row])
    assert (row.kind, state.head_code) == ("MoonRose", "1·AB12")
    assert state.last == row
    assert state == fold([row], fold([]))
    assert fold([]) == type(state)()


def test_a_missing_field_is_not_guessed() -> None:
    assert event("StepBegun", {"step": "look"}) == Unrecognised("StepBegun", {"step": "look"})
    assert event("StepBegun", {"step": "look", "attempt": 1}) == StepBegun("look", 1)
    assert event("Unrecognised", {"kind": "x", "body": {}}) == Unrecognised("Unrecognised", {"kind": "x", "body": {}})


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("NoteAdded", {"text": ["x"]}),
        ("NoteAdded", {"text": "x", "amends": "1"}),
        ("NoteAdded", {"text": "x", "amends": True}),
        ("NoteAdded", {"text": "x", "evidence": [1]}),
        ("StepFinished", {"step": {"a": 1}, "attempt": 1, "outcome": "passed", "by": "x", "how": "y"}),
        ("OthersSeen", {"heads": {"A": "x"}}),
        ("SelfChecked", {"link": None}),
    ],
)
def test_a_value_of_another_type_is_kept_and_never_interpreted(kind: str, data: dict[str, Any]) -> None:
    """A row that proves itself may hold anything: no reader of the event meets a list where a text belongs."""
    assert event(kind, data) == Unrecognised(kind, data)
