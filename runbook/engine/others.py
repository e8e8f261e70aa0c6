"""Who else works on the incident on this machine: whose step is whose, what they wrote meanwhile, and when a question gives way to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbook.engine.signals import Moved
from runbook.model.events import StepClaimed
from runbook.model.playbook import Step
from runbook.model.prompts import Choice, Prompt
from runbook.model.text import _
from runbook.model.units import clock_text
from runbook.model.writers import Held, held_by_another

if TYPE_CHECKING:
    from runbook.engine.context import Context

LOOK_S = 1.0
WAITING = "npo!h?q"
"""The keys that count while somebody else has the step."""


@dataclass(slots=True)
class Me:
    """This process among those that write: its writer's name, the lane of one who works beside the walk (the walk has none), and
    `running`, which says whose processes run now. Without it nobody else is looked for."""

    writer: str = ""
    lane: str = ""
    running: Callable[[], frozenset[str]] | None = None
    look_again_s: float = 0.0


def busy(context: Context) -> frozenset[str]:
    """The writers that work on this incident on this machine now, without this one."""
    me = context.me
    if me.running is None or not (context.state.joined or me.lane):
        return frozenset()
    return me.running() - {me.writer}


def held(context: Context, step: str) -> Held | None:
    """Who else works on this step now."""
    found = held_by_another(context.state, step, context.me.writer)
    return found if found and found.writer in busy(context) else None


def look(context: Context) -> None:
    """Believe and show what others have written since, looked for once a second at most."""
    me = context.me
    _boot, now_s = context.ports.world.clock.boot()
    if me.running is not None and not me.look_again_s - LOOK_S <= now_s < me.look_again_s:
        me.look_again_s = now_s + LOOK_S
        context.record_all([])


def taken_away(context: Context) -> bool:
    """Whether others have ended the incident, or taken the step that stands on the screen."""
    here = context.current
    if context.me.running is None:
        return False
    return context.state.ended or (here is not None and held(context, here.id) is not None)


def leave(context: Context) -> None:
    """Leave a question that others have settled. Raises Moved."""
    here = context.current
    if here is not None and (holder := held(context, here.id)):
        context.ports.human.tell(_("{name} has taken this step over.").format(name=holder.name))
    raise Moved


def claimed(context: Context, step: Step) -> bool:
    """Take the step, where somebody works beside the walk. While another has it: wait for her, or take it over with a reason.

    False when it was settled meanwhile, so that the walk decides again. Raises Moved and Stopped.
    """
    if context.me.running is None or not (context.state.joined or context.me.lane):
        return True
    if holder := held(context, step.id):
        return _taken_over(context, step, holder)
    left = held_by_another(context.state, step.id, context.me.writer)
    if left or context.me.lane:
        # Whoever had it is gone, or two reach for it at once: the first claim in the journal counts.
        context.record(StepClaimed(step.id, takes_over=left is not None, reason="gone" if left else ""))
    return held(context, step.id) is None


def _taken_over(context: Context, step: Step, holder: Held) -> bool:
    question = _("{name} has this step since {at}: {title}").format(
        name=holder.name, at=clock_text(holder.since.at, context.site.zone), title=step.title.pick()
    )
    choices = (Choice("take_over", _("take it over, with a reason")),)
    prompt = Prompt("watch", f"{step.id}.held", question, choices)
    if context.ask(prompt, WAITING, stop=lambda: held(context, step.id) is None) != "take_over":
        return False
    reason = context.text(f"{step.id}.reason", _("Why?"))
    context.record(StepClaimed(step.id, takes_over=True, reason=reason))
    return context.state.step(step.id).intent is None
