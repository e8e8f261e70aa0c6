"""Incidents that are still open, as every later start shows them first."""

from __future__ import annotations

from datetime import datetime

from runbook.model.open_items import open_items
from runbook.model.state import State
from runbook.model.text import _
from runbook.model.units import age, zone_named
from runbook.model.words import word
from runbook.ui.event_lines import Reader, event_lines


def lines(incident: str, state: State, now: datetime) -> list[str]:
    """One open incident: its age, its state, its last line, and what is open in it. `now` in its own time."""
    opened = state.opened
    head = _("{incident}: {status} for {age}").format(
        incident=incident,
        status=word(state.status, "status"),
        age=age(state.opened_at, now) if state.opened_at else "?",
    )
    last = []
    if state.last and opened:
        said = event_lines(state.last, Reader(None, zone_named(opened.zone)))[0].text
        last = [_("  last: {line}").format(line=said)]
    where = []
    if state.playbook:
        where = [
            _("  now in the playbook {playbook}, severity {severity}").format(
                playbook=state.playbook, severity=state.severity
            )
        ]
    elif state.raised:
        where = [_("  severity raised to {severity}").format(severity=state.severity)]
    return [head, *where, *last, *(f"  {line}" for line in open_items(state, None, now))]
