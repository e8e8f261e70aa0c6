"""How readings, approvals and acts change what is known: what was found, who agreed, what was begun, and how it ended, if anybody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runbook.model.changing import changed, debt_opened, with_step
from runbook.model.events import (
    ActionEnded,
    ActionIntended,
    ApprovalGiven,
    ApprovalRefused,
    JournalDamaged,
    ReadingTaken,
    UnknownAnswered,
)
from runbook.model.known import State
from runbook.model.record import Recorded, event_of, happened


def _reading(state: State, recorded: Recorded, event: ReadingTaken) -> State:
    known = state.step(event.step).readings
    # A step may ask the same for days: of equal readings the last one is remembered.
    kept = [row for row in known if not _repeats(row, recorded, event)]
    return with_step(state, event.step, readings=(*kept, recorded))


def _repeats(earlier: Recorded, later: Recorded, event: ReadingTaken) -> bool:
    """Whether a later reading takes the place of an earlier one; nothing that kept evidence is ever replaced."""
    was = earlier.event
    return (
        isinstance(was, ReadingTaken)
        and was.outcome == event.outcome
        and was.ran == event.ran
        and was.purpose == event.purpose
        and earlier.writer == later.writer
        and not was.evidence
    )


def _approved(state: State, recorded: Recorded, event: ApprovalGiven) -> State:
    return with_step(state, event.step, approvals=(*state.step(event.step).approvals, recorded))


def _refused(state: State, recorded: Recorded, event: ApprovalRefused) -> State:
    return with_step(state, event.step, refusals=(*state.step(event.step).refusals, recorded))


def _intended(state: State, recorded: Recorded, event: ActionIntended) -> State:
    recorded = happened(recorded)
    state = with_step(state, event.step, intent=recorded, act_ended=None, unknown_answer="")
    state = changed(state, began_since_answer=True)
    return debt_opened(state, recorded, event.step, event.opens)


def _act_ended(state: State, recorded: Recorded, event: ActionEnded) -> State:
    return with_step(state, event.step, act_ended=recorded)


def _unknown_answered(state: State, recorded: Recorded, event: UnknownAnswered) -> State:
    if event.reason and event.answer != "unknown":
        state = changed(state, carried_answered=(*state.carried_answered, event.reason))
    if event.answer == "redo":
        return with_step(state, event.step, intent=None, act_ended=None, unknown_answer="redo")
    return with_step(state, event.step, unknown_answer=event.answer)


def _damaged(state: State, recorded: Recorded, event: JournalDamaged) -> State:
    """What claims to have been an intent is taken for one: rather a question too many than an act done twice."""
    claimed = event_of(event.claimed_kind, event.claimed_body)
    if not isinstance(claimed, ActionIntended):
        return state
    return _intended(state, recorded._replace(event=claimed), claimed)


HANDLERS: Mapping[type, Any] = {
    ReadingTaken: _reading,
    ApprovalGiven: _approved,
    ApprovalRefused: _refused,
    ActionIntended: _intended,
    ActionEnded: _act_ended,
    UnknownAnswered: _unknown_answered,
    JournalDamaged: _damaged,
}
