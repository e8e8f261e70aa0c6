"""The state of an incident: a pure fold of its events. Nothing else is ever the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from runbook.model.acts import HANDLERS as ACTS
from runbook.model.changing import changed, debt_opened, moved, with_step
from runbook.model.entering import HANDLERS as ENTERING
from runbook.model.entering import standing
from runbook.model.events import (
    AnswerCorrected,
    ClockCorrected,
    FailureAnswered,
    IncidentAborted,
    IncidentClosed,
    IncidentOpened,
    InputAnswered,
    Paused,
    RecoveryAnswered,
    ReportedTimeCorrected,
    Resumed,
    SelfChecked,
    SiteReloaded,
    StepBegun,
    StepFinished,
    WentTo,
)
from runbook.model.known import END, Conflict, Debt, IncidentState, Position, State, StepState
from runbook.model.lanes import BESIDE
from runbook.model.people import HANDLERS as PEOPLE
from runbook.model.record import Recorded, happened
from runbook.model.units import utc_read
from runbook.model.writers import HANDLERS as WRITERS
from runbook.model.writers import noticed

__all__ = ["END", "Conflict", "Debt", "IncidentState", "Position", "State", "StepState", "after", "fold"]


def fold(events: Iterable[Recorded], state: State | None = None) -> State:
    """The state after these events. Pure: the same events give the same state."""
    state, count = state or State(), 0
    time, last = state.time, state.last
    for row in events:
        time, last = time.counted(last, row)
        state = _handled(state, last)
        count += 1
    return changed(state, last=last, events=state.events + count, time=time) if count else state


def after(state: State, recorded: Recorded) -> State:
    """The state after one more event. Events that this version does not know change nothing but `last` and `time`."""
    time, recorded = state.time.counted(state.last, recorded)
    return changed(_handled(state, recorded), last=recorded, events=state.events + 1, time=time)


def _handled(state: State, recorded: Recorded) -> State:
    event = recorded.event
    handler = _HANDLERS.get(type(event))
    if handler is None:
        return state
    found: State = handler(noticed(state, recorded) if state.seen else state, recorded, event)
    return found if found.position is state.position else standing(found)


def _opened(state: State, recorded: Recorded, event: IncidentOpened) -> State:
    if state.opened:
        return state  # an incident is opened once, whatever another writer says
    return changed(state, opened=event, opened_at=recorded.at, reported_at=utc_read(event.reported_at))


def _reported(state: State, recorded: Recorded, event: ReportedTimeCorrected) -> State:
    return changed(state, reported_at=utc_read(event.at) - recorded.ahead)


def _clock_said(state: State, recorded: Recorded, event: ClockCorrected) -> State:
    return changed(state, clock_said=(recorded.boot_id, event.seconds))


def _input(state: State, recorded: Recorded, event: InputAnswered) -> State:
    return changed(state, inputs={**state.inputs, event.name: event.value})


def _self_checked(state: State, recorded: Recorded, event: SelfChecked) -> State:
    return changed(state, self_check=recorded)


def _begun(state: State, recorded: Recorded, event: StepBegun) -> State:
    recorded = happened(recorded)
    before = state.step(event.step)
    # An act that stayed unknown is not forgotten by a new attempt: it is answered for before it can be done again.
    unknown = before if before.unknown else _NOTHING
    fresh = changed(
        _NOTHING,
        id=event.step,
        attempt=event.attempt,
        returns=before.returns,
        begun_at=recorded.at,
        intent=unknown.intent,
        act_ended=unknown.act_ended,
        failure_choice=before.failure_choice if before.failure_choice == "by_hand" else "",
        approvals=before.approvals,
        delegated=before.delegated if before.awaited else None,
        holder=before.holder if before.holder and before.holder.writer != recorded.writer else recorded,
    )
    # A `together` that begins anew begins all its branches anew.
    lanes = state.lanes
    if lanes and not event.lane:
        lanes = {lane: at for lane, at in lanes.items() if lane.rpartition("/")[0] != event.step}
    steps, here = {**state.steps, event.step: fresh}, Position("at", event.step)
    if event.lane:
        state = changed(state, steps=steps, lanes={**lanes, event.lane: here}, paused="")
    else:
        state = changed(state, steps=steps, lanes=lanes, position=here, paused="")
    return debt_opened(state, recorded, event.step, event.opens)


def _finished(state: State, recorded: Recorded, event: StepFinished) -> State:
    recorded = happened(recorded)
    before, beside = state.step(event.step), event.lane.startswith(BESIDE)
    state = with_step(
        state,
        event.step,
        attempt=event.attempt,
        finished=recorded,
        outcome=event.outcome,
        answer=event.answer,
        by=event.by,
        values=dict(event.values),
        failure_choice="",
        begun_at=before.begun_at or recorded.at,
        holder=before.holder if beside and event.outcome in ("failed", "expired") else None,
        beside=beside,
    )
    if event.closes:
        debts = tuple(
            replace(debt, closed_by=event.step, closed_at=recorded.at)
            if debt.open and debt.step == event.closes
            else debt
            for debt in state.debts
        )
        state = changed(state, debts=debts)
    if event.by == "person":
        state = changed(state, last_answer=recorded, began_since_answer=False)
    if event.by == "paper" and state.position == Position("at", event.step, forced=True):
        state = changed(state, position=Position("at", event.step))
    return moved(state, event.lane, Position("after", event.step))


def _failure(state: State, recorded: Recorded, event: FailureAnswered) -> State:
    if event.choice not in ("again", "by_hand"):
        return with_step(state, event.step, failure_choice=event.choice, holder=None)
    state = with_step(state, event.step, failure_choice=event.choice, begun_at=None)
    return moved(state, event.lane, Position("at", event.step, forced=True))


def _recovery(state: State, recorded: Recorded, event: RecoveryAnswered) -> State:
    state = with_step(state, event.step, recovery="yes" if event.recovered else "no")
    state = changed(state, last_answer=recorded, began_since_answer=False)
    return changed(state, status="recovered", recovered_at=recorded.at) if event.recovered else state


def _went(state: State, recorded: Recorded, event: WentTo) -> State:
    steps = dict(state.steps)
    for step in event.passed_over:
        known = steps.get(step) or StepState(step)
        steps[step] = known if known.finished or known.awaited else replace(known, outcome="not_taken")
    there = steps.get(event.target)
    if event.because == "next" and there and there.finished:
        # Finished beside the walk, it is passed when the walk first comes to it, and done again after that.
        steps[event.target] = replace(there, returns=there.returns + 1, beside=there.beside and not there.returns)
    forced = event.because in ("goto", "offer")
    if there and there.beside and forced:
        steps[event.target] = replace(there, beside=False)  # somebody wants it done once more
    here = Position("after", END) if event.target == END else Position("at", event.target, forced=forced)
    offers = {**state.offers, event.offer: "go"} if event.offer else state.offers
    state = changed(state, steps=steps, offers=offers)
    if event.lane:
        led_by = event.origin if event.because == "next" else state.led_by
        return moved(changed(state, led_by=led_by), event.lane, here)
    return changed(
        state,
        position=here,
        led_by=event.origin if event.because == "next" else "",
        settling=event.target if event.origin == END and not event.offer else "",
    )


def _corrected(state: State, recorded: Recorded, event: AnswerCorrected) -> State:
    state = changed(state, last_answer=None)
    if event.question == "delegate":
        return with_step(state, event.step, finished=None, outcome="", answer="", by="", values={})
    if not event.walk_goes_back:
        return state
    if state.step(event.step).recovery == "yes":
        state = changed(state, status="open", recovered_at=None)
    state = with_step(state, event.step, recovery="")
    if event.question == "recovered":
        inside = event.step != END and state.step(event.step).finished is None
        return changed(state, position=Position("at" if inside else "after", event.step))
    if event.lane:
        # Its branch goes on from there, so the `together` around it has not ended.
        around = event.lane.rpartition("/")[0]
        state = with_step(state, around, finished=None, outcome="", values={}, recovery="")
        state = changed(state, position=Position("at", around))
    if sent := state.staff.get(event.step):
        # Who was named by mistake in this attempt did not come.
        begun = state.step(event.step).begun_at
        right = tuple(row for row in sent if begun is None or row.at < begun)
        state = changed(state, staff={**state.staff, event.step: right})
    # The intent stays: a wrong answer about an act makes its end unknown again, it does not undo it.
    state = with_step(state, event.step, begun_at=None, finished=None, outcome="", answer="", by="", values={})
    return moved(state, event.lane, Position("at", event.step, forced=True))


def _closed(state: State, recorded: Recorded, event: IncidentClosed) -> State:
    return changed(state, status="closed", ended_at=recorded.at)


def _aborted(state: State, recorded: Recorded, event: IncidentAborted) -> State:
    return changed(state, status="aborted", ended_at=recorded.at)


def _paused(state: State, recorded: Recorded, event: Paused) -> State:
    return changed(state, paused=event.why)


def _reloaded(state: State, recorded: Recorded, event: SiteReloaded) -> State:
    return changed(state, reloaded=event)


def _resumed(state: State, recorded: Recorded, event: Resumed) -> State:
    state = changed(state, paused="", resumed=recorded)
    # Whoever goes on with a walk that ended without recovery is asked again.
    return with_step(state, END, recovery="") if state.step(END).recovery == "no" else state


_NOTHING = StepState("")

_HANDLERS: dict[type, Any] = {
    **ACTS,
    **ENTERING,
    **PEOPLE,
    **WRITERS,
    IncidentOpened: _opened,
    ReportedTimeCorrected: _reported,
    ClockCorrected: _clock_said,
    InputAnswered: _input,
    SelfChecked: _self_checked,
    StepBegun: _begun,
    StepFinished: _finished,
    FailureAnswered: _failure,
    RecoveryAnswered: _recovery,
    WentTo: _went,
    AnswerCorrected: _corrected,
    IncidentClosed: _closed,
    IncidentAborted: _aborted,
    Paused: _paused,
    Resumed: _resumed,
    SiteReloaded: _reloaded,
}
