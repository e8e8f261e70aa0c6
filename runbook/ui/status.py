"""The status line: what is true now, in one or two lines below the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runbook.model.clocks import Clock, limit_line
from runbook.model.state import State
from runbook.model.text import _
from runbook.model.units import age
from runbook.model.words import practice_mark


def status_line(state: State, now: datetime, *, who: str = "", running: Sequence[Clock] = ()) -> str:
    """LAB or DRILL first; incident, who, elapsed since reported, limits, open items, and up to where it is saved."""
    opened = state.opened
    parts = [practice_mark(opened.mode), opened.incident] if opened else []
    parts.append(who)
    if state.playbook:
        parts.append(_("in {playbook}").format(playbook=state.playbook))
    if state.raised:
        parts.append(state.severity)
    if state.reported_at:
        parts.append(
            _("{elapsed} since the report").format(
                elapsed=("~" if state.time.doubtful else "") + age(state.reported_at, now)
            )
        )
    parts += limits(running, now)
    if count := len(state.open_debts) + len(state.unknown):
        parts.append(_("{count} OPEN").format(count=count))
    if awaited := state.awaited:
        oldest = awaited[0].delegated
        parts.append(
            _("{count} without an answer, for {age}").format(
                count=len(awaited), age=age(oldest.at, now) if oldest else ""
            )
        )
    if state.last:
        parts.append(_("saved #{code}").format(code=state.head_code))
    return " · ".join(part for part in parts if part)


def limits(running: Sequence[Clock], now: datetime) -> list[str]:
    """The limit that comes next, and the one that was broken last with how many are; nothing when all are met."""
    open_ = [clock for clock in running if clock.met_at is None]
    late = [clock for clock in open_ if clock.broken(now)]
    ahead = [clock for clock in open_ if not clock.broken(now)]
    said = [limit_line(clock, now) for clock in ahead[:1]]
    if late:
        others = _(" and {count} more").format(count=len(late) - 1) if len(late) > 1 else ""
        said.append(limit_line(late[-1], now) + others)
    return said
