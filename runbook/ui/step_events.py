"""The events of steps in words: readings, approvals, acts, outcomes, and where the walk goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from runbook.model import events as e
from runbook.model.naming import answer_of, condition_of, numbered
from runbook.model.text import _
from runbook.model.units import clock_text, utc_read
from runbook.model.words import word
from runbook.ui.glyphs import OUTCOME_STYLES, Shown, outcome_mark
from runbook.ui.parts_lines import parts_lines
from runbook.ui.safe_text import one_line
from runbook.ui.saying import Reader, because, behind_bar, opens


def _begun(event: e.StepBegun, reader: Reader) -> list[Shown]:
    again = _(" (attempt {attempt})").format(attempt=event.attempt) if event.attempt > 1 else ""
    return [Shown(_("Begun: {step}").format(step=numbered(reader.plan, event.step)) + again), *opens(event.opens)]


def _at(text: str, reader: Reader) -> str:
    """When it was, where it was typed in later."""
    if not text:
        return ""
    try:
        text = clock_text(utc_read(text), reader.zone)[:5]
    except ValueError:
        text = one_line(text)
    return _(", {time}").format(time=text)


def _reading(event: e.ReadingTaken, reader: Reader) -> list[Shown]:
    line = _("{purpose}: {ran}: {outcome}").format(
        purpose=word(event.purpose, "purpose"), ran=one_line(event.ran), outcome=outcome_mark(event.outcome)
    )
    return [Shown(line, OUTCOME_STYLES.get(event.outcome, "")), *behind_bar(event.found), *parts_lines(event)]


def _approved(event: e.ApprovalGiven, reader: Reader) -> list[Shown]:
    until = clock_text(utc_read(event.expires_at), reader.zone, seconds=False)
    if event.how == "paper":
        who, role = one_line(event.name), reader.role(event.role)
        line = _("Approved on paper by {name} ({role}), at {at}: {act}")
        return [Shown(line.format(name=who, role=role, at=until, act=one_line(event.act)))]
    line = _("Approved by {name} ({role}), {how}; holds until {until}: {act}").format(
        name=one_line(event.name),
        role=reader.role(event.role),
        how=word(event.how, "approval"),
        until=until,
        act=one_line(event.act),
    )
    return [Shown(line)]


def _refused(event: e.ApprovalRefused, reader: Reader) -> list[Shown]:
    line = _("No approval by {name} ({role}): {why}").format(
        name=one_line(event.name), role=reader.role(event.role), why=word(event.why, "refused")
    )
    return [Shown(line + because(event.reason))]


def _intended(event: e.ActionIntended, reader: Reader) -> list[Shown]:
    if event.at:
        line = _("Done on paper{at}: {act}").format(at=_at(event.at, reader), act=one_line(event.act))
        return [Shown(line, "bold"), *opens(event.opens)]
    return [Shown(_("Acting: {act}").format(act=one_line(event.act)), "bold"), *opens(event.opens)]


def _act_ended(event: e.ActionEnded, reader: Reader) -> list[Shown]:
    line = _("The act: {ended}").format(ended=word(event.ended, "ended"))
    said = Shown(line) if event.ended == "done" else Shown(f"! {line}", "bold red")
    return [said, *behind_bar(event.found)]


def _finished(event: e.StepFinished, reader: Reader) -> list[Shown]:
    step = numbered(reader.plan, event.step)
    answer = f": {one_line(answer_of(reader.plan, event.step, event.answer))}" if event.answer else ""
    reason = event.reason
    if event.how == "condition":
        reason = condition_of(reader.plan, reason, partial(numbered, reader.plan))
    line = f"{outcome_mark(event.outcome)}  {step}{answer} ({word(event.by, 'by')}{_at(event.at, reader)}){because(reason)}"
    lines = [Shown(line, OUTCOME_STYLES.get(event.outcome, ""))]
    if event.closes:
        lines.append(Shown(_("  Closed: what {step} left open.").format(step=numbered(reader.plan, event.closes))))
    return lines


def _unknown_answered(event: e.UnknownAnswered, reader: Reader) -> list[Shown]:
    line = _("Decided for {step}: {answer}").format(
        step=numbered(reader.plan, event.step), answer=word(event.answer, "unknown_answer")
    )
    return [Shown(line + because(event.reason))]


def _failure(event: e.FailureAnswered, reader: Reader) -> list[Shown]:
    line = _("After the failure of {step}: {choice}").format(
        step=numbered(reader.plan, event.step), choice=word(event.choice, "choice")
    )
    return [Shown(line + because(event.reason))]


def _recovery(event: e.RecoveryAnswered, reader: Reader) -> list[Shown]:
    return [Shown(_("Service is back."), "bold green") if event.recovered else Shown(_("Service is not back."))]


def _went(event: e.WentTo, reader: Reader) -> list[Shown]:
    line = _("Goes on at: {step}").format(
        step=_("the end") if event.target == "end" else numbered(reader.plan, event.target)
    )
    over = (
        _(" ({count} steps in between are not taken)").format(count=len(event.passed_over)) if event.passed_over else ""
    )
    return [Shown(line + over + because(event.reason))]


def _corrected(event: e.AnswerCorrected, reader: Reader) -> list[Shown]:
    what = _("service is back?") if event.question == "recovered" else numbered(reader.plan, event.step)
    right = _("; right is: {right}").format(right=one_line(event.right)) if event.right else ""
    line = _("Corrected: {what}: {was} was wrong").format(what=what, was=one_line(event.was))
    return [Shown(line + right + because(event.reason))]


SAID: dict[type[e.Event], Callable[[Any, Reader], list[Shown]]] = {
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
}
