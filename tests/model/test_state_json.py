"""The state as JSON: what is read back is what was written, and a fold goes on from it as from the one that was never kept."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import events as ev
from runbook.model.record import Recorded, kinds
from runbook.model.state import State, fold
from runbook.model.state_json import state_read, written
from runbook.store.ledger import first_rows
from runbook.store.rows import recorded
from tests.bench.huge_incident import rows
from tests.engine.desk import plan
from tests.engine.test_killed import BRANCHES, RICH, plans, walk_to_the_end
from tests.faults.test_flips import one_of_each
from tests.report.incident import Story, whole
from tests.store.parts import INCIDENT, StillClock, opening


def again(state: State) -> State:
    """The state, written and read back."""
    return state_read(json.loads(json.dumps(written(state), allow_nan=False)))


def check_cut(events: list[Recorded], cut: int) -> None:
    """Kept after `cut` events: equal, in the same order, and gone on from it ends as the fold of all."""
    state = fold(events[:cut])
    kept = again(state)
    assert kept == state
    assert [*kept.steps] == [*state.steps]
    assert fold(events[cut:], kept) == fold(events)
    assert [*fold(events[cut:], kept).steps] == [*fold(events).steps]


def test_the_story_of_the_report_kept_after_each_event() -> None:
    """A whole incident with debts, tickets, corrections and hostile notes, kept after any of its events."""
    events = whole()
    for cut in range(1, len(events) + 1):
        check_cut(events, cut)


@settings(max_examples=30, deadline=None)
@given(plans(), st.integers(0, 10_000), st.lists(st.integers(2, 40), max_size=1), st.data())
def test_any_walk_kept_anywhere(steps: str, seed: int, kills: list[int], data: st.DataObject) -> None:
    """Small plans of every kind, walked by people who answer anything, in a process that dies."""
    desk, _ = walk_to_the_end(plan(steps), seed, kills)
    check_cut(desk.rows(), data.draw(st.integers(1, len(desk.rows()))))


@pytest.mark.parametrize("steps", [RICH, BRANCHES])
def test_a_rich_walk_and_branches_kept_after_each_event(steps: str) -> None:
    """Approvals, acts, waits, lanes of a `together`."""
    desk, _ = walk_to_the_end(plan(steps), 3, [7])
    for cut in range(1, len(desk.rows()) + 1):
        check_cut(desk.rows(), cut)


def test_the_huge_incident_kept_in_its_middle(tmp_path: Path) -> None:
    """The incident of the benchmark."""
    begun = first_rows(
        INCIDENT, StillClock(), "Technician A", [opening(INCIDENT, {}), ev.StepBegun("tell-lead", 1)], "A"
    )
    events = [recorded(row) for row in rows(begun, tmp_path, 300, 3)]
    for cut in (1, 150, 299, 300):
        check_cut(events, cut)


def timed(event: ev.Event) -> ev.Event:
    """The event with a time where it says when."""
    says = {name: "2026-11-03T18:40:00.000Z" for name in ("at", "reported_at") if hasattr(event, name)}
    return replace(event, **says)


def test_an_event_of_every_kind() -> None:
    """Every kind of event in turn, of two writers on two machines whose clocks were set: every field that any of them fills."""
    story = Story()
    story.opened()
    for number, event in enumerate(one_of_each()):
        at = story.add(timed(event))
        changes: dict[str, Any] = {
            "writer": f"w{number % 2}",
            "boot_id": f"boot-{number % 3}",
            "further": {"more": [number]},
        }
        story.rows[-1] = at._replace(**changes)
        story.now += timedelta(hours=number % 5 == 0)
    story.add(ev.Unrecognised("Later", {"deep": [{"in": None}, 0.1, True]}))
    for cut in range(1, len(story.rows) + 1):
        check_cut(story.rows, cut)
    assert {type(row.event).__name__ for row in story.rows} >= set(kinds()) - {"OthersSeen"}


def test_a_value_of_another_type_is_refused() -> None:
    """Whatever value is put in the place of any other, in the whole depth: read back it is of its field's type, or nothing is."""
    value = json.loads(json.dumps(written(fold(whole()))))
    strange: list[Any] = [None, 1, -0.5, "x", [], {}, True, [[]], {"a": 1}]
    changed = [
        [*value[:number], other, *value[number + 1 :]] for number in range(len(fields(State))) for other in strange
    ]
    found = [state for each in changed if (state := read_or_none(each))]
    assert all(again(state) == state for state in found)
    assert len(found) < len(changed) / 3
    assert not any(map(read_or_none, (None, [], {}, "", value[:-1], [*value, 1])))
    assert read_or_none(value)


def read_or_none(value: Any) -> State | None:
    try:
        return state_read(value)
    except ValueError:
        return None
