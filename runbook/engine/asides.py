"""What the keys p, o, ! and ? show: lines from the state, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.engine import offering
from runbook.model.kind import Kind
from runbook.model.open_items import open_items
from runbook.model.playbook import Step, WaitFor
from runbook.model.replies import CannotAskError
from runbook.model.telephone import numbers
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.engine.context import Context


def phone(context: Context) -> list[str]:
    """The sentence for the phone, and whom this step calls."""
    step = context.current
    if step is None:
        return [_("There is nothing to say here.")]
    spoken = step.keys.say or step.title
    lines = [_("Say: {sentence}").format(sentence=context.ports.world.phone.sentence(spoken.pick()))]
    bound = _bound(context, step)
    named = (
        getattr(bound, "contact", "")
        or getattr(bound, "to", "")
        or (step.keys.approval.by if step.keys.approval else "")
    )
    names = [named] if isinstance(named, str) else list(named)
    return lines + [line for name in names if name for line in contact(context, name)]


def _bound(context: Context, step: Step) -> Kind | WaitFor | None:
    try:
        return context.bind(step)
    except CannotAskError:
        return None


def contact(context: Context, name: str) -> list[str]:
    """Whom to call, in backup order, with what to dial."""
    known = context.site.contacts.get(name)
    if known is None or not known.people:
        return [_("The site file names nobody for {role}.").format(role=name)]
    phone = context.ports.world.phone
    people = [f"  {n}. {person.name}  {numbers(phone, person)}" for n, person in enumerate(known.people, 1)]
    return [_("Call {role}:").format(role=known.title.pick()), *people]


def what_is_open(context: Context) -> list[str]:
    """Open debts, acts whose end nobody knows, and offers that are due; or that nothing is open."""
    found = [*open_items(context.state, context.plan, context.now()), *offering.offer_lines(context)]
    return found or [_("Nothing is open.")]


def why(context: Context) -> list[str]:
    """Why the step is there, what is not in the source, and what will be run."""
    step = context.current
    if step is None:
        return [context.header().impact.pick()]
    bound = _bound(context, step)
    lines = [step.keys.why.pick()] if step.keys.why else []
    if step.keys.note:
        lines.append(_("Not in the source: {note}").format(note=step.keys.note.pick()))
    if isinstance(bound, Kind):
        lines += [
            _("What is run: {line}").format(line=bound.plan_line(context.site)),
            _("By hand: {form}").format(form=bound.manual_form(context.site)),
        ]
    if step.keys.undo:
        lines.append(_("To take it back: {undo}").format(undo=step.keys.undo.pick()))
    return [*lines, _("Source: {source}").format(source=context.header(step.id).source or "-")]
