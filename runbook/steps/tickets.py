"""`tickets`: agents write tickets by hand, and all of them are entered into the system afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from runbook.model.events import TicketsCounted
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.prompts import Choice, Prompt
from runbook.model.site import Site
from runbook.model.text import _


class Tickets(Kind):
    """`do: open`: the agents write tickets by hand from now on. `do: back_entry`: count what was written and what is entered since.

    Back-entry passes only when every ticket is entered; else it failed, with the numbers that are missing.
    """

    NAME: ClassVar[str] = "tickets"
    GROUP: ClassVar[Group] = "people"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "written": "For `back_entry`: how many tickets were written by hand.",
        "entered": "For `back_entry`: how many of them are in the system.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"do": "open"}

    do: Literal["open", "back_entry"]
    """open or back_entry."""

    def plan_line(self, site: Site) -> str:
        if self.do == "open":
            return _("agents write tickets by hand")
        return _("count the tickets that were written by hand, and those entered since")

    def opens(self) -> str:
        return "manual_tickets" if self.do == "open" else ""

    def manual_form(self, site: Site) -> str:
        if self.do == "open":
            return _("Hand out the paper tickets and their numbers, and write down when.")
        return _(
            "Enter every paper ticket, and write down how many were written, how many are entered and which are missing."
        )

    def run(self, ports: StepPorts) -> Result:
        """Ask what the agents do, or count."""
        return self._open(ports) if self.do == "open" else self._back_entry(ports)

    def _open(self, ports: StepPorts) -> Result:
        choices = (Choice("by_hand", _("yes, by hand from now on")), Choice("not_possible", _("that is not possible")))
        if ports.ask(Prompt("choice", ports.step.id, _("Do the agents write tickets by hand?"), choices)) == "by_hand":
            return Result("passed", answer="by_hand")
        reason = ports.ask(Prompt("text", ports.step.id, _("Why is it not possible?")))
        return Result("failed", answer="not_possible", reason=reason)

    def _back_entry(self, ports: StepPorts) -> Result:
        written = _count(ports, _("How many tickets were written by hand?"))
        entered = _count(ports, _("How many of them are in the system now?"))
        while entered > written:
            ports.tell(
                _("More are entered ({entered}) than were written ({written}).").format(
                    entered=entered, written=written
                )
            )
            written = _count(ports, _("How many tickets were written by hand?"))
            entered = _count(ports, _("How many of them are in the system now?"))
        missing: list[str] = []
        if entered < written:
            question = _("Which numbers are missing? Separate them with commas.")
            missing = numbers(ports.ask(Prompt("text", ports.step.id, question)))
        ports.record(TicketsCounted(ports.step.id, written, entered, missing))
        values = {"written": written, "entered": entered}
        if missing or entered < written:
            reason = ", ".join(missing)
            return Result("failed", values, found=f"{entered}/{written}", answer="missing", reason=reason)
        return Result("passed", values, found=f"{entered}/{written}", answer="complete")


def numbers(text: str) -> list[str]:
    """The numbers of tickets in what a person typed, separated by commas, semicolons or spaces, in either script."""
    return [word for word in re.split(r"[,;，；、\s]+", text) if word]


def _count(ports: StepPorts, question: str) -> int:
    while True:
        text = ports.ask(Prompt("number", ports.step.id, question)).strip()
        if text.isdecimal() and len(text) <= 9:
            return int(text)
        ports.tell(_("A whole number from 0 is wanted."))
