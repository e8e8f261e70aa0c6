"""`call`: telephone a contact, along its backup order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, contact_problems
from runbook.model.prompts import Prompt
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.telephone import along_the_order, people
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
        prompt = Prompt("choice", ports.step.id, _("Who answered?"))
        name, tried = along_the_order(ports, self.contact, prompt, _("reached {name}"))
        if name:
            return Result("passed", {"reached": name, "tried": tried}, found=name, answer="reached")
        return Result("failed", {"reached": None, "tried": tried}, found="-", answer="nobody")
