"""Calling people: who is tried in which order, and what is shown while the telephone is in the hand."""

from __future__ import annotations

from dataclasses import replace

from runbook.model.events import PersonTold
from runbook.model.kind import StepPorts
from runbook.model.ports import Phone
from runbook.model.prompts import Choice, Prompt
from runbook.model.site import Person, Site
from runbook.model.step import CommonKeys
from runbook.model.text import _


def people(site: Site, contact: str) -> tuple[Person, ...]:
    """The people of a contact in backup order; the role itself where the site names nobody."""
    known = site.contacts[contact].people if contact in site.contacts else ()
    return known or (Person(name=site.role(contact)),)


def sentence(step: CommonKeys) -> str:
    """What to say on the telephone: the step's own sentence, else its title."""
    return (step.say or step.title).pick()


def numbers(phone: Phone, person: Person) -> str:
    """What to dial, the first number first: all on one line; `-` where the site has none."""
    return ", ".join(dict.fromkeys(phone.number(number) for number in person.all_numbers)) or phone.number("")


def call_lines(phone: Phone, site: Site, contact: str, person: Person, said: str) -> tuple[str, ...]:
    """Whom to call, what to dial (of several numbers one after the other) and what to say."""
    return (
        _("Call: {role}, {name}").format(role=site.role(contact), name=person.name),
        _("Number: {number}").format(number=numbers(phone, person)),
        _("Say: {sentence}").format(sentence=phone.sentence(said)),
    )


def along_the_order(ports: StepPorts, contact: str, prompt: Prompt, reached: str) -> tuple[str, int]:
    """Ask of one person after the other, in backup order, whether she was reached; every attempt is recorded.

    `prompt`: the question, without choices; its lines stand below those of the call. `reached`: the label of a yes, with {name}.
    Returns who was reached, empty for nobody, and how many were tried.
    """
    order = people(ports.site, contact)
    for tried, person in enumerate(order, 1):
        after = order[tried].name if tried < len(order) else ""
        missed = _("not reached; next: {name}").format(name=after) if after else _("not reached; nobody is left")
        choices = (Choice("reached", reached.format(name=person.name)), Choice("not_reached", missed))
        lines = call_lines(ports.world.phone, ports.site, contact, person, sentence(ports.step))
        answer = ports.ask(replace(prompt, choices=choices, lines=(*lines, *prompt.lines)))
        ports.record(PersonTold(ports.step.id, contact, person.name, answer == "reached", "phone"))
        if answer == "reached":
            return person.name, tried
    return "", len(order)
