"""`call`: telephone a contact, along its backup order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbook.model.events import PersonTold
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, contact_problems
from runbook.model.prompts import Choice, Prompt
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.telephone import call_lines, people, sentence
from runbook.model.text import _


class Call(Kind):
    """Call a contact and say the step's sentence (`say`, else its title); who is not reached is followed by the next in order.

    It failed when nobody was reached.
    """

    NAME: ClassVar[str] = "call"
    GROUP: ClassVar[Group] = "people"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "reached": "Who was reached; none when nobody was.",
        "tried": "How many people were tried.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"contact": "cs-lead"}

    contact: Id
    """The contact of the site."""

    def plan_line(self, site: Site) -> str:
        names = ", ".join(person.name for person in people(site, self.contact))
        return _("call {role}: {names}").format(role=site.role(self.contact), names=names)

    def problems(self, site: Site | None) -> Problems:
        return contact_problems(site, "contact", self.contact)

    def manual_form(self, site: Site) -> str:
        return _("Call {role}, and write down who was reached and when.").format(role=site.role(self.contact))

    def run(self, ports: StepPorts) -> Result:
        """Go along the backup order until somebody is reached; every attempt is recorded."""
        order = people(ports.site, self.contact)
        for tried, person in enumerate(order, 1):
            after = order[tried].name if tried < len(order) else ""
            missed = _("not reached; next: {name}").format(name=after) if after else _("not reached; nobody is left")
            choices = (
                Choice("reached", _("reached {name}").format(name=person.name)),
                Choice("not_reached", missed),
            )
            lines = call_lines(ports.world.phone, ports.site, self.contact, person, sentence(ports.step))
            answer = ports.ask(Prompt("choice", ports.step.id, _("Who answered?"), choices, lines=lines))
            reached = answer == "reached"
            ports.record(PersonTold(ports.step.id, self.contact, person.name, reached, "phone"))
            if reached:
                return Result("passed", {"reached": person.name, "tried": tried}, found=person.name, answer="reached")
        return Result("failed", {"reached": None, "tried": len(order)}, found="-", answer="nobody")
