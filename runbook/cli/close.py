"""`runbook close INCIDENT`: end an incident. Refused, with the list, while anything that was opened is open."""

from __future__ import annotations

from typing import Annotated

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.text import _


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are."))] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
) -> int:
    """Close an incident when nothing is open."""
    import os

    from runbook.cli.incidents import account
    from runbook.model.events import IncidentClosed
    from runbook.model.units import utc_text
    from runbook.store.incidents import Home
    from runbook.ui.open_incidents import lines
    from runbook.ui.safe_text import safe
    from runbook.world.clock import LiveClock

    home, clock = Home.of(), LiveClock()
    found = home.find(incident, practice)
    with found.lock(utc_text(clock.now())):
        known = account(found)
        state = known.state
        if state.ended:
            raise RunbookError("E-INCIDENT-ENDED", name=found.id, state=state.status)
        missing = len(state.open_debts) + len(state.unknown) + (state.status == "open")
        if missing:
            for line in lines(found.id, state, clock.now()):
                print(safe(line))
            if state.status == "open":
                print(safe("  " + _("Service is not back: nobody has answered the plan's question with yes.")))
            raise RunbookError("E-DEBTS-OPEN", name=found.id, count=missing)
        actor = as_ or os.environ.get("RUNBOOK_USER") or home.settings.load().user or "-"
        journal = found.journal(clock, actor)
        try:
            recorded = journal.append(IncidentClosed())
        finally:
            journal.close()
    print(
        _("{incident} is closed; saved #{code}. Next: runbook report {incident}").format(
            incident=found.id, code=recorded.head_code
        )
    )
    return EXIT_GOOD
