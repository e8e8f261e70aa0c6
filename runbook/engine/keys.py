"""The keys of the status lines: what each does, wherever it is pressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from runbook.engine import asides, delegating, handing, offering
from runbook.engine.between import passed_over
from runbook.engine.decide import around
from runbook.engine.signals import ByHand, Moved, Stopped
from runbook.model.events import (
    AnswerCorrected,
    DelegateAnswered,
    Escalated,
    NoteAdded,
    RecoveryAnswered,
    StepFinished,
    WentTo,
)
from runbook.model.playbook import Step
from runbook.model.prompts import Prompt
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.engine.beyond import Due
    from runbook.engine.context import Context


def serve(context: Context, letter: str, text: str) -> None:
    """Do what the key says. Returns when the question stands as before; raises Moved, ByHand or Stopped when it does not."""
    here = context.current.id if context.current else context.state.position.step
    match letter:
        case "n":
            context.record(NoteAdded(text.strip() or context.text("note", _("Note:")), here))
        case "f" | "s":
            _finish(context, letter, text)
        case "b":
            _by_hand(context)
        case "u":
            _correct(context, text)
        case "g":
            _go_to(context, text)
        case "!":
            _escalate(context, here)
        case "q":
            raise Stopped("key")
        case "p":
            context.ports.human.tell(*asides.phone(context))
        case "o":
            context.ports.human.tell(*asides.what_is_open(context))
            delegating.answer_to_open(context)
        case "h":
            handing.hand_over(context, text)
        case "?":
            context.ports.human.tell(*asides.why(context))


def _by_hand(context: Context) -> None:
    step = context.current
    if step is not None and not step.reads and not step.changes:
        context.ports.human.tell(_("This step is done by hand already: answer it here."))
        return
    raise ByHand


def _finish(context: Context, letter: str, text: str) -> None:
    step = context.current
    if step is None:
        return
    reason = text.strip() or context.text(f"{step.id}.reason", _("Why?"))
    if letter == "f":
        context.finish(step, "failed", "person", "key_failed", reason=reason)
    else:
        context.finish(step, "skipped", "person", "skip", reason=reason)
    raise Moved


def _correct(context: Context, text: str) -> None:
    last = context.state.last_answer
    event = last.event if last else None
    if last is None or not isinstance(event, (StepFinished, RecoveryAnswered, DelegateAnswered)):
        context.ports.human.tell(_("There is no answer of yours that could be corrected."))
        return
    recovered = isinstance(event, RecoveryAnswered)
    was = ("yes" if event.recovered else "no") if isinstance(event, RecoveryAnswered) else event.answer or event.outcome
    title = context.header(event.step).recovered.ask if recovered else context.plan.step(event.step).title
    context.ports.human.tell(_("Your last answer: {title}: {was}").format(title=title.pick(), was=was))
    reason = text.strip() or context.text("correction", _("What was wrong with it?"))
    if isinstance(event, DelegateAnswered) and not event.waited:
        # The walk went on long ago: only the question stands open again.
        context.record(AnswerCorrected(event.step, event.attempt, last.seq, was, reason, False, "delegate"))
        context.ports.human.tell(_("It is open again: the key o takes the right answer."))
        return
    back = not context.state.began_since_answer
    right = (
        ""
        if back
        else context.text(
            "correction.right", _("An action has begun since, so the walk stays here. What is the right answer?")
        )
    )
    attempt = 0 if isinstance(event, RecoveryAnswered) else event.attempt
    question = "recovered" if recovered else "step"
    context.record(AnswerCorrected(event.step, attempt, last.seq, was, reason, back, question, right))
    if back:
        raise Moved


def _go_to(context: Context, text: str) -> None:
    origin = context.current.id if context.current else context.state.position.step
    later = _later(context, origin)
    offers = offering.numbered_offers(context)
    if not later and not offers:
        context.ports.human.tell(_("There is no later step."))
        return
    target = _which(context, {str(step.number): step for step in later}, offers)
    if target in offers:
        offering.take(context, offers[target], text.strip() or context.text("go-to.reason", _("Why?")))
        return
    if not target:
        return
    reason = text.strip() or context.text("go-to.reason", _("Why?"))
    if context.plan.step(target).lane == "" and (whole := around(context.plan, context.state)):
        origin = whole.id  # the branches are left as a whole
    over = passed_over(context.plan, context.state, origin, target)
    here = [origin] if context.state.step(origin).finished is None else []
    context.record(WentTo(origin, target, "goto", reason, [*here, *over]))
    raise Moved


def _later(context: Context, origin: str) -> tuple[Step, ...]:
    """The steps to which the walk may go from here: those of the same branch, then those behind the branches."""
    if not context.plan.has(origin):
        return ()
    whole = around(context.plan, context.state)
    lane = context.plan.step(origin).lane
    if lane and not whole:
        return ()
    return (*(context.plan.later(origin) if lane else ()), *context.plan.later(whole.id if whole else origin))


def _which(context: Context, later: Mapping[str, Step], offers: Mapping[str, Due]) -> str:
    """The step whose number, or id, the person types, or the offer's; nothing when she stays."""
    lines = (
        *(f"  {number}  {step.title.pick()}" for number, step in later.items()),
        *(f"  {number}  {due.offer.title.pick()}" for number, due in offers.items()),
    )
    prompt = Prompt("text", "go-to", _("Number of the step (Enter alone: stay here):"), default="", lines=lines)
    ids = {step.id for step in later.values()}
    while typed := context.ask(prompt, "q").strip():
        if typed in offers:
            return typed
        if typed in later or typed in ids:
            return later[typed].id if typed in later else typed
        context.ports.human.tell(_("There is no later step {found!r}.").format(found=typed))
    return ""


def _escalate(context: Context, here: str) -> None:
    contact = "leadership" if "leadership" in context.site.contacts else next(iter(context.site.contacts), "")
    context.record(Escalated(here, contact))
    context.ports.human.tell(*asides.contact(context, contact))
