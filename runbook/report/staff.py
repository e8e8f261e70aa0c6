"""Borrowed and moved people: who, where, from when to when, and who allowed it (CAP-037)."""

from __future__ import annotations

from datetime import datetime

from runbook.model.events import ApprovalGiven, StaffMoved
from runbook.model.playbook import Playbook
from runbook.model.state import State
from runbook.model.text import _
from runbook.report.record import StaffFacts

Pair = tuple[str, str]


def staff(playbook: Playbook, state: State) -> tuple[StaffFacts, ...]:
    """Everybody who was borrowed or moved, in the order in which they were written down."""
    found = []
    for step, rows in state.staff.items():
        back = _back(playbook, state, step)
        debt = next((debt for debt in state.debts if debt.step == step), None)
        closed = debt.closed_at if debt and debt.closed_by else None
        waived = debt.waived_by if debt else ""
        for row in rows:
            if not isinstance(row.event, StaffMoved) or row.event.do == "release":
                continue
            for pair in zip(row.event.people, row.event.seats, strict=False):
                until = back.get(pair) or closed
                found.append(StaffFacts(step, row.event.do, *pair, row.at, until, _approved_by(state, step), waived))
    return tuple(found)


def not_back(people: tuple[StaffFacts, ...]) -> tuple[str, ...]:
    """A line for each who has not gone back."""
    return tuple(
        _("not gone back: {name} ({place})").format(name=person.name, place=person.place)
        for person in people
        if person.until is None and not person.waived_by
    )


def _back(playbook: Playbook, state: State, opener: str) -> dict[Pair, datetime]:
    """When each went back, by the steps that close this one."""
    closers = [step.id for step in playbook.steps if step.keys.closes == opener]
    back: dict[Pair, datetime] = {}
    for row in (row for closer in closers for row in state.staff.get(closer, ())):
        if isinstance(row.event, StaffMoved):
            for pair in zip(row.event.people, row.event.seats, strict=False):
                back.setdefault(pair, row.at)
    return back


def _approved_by(state: State, step: str) -> str:
    given = [row.event.name for row in state.step(step).approvals if isinstance(row.event, ApprovalGiven)]
    return given[-1] if given else ""
