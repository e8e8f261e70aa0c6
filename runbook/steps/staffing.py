"""`staffing`: people come to help, agents sit elsewhere, and all of them go back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from runbook.model.events import StaffMoved
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, contact_problems, machine_problems
from runbook.model.outcome import Scalar
from runbook.model.prompts import Choice, Prompt
from runbook.model.schema import Count, Id, Names
from runbook.model.site import Site
from runbook.model.telephone import call_lines, people
from runbook.model.text import _

SHOWN = 24
"""So many seats are named in a question."""


class Staffing(Kind):
    """`do: add`: a contact sends people to help. `do: move`: agents sit elsewhere. `do: release`: all of them go back.

    Each person is written down with their place. `add` and `move` leave that open until a `release` step with `closes`, which passes
    only when everybody is back. With fewer people than `needed` it is warned; when nobody comes it failed. Such a step may have an
    `approval`, which is asked for before its first question.
    """

    NAME: ClassVar[str] = "staffing"
    GROUP: ClassVar[Group] = "people"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "people": "How many came or moved; for `release`: how many are back.",
        "away": "For `release`: how many are not back yet.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"do": "add", "people": "cs-lead", "seats": "public-seats", "needed": "4"}

    do: Literal["add", "move", "release"]
    """add, move or release."""
    people: Id | None = None
    """The contact who sends them. `release` needs none."""
    seats: Names = ()
    """Where they sit: seats, or a group of them. `release` needs none."""
    needed: Count | None = None
    """How many people are needed."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.do != "release" and (self.people is None or not self.seats):
            raise ValueError(_("`do: {do}` needs `people` and `seats`").format(do=self.do))
        return self

    def plan_line(self, site: Site) -> str:
        role, seats = site.role(self.people or "-"), ", ".join(self.seats)
        if self.do == "release":
            return _("everybody who came to help or moved goes back")
        line = (
            _("people of {role} come to help, at {seats}")
            if self.do == "add"
            else _("people of {role} move to {seats}")
        )
        return line.format(role=role, seats=seats) + self._wanted()

    def exact(self, site: Site) -> str:
        needed = f", needed {self.needed}" if self.needed else ""
        where = f": {self.people} -> {','.join(site.members(self.seats))}" if self.seats else ""
        return f"staffing {self.do}{where}{needed}"

    def problems(self, site: Site | None) -> Problems:
        found = contact_problems(site, "people", self.people) if self.people else []
        return found + [problem for name in self.seats for problem in machine_problems(site, "seats", name)]

    def opens(self) -> str:
        return {"add": "borrowed_staff", "move": "moved_agents", "release": ""}[self.do]

    def closes_only(self) -> bool:
        return self.do == "release"

    def manual_form(self, site: Site) -> str:
        if self.do == "release":
            return _("Send everybody back who came to help or moved, and write down who and when.")
        line = _("Have {role} send people to {seats}, and write down who sits where, and when.")
        return line.format(role=site.role(self.people or "-"), seats=", ".join(self.seats))

    def run(self, ports: StepPorts) -> Result:
        """Ask who came and where they sit, or whether everybody is back."""
        return self._release(ports) if self.do == "release" else self._move(ports)

    def _move(self, ports: StepPorts) -> Result:
        name, site = ports.step.id, ports.site
        said = (ports.step.say or ports.step.title).pick()
        contact = self.people or ""
        lines = call_lines(ports.world.phone, site, contact, people(site, contact)[0], said)
        choices = (Choice("there", _("they are there")), Choice("nobody_came", _("nobody comes")))
        question = _("Who was asked for: are they at their places?") + self._wanted()
        if ports.ask(Prompt("choice", name, question, choices, lines=lines)) == "nobody_came":
            reason = ports.ask(Prompt("text", name, _("Why does nobody come?")))
            return Result("failed", {"people": 0}, found=self._counted(0), answer="nobody_came", reason=reason)
        came = _names(ports, _("Who is there? Separate the names with commas."))
        places = self._places(ports, len(came))
        ports.record(StaffMoved(name, self.do, came, places))
        enough = len(came) >= (self.needed or 0)
        return Result(
            "passed" if enough else "warned",
            {"people": len(came)},
            found=self._counted(len(came)),
            answer="there" if enough else "too_few",
        )

    def _places(self, ports: StepPorts, count: int) -> list[str]:
        """A place for each, in the order of the names."""
        seats = ports.site.members(self.seats)
        named = ", ".join(seats[:SHOWN]) + (" ..." if len(seats) > SHOWN else "")
        question = _("Where do they sit? One place for all, or one for each in the same order ({seats}).")
        while True:
            places = _names(ports, question.format(seats=named))
            if len(places) in (1, count):
                return places * count if len(places) == 1 else places
            sentence = _("{places} places for {people} people: one for all, or one for each is wanted.")
            ports.tell(sentence.format(places=len(places), people=count))

    def _release(self, ports: StepPorts) -> Result:
        away = ports.away()
        lines = [f"  {name} ({place})" for name, place in away] or [
            _("Nobody is written down who would have to go back.")
        ]
        choices = (Choice("all_back", _("everybody is back")), Choice("not_all_back", _("not everybody is back")))
        question = _("Is everybody back who came to help or moved?")
        answer = ports.ask(Prompt("choice", ports.step.id, question, choices, lines=tuple(lines)))
        missing = self._missing(ports, away) if answer == "not_all_back" else []
        back = [(name, place) for name, place in away if _same(name) not in {_same(one) for one in missing}]
        ports.record(StaffMoved(ports.step.id, self.do, [name for name, _p in back], [place for _n, place in back]))
        values: dict[str, Scalar] = {"people": len(back), "away": len(missing)}
        found = f"{len(back)}/{len(back) + len(missing)}"
        if missing:
            return Result("failed", values, found=found, answer=answer, reason=", ".join(missing))
        return Result("passed", values, found=found, answer=answer)

    def _missing(self, ports: StepPorts, away: Sequence[tuple[str, str]]) -> list[str]:
        """Who is not back, each as the list has them: a name that nobody bears would let somebody else go missing."""
        listed = {_same(name): name for name, _place in away}
        while True:
            typed = _names(ports, _("Who is not back yet? Separate the names with commas."))
            unknown = [name for name in typed if listed and _same(name) not in listed]
            if not unknown:
                return [listed.get(_same(name), name) for name in typed]
            ports.tell(_("Not on the list: {names}").format(names=", ".join(unknown)))

    def _wanted(self) -> str:
        return " " + _("({count} are needed)").format(count=self.needed) if self.needed else ""

    def _counted(self, count: int) -> str:
        return f"{count}/{self.needed}" if self.needed else str(count)


def names(text: str) -> list[str]:
    """The names in what a person typed, separated by commas or semicolons in either script; each once."""
    found = (" ".join(part.split()) for part in re.split(r"[,;，；、\n]+", text))
    return list(dict.fromkeys(name for name in found if name))


def _names(ports: StepPorts, question: str) -> list[str]:
    while True:
        if found := names(ports.ask(Prompt("text", ports.step.id, question))):
            return found
        ports.tell(_("At least one name is wanted."))


def _same(name: str) -> str:
    return "".join(name.split()).casefold()
