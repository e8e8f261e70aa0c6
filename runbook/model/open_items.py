"""What is open in an incident, in words: debts, acts whose end nobody knows, and questions that are with somebody."""

from __future__ import annotations

from datetime import datetime

from runbook.model.naming import title_of
from runbook.model.playbook import Playbook
from runbook.model.record import Recorded
from runbook.model.state import Conflict, Debt, State, StepState
from runbook.model.text import _
from runbook.model.units import age
from runbook.model.words import word


def debt_line(debt: Debt, plan: Playbook | None, now: datetime) -> str:
    """One open debt: what it is, for how long, and which step opened it."""
    return _("OPEN for {age}: {what} (since step {step})").format(
        age=age(debt.since, now), what=word(debt.kind, "debt"), step=title_of(plan, debt.step)
    )


def _who(state: State, plan: Playbook | None, opener: str) -> str:
    """The people who have to go back, as the end of a line."""
    closer = next((step.id for step in plan.steps if step.keys.closes == opener), "") if plan else ""
    away = state.away(opener, closer)
    return ": " + ", ".join(f"{name} ({place})" for name, place in away) if away else ""


def awaited_line(known: StepState, plan: Playbook | None, now: datetime) -> str:
    """A question that is with somebody: who has it, for how long, and which step passed it on."""
    assert known.delegated is not None
    event = known.delegated.event
    return _("NO ANSWER YET for {age}: {step} (with {who})").format(
        age=age(known.delegated.at, now),
        step=title_of(plan, known.id),
        who=getattr(event, "name", "") or getattr(event, "contact", ""),
    )


def conflict_line(conflict: Conflict, plan: Playbook | None) -> str:
    """A step that two people had to do with, the second without knowing of the first: who, and what each did there."""
    first, second = (f"{each.actor} ({_did(each)})" for each in (conflict.first, conflict.second))
    return _("TWICE: {step}: {first} and {second} did not know of each other").format(
        step=title_of(plan, conflict.step), first=first, second=second
    )


def _did(recorded: Recorded) -> str:
    outcome = getattr(recorded.event, "outcome", "")
    return word(outcome, "outcome") if outcome else word(recorded.kind, "touch")


def open_parts(state: State, plan: Playbook | None, now: datetime) -> list[tuple[str, str, str]]:
    """What is open, each as code (`debt`, `unknown`, `awaited`, `conflict`), step and line: open debts, the oldest first, acts whose end
    nobody knows, questions that are with somebody, and steps that two people did unaware of each other."""
    debts = sorted(state.open_debts, key=lambda debt: debt.since)
    sentence = _("UNKNOWN: {title}: nobody knows how it ended")
    return [
        *(("debt", debt.step, debt_line(debt, plan, now) + _who(state, plan, debt.step)) for debt in debts),
        *(("unknown", step.id, sentence.format(title=title_of(plan, step.id))) for step in state.unknown),
        *(("awaited", step.id, awaited_line(step, plan, now)) for step in state.awaited),
        *(("conflict", each.step, conflict_line(each, plan)) for each in state.conflicts),
    ]


def open_items(state: State, plan: Playbook | None, now: datetime) -> list[str]:
    """The same as lines alone; nothing when nothing is open."""
    return [line for _code, _step, line in open_parts(state, plan, now)]
