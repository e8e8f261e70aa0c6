"""How what people said and did changes what is known: who was told, delegated questions, tickets, staff, notes, handovers, waivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runbook.model.changing import changed, moved, with_step
from runbook.model.events import (
    DebtWaived,
    DelegateAnswered,
    Delegated,
    HandoverOffered,
    NoteAdded,
    PersonTold,
    SignedOn,
    StaffMoved,
    TicketsCounted,
)
from runbook.model.known import NOTES_AT_HAND, Position, State
from runbook.model.person import same_person
from runbook.model.record import Recorded


def _delegated(state: State, recorded: Recorded, event: Delegated) -> State:
    state = with_step(state, event.step, delegated=recorded)
    return state if event.waits else moved(state, event.lane, Position("after", event.step))


def _answered(state: State, recorded: Recorded, event: DelegateAnswered) -> State:
    state = with_step(
        state,
        event.step,
        finished=recorded,
        outcome=event.outcome,
        answer=event.answer,
        by="person",
        values=dict(event.values),
    )
    state = changed(state, last_answer=recorded, began_since_answer=False)
    return moved(state, event.lane, Position("after", event.step)) if event.waited else state


def _tickets(state: State, recorded: Recorded, event: TicketsCounted) -> State:
    return changed(state, tickets={**state.tickets, event.step: event})


def _staff(state: State, recorded: Recorded, event: StaffMoved) -> State:
    return changed(state, staff={**state.staff, event.step: (*state.staff.get(event.step, ()), recorded)})


def _noted(state: State, recorded: Recorded, event: NoteAdded) -> State:
    state = changed(state, notes=(*state.notes, recorded)[-NOTES_AT_HAND:], notes_written=state.notes_written + 1)
    known = state.step(event.step)
    return changed(state, noted=state.noted | {event.step}) if known.finished or known.awaited else state


def _told(state: State, recorded: Recorded, event: PersonTold) -> State:
    who = (event.contact, event.name, event.reached)
    earlier = {key: row for key, row in state.calls.items() if key != who}
    state = changed(state, calls={**earlier, who: recorded})
    if not event.reached or event.contact in state.told:
        return state
    return changed(state, told=(*state.told, event.contact))


def _waived(state: State, recorded: Recorded, event: DebtWaived) -> State:
    debts = tuple(
        replace(debt, waived_by=event.name, waiver=event.reason, closed_at=recorded.at)
        if debt.open and debt.step == event.step
        else debt
        for debt in state.debts
    )
    return changed(state, debts=debts)


def _offered(state: State, recorded: Recorded, event: HandoverOffered) -> State:
    return changed(state, offered=(*_without(state, event.to), recorded))


def _signed_on(state: State, recorded: Recorded, event: SignedOn) -> State:
    return changed(state, signed_on=event.name, offered=_without(state, event.name))


def _without(state: State, name: str) -> tuple[Recorded, ...]:
    """The handovers that are offered, without those to this person."""
    return tuple(row for row in state.offered if not same_person(getattr(row.event, "to", ""), name))


HANDLERS: Mapping[type, Any] = {
    DelegateAnswered: _answered,
    Delegated: _delegated,
    TicketsCounted: _tickets,
    StaffMoved: _staff,
    PersonTold: _told,
    DebtWaived: _waived,
    NoteAdded: _noted,
    HandoverOffered: _offered,
    SignedOn: _signed_on,
}
