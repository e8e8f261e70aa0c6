"""Each event in one or two lines of words: on the screen as it happens, and in `runbook log`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from runbook.model import events as e
from runbook.model.marks import paper_time
from runbook.model.naming import answer_of, numbered, question_of
from runbook.model.record import Recorded
from runbook.model.record import body as body_of
from runbook.model.text import _
from runbook.model.units import clock_text, local_text, span, utc_read
from runbook.model.words import word
from runbook.ui import playbook_events, step_events
from runbook.ui.glyphs import OUTCOME_STYLES, Shown, outcome_mark
from runbook.ui.safe_text import one_line
from runbook.ui.saying import Reader, because, behind_bar

__all__ = ["Reader", "event_lines", "said"]


def event_lines(recorded: Recorded, reader: Reader) -> list[Shown]:
    """The event in words, its time of day first. What a machine or a device wrote follows behind the bar."""
    first, *others = told(recorded, reader)
    return [Shown(f"{clock_text(recorded.wall, reader.zone)}  {first.text}", first.style), *others]


def told(recorded: Recorded, reader: Reader) -> list[Shown]:
    """The same without the time."""
    added = ", ".join(f"{name}={value}" for name, value in recorded.further.items())
    further = [Shown(_("Of another version of the program:")), *behind_bar(added[:400])] if added else []
    return [*said(recorded.event, reader), *further]


def said(event: e.Event, reader: Reader) -> list[Shown]:
    """What this version knows of an event, in words."""
    return _SAID.get(type(event), _unrecognised)(event, reader)


def _opened(event: e.IncidentOpened, reader: Reader) -> list[Shown]:
    sentence = _("Incident {incident} opened: plan {plan} {version}, fault reported {at}")
    at = local_text(utc_read(event.reported_at), reader.zone)
    beside = _("; beside {incident}").format(incident=event.belongs_to) if event.belongs_to else ""
    said = sentence.format(incident=event.incident, plan=event.plan, version=event.plan_version, at=at)
    lines = [Shown(said + beside, "bold")]
    if was := event.reopened_from:
        sentence = _(
            "! The record before it is lost ({reason}), and was begun anew from the plan; the damaged file is {file}"
        )
        lines.append(
            Shown(
                sentence.format(reason=one_line(was.get("reason", "")), file=one_line(was.get("file") or "-")),
                "bold red",
            )
        )
    return lines


def _reported(event: e.ReportedTimeCorrected, reader: Reader) -> list[Shown]:
    at = local_text(utc_read(event.at), reader.zone)
    return [Shown(_("Time of the report corrected to {at}").format(at=at) + because(event.reason))]


def _input(event: e.InputAnswered, reader: Reader) -> list[Shown]:
    return [
        Shown(f"{one_line(question_of(reader.plan, event.name))} {one_line(event.value)} ({word(event.how, 'input')})")
    ]


def _self_checked(event: e.SelfChecked, reader: Reader) -> list[Shown]:
    if event.sees_nothing:
        return [Shown(_("! This laptop sees nothing: check its own cable. Readings cannot be asked now."), "bold red")]
    return [Shown(_("This laptop has a way out."))]


def _paused(event: e.Paused, reader: Reader) -> list[Shown]:
    return [Shown(_("Paused: {why}").format(why=word(event.why, "paused")), "bold")]


def _resumed(event: e.Resumed, reader: Reader) -> list[Shown]:
    return [Shown(_("Gone on with, on {machine}").format(machine=one_line(event.machine)))]


def _others_seen(event: e.OthersSeen, reader: Reader) -> list[Shown]:
    heads = ", ".join(f"{one_line(writer)} #{head[0]}" for writer, head in event.heads.items())
    return [Shown(_("Knows what the others wrote: {heads}").format(heads=heads), "dim")]


def _writer_joined(event: e.WriterJoined, reader: Reader) -> list[Shown]:
    return [Shown(_("Works beside the walk from now on, on {machine}").format(machine=one_line(event.machine)), "bold")]


def _writer_left(event: e.WriterLeft, reader: Reader) -> list[Shown]:
    return [Shown(_("No longer works beside the walk: {why}").format(why=word(event.why, "paused")))]


def _claimed(event: e.StepClaimed, reader: Reader) -> list[Shown]:
    step = numbered(reader.plan, event.step)
    sentence = _("Takes the step over: {step}") if event.takes_over else _("Takes the step: {step}")
    return [Shown(sentence.format(step=step) + because(word(event.reason, "claim")))]


def _reloaded(event: e.SiteReloaded, reader: Reader) -> list[Shown]:
    head = _("The site file's present facts were taken over: {count} differ").format(count=len(event.differences))
    return [Shown(head, "bold"), *(Shown("  " + one_line(line)) for line in event.differences)]


def _closed(event: e.IncidentClosed, reader: Reader) -> list[Shown]:
    return [Shown(_("Incident closed: nothing is open."), "bold")]


def _aborted(event: e.IncidentAborted, reader: Reader) -> list[Shown]:
    return [Shown(_("Incident aborted by {name}").format(name=one_line(event.name)) + because(event.reason), "bold")]


def _clock_jumped(event: e.ClockJumped, reader: Reader) -> list[Shown]:
    return [Shown(*_jump(event))]


def _jump(event: e.ClockJumped) -> tuple[str, str]:
    moved = f"{word(event.kind, 'jump')}: {span(timedelta(seconds=event.seconds))}"
    if event.kind == "wall":
        return _("! {moved}; limits go on by the time that has really passed").format(moved=moved), "yellow"
    if event.kind == "rebooted" and event.seconds < 0:
        return _("! {moved}; its clock is behind the last event").format(moved=moved), "yellow"
    return moved, ""


def _clock_corrected(event: e.ClockCorrected, reader: Reader) -> list[Shown]:
    if event.how == "confirmed":
        return [Shown(_("The time of this laptop was asked about: {how}").format(how=word(event.how, "clock_said")))]
    moved = span(timedelta(seconds=event.seconds))
    sentence = _("The time was told: from here on it is this laptop's clock plus {moved} ({how})")
    return [Shown(sentence.format(moved=moved, how=word(event.how, "clock_said")), "yellow")]


def _told(event: e.PersonTold, reader: Reader) -> list[Shown]:
    sentence = _("Told: {who}, {means}") if event.reached else _("Not reached: {who}, {means}")
    role = reader.role(event.contact)
    who = f"{one_line(event.name)} ({role})" if event.name else role
    return [Shown(sentence.format(who=who, means=one_line(word(event.means, "means"))))]


def _delegated(event: e.Delegated, reader: Reader) -> list[Shown]:
    role = reader.role(event.contact)
    who = f"{one_line(event.name)} ({role})" if event.name else role
    line = _("Passed on to {who}: {step}").format(who=who, step=numbered(reader.plan, event.step))
    return [Shown(line)]


def _answered(event: e.DelegateAnswered, reader: Reader) -> list[Shown]:
    line = _("{outcome}  {step}: the answer is there: {answer}").format(
        outcome=outcome_mark(event.outcome),
        step=numbered(reader.plan, event.step),
        answer=one_line(answer_of(reader.plan, event.step, event.answer)),
    )
    return [Shown(line, OUTCOME_STYLES.get(event.outcome, ""))]


def _tickets(event: e.TicketsCounted, reader: Reader) -> list[Shown]:
    missing = _("; missing: {numbers}").format(numbers=one_line(", ".join(event.missing))) if event.missing else ""
    counted = _("Manual tickets: {written} written, {entered} entered")
    return [Shown(counted.format(written=event.written, entered=event.entered) + missing)]


def _staff(event: e.StaffMoved, reader: Reader) -> list[Shown]:
    who = ", ".join(
        f"{one_line(name)} ({one_line(seat)})" for name, seat in zip(event.people, event.seats, strict=False)
    )
    return [Shown(_("Staff, {what}: {who}").format(what=word(event.do, "staff"), who=who or "-"))]


def _waived(event: e.DebtWaived, reader: Reader) -> list[Shown]:
    step = numbered(reader.plan, event.step)
    line = _("Waived by {name}: what {step} left open").format(name=one_line(event.name), step=step)
    return [Shown(line + because(event.reason), "yellow")]


def _note(event: e.NoteAdded, reader: Reader) -> list[Shown]:
    step = f" {numbered(reader.plan, event.step)}" if event.step else ""
    amends = _(" (amends #{seq})").format(seq=event.amends) if event.amends else ""
    text = one_line(event.text, 2000)
    if event.at:
        when = paper_time(event)
        at = local_text(when, reader.zone) if when else one_line(event.at)
        late = _("LATE ENTRY for {at}{step}{amends}: {text}")
        return [Shown(late.format(at=at, step=step, amends=amends, text=text)), *_files(event)]
    return [Shown(_("Note{step}{amends}: {text}").format(step=step, amends=amends, text=text)), *_files(event)]


def _files(event: e.NoteAdded) -> list[Shown]:
    """What was kept with a note."""
    line = _("  kept: {name}, {size} bytes, SHA-256 {sha256}")
    return [
        Shown(
            line.format(
                name=one_line(str(item.get("name", ""))), size=item.get("size_bytes"), sha256=item.get("sha256")
            )
        )
        for item in event.evidence
        if isinstance(item, dict)
    ]


def _escalated(event: e.Escalated, reader: Reader) -> list[Shown]:
    name = f": {one_line(event.name)}" if event.name else ""
    return [Shown(_("Escalated to {role}").format(role=reader.role(event.contact)) + name)]


def _offered(event: e.HandoverOffered, reader: Reader) -> list[Shown]:
    return [Shown(_("Handover offered to {name}").format(name=one_line(event.to)), "bold")]


def _signed_on(event: e.SignedOn, reader: Reader) -> list[Shown]:
    sentence = _("{name} signed on and takes over from {before} ({how})")
    how = word(event.how, "sign_on")
    return [Shown(sentence.format(name=one_line(event.name), before=one_line(event.from_), how=how), "bold")]


def _printed(event: e.StatePrinted, reader: Reader) -> list[Shown]:
    return [Shown(_("The state was shown for a handover."))]


def _damaged(event: e.JournalDamaged, reader: Reader) -> list[Shown]:
    sentence = _(
        "! The journal is damaged at event {seq} ({reason}); what stood there cannot be believed. It claims to be:"
    )
    claimed = f"{event.claimed_kind} {event.claimed_body}".strip() or event.detail
    return [
        Shown(sentence.format(seq=event.seq, reason=one_line(word(event.reason, "damage"))), "bold red"),
        *behind_bar(claimed[:400]),
    ]


def _unrecognised(event: e.Event, reader: Reader) -> list[Shown]:
    kind = event.kind if isinstance(event, e.Unrecognised) else type(event).__name__
    body = ", ".join(f"{key}={value}" for key, value in body_of(event).items())
    return [Shown(_("{kind} (an event of another version)").format(kind=one_line(kind))), *behind_bar(body[:400])]


_SAID: dict[type[e.Event], Callable[[Any, Reader], list[Shown]]] = {
    **step_events.SAID,
    **playbook_events.SAID,
    e.IncidentOpened: _opened,
    e.ReportedTimeCorrected: _reported,
    e.InputAnswered: _input,
    e.SelfChecked: _self_checked,
    e.Paused: _paused,
    e.Resumed: _resumed,
    e.OthersSeen: _others_seen,
    e.WriterJoined: _writer_joined,
    e.WriterLeft: _writer_left,
    e.StepClaimed: _claimed,
    e.SiteReloaded: _reloaded,
    e.IncidentClosed: _closed,
    e.IncidentAborted: _aborted,
    e.ClockJumped: _clock_jumped,
    e.ClockCorrected: _clock_corrected,
    e.PersonTold: _told,
    e.Delegated: _delegated,
    e.DelegateAnswered: _answered,
    e.TicketsCounted: _tickets,
    e.StaffMoved: _staff,
    e.DebtWaived: _waived,
    e.NoteAdded: _note,
    e.Escalated: _escalated,
    e.StatePrinted: _printed,
    e.HandoverOffered: _offered,
    e.SignedOn: _signed_on,
    e.JournalDamaged: _damaged,
}
