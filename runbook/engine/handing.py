"""The key h: the brief on the screen, offered to whoever takes over, and her own name at this keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from runbook.engine.conditions import facts
from runbook.engine.decide import AskRecovered, decide
from runbook.engine.signals import Stopped
from runbook.model.brief import Brief, Standing, brief
from runbook.model.brief_lines import brief_lines
from runbook.model.events import HandoverOffered, Paused, SignedOn, StatePrinted
from runbook.model.person import on_roster, same_person
from runbook.model.playbook import Playbook, Step
from runbook.model.state import State
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.engine.context import Context


def standing(plan: Playbook, state: State, here: Step | None = None) -> Standing:
    """Where the walk stands: the step on the screen (`here`, else the one that may run now), and those that come after it."""
    if state.ended:
        return Standing()
    question = ""
    if here is None:
        here, question = _now(plan, state)
    line = plan.later(here.id) if here else ()
    return Standing(here, tuple(step for step in line if _may_come(plan, state, step)), question)


def _now(plan: Playbook, state: State) -> tuple[Step | None, str]:
    """The step that the walk comes to now, and the plan's question where that is asked now."""
    move = next(iter(decide(plan, state)), None)
    step = getattr(move, "step", "")
    question = ""
    if isinstance(move, AskRecovered):
        question = plan.header_of(plan.step(step).plan if plan.has(step) else state.playbook).recovered.ask.pick()
    if plan.has(step):
        return plan.step(step), question
    position = state.position
    if not plan.has(position.step):
        return None, question
    if position.where == "at":
        return plan.step(position.step), question
    return next((step for step in plan.later(position.step) if _may_come(plan, state, step)), None), question


def _may_come(plan: Playbook, state: State, step: Step) -> bool:
    """Whether nothing that is known speaks against the step: no outcome, no condition that fails, nothing to close that is not open."""
    if state.step(step.id).outcome or (step.keys.closes and not state.debt(step.keys.closes)):
        return False
    for what, wanted in step.keys.when.items():
        known = what.startswith("inputs.") or (plan.has(what) and state.step(plan.step(what).id).outcome)
        if known and not facts(plan, state, what) & set(wanted):
            return False
    return True


def brief_of(context: Context) -> Brief:
    """The brief of the walk at this moment."""
    here = standing(context.plan, context.state, context.current)
    now, site = context.now(), context.site
    return brief(context.state, context.plan, now, site.zone, site.role, here, context.clocks())


def hand_over(context: Context, text: str) -> None:
    """Show the brief; with a name record the offer, and let her sign on here: from then on the events carry her name."""
    here = context.current.id if context.current else context.state.position.step
    shown = brief_of(context)
    context.ports.human.tell(*brief_lines(shown))
    to = _to_whom(context, text)
    if not to:
        context.record(StatePrinted(here))
        return
    context.record(HandoverOffered(to, here, shown.head))
    sign_on_here(context, to, "keyboard", context.actor)


def _to_whom(context: Context, text: str) -> str:
    """Whom it is handed over to; nobody when Enter alone was pressed, never the one who hands over."""
    typed = text.strip() or _typed(context, "handover", _("To whom? (Enter alone: only show it)"))
    while typed and same_person(typed, context.actor):
        context.ports.human.tell(_("You cannot hand over to yourself: name the person who takes over."))
        typed = _typed(context, "handover", _("To whom? (Enter alone: only show it)"))
    return on_roster(typed, context.site.roster) if typed else ""


def take_over(context: Context) -> str:
    """On going on with an incident: where it is offered to this person, show the brief first and let her sign on.

    Why she leaves before she went on, empty when she does not.
    """
    offer = context.state.offered_to(context.actor)
    if offer is None:
        return ""
    context.ports.human.tell(*brief_lines(brief_of(context)))
    try:
        sign_on_here(context, getattr(offer.event, "to", context.actor), "resume", offer.actor)
    except Stopped as stop:
        if not context.me.lane:  # whoever works beside the walk does not pause it
            context.record(Paused(stop.why, context.state.position.step))
        return stop.why
    return ""


def sign_on_here(context: Context, name: str, how: str, before: str) -> None:
    """Let `name` sign on at this keyboard. Where nobody is at a terminal nothing is asked and nothing is signed."""
    tell = context.ports.human.tell
    if context.at_terminal and signs(name, lambda question: _typed(context, "sign-on", question), tell):
        context.sign_on(name)
        context.record(SignedOn(name, before, how))
    else:
        opened = context.state.opened
        tell(not_signed(opened.incident if opened else "", name))


def not_signed(incident: str, name: str) -> str:
    """That `name` has not signed on, and what she types when she does."""
    sentence = _("{name} has not signed on. Later, at a terminal: {command}")
    return sentence.format(name=name, command=f'runbook resume {incident} --as "{name}"')


def signs(name: str, typed: Callable[[str], str], tell: Callable[..., None]) -> bool:
    """Whether `name` types her own name: whoever else types is told for whom the handover is, Enter alone is not now."""
    question = _("{name}: type your own name to sign on at this keyboard (Enter alone: not now).").format(name=name)
    while given := typed(question).strip():
        if same_person(given, name):
            return True
        tell(_("You typed {typed}; this handover is for {name}.").format(typed=given, name=name))
    return False


def _typed(context: Context, name: str, question: str) -> str:
    return context.text(name, question, needed=False)
