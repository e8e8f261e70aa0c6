"""`runbook report INCIDENT`: write the report of an incident, as Markdown or PDF."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.report.record import Facts
    from runbook.store.folder import Incident


class Format(StrEnum):
    """The formats of a report, and of a brief that is written to a file."""

    MD = "md"
    PDF = "pdf"


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    form: Annotated[
        Format | None, typer.Option("--format", help=_("md, pdf; without it what -o ends in, else md."))
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help=_("Where to write it; - is the standard output."))
    ] = "",
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
) -> int:
    """Write the report of an incident."""
    from runbook.report.write import default_name, render, to_stdout, write
    from runbook.store.incidents import Home

    found = Home.of().find(incident, practice)
    chosen = form or (Format.PDF if output.lower().endswith(".pdf") else Format.MD)
    if output == "-" and chosen is Format.PDF and sys.stdout.isatty():
        sentence = _("A PDF cannot be shown on a terminal.")
        raise RunbookError("E-USAGE", sentence=sentence, next=f"runbook report {found.id} --format pdf -o FILE.pdf")
    facts = facts_of(found)
    data = render(facts, chosen.value)
    if output == "-":
        to_stdout(data)
        return EXIT_GOOD
    place = write(Path(output or default_name(found.id, chosen.value)), data)
    print(_("The report is in {file}").format(file=place))
    if facts.proof.broken_at is not None:
        print(
            _("The journal is damaged from event {seq} on; the report says only what is proven.").format(
                seq=facts.proof.broken_at
            )
        )
    return EXIT_GOOD


def facts_of(incident: Incident) -> Facts:
    """The facts of an incident as its folder holds them, short enough to be printed. Raises RunbookError when not even its opening can be read."""
    from runbook.cli.incidents import plan_and_site
    from runbook.cli.session import scheme_of
    from runbook.model.events import IncidentOpened
    from runbook.report.facts import facts
    from runbook.report.record import Proof
    from runbook.report.shortened import shortened
    from runbook.world.clock import LiveClock

    reading = incident.read()
    events, damage = reading.events, reading.damage
    opened = events[0].event if events else None
    if not isinstance(opened, IncidentOpened):
        reason = damage.reason if damage else _("it does not begin with its opening")
        raise RunbookError("E-JOURNAL-DAMAGED", name=incident.id, seq=1, reason=reason)
    state = incident.state(events)
    plan, site = plan_and_site(incident, opened, state.reloaded)
    broken_at, reason = (damage.seq, damage.reason) if damage else (None, "")
    proof = Proof(events[-1].hash, broken_at, reason)
    incident.forget()
    return shortened(facts(events, plan, site, state.now(LiveClock()), proof=proof, scheme=scheme_of(plan)))
