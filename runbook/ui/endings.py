"""The last lines of a walk: how it ended, what is still open, and what to type next."""

from __future__ import annotations

from datetime import datetime

from runbook.model.playbook import Playbook
from runbook.model.state import State
from runbook.model.text import _
from runbook.model.units import span
from runbook.ui.glyphs import Shown
from runbook.ui.words import debts_lines, mark, open_items


def ending_lines(how: str, state: State, plan: Playbook, now: datetime) -> list[Shown]:
    """How a walk ended (`recovered`, `not_recovered`, `aborted`, `paused`). Says only what is already true."""
    assert state.opened is not None
    assert state.last is not None
    incident = state.opened.incident
    practice = mark(state.opened.mode)
    took = span(now - state.reported_at) if state.reported_at else "-"
    head, commands = {
        "recovered": (_("Service is back, {took} after the report."), ["runbook report {i}", "runbook close {i}"]),
        "not_recovered": (
            _("The plan is at its end and service is not back."),
            ["runbook resume {i}", "runbook report {i}"],
        ),
        "aborted": (_("The incident was aborted."), ["runbook report {i}"]),
        "paused": (_("Paused. Nothing is lost."), ["runbook resume {i}"]),
    }[how]
    lines = [Shown(""), Shown(" ".join(part for part in (practice, head.format(took=took)) if part), "bold")]
    lines += [Shown(line, "yellow") for line in (*debts_lines(state, plan, now), *open_items(state, plan, now))]
    lines.append(Shown(_("{incident} · saved #{code}").format(incident=incident, code=state.last.head_code)))
    return [
        *lines,
        *(Shown(_("Next: {command}").format(command=command.format(i=incident)), "bold") for command in commands),
    ]
