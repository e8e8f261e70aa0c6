"""Into another playbook: what is asked on entering it; and an offer that is due, put to the person, never taken by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runbook.engine.between import passed_over
from runbook.engine.beyond import Due, due_offers, unanswered
from runbook.engine.signals import Moved
from runbook.model.events import InputAnswered, OfferAnswered, PlaybookEntered, WentTo
from runbook.model.inputs import answered
from runbook.model.naming import numbered
from runbook.model.playbook import Input
from runbook.model.prompts import Prompt
from runbook.model.state import END
from runbook.model.text import ExpectedError, _
from runbook.model.units import age

if TYPE_CHECKING:
    from runbook.engine.context import Context

ASKED = "npo!h?q"
"""The keys that count while an offer or an input is asked about: none that leaves the step behind it."""


def enter(context: Context, playbook: str) -> None:
    """Come into a playbook: inputs that only it has get their default or are asked for, then it is entered."""
    header = context.plan.header_of(playbook)
    for name in unanswered(context.plan, context.state, playbook):
        context.record(InputAnswered(name, _asked(context, name, header.inputs[name]), "asked"))
    if playbook in context.state.playbooks:
        return
    for name, declared in header.inputs.items():
        if name not in context.state.inputs and declared.default is not None:
            context.record(InputAnswered(name, answered(declared, declared.default, context.site), "default"))
    title = header.title.data()
    at = context.state.position.step
    titles = title if isinstance(title, dict) else {"": title}
    context.record(PlaybookEntered(playbook, header.version, titles, at))


def _asked(context: Context, name: str, declared: Input) -> str:
    """An input's value, asked until it fits."""
    if declared.choices:
        return context.choose(
            f"inputs.{name}", declared.ask.pick(), {value: value for value in declared.choices}, ASKED
        )
    while True:
        text = context.ask(Prompt("text", f"inputs.{name}", declared.ask.pick()), "q")
        try:
            return answered(declared, text, context.site)
        except ExpectedError as error:
            context.ports.human.tell(_("{expected}, found {found!r}.").format(expected=error, found=text))


def put(context: Context, name: str) -> None:
    """Ask about an offer that is due. Raises Moved when the person goes there."""
    due = next((due for due in due_offers(context.plan, context.state, context.now()) if due.name == name), None)
    if due is None:
        return
    choices = {"now": taking(context, due), "not_now": _("not now")}
    question = _("Offer, due since {age}: {title}").format(
        age=age(due.since, context.now()), title=due.offer.title.pick()
    )
    note = due.offer.note
    lines = (_("Not in the source: {note}").format(note=note.pick()),) if note else ()
    if context.choose(f"offer.{name}", question, choices, ASKED, lines) == "now":
        take(context, due)
    else:
        context.record(OfferAnswered(name, "not_now"))


def taking(context: Context, due: Due) -> str:
    """What taking an offer does, in words."""
    if due.offer.start:
        other = context.plan.beside.get(due.offer.start)
        title = other.header.title.pick() if other else due.offer.start
        return _("do it now (open a linked incident: {title})").format(title=title)
    assert due.offer.go is not None
    if due.offer.go == END:
        return _("do it now (go to the end of the plan)")
    return _("do it now (go to {step})").format(step=numbered(context.plan, context.plan.step(due.offer.go).id))


def take(context: Context, due: Due, reason: str = "") -> None:
    """Go where an offer leads: raises Moved. Or open its linked incident, and go on here."""
    if due.offer.start:
        _start(context, due)
        return
    assert due.offer.go is not None
    origin = context.state.position.step
    target = due.offer.go if due.offer.go == END else context.plan.step(due.offer.go).id
    over = passed_over(context.plan, context.state, origin, target)
    left = [origin] if origin not in ("", END) and context.state.step(origin).finished is None else []
    context.record(WentTo(origin, target, "offer", reason, [*left, *over], offer=due.name))
    raise Moved


def _start(context: Context, due: Due) -> None:
    assert due.offer.start is not None
    if context.start is None:
        context.ports.human.tell(_("A linked incident cannot be opened from here."))
        context.record(OfferAnswered(due.name, "not_now"))
        return
    incident = context.start(due.offer.start)
    context.record(OfferAnswered(due.name, "start", incident=incident))
    context.ports.human.tell(
        _("Opened beside this one: {incident}. Walk it in another window: runbook resume {incident}").format(
            incident=incident
        )
    )


def offer_lines(context: Context) -> list[str]:
    """The offers that are due and not taken, for the key o."""
    now = context.now()
    sentence = _("OFFER for {age}: {title} (key g: {number})")
    return [
        sentence.format(age=age(due.since, now), title=due.offer.title.pick(), number=number)
        for number, due in numbered_offers(context).items()
    ]


def numbered_offers(context: Context) -> dict[str, Due]:
    """The offers that are due and not taken, by what is typed for each in the list of the key g."""
    due = due_offers(context.plan, context.state, context.now())
    return {f"o{number}": one for number, one in enumerate(due, 1)}
