"""Each event in one or two lines of words: for the screen as it happens, and for `runbook log`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from runbook.model import events as e
from runbook.model.playbook import Playbook
from runbook.model.text import _
from runbook.model.units import clock_text, local_text, utc_read
from runbook.ui.glyphs import OUTCOME_STYLES, Shown, outcome_mark
from runbook.ui.safe_text import one_line, remote
from runbook.ui.words import BY, DEBTS, PAUSES, PURPOSES, numbered, word


@dataclass(frozen=True, slots=True)
class Reader:
    """What is needed to say an event: the plan for its titles (None: ids are shown) and the zone of its times."""

    plan: Playbook | None
    zone: tzinfo


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
            + _because(event.reason)
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
    return [Shown(_("Incident aborted by {name}").format(name=one_line(event.name)) + _because(event.reason), "bold")]


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


def _begun(event: e.StepBegun, reader: Reader) -> list[Shown]:
    again = _(" (attempt {attempt})").format(attempt=event.attempt) if event.attempt > 1 else ""
    return [Shown(_("Begun: {step}").format(step=numbered(reader.plan, event.step)) + again), *_opens(event.opens)]


def _reading(event: e.ReadingTaken, reader: Reader) -> list[Shown]:
    line = _("{purpose}: {ran}: {outcome}").format(
        purpose=word(PURPOSES, event.purpose), ran=one_line(event.ran), outcome=outcome_mark(event.outcome)
    )
    return [Shown(line, OUTCOME_STYLES.get(event.outcome, "")), *_behind_bar(event.found)]


def _approved(event: e.ApprovalGiven, reader: Reader) -> list[Shown]:
    until = clock_text(utc_read(event.expires_at), reader.zone)[:5]
    sentence = _("Approved by {name} ({role}), spoken, not verified; holds until {until}: {act}")
    return [Shown(sentence.format(name=one_line(event.name), role=event.role, until=until, act=one_line(event.act)))]


def _refused(event: e.ApprovalRefused, reader: Reader) -> list[Shown]:
    why = _("not reached") if event.why == "not_reached" else _("refused")
    return [
        Shown(
            _("No approval by {name} ({role}): {why}").format(name=one_line(event.name), role=event.role, why=why)
            + _because(event.reason)
        )
    ]


def _intended(event: e.ActionIntended, reader: Reader) -> list[Shown]:
    return [Shown(_("Acting: {act}").format(act=one_line(event.act)), "bold"), *_opens(event.opens)]


def _act_ended(event: e.ActionEnded, reader: Reader) -> list[Shown]:
    ends = {
        "done": _("The act ended."),
        "error": _("The act ended with an error."),
        "unknown": _("! Nobody knows how the act ended."),
        "not_sent": _("Nothing was sent."),
    }
    style = "" if event.ended == "done" else "bold red"
    return [Shown(ends.get(event.ended, event.ended), style), *_behind_bar(event.found)]


def _finished(event: e.StepFinished, reader: Reader) -> list[Shown]:
    step = numbered(reader.plan, event.step)
    answer = f": {one_line(event.answer)}" if event.answer else ""
    by = word(BY, event.by)
    line = f"{outcome_mark(event.outcome)}  {step}{answer} ({by}){_because(event.reason)}"
    lines = [Shown(line, OUTCOME_STYLES.get(event.outcome, ""))]
    if event.closes:
        lines.append(Shown(_("  Closed: what {step} left open.").format(step=numbered(reader.plan, event.closes))))
    return lines


def _unknown_answered(event: e.UnknownAnswered, reader: Reader) -> list[Shown]:
    answers = {
        "done": _("it was done"),
        "not_done": _("it was not done"),
        "redo": _("do it again"),
        "unknown": _("it stays unknown"),
    }
    answer = answers.get(event.answer, event.answer)
    return [
        Shown(
            _("Decided for {step}: {answer}").format(step=numbered(reader.plan, event.step), answer=answer)
            + _because(event.reason)
        )
    ]


def _failure(event: e.FailureAnswered, reader: Reader) -> list[Shown]:
    choices = {
        "again": _("try again"),
        "by_hand": _("by hand"),
        "skip": _("skip"),
        "escalate": _("escalate"),
        "pause": _("pause"),
        "abort": _("abort"),
    }
    choice = choices.get(event.choice, event.choice)
    return [
        Shown(
            _("After the failure of {step}: {choice}").format(step=numbered(reader.plan, event.step), choice=choice)
            + _because(event.reason)
        )
    ]


def _recovery(event: e.RecoveryAnswered, reader: Reader) -> list[Shown]:
    return [Shown(_("Service is back."), "bold green") if event.recovered else Shown(_("Service is not back."))]


def _went(event: e.WentTo, reader: Reader) -> list[Shown]:
    line = _("Goes on at: {step}").format(
        step=_("the end") if event.target == "end" else numbered(reader.plan, event.target)
    )
    over = (
        _(" ({count} steps in between are not taken)").format(count=len(event.passed_over)) if event.passed_over else ""
    )
    return [Shown(line + over + _because(event.reason))]


def _corrected(event: e.AnswerCorrected, reader: Reader) -> list[Shown]:
    what = _("service is back?") if event.question == "recovered" else numbered(reader.plan, event.step)
    right = _("; right is: {right}").format(right=one_line(event.right)) if event.right else ""
    return [
        Shown(
            _("Corrected: {what}: {was} was wrong").format(what=what, was=one_line(event.was))
            + right
            + _because(event.reason)
        )
    ]


def _told(event: e.PersonTold, reader: Reader) -> list[Shown]:
    sentence = _("Told: {name} ({role}), {means}") if event.reached else _("Not reached: {name} ({role}), {means}")
    return [Shown(sentence.format(name=one_line(event.name), role=event.contact, means=one_line(event.means)))]


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
            sentence.format(name=one_line(event.name), step=numbered(reader.plan, event.step)) + _because(event.reason),
            "yellow",
        )
    ]


def _note(event: e.NoteAdded, reader: Reader) -> list[Shown]:
    at = _(" (at {at})").format(at=one_line(event.at)) if event.at else ""
    amends = _(" (amends #{seq})").format(seq=event.amends) if event.amends else ""
    return [Shown(_("Note{at}{amends}: {text}").format(at=at, amends=amends, text=one_line(event.text, 2000)))]


def _escalated(event: e.Escalated, reader: Reader) -> list[Shown]:
    name = f": {one_line(event.name)}" if event.name else ""
    return [Shown(_("Escalated to {role}").format(role=event.contact) + name)]


def _printed(event: e.StatePrinted, reader: Reader) -> list[Shown]:
    return [Shown(_("The state was shown for a handover."))]


def _unrecognised(event: e.Event, reader: Reader) -> list[Shown]:
    kind = event.kind if isinstance(event, e.Unrecognised) else type(event).__name__
    body = ", ".join(f"{key}={value}" for key, value in e.body(event).items())
    return [Shown(_("{kind} (an event of another version)").format(kind=one_line(kind))), *_behind_bar(body[:400])]


def _opens(kind: str) -> list[Shown]:
    return [Shown(_("  Open from now on: {what}").format(what=word(DEBTS, kind)), "yellow")] if kind else []


def _behind_bar(found: str) -> list[Shown]:
    return [Shown(line) for line in remote(found)]


def _because(reason: str) -> str:
    return _("; reason: {reason}").format(reason=one_line(reason)) if reason else ""


_SAID: dict[type[e.Event], Callable[[Any, Reader], list[Shown]]] = {
    e.IncidentOpened: _opened,
    e.ReportedTimeCorrected: _reported,
    e.InputAnswered: _input,
    e.SelfChecked: _self_checked,
    e.Paused: _paused,
    e.Resumed: _resumed,
    e.IncidentClosed: _closed,
    e.IncidentAborted: _aborted,
    e.ClockJumped: _clock_jumped,
    e.StepBegun: _begun,
    e.ReadingTaken: _reading,
    e.ApprovalGiven: _approved,
    e.ApprovalRefused: _refused,
    e.ActionIntended: _intended,
    e.ActionEnded: _act_ended,
    e.StepFinished: _finished,
    e.UnknownAnswered: _unknown_answered,
    e.FailureAnswered: _failure,
    e.RecoveryAnswered: _recovery,
    e.WentTo: _went,
    e.AnswerCorrected: _corrected,
    e.PersonTold: _told,
    e.TicketsCounted: _tickets,
    e.DebtWaived: _waived,
    e.NoteAdded: _note,
    e.Escalated: _escalated,
    e.StatePrinted: _printed,
}
