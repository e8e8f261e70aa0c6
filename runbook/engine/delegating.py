"""`delegate`: a question that was passed on, and its answer, which comes at once, later, or not in this walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.engine.signals import Moved
from runbook.model.events import DelegateAnswered, Delegated
from runbook.model.kind import Kind
from runbook.model.naming import numbered
from runbook.model.open_items import awaited_line
from runbook.model.playbook import Step
from runbook.model.prompts import Choice, Prompt
from runbook.model.replies import CannotAskError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.engine.context import Context


def delegate(context: Context, step: Step, kind: Kind) -> None:
    """Pass the question on; where somebody has it already, and the walk stands there, take the answer."""
    known = context.state.step(step.id)
    if known.awaited:
        if context.state.last != known.delegated:
            context.ports.human.tell(awaited_line(known, context.plan, context.now()))
        _take(context, step, kind)
        return
    result = kind.run(context.kind_ports(step))
    if result.outcome == "passed":
        contact = str(getattr(kind, "to", ""))
        context.record(Delegated(step.id, known.attempt, contact, result.found, kind.stands()))
    else:
        context.finish(
            step, result.outcome, "person", "asked", answer=result.answer, values=result.values, found=result.found
        )


def answer_to_open(context: Context) -> None:
    """Key o: the answer to one of the questions that are with somebody. Raises Moved when the walk stood there."""
    awaited = context.state.awaited
    if not awaited:
        return
    choices = (
        Choice("none", _("no answer has come: go on")),
        *(Choice(known.id, numbered(context.plan, known.id)) for known in awaited),
    )
    prompt = Prompt("choice", "open-items", _("Has an answer come? (Enter alone: no)"), choices, default="none")
    chosen = context.ask(prompt, "q")
    if chosen in ("none", ""):
        return
    step, here = context.plan.step(chosen), context.current
    try:
        kind = context.bind(step)
    except CannotAskError as cannot:
        context.ports.human.tell(cannot.detail)
        return
    assert isinstance(kind, Kind)
    try:
        context.current = step
        _take(context, step, kind, keys="q")
    finally:
        context.current = here
    if here is not None and here.id == step.id:
        raise Moved


def _take(context: Context, step: Step, kind: Kind, keys: str | None = None) -> None:
    """Ask for the answer and record it; the walk moves on where it stood at the step."""
    ports = context.kind_ports(step) if keys is None else context.kind_ports(step, keys)
    result = kind.answer(ports)
    known = context.state.step(step.id)
    stands = context.state.position if context.state.position.step == step.id else context.state.stands(step.lane)
    waited = stands.step == step.id and stands.where == "at"
    context.record(DelegateAnswered(step.id, known.attempt, result.outcome, result.answer, waited, {**result.values}))
