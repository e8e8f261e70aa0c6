"""`runbook note INCIDENT TEXT`: add a note, or a file as evidence, to an incident at any time, also after its end."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.cli.incidents import zone_of
from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.events import Event, NoteAdded, ReportedTimeCorrected
from runbook.model.text import _
from runbook.model.units import reported_time, utc_text

if TYPE_CHECKING:
    from datetime import datetime

    from runbook.cli.incidents import Account
    from runbook.store.folder import Incident
    from runbook.store.taken_in import Taken
    from runbook.world.secrets import SiteSecrets

TEXT_AT_MOST = 64 << 10


def command(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=_("Its id, or any unique ending."), autocompletion=incident_ids)
    ],
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help=_("What happened; - reads it from the standard input."))
    ] = "",
    step: Annotated[str, typer.Option("--step", metavar="ID", help=_("The step that it belongs to."))] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help=_("When it happened, for what was written on paper: 03:12."))
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help=_("A file to keep as evidence; a photo without its metadata.")),
    ] = None,
    amends: Annotated[
        str, typer.Option("--amends", metavar="N", help=_("The event that it corrects; nothing is edited."))
    ] = "",
    reported: Annotated[
        str, typer.Option("--reported", metavar="TIME", help=_("When the fault was really reported; TEXT says why."))
    ] = "",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help=_("Who you are."))] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
) -> int:
    """Add a note or a file to an incident."""
    from runbook.cli.incidents import account, actor_of, secrets_of
    from runbook.cli.right_time import take_over
    from runbook.store.incidents import Home
    from runbook.store.taken_in import taken_in
    from runbook.world.clock import LiveClock

    home, clock = Home.of(), LiveClock()
    found = home.find(incident, practice)
    known = account(found)
    text = _text(text)
    if not text.strip() and (file is None or reported):
        raise RunbookError(
            "E-VALUE", where="TEXT", expected=_("a text or --file"), found=text, next="runbook note INCIDENT TEXT"
        )
    take_over(clock, known.state)
    secrets = secrets_of(found, known)
    event: Event
    taken = None
    if reported:
        event = _corrected(known, reported, text.strip(), clock.now())
    else:
        when = _time(known, "--at", at, clock.now()) if at else ""
        (number, writer), name = _amended(found, amends), _step(found, known, step)
        taken = taken_in(file) if file else None
        event = NoteAdded(text.strip(), name, when, number, _kept(found, taken, secrets), writer)
    journal = found.journal(clock, actor_of(home, as_), notices=home.notices, redact=secrets.redacted)
    try:
        journal.append(event)
        saved = journal.head_code
    finally:
        journal.close()
    print(_("saved #{code}").format(code=saved))
    _say(known, taken, late=bool(at))
    return EXIT_GOOD


def _say(known: Account, taken: Taken | None, *, late: bool) -> None:
    """What was done beside the saving."""
    from runbook.model.words import word
    from runbook.ui.safe_text import one_line

    if taken and taken.done:
        print(one_line(_("{name}: {done}").format(name=taken.name, done=taken.done)))
    if late:
        print(_("It stands in the report at that time, marked as a late entry."))
    if known.state.ended:
        status = word(known.state.status, "status")
        print(_("The incident is {status}: it is marked as after the end.").format(status=status))


def _text(given: str) -> str:
    """TEXT, or the standard input for `-`. Raises RunbookError E-VALUE for one that is too long."""
    if given == "-":
        given = sys.stdin.buffer.read(TEXT_AT_MOST + 1).decode("utf-8", "replace") if sys.stdin else ""
    if len(given.encode("utf-8", "replace")) > TEXT_AT_MOST:
        expected = _("a text of at most {count} KiB").format(count=TEXT_AT_MOST >> 10)
        found = _("a longer one")
        raise RunbookError("E-VALUE", where="TEXT", expected=expected, found=found, next="--file FILE")
    return given


def _step(found: Incident, known: Account, name: str) -> str:
    """A step of the plan. Raises RunbookError E-VALUE with the nearest for any other name."""
    from runbook.cli.incidents import plan_and_site

    if not name:
        return ""
    try:
        plan, _site = plan_and_site(found, known.opened, known.state.reloaded)
    except (RunbookError, KeyError):
        return name  # a note is taken even where the plan cannot be read any more
    ids = [step.id for step in plan.steps]
    if name in ids:
        return name
    # What stands in a block or in another playbook may be named by its last part.
    last = {each.replace(":", "/").rpartition("/")[2]: each for each in ids}
    near = get_close_matches(name, ids, 1, 0.5) or [last[each] for each in get_close_matches(name, last, 1, 0.5)]
    next_ = f"--step {near[0]}" if near else f"runbook show {known.opened.plan}"
    raise RunbookError("E-VALUE", where="--step", expected=_("expected a step of the plan"), found=name, next=next_)


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


def _amended(found: Incident, given: str) -> tuple[int, str]:
    """The number and the writer of the event that is amended. Raises RunbookError E-VALUE where there is none, or several."""
    if not given:
        return 0, ""
    number, _at, writer = given.removeprefix("#").partition("@")
    events = found.read().events
    fitting = [each for each in events if str(each.seq) == number and (not writer or each.writer == writer)]
    if len(fitting) == 1:
        return fitting[0].seq, fitting[0].writer
    if fitting:
        expected = _("expected one of the events of this number")
        next_ = "   ".join(f"--amends {each.seq}@{each.writer}" for each in fitting)
    else:
        expected = _("expected the number of an event")
        next_ = f"runbook log {found.id}"
    raise RunbookError("E-VALUE", where="--amends", expected=expected, found=given, next=next_)


def _kept(found: Incident, taken: Taken | None, secrets: SiteSecrets) -> list[dict[str, Any]]:
    if taken is None:
        return []
    piece = found.evidence_without(secrets.redacted_bytes).keep(taken.name, taken.data)
    return [{"name": piece.name, "sha256": piece.sha256, "size_bytes": piece.size_bytes}]
