"""`runbook note INCIDENT TEXT`: add a note, or a file as evidence, to an incident at any time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.cli.incidents import zone_of
from runbook.model.errors import EXIT_GOOD, RunbookError, system_said
from runbook.model.events import Event, NoteAdded, ReportedTimeCorrected
from runbook.model.text import _
from runbook.model.units import reported_time, utc_text

if TYPE_CHECKING:
    from datetime import datetime

    from runbook.cli.incidents import Account
    from runbook.store.folder import Incident
    from runbook.world.secrets import SiteSecrets

LARGEST = 64 << 20


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help=_("What happened."))] = "",
    step: Annotated[str, typer.Option("--step", metavar="ID", help=_("The step that it belongs to."))] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help=_("When it happened, for what was written on paper: 03:12."))
    ] = "",
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help=_("A file to keep as evidence."))] = None,
    amends: Annotated[
        int, typer.Option("--amends", metavar="N", help=_("The event that it corrects; nothing is edited."))
    ] = 0,
    reported: Annotated[
        str, typer.Option("--reported", metavar="TIME", help=_("When the fault was really reported; TEXT says why."))
    ] = "",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are."))] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
) -> int:
    """Add a note or a file to an incident."""
    import os

    from runbook.cli.incidents import account
    from runbook.cli.right_time import take_over
    from runbook.store.incidents import Home
    from runbook.world.clock import LiveClock

    if not text.strip() and file is None:
        raise RunbookError(
            "E-VALUE", where="TEXT", expected=_("a text or --file"), found=text, next="runbook note INCIDENT TEXT"
        )
    home, clock = Home.of(), LiveClock()
    found = home.find(incident, practice)
    known = account(found)
    take_over(clock, known.state)
    secrets = _secrets(found, known)
    event: Event
    if reported:
        event = _corrected(known, reported, text.strip(), clock.now())
    else:
        when = _time(known, "--at", at, clock.now()) if at else ""
        event = NoteAdded(text.strip(), step, when, _amended(known, amends), _kept(found, file, secrets))
    actor = as_ or os.environ.get("RUNBOOK_USER") or home.settings.load().user or "-"
    journal = found.journal(clock, actor, redact=secrets.redacted)
    try:
        journal.append(event)
        saved = journal.head_code
    finally:
        journal.close()
    print(_("saved #{code}").format(code=saved))
    return EXIT_GOOD


def _corrected(known: Account, reported: str, reason: str, now: datetime) -> ReportedTimeCorrected:
    """The clocks count from here on from another time; what was said before stays in the record."""
    assert known.state.reported_at is not None
    return ReportedTimeCorrected(
        _time(known, "--reported", reported, now), utc_text(known.state.shown(known.state.reported_at)), reason
    )


def _time(known: Account, option: str, text: str, now: datetime) -> str:
    try:
        return utc_text(reported_time(text, now, zone_of(known.opened)))
    except ValueError as error:
        raise RunbookError("E-VALUE", where=option, expected=error, found=text, next=f"{option} 03:12") from None


def _amended(known: Account, number: int) -> int:
    if number and not 0 < number <= known.events:
        expected = _("an event number up to {count}").format(count=known.events)
        next_ = f"runbook log {known.id}"
        raise RunbookError("E-VALUE", where="--amends", expected=expected, found=str(number), next=next_)
    return number


def _secrets(found: Incident, known: Account) -> SiteSecrets:
    """The secrets that can be taken out without asking anybody: those of the site's files."""
    from runbook.cli.incidents import plan_and_site
    from runbook.world.secrets import SiteSecrets

    try:
        _plan, site = plan_and_site(found, known.opened, known.state.reloaded)
    except (RunbookError, KeyError):
        # A note is taken even where the plan that was kept cannot be read any more.
        return SiteSecrets({})
    secrets = SiteSecrets(site.secrets)
    secrets.learn_files()
    return secrets


def _kept(found: Incident, file: Path | None, secrets: SiteSecrets) -> list[dict[str, Any]]:
    if file is None:
        return []
    piece = found.evidence_without(secrets.redacted_bytes).keep(file.name, _bytes(file))
    return [{"name": piece.name, "sha256": piece.sha256, "size_bytes": piece.size_bytes}]


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise RunbookError("E-FILE", file=file, reason=_("it is larger than 64 MiB"))
        return file.read_bytes()
    except OSError as error:
        raise RunbookError("E-FILE", file=file, reason=system_said(error)) from None
