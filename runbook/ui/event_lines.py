"""Each event in one or two lines of words: for the screen as it happens, and for `runbook log`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.model import events as e
from runbook.model.text import _
from runbook.model.units import clock_text, local_text, utc_read
from runbook.ui import step_events
from runbook.ui.glyphs import Shown
from runbook.ui.safe_text import one_line
from runbook.ui.saying import Reader, because, behind_bar
from runbook.ui.words import PAUSES, numbered, word

__all__ = ["Reader", "event_lines"]


def event_lines(recorded: e.Recorded, reader: Reader) -> list[Shown]:
    """The event in words, its time of day first. What a machine or a device wrote follows behind the bar."""
    said = _SAID.get(type(recorded.event), _unrecognised)
    first, *others = said(recorded.event, reader)
    return [Shown(f"{clock_text(recorded.at, reader.zone)}  {first.text}", first.style), *others]


def _opened(event: e.IncidentOpened, reader: Reader) -> list[Shown]:
    sentence = _("Incident {incident} opened: plan {plan} {version}, fault reported {at}")
    at = local_text(utc_read(event.reported_at), reader.zone)
    return [Shown(sentence.format(incident=event.incident, plan=event.plan, version=event.plan_version, at=at), "bold")]


def _reported(event: e.ReportedTimeCorrected, reader: Reader) -> list[Shown]:
    return [
        Shown(
            _("Time of the report corrected to {at}").format(at=local_text(utc_read(event.at), reader.zone))
            + because(event.reason)
        )
    ]


def _input(event: e.InputAnswered, reader: Reader) -> list[Shown]:
    return [Shown(f"{event.name} = {one_line(event.value)}")]


def _self_checked(event: e.SelfChecked, reader: Reader) -> list[Shown]:
    if event.sees_nothing:
        return [Shown(_("! This laptop sees nothing: check its own cable. Readings cannot be asked now."), "bold red")]
    return [Shown(_("This laptop has a way out."))]


def _paused(event: e.Paused, reader: Reader) -> list[Shown]:
    return [Shown(_("Paused: {why}").format(why=word(PAUSES, event.why)), "bold")]


def _resumed(event: e.Resumed, reader: Reader) -> list[Shown]:
    return [Shown(_("Gone on with, on {machine}").format(machine=one_line(event.machine)))]


def _closed(event: e.IncidentClosed, reader: Reader) -> list[Shown]:
    return [Shown(_("Incident closed: nothing is open."), "bold")]


def _aborted(event: e.IncidentAborted, reader: Reader) -> list[Shown]:
    return [Shown(_("Incident aborted by {name}").format(name=one_line(event.name)) + because(event.reason), "bold")]


def _clock_jumped(event: e.ClockJumped, reader: Reader) -> list[Shown]:
    if event.kind == "rebooted":
        return [Shown(_("This machine was started again since the last event."))]
    return [
        Shown(
            _("! This machine's clock jumped by {seconds} s; limits count by the new time.").format(
                seconds=f"{event.seconds:+.0f}"
            )
        )
    ]


def _told(event: e.PersonTold, reader: Reader) -> list[Shown]:
    sentence = _("Told: {name} ({role}), {means}") if event.reached else _("Not reached: {name} ({role}), {means}")
    return [
        Shown(sentence.format(name=one_line(event.name), role=reader.role(event.contact), means=one_line(event.means)))
    ]


def _tickets(event: e.TicketsCounted, reader: Reader) -> list[Shown]:
    missing = _("; missing: {numbers}").format(numbers=one_line(", ".join(event.missing))) if event.missing else ""
    return [
        Shown(
            _("Tickets by hand: {written} written, {entered} entered").format(
                written=event.written, entered=event.entered
            )
            + missing
        )
    ]


def _waived(event: e.DebtWaived, reader: Reader) -> list[Shown]:
    sentence = _("Waived by {name}: what {step} left open")
    return [
        Shown(
            sentence.format(name=one_line(event.name), step=numbered(reader.plan, event.step)) + because(event.reason),
            "yellow",
        )
    ]


def _note(event: e.NoteAdded, reader: Reader) -> list[Shown]:
    at = _(" (at {at})").format(at=one_line(event.at)) if event.at else ""
    amends = _(" (amends #{seq})").format(seq=event.amends) if event.amends else ""
    return [Shown(_("Note{at}{amends}: {text}").format(at=at, amends=amends, text=one_line(event.text, 2000)))]


def _escalated(event: e.Escalated, reader: Reader) -> list[Shown]:
    name = f": {one_line(event.name)}" if event.name else ""
    return [Shown(_("Escalated to {role}").format(role=reader.role(event.contact)) + name)]


def _printed(event: e.StatePrinted, reader: Reader) -> list[Shown]:
    return [Shown(_("The state was shown for a handover."))]


def _damaged(event: e.JournalDamaged, reader: Reader) -> list[Shown]:
    sentence = _(
        "! The journal is damaged at event {seq} ({reason}); what stood there cannot be believed. It claims to be:"
    )
    claimed = f"{event.claimed_kind} {event.claimed_body}".strip() or event.detail
    return [
        Shown(sentence.format(seq=event.seq, reason=one_line(event.reason)), "bold red"),
        *behind_bar(claimed[:400]),
    ]


def _unrecognised(event: e.Event, reader: Reader) -> list[Shown]:
    kind = event.kind if isinstance(event, e.Unrecognised) else type(event).__name__
    body = ", ".join(f"{key}={value}" for key, value in e.body(event).items())
    return [Shown(_("{kind} (an event of another version)").format(kind=one_line(kind))), *behind_bar(body[:400])]


_SAID: dict[type[e.Event], Callable[[Any, Reader], list[Shown]]] = {
    **step_events.SAID,
    e.IncidentOpened: _opened,
    e.ReportedTimeCorrected: _reported,
    e.InputAnswered: _input,
    e.SelfChecked: _self_checked,
    e.Paused: _paused,
    e.Resumed: _resumed,
    e.IncidentClosed: _closed,
    e.IncidentAborted: _aborted,
    e.ClockJumped: _clock_jumped,
    e.PersonTold: _told,
    e.TicketsCounted: _tickets,
    e.DebtWaived: _waived,
    e.NoteAdded: _note,
    e.Escalated: _escalated,
    e.StatePrinted: _printed,
    e.JournalDamaged: _damaged,
}
