"""Each event as a sentence: what a reader of the report wants to know of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from runbook.model import events as ev
from runbook.model.text import _
from runbook.model.units import local_text, span, utc_read
from runbook.model.words import word
from runbook.report import playbooks, step_sentences
from runbook.report.saying import Names, with_details


def sentence(event: ev.Event, names: Names) -> str:
    """The event in words; empty for one that another event says as well."""
    handler = _LINES.get(type(event))
    return handler(event, names) if handler else ""


def _opened(event: ev.IncidentOpened, names: Names) -> str:
    said = _("Plan opened: {title}, version {version}").format(title=names.title, version=event.plan_version)
    at = local_text(utc_read(event.reported_at), names.zone)
    said += "; " + _("fault reported at {time} ({how})").format(time=at, how=word(event.reported_how, "reported"))
    if event.reopened_from:
        said += "; " + _("the record before it is lost, and was begun anew")
    return said


def _reported(event: ev.ReportedTimeCorrected, names: Names) -> str:
    at, was = (local_text(utc_read(text), names.zone) for text in (event.at, event.was))
    return with_details(
        _("Time of the report corrected from {was} to {at}").format(was=was, at=at), reason=event.reason
    )


def _input(event: ev.InputAnswered, names: Names) -> str:
    return f"{names.question(event.name)} {event.value} ({word(event.how, 'input')})"


def _self_checked(event: ev.SelfChecked, names: Names) -> str:
    def answers(value: bool | None) -> str:
        return _("not asked") if value is None else _("answers") if value else _("does not answer")

    said = _("This laptop looked at itself: link {link}").format(link=_("up") if event.link else _("down"))
    for name, found in ((event.gateway, event.gateway_answers), (event.neighbour, event.neighbour_answers)):
        said += f", {name} {answers(found)}" if name else ""
    return said + "; " + _("it sees nothing, so its readings say nothing of the site") if event.sees_nothing else said


def _reloaded(event: ev.SiteReloaded, names: Names) -> str:
    said = _("The site file's present facts were taken over: {count} differ").format(count=len(event.differences))
    return f"{said}: {'; '.join(event.differences)}"


def _jumped(event: ev.ClockJumped, names: Names) -> str:
    said = f"{word(event.kind, 'jump')}: {span(timedelta(seconds=event.seconds))}"
    if event.kind == "rebooted":
        return _("{what}; how long it really took, only the wall clock says").format(what=said)
    return _("{what}; lengths are counted without it").format(what=said) if event.kind == "wall" else said


def _clock_corrected(event: ev.ClockCorrected, names: Names) -> str:
    if event.how == "confirmed":
        return _("The time of this laptop was asked about: {how}").format(how=word(event.how, "clock_said"))
    return _("The time was told: from here on it is this laptop's clock plus {moved} ({how})").format(
        moved=span(timedelta(seconds=event.seconds)), how=word(event.how, "clock_said")
    )


def _told(event: ev.PersonTold, names: Names) -> str:
    means = word(event.means, "means") or "-"
    sentence = _("Told {who}: {means}") if event.reached else _("Did not reach {who}: {means}")
    role = names.role(event.contact)
    return sentence.format(who=f"{event.name} ({role})" if event.name else role, means=means)


def _delegated(event: ev.Delegated, names: Names) -> str:
    role = names.role(event.contact)
    who = f"{event.name} ({role})" if event.name else role
    return _("{step}: passed on to {who}").format(step=names.step(event.step), who=who)


def _answered(event: ev.DelegateAnswered, names: Names) -> str:
    said = _("{step}: the answer is there: {outcome}").format(
        step=names.step(event.step), outcome=word(event.outcome, "outcome")
    )
    return with_details(said, answer=names.answer(event.step, event.answer))


def _tickets(event: ev.TicketsCounted, names: Names) -> str:
    said = _("Manual tickets: {written} written, {entered} entered").format(
        written=event.written, entered=event.entered
    )
    return (
        said + "; " + _("missing: {numbers}").format(numbers=", ".join(map(str, event.missing)))
        if event.missing
        else said
    )


def _staff(event: ev.StaffMoved, names: Names) -> str:
    who = ", ".join(f"{name} ({seat})" for name, seat in zip(event.people, event.seats, strict=False))
    return _("Staff, {what}: {who}").format(what=word(event.do, "staff"), who=who or "-")


def _waived(event: ev.DebtWaived, names: Names) -> str:
    return with_details(
        _("{step}: what it left open was waived by {name}").format(step=names.step(event.step), name=event.name),
        reason=event.reason,
    )


def _noted(event: ev.NoteAdded, names: Names) -> str:
    said = _("Note")
    if event.step:
        said += f" {names.step(event.step)}"
    if event.amends:
        said += " " + _("on event {seq}").format(seq=event.amends)
    return f"{said}: {event.text}"


def _escalated(event: ev.Escalated, names: Names) -> str:
    return _("Escalated to {role}: {name}").format(
        role=names.role(event.contact), name=event.name or _("nobody was named")
    )


def _signed_on(event: ev.SignedOn, names: Names) -> str:
    return _("{name} signed on and takes over from {before} ({how})").format(
        name=event.name, before=event.from_, how=word(event.how, "sign_on")
    )


def _damaged(event: ev.JournalDamaged, names: Names) -> str:
    said = _("Event {seq} of the journal could not be believed: {why}").format(
        seq=event.seq, why=word(event.reason, "damage")
    )
    return said + "; " + _("it claimed to be {kind}").format(kind=event.claimed_kind) if event.claimed_kind else said


def _aborted(event: ev.IncidentAborted, names: Names) -> str:
    return with_details(_("Aborted by {name}").format(name=event.name), reason=event.reason)


_LINES: dict[type, Callable[[Any, Names], str]] = {
    **playbooks.LINES,
    **step_sentences.LINES,
    ev.IncidentOpened: _opened,
    ev.ReportedTimeCorrected: _reported,
    ev.InputAnswered: _input,
    ev.SelfChecked: _self_checked,
    ev.Paused: lambda event, names: _("Paused: {why}").format(why=word(event.why, "paused")),
    ev.WriterJoined: lambda event, names: _("Works beside the walk from now on, on {machine}").format(
        machine=event.machine
    ),
    ev.WriterLeft: lambda event, names: _("No longer works beside the walk: {why}").format(
        why=word(event.why, "paused")
    ),
    ev.Resumed: lambda event, names: _("Gone on with, on {machine}").format(machine=event.machine),
    ev.SiteReloaded: _reloaded,
    ev.IncidentClosed: lambda event, names: _("Closed"),
    ev.IncidentAborted: _aborted,
    ev.ClockJumped: _jumped,
    ev.ClockCorrected: _clock_corrected,
    ev.PersonTold: _told,
    ev.Delegated: _delegated,
    ev.DelegateAnswered: _answered,
    ev.TicketsCounted: _tickets,
    ev.StaffMoved: _staff,
    ev.DebtWaived: _waived,
    ev.NoteAdded: _noted,
    ev.Escalated: _escalated,
    ev.StatePrinted: lambda event, names: _("State shown for a handover"),
    ev.HandoverOffered: lambda event, names: _("Handover offered to {name}").format(name=event.to),
    ev.SignedOn: _signed_on,
    ev.JournalDamaged: _damaged,
    ev.Unrecognised: lambda event, names: _("An event of another version of the program: {kind}").format(
        kind=event.kind
    ),
}
"""Not listed: `StepBegun`, whose finish says the same."""
