"""`notify`: give one or several contacts a notice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runbook.model.events import PersonTold
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, contact_problems
from runbook.model.outcome import Scalar
from runbook.model.prompts import Choice, Prompt
from runbook.model.replies import CannotAskError, Message
from runbook.model.schema import Id, OneOrMore, Sentence, StepId
from runbook.model.site import Site
from runbook.model.telephone import numbers, people
from runbook.model.text import _

EVERYONE = "everyone-told"
"""In the place of a contact: every contact that was told something in this incident. The site need not have it."""
PRINTED = "printed"
"""The means of a notice that was only shown: nobody knows of it until a person passes it on."""


class Notify(Kind):
    """Give contacts a notice through the outbox. What the outbox only prints, a person passes on and says so.

    The text is `text`, else the step's `say`, else its title. It failed when somebody could not be told.
    """

    NAME: ClassVar[str] = "notify"
    GROUP: ClassVar[Group] = "action"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    SPOKEN: ClassVar[bool] = True
    VERIFIES_ITSELF: ClassVar[bool] = True
    NEEDS_APPROVAL: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "told": "How many contacts were told.",
        "means": "How the notices went out, such as `printed`.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"contact": ["leadership", "cs-lead"]}

    contact: Annotated[tuple[Id, ...], OneOrMore] = Field(min_length=1)
    """The contact of the site, or a list of them; `everyone-told` is every contact that was told something in this incident."""
    text: Sentence | None = None
    """The notice; without it the step's `say`, else its title."""
    attach: StepId | None = None
    """An earlier step whose evidence the notice names, each piece with its hash. It stays here: the person hands it over."""

    def plan_line(self, site: Site) -> str:
        return _("tell {roles}").format(roles=self._roles(site))

    def exact(self, site: Site) -> str:
        text = f": {json.dumps(self.text.data(), ensure_ascii=False)}" if self.text else ""
        attached = f" with {self.attach}" if self.attach else ""
        return f"notify {', '.join(self.contact)}{attached}{text}"

    def problems(self, site: Site | None) -> Problems:
        named = [contact for contact in self.contact if contact != EVERYONE]
        return [problem for contact in named for problem in contact_problems(site, "contact", contact)]

    def act(self, site: Site) -> str:
        return _("Tell {roles}").format(roles=self._roles(site)) + (f": {self.text.pick()}" if self.text else "")

    def target(self, site: Site) -> str:
        return "notice:" + ",".join(self.contact)

    def manual_form(self, site: Site) -> str:
        return _("Tell {roles} by telephone, and write down when.").format(roles=self._roles(site))

    def run(self, ports: StepPorts) -> Result:
        """Send to one contact after the other. Raises CannotAskError when not a single notice went out."""
        means: dict[str, str] = {}
        body, contacts = self._body(ports), self._contacts(ports)
        if not contacts:
            ports.tell(_("Nobody was told anything in this incident, so there is nobody to tell now."))
            return Result("passed", {"told": 0, "means": ""}, found="0/0", answer="told", ended="done")
        for contact in contacts:
            try:
                means[contact] = ports.world.outbox.send(
                    Message(ports.site.role(contact), ports.step.title.pick(), body)
                )
            except CannotAskError as error:
                if contact == contacts[-1] and not means:
                    raise
                ports.tell(_("{role}: not sent: {why}").format(role=ports.site.role(contact), why=error.detail))
        passed_on, reason = self._passed_on(ports, [c for c, how in means.items() if how == PRINTED], body)
        told = [contact for contact, how in means.items() if how != PRINTED or passed_on]
        for contact in contacts:
            by = means.get(contact, "")
            ports.record(PersonTold(ports.step.id, contact, "", contact in told, by))
        values: dict[str, Scalar] = {"told": len(told), "means": "/".join(sorted(set(means.values())))}
        found = f"{len(told)}/{len(contacts)}"
        if len(told) == len(contacts):
            return Result("passed", values, found=found, answer="told", ended="done")
        return Result("failed", values, found=found, answer="not_all", reason=reason, ended="error")

    def _passed_on(self, ports: StepPorts, contacts: list[str], body: str) -> tuple[bool, str]:
        """Have the person pass on what was only printed: whether everybody was told, and if not, what they type of it."""
        if not contacts:
            return True, ""
        phone = ports.world.phone
        first_line, *below = body.splitlines()
        lines = [_("Notice: {text}").format(text=first_line), *below]
        for contact in contacts:
            first = people(ports.site, contact)[0]
            lines.append(f"{ports.site.role(contact)}: {first.name}, {numbers(phone, first)}")
        choices = (Choice("told", _("everybody knows")), Choice("not_all", _("not everybody")))
        question = _("This notice was not sent by the program. Did you pass it on?")
        if ports.ask(Prompt("choice", ports.step.id, question, choices, lines=tuple(lines))) == "told":
            return True, ""
        return False, ports.ask(Prompt("text", ports.step.id, _("Who does not know it, and why?")))

    def _roles(self, site: Site) -> str:
        everyone = _("everyone who was told so far")
        return ", ".join(everyone if contact == EVERYONE else site.role(contact) for contact in self.contact)

    def _contacts(self, ports: StepPorts) -> tuple[str, ...]:
        """Who gets it now, each once: what `everyone-told` stands for depends on what has happened."""
        named = (ports.told() if contact == EVERYONE else (contact,) for contact in self.contact)
        return tuple(dict.fromkeys(contact for contacts in named for contact in contacts))

    def _body(self, ports: StepPorts) -> str:
        """The notice, and below it the evidence that it is about, by name and hash."""
        said = ports.world.phone.sentence((self.text or ports.step.say or ports.step.title).pick())
        kept = ports.evidence(self.attach) if self.attach else ()
        if self.attach and not kept:
            ports.tell(_("The step {step} has kept nothing that could be named.").format(step=self.attach))
        return "\n".join([said, *(_("Evidence: {name}").format(name=name) for name in kept)])
