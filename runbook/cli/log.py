"""`runbook log INCIDENT`: the events as they were recorded, followed while they come when asked."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_GOOD
from runbook.model.text import _

POLL_S = 0.5


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    follow: Annotated[bool, typer.Option("--follow", help=_("Go on while events come; Ctrl-C ends it."))] = False,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Show the events of an incident."""
    import time

    from runbook.cli.incidents import account, zone_of
    from runbook.model.state import fold
    from runbook.store.incidents import Home

    found = Home.of().find(incident, practice)
    known = account(found)
    if as_json:
        print(
            json.dumps(
                {"schema": 1, "incident": found.id, "events": [row(r) for r in found.read().events]}, ensure_ascii=False
            )
        )
        return EXIT_GOOD
    shown = 0
    zone = zone_of(known.opened)
    try:
        while True:
            events = found.read().events
            for recorded in events[shown:]:
                _print(recorded, zone)
            shown = len(events)
            if not follow or fold(events).ended:
                break
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        pass
    if known.problem:
        print(_("The journal is damaged: {problem}").format(problem=known.problem))
    return EXIT_GOOD


def row(recorded: Any) -> dict[str, Any]:
    """The JSON object of one event."""
    from runbook.model.events import body

    return {
        "seq": recorded.seq,
        "at": recorded.utc,
        "writer": recorded.writer,
        "actor": recorded.actor,
        "kind": recorded.kind,
        "body": body(recorded.event),
        "hash": recorded.hash,
    }


def _print(recorded: Any, zone: Any) -> None:
    from runbook.model.events import body
    from runbook.model.units import local_text
    from runbook.ui.safe_text import one_line

    said = "  ".join(
        f"{name}={value}" for name, value in body(recorded.event).items() if value not in ("", [], {}, None, 0)
    )
    print(
        f"#{recorded.seq}  {local_text(recorded.at, zone)}  {one_line(recorded.actor)}  {recorded.kind}  {one_line(said, 400)}"
    )
