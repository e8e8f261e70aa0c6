"""A second person beside the walk: she takes single steps, answers what is open, writes notes. She never moves the walk."""

from __future__ import annotations

from runbook.engine import others, recovery, settling
from runbook.engine.asking import FREE
from runbook.engine.context import Context
from runbook.engine.decide import condition_unmet
from runbook.engine.signals import Moved, Stopped
from runbook.engine.walk import Ending, run_step
from runbook.model.events import StepClaimed, WriterJoined, WriterLeft
from runbook.model.naming import numbered
from runbook.model.playbook import Step, Together
from runbook.model.prompts import Choice, Prompt
from runbook.model.text import _
from runbook.model.writers import held_by_another

SHOWN_AT_MOST = 9


def join(context: Context, machine: str, tool_version: str) -> Ending:
    """Work beside the walk until the person leaves or the incident ends. Never raises for what people do."""
    context.record(WriterJoined(machine, tool_version))
    why = "key"
    try:
        while not context.state.ended:
            try:
                _one(context)
            except Moved:
                continue
    except Stopped as stop:
        why = stop.why
    except KeyboardInterrupt as signal:
        why = getattr(signal, "why", "interrupt")
    context.record(WriterLeft(why))
    return Ending("aborted" if context.state.status == "aborted" else "left", why)


def _one(context: Context) -> None:
    """Offer the steps that may be taken, and do the one that she takes to its outcome."""
    if unsettled := _unsettled(context):
        _settle(context, unsettled)
        return
    steps = free(context)
    choices = tuple(Choice(step.id, numbered(context.plan, step.id)) for step in steps[:SHOWN_AT_MOST])
    lines = () if steps else (_("There is no step that could be taken beside the walk now."),)
    seen = context.state.last
    question = _("Which step do you take?") if steps else _("The keys count: n note, o open items, q leave.")
    prompt = Prompt("choice" if steps else "watch", "beside", question, choices, lines=lines)
    picked = context.ask(
        prompt, FREE.replace("b", "").replace("f", "").replace("s", ""), lambda: context.state.last is not seen
    )
    if picked:
        _take(context, context.plan.step(picked))


def _take(context: Context, step: Step) -> None:
    """Do one step out of the plan's order; where it changes something, with a reason, as for a go-to."""
    if step.changes or step.opens or step.keys.closes:
        reason = context.text(f"{step.id}.reason", _("Why now, before the walk comes to it?"))
        context.record(StepClaimed(step.id, reason=reason))
    run_step(context, step)


def free(context: Context) -> list[Step]:
    """The steps ahead of the walk that nobody has and that may be done now, in the plan's order.

    Left out is what the walk may have to come back to, what stands in branches, and what another step decides.
    """
    plan, state = context.plan, context.state
    here = state.position.step
    ahead = plan.later(here) if plan.has(here) else plan.steps
    return [step for step in ahead if _may_be_taken(context, step)]


def _may_be_taken(context: Context, step: Step) -> bool:
    known = context.state.step(step.id)
    settled = known.finished is not None or known.outcome or known.awaited or known.undecided
    whole = isinstance(step.sample, Together)
    if step.lane or whole or step.keys.repeatable or settled or known.under_way:
        return False
    return not (others.held(context, step.id) or condition_unmet(context.plan, context.state, step))


def _unsettled(context: Context) -> Step | None:
    """The step of hers that failed without a way on, or whose act has an end that nobody knows."""
    place = context.state.stands(context.me.lane)
    if not place.step or not context.plan.has(place.step):
        return None
    step, known = context.plan.step(place.step), context.state.step(place.step)
    if held_by_another(context.state, step.id, context.me.writer):
        return None
    again = place.where == "at" and known.under_way
    if known.holder is None:
        return None
    failed = known.outcome in ("failed", "expired") and known.outcome not in step.keys.next
    return step if again or known.undecided or place.forced or (failed and place.where == "after") else None


def _settle(context: Context, step: Step) -> None:
    known = context.state.step(step.id)
    if known.undecided:
        recovery.resolve(context, step)
    elif known.finished is not None and known.outcome in ("failed", "expired") and not known.failure_choice:
        settling.failure_menu(context, step)
    else:
        run_step(context, step)
