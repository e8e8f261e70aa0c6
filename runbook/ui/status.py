"""The status line: what is true now, in one or two lines below the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runbook.model.clocks import Clock, next_limit
from runbook.model.state import State
from runbook.model.text import _
from runbook.model.units import span
from runbook.ui.words import mark


def status_line(state: State, now: datetime, *, who: str = "", running: Sequence[Clock] = ()) -> str:
    """LAB or DRILL first; incident, who, elapsed since reported, next limit, open items, and up to where it is saved."""
    opened = state.opened
    parts = [mark(opened.mode), opened.incident] if opened else []
    parts.append(who)
    if state.reported_at:
        parts.append(_("{elapsed} since the report").format(elapsed=span(now - state.reported_at)))
    if clock := next_limit(list(running), now):
        parts.append(limit_line(clock, now))
    if count := len(state.open_debts) + len(state.unknown):
        parts.append(_("{count} OPEN").format(count=count))
    if state.last:
        parts.append(_("saved #{code}").format(code=state.last.head_code))
    return " · ".join(part for part in parts if part)


def limit_line(clock: Clock, now: datetime) -> str:
    """How one limit stands: what is left of it, or by how much it is broken."""
    left = clock.left(now)
    if clock.broken(now):
        return _("{limit} LATE by {late}").format(limit=clock.title, late=span(-left))
    if clock.met_at:
        return _("{limit} kept").format(limit=clock.title)
    return _("{limit} in {left}").format(limit=clock.title, left=span(left))
