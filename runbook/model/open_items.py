"""What is open in an incident, in words: debts, and acts whose end nobody knows."""

from __future__ import annotations

from datetime import datetime

from runbook.model.naming import title_of
from runbook.model.playbook import Playbook
from runbook.model.state import Debt, State
from runbook.model.text import _
from runbook.model.units import span
from runbook.model.words import word


def debt_line(debt: Debt, plan: Playbook | None, now: datetime) -> str:
    """One open debt: what it is, for how long, and which step opened it."""
    return _("OPEN for {age}: {what} (since step {step})").format(
        age=span(now - debt.since), what=word(debt.kind, "debt"), step=title_of(plan, debt.step)
    )


def _who(state: State, plan: Playbook | None, opener: str) -> str:
    """The people who have to go back, as the end of a line."""
    closer = next((step.id for step in plan.steps if step.keys.closes == opener), "") if plan else ""
    away = state.away(opener, closer)
    return ": " + ", ".join(f"{name} ({place})" for name, place in away) if away else ""


def open_items(state: State, plan: Playbook | None, now: datetime) -> list[str]:
    """Open debts, the oldest first, and acts whose end nobody knows; nothing when there is none."""
    debts = sorted(state.open_debts, key=lambda debt: debt.since)
    sentence = _("UNKNOWN: {title}: nobody knows how it ended")
    return [
        *(debt_line(debt, plan, now) + _who(state, plan, debt.step) for debt in debts),
        *(sentence.format(title=title_of(plan, step.id)) for step in state.unknown),
    ]
