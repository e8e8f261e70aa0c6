"""`instruct`: a person does something with their own hands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.prompts import Choice, Prompt
from runbook.model.site import Site
from runbook.model.text import _


class Instruct(Kind):
    """A person does what the title says, then answers: done, or could not, with the reason. A `say` is what they tell others."""

    NAME: ClassVar[str] = "instruct"
    GROUP: ClassVar[Group] = "people"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    EXAMPLE: ClassVar[Mapping[str, Any]] = {}

    def plan_line(self, site: Site) -> str:
        return _("a person does it, then answers: done, or could not")

    def manual_form(self, site: Site) -> str:
        return _("Do it, and write down when.")

    def run(self, ports: StepPorts) -> Result:
        """Ask whether it is done: `could_not` failed, with what the person typed as the reason."""
        name = ports.step.id
        choices = (Choice("done", _("done")), Choice("could_not", _("could not be done")))
        said = ports.world.phone.sentence(ports.step.say.pick()) if ports.step.say else ""
        lines = (_("Say: {sentence}").format(sentence=said),) if said else ()
        if ports.ask(Prompt("choice", name, _("Is it done?"), choices, lines=lines)) == "done":
            return Result("passed", answer="done")
        return Result(
            "failed", answer="could_not", reason=ports.ask(Prompt("text", name, _("Why could it not be done?")))
        )
