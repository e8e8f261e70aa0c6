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
    if context.me.running is None or here is None:
        return context.me.running is not None and context.state.ended
    finished = context.state.step(here.id).finished
    stands = here.id in (context.state.position.step, context.state.stands(context.me.lane or here.lane).step)
    done = stands and finished is not None and finished.writer in busy(context)
    return context.state.ended or done or held(context, here.id) is not None


def leave(context: Context) -> None:
    """Leave a question that others have settled. Raises Moved."""
    here = context.current
    known = context.state.step(here.id) if here else None
    if known and (other := known.holder or known.finished):
        context.ports.human.tell(_("{name} has taken this step over.").format(name=other.actor))
    raise Moved


def claimed(context: Context, step: Step) -> bool:
    """Take the step, where somebody works beside the walk. While another has it: wait for her, or take it over with a reason.

    False when it was settled meanwhile, so that the walk decides again. Raises Moved and Stopped.
    """
    me = context.me
    if me.running is None or not (context.state.joined or me.lane):
        return True
    if other := held(context, step.id):
        return _taken_over(context, step, other)
    left, holder = held_by_another(context.state, step.id, me.writer), context.state.step(step.id).holder
    if left or (me.lane and holder is None):
        # Whoever had it is gone, or two reach for it at once: the first claim in the journal counts.
        context.record(StepClaimed(step.id, takes_over=left is not None, reason="gone" if left else ""))
    return held(context, step.id) is None


def _taken_over(context: Context, step: Step, holder: Held) -> bool:
    question = _("{name} has this step since {at}: {title}").format(
        name=holder.name, at=clock_text(holder.since.wall, context.site.zone), title=step.title.pick()
    )
    choices = (Choice("take_over", _("take it over, with a reason")),)
    prompt = Prompt("watch", f"{step.id}.held", question, choices)
    if context.ask(prompt, WAITING, stop=lambda: held(context, step.id) is None) != "take_over":
        return False
    reason = context.text(f"{step.id}.reason", _("Why?"))
    context.record(StepClaimed(step.id, takes_over=True, reason=reason))
    return context.state.step(step.id).intent is None
