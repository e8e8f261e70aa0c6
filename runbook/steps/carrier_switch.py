"""`carrier_switch`: have the carrier move the number from one line to another, and prove it with a test call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from runbook.model.events import PersonTold
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, contact_problems, line_called, line_problems
from runbook.model.outcome import Outcome
from runbook.model.prompts import Choice, Prompt
from runbook.model.schema import Id
from runbook.model.site import Line, Site
from runbook.model.telephone import call_lines, people
from runbook.model.text import _

NOTHING, NOT_MADE, PROMPT = "nothing", "not_made", "platform_prompt"


class CarrierSwitch(Kind):
    """Ask the carrier by telephone to move the calls of one line to another; then a test call shows where they arrive.

    It passes only when the carrier confirms with a name and the test call arrives as wanted. A step with `closes` is a switch back:
    there the test call has to hear the platform's prompt. A refusal failed. When the caller is not sure, it is unknown.
    """

    NAME: ClassVar[str] = "carrier_switch"
    GROUP: ClassVar[Group] = "action"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    SPOKEN: ClassVar[bool] = True
    VERIFIES_ITSELF: ClassVar[bool] = True
    VALUES: ClassVar[Mapping[str, str]] = {
        "requested": "Whether the request was spoken to somebody at the carrier.",
        "confirmed_by": "The name of the person at the carrier who confirmed; none when nobody did.",
        "test_call": "What the test call reached: a number, `line N`, platform_prompt, nothing, not_made.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"contact": "carrier", "from": "hotline", "to": "emergency"}

    contact: Id
    """The contact that moves the number."""
    from_: Id = Field(alias="from")
    """The line whose calls are moved."""
    to: Id
    """The line on which they arrive afterwards."""

    def plan_line(self, site: Site) -> str:
        return self._request(site) + _("; then a test call")

    def exact(self, site: Site) -> str:
        lines = {name: site.lines[name].numbers if name in site.lines else () for name in (self.from_, self.to)}
        before, after = (f"{name} {','.join(numbers)}".rstrip() for name, numbers in lines.items())
        return f"carrier_switch {self.contact}: {before} -> {after}"

    def problems(self, site: Site | None) -> Problems:
        found = contact_problems(site, "contact", self.contact)
        found += line_problems(site, "from", self.from_) + line_problems(site, "to", self.to)
        if self.from_ == self.to:
            found.append(("to", _("expected another line than in `from`, found {found}").format(found=self.to)))
        return found

    def act(self, site: Site) -> str:
        return self._request(site)

    def target(self, site: Site) -> str:
        return f"line:{self.from_}"

    def opens(self) -> str:
        """The emergency lines, until a step with `closes` moves the number back."""
        return "emergency_lines"

    def manual_form(self, site: Site) -> str:
        return self._request(site) + _("; make a test call, and write down the name, the time and what rang.")

    def run(self, ports: StepPorts) -> Result:
        """Call along the backup order, take the carrier's answer and a name, and ask what the test call reached."""
        order = people(ports.site, self.contact)
        said = ports.step.say.pick() if ports.step.say else self._request(ports.site, numbers=not _masked(ports))
        choices = (
            Choice("confirmed", _("the carrier confirms: it is moved")),
            Choice("refused", _("the carrier refuses")),
            Choice("nobody", _("nobody answers")),
            Choice("not_sure", _("it was asked for, and nobody knows whether it was done")),
        )
        for person in order:
            lines = call_lines(ports.world.phone, ports.site, self.contact, person, said)
            question = _("What does the carrier say?")
            answer = ports.ask(Prompt("choice", ports.step.id, question, choices, lines=lines))
            ports.record(PersonTold(ports.step.id, self.contact, person.name, answer != "nobody", "phone"))
            if answer != "nobody":
                return self._answered(ports, answer)
        return Result("failed", _values(requested=False), found="nobody", answer="nobody", ended="not_sent")

    def _answered(self, ports: StepPorts, answer: str) -> Result:
        name = ports.step.id
        if answer == "refused":
            reason = ports.ask(Prompt("text", name, _("Who refuses, and why?")))
            return Result("failed", _values(), found="refused", answer=answer, reason=reason, ended="error")
        if answer == "not_sure":
            return Result("unknown", _values(), found="not_sure", answer=answer, ended="unknown")
        confirmed_by = ""
        while not confirmed_by:
            confirmed_by = ports.ask(Prompt("text", name, _("Name of the person at the carrier who confirms:"))).strip()
        call = ports.ask(Prompt("choice", name, self._test_question(ports), self._test_choices(ports)))
        outcome = self.judged(call, back=ports.step.closes is not None)
        found = f"{confirmed_by}; test_call={call}"
        ended: Any = "unknown" if outcome == "unknown" else "done"
        return Result(outcome, _values(confirmed_by, call), found=found, answer=answer, ended=ended)

    def judged(self, test_call: str, *, back: bool) -> Outcome:
        """The outcome that a test call proves after the carrier confirmed: back on the platform, or on a line of `to`."""
        if test_call == NOT_MADE:
            return "unknown"
        if back:
            return "passed" if test_call == PROMPT else "failed"
        return "failed" if test_call in (NOTHING, PROMPT) else "passed"

    def _test_question(self, ports: StepPorts) -> str:
        hotline = self.to if ports.step.closes is not None else self.from_
        return _("Make a test call from outside to {line}. What answers?").format(
            line=line_called(ports.site, hotline, numbers=not _masked(ports))
        )

    def _test_choices(self, ports: StepPorts) -> tuple[Choice, ...]:
        """What a test call can reach: each emergency number, the platform, nothing. Practice numbers the lines instead."""
        emergency = self.from_ if ports.step.closes is not None else self.to
        title = line_called(ports.site, emergency, numbers=False)
        numbers = ports.site.lines.get(emergency, Line(title=emergency)).numbers
        rings = _("it rings on {line}")
        if numbers and not _masked(ports):
            lines = [Choice(number, rings.format(line=f"{title}, {number}")) for number in numbers]
        else:
            count = max(1, len(numbers))
            names = [f"{title} {n}" for n in range(1, count + 1)] if count > 1 else [title]
            lines = [Choice(f"line {n}", rings.format(line=name)) for n, name in enumerate(names, 1)]
        prompt = Choice(PROMPT, _("the platform's welcome prompt"))
        ordered = [prompt, *lines] if ports.step.closes is not None else [*lines, prompt]
        return (*ordered, Choice(NOTHING, _("nothing rings")), Choice(NOT_MADE, _("no test call can be made")))

    def _request(self, site: Site, *, numbers: bool = True) -> str:
        return _("Ask {role} to move the calls of {origin} to {target}").format(
            role=site.role(self.contact),
            origin=line_called(site, self.from_, numbers=numbers),
            target=line_called(site, self.to, numbers=numbers),
        )


def _masked(ports: StepPorts) -> bool:
    """Whether this telephone shows no number that can be dialled."""
    return ports.world.phone.number("1") != "1"


def _values(confirmed_by: str | None = None, test_call: str = NOT_MADE, *, requested: bool = True) -> dict[str, Any]:
    return {"requested": requested, "confirmed_by": confirmed_by, "test_call": test_call}
