"""`runbook log INCIDENT`: the events in words, followed while they come when asked."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.model.events import IncidentOpened
    from runbook.model.marks import Marks
    from runbook.model.record import Recorded
    from runbook.store.folder import Incident
    from runbook.ui.event_lines import Reader

POLL_S = 0.5
PAUSE_AT_MOST_S = 3.0


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    live: Annotated[bool, typer.Option("--follow", help=_("Go on while events come; Ctrl-C ends it."))] = False,
    play: Annotated[
        float, typer.Option("--play", metavar="TIMES", help=_("Show it as a film, so many times as fast as it was."))
    ] = 0,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Show the events of an incident."""
    from runbook.store.incidents import Home

    found = Home.of().find(incident, practice)
    if as_json:
        print(
            json.dumps(
                {"schema": 1, "incident": found.id, "events": [row(r) for r in found.read().events]}, ensure_ascii=False
            )
        )
        return EXIT_GOOD
    if play:
        return _played(found, play)
    return follow(found, live=live)


def _played(found: Incident, times: float) -> int:
    """The events with the pauses that there were between them, `times` as short; a long one is cut, and said."""
    import math
    import time

    from runbook.cli.incidents import account
    from runbook.model.marks import marks
    from runbook.model.own_time import timed
    from runbook.model.units import span

    if not (math.isfinite(times) and times > 0):
        expected, typed = _("how many times as fast, more than 0"), f"runbook log {found.id} --play 20"
        raise RunbookError("E-VALUE", where="--play", expected=expected, found=str(times), next=typed)
    events = found.read().events
    reader, before = _reader(found, account(found).opened), None
    known = marks(events)
    try:
        for recorded in timed(events):
            gap = recorded.at - (before or recorded).at
            if gap.total_seconds() / times > PAUSE_AT_MOST_S:
                print("  " + _("... {length} later").format(length=span(gap)))
            time.sleep(min(max(gap.total_seconds() / times, 0), PAUSE_AT_MOST_S))
            _print(recorded, reader, known)
            sys.stdout.flush()
            before = recorded
    except KeyboardInterrupt:
        pass
    return EXIT_GOOD


def follow(found: Incident, *, live: bool = True) -> int:
    """Show every event, and what comes while the incident has not ended, until Ctrl-C."""
    import time

    from runbook.cli.incidents import account
    from runbook.model.marks import Marks, marks

    found.read()
    known = account(found)
    shown = 0
    reader = _reader(found, known.opened)
    try:
        while True:
            events = found.read().events
            said = marks(events) if len(events) > shown else Marks()
            for recorded in events[shown:]:
                _print(recorded, reader, said)
            shown = len(events)
            if not live or found.state(events).ended:
                break
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        pass
    if known.problem:
        print(_("The journal is damaged: {problem}").format(problem=known.problem))
    return EXIT_GOOD


def row(recorded: Recorded) -> dict[str, Any]:
    """The JSON object of one event."""
    from runbook.model.record import body

    return {
        "seq": recorded.seq,
        "at": recorded.utc,
        "writer": recorded.writer,
        "actor": recorded.actor,
        "kind": recorded.kind,
        "body": {**body(recorded.event), **recorded.further},
        "hash": recorded.hash,
    }


def _reader(incident: Incident, opened: IncidentOpened) -> Reader:
    """What the events are said with. The log is shown where the plan that was kept cannot be read, too: then with ids."""
    from runbook.cli.incidents import plan_and_site, zone_of
    from runbook.ui.event_lines import Reader

    try:
        plan, site = plan_and_site(incident, opened)
    except (RunbookError, KeyError):
        return Reader(None, zone_of(opened))
    return Reader(plan, zone_of(opened), site.role)


def _print(recorded: Recorded, reader: Reader, marks: Marks) -> None:
    from runbook.model.marks import numbers
    from runbook.model.units import local_text
    from runbook.ui.event_lines import told
    from runbook.ui.safe_text import one_line, safe

    after = "  " + _("(after the end)") if marks.is_after_end(recorded) else ""
    print(f"#{recorded.seq}  {local_text(recorded.wall, reader.zone)}  {one_line(recorded.actor)}{after}")
    for line in told(recorded, reader):
        print("  " + safe(line.text))
    if found := marks.amended_by(recorded):
        print("  " + _("amended by {numbers}").format(numbers=numbers(found)))
