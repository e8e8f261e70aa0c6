"""The events of steps as sentences: readings, approvals, acts, outcomes, and where the walk goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runbook.model import events as ev
from runbook.model.text import _
from runbook.model.words import word
from runbook.report.saying import Names, typed_in, with_details


def _read(event: ev.ReadingTaken, names: Names) -> str:
    said = f"{names.step(event.step)}: {word(event.purpose, 'purpose')}: {event.ran}"
    return with_details(said, expected=event.expected, found=event.found) + f": {word(event.outcome, 'outcome')}"


def _approved(event: ev.ApprovalGiven, names: Names) -> str:
    return _("{step}: approved by {name} ({role}; {how}): {act}").format(
        step=names.step(event.step),
        name=event.name,
        role=names.role(event.role),
        how=word(event.how, "approval"),
        act=event.act,
    )


def _refused(event: ev.ApprovalRefused, names: Names) -> str:
    said = _("{step}: approval {why}: {name} ({role}; spoken, not verified)").format(
        step=names.step(event.step), why=word(event.why, "refused"), name=event.name or "-", role=names.role(event.role)
    )
    return with_details(said, reason=event.reason)


def _intended(event: ev.ActionIntended, names: Names) -> str:
    return _("{step}: begun: {act}").format(step=names.step(event.step), act=event.act) + typed_in(event.at, names)


def _ended(event: ev.ActionEnded, names: Names) -> str:
    said = _("{step}: the act: {ended}").format(step=names.step(event.step), ended=word(event.ended, "ended"))
    return with_details(said, found=event.found)


def _finished(event: ev.StepFinished, names: Names) -> str:
    said = (
        f"{names.step(event.step)}: {word(event.outcome, 'outcome')} ({word(event.by, 'by')}; {word(event.how, 'how')})"
    )
    return with_details(
        said + typed_in(event.at, names),
        answer=names.answer(event.step, event.answer),
        found=event.found if event.how not in ("read", "condition") and event.found != event.answer else "",
        reason=names.condition(event.reason) if event.how == "condition" else event.reason,
    )


def _unknown(event: ev.UnknownAnswered, names: Names) -> str:
    said = _("{step}: of the act whose end was unknown a person said: {answer}").format(
        step=names.step(event.step), answer=word(event.answer, "unknown_answer")
    )
    return with_details(said, reason=event.reason)


def _chosen(event: ev.FailureAnswered, names: Names) -> str:
    said = _("{step}: chosen after the failure: {choice}").format(
        step=names.step(event.step), choice=word(event.choice, "choice")
    )
    return with_details(said, reason=event.reason)


def _asked(event: ev.RecoveryAnswered, names: Names) -> str:
    answer = _("Yes: service is back.") if event.recovered else _("No: service is not back.")
    return f"{names.recovered(event.step)} {answer}"


def _went(event: ev.WentTo, names: Names) -> str:
    said = _("Went from {origin} to {target}: {because}").format(
        origin=names.step(event.origin), target=names.step(event.target), because=word(event.because, "because")
    )
    if event.passed_over:
        said += "; " + _("{count} step(s) between were not taken").format(count=len(event.passed_over))
    return with_details(said, reason=event.reason)


def _corrected(event: ev.AnswerCorrected, names: Names) -> str:
    was = names.answer(event.step, event.was) or "-"
    said = _("{step}: the answer {was} was withdrawn").format(step=names.step(event.step), was=was)
    return with_details(said, reason=event.reason) + (
        "; " + _("right is {right}").format(right=names.answer(event.step, event.right)) if event.right else ""
    )


LINES: dict[type, Callable[[Any, Names], str]] = {
    ev.ReadingTaken: _read,
    ev.ApprovalGiven: _approved,
    ev.ApprovalRefused: _refused,
    ev.ActionIntended: _intended,
    ev.ActionEnded: _ended,
    ev.StepFinished: _finished,
    ev.UnknownAnswered: _unknown,
    ev.FailureAnswered: _chosen,
    ev.RecoveryAnswered: _asked,
    ev.WentTo: _went,
    ev.AnswerCorrected: _corrected,
    ev.StepClaimed: lambda event, names: with_details(
        (_("Takes the step over: {step}") if event.takes_over else _("Takes the step: {step}")).format(
            step=names.step(event.step)
        ),
        reason=word(event.reason, "claim"),
    ),
}
