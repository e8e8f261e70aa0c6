"""`delegate`: pass a question on to somebody who finds out; the answer may come much later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from runbook.model.choices import Option
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, contact_problems
from runbook.model.prompts import Choice, Prompt
from runbook.model.schema import Id, OneOrMore, Sentence, YesNo
from runbook.model.site import Site
from runbook.model.telephone import along_the_order
from runbook.model.text import ExpectedError, _


class Delegate(Kind):
    """Pass a question on to a contact, along its backup order. It stays open, with its age, until the answer is there.

    Without `wait` the walk goes on at once, and the key `o` takes the answer at any time; a condition on the step does not hold
    before. With `wait: yes` the walk stands at the step until the answer is typed. It failed when nobody was reached.
    """

    NAME: ClassVar[str] = "delegate"
    GROUP: ClassVar[Group] = "people"
    DELEGATES: ClassVar[bool] = True
    VALUES: ClassVar[Mapping[str, str]] = {
        "reached": "Who took the question; none when nobody was reached.",
        "text": "For a `question` without `choices`: the answer in words.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"to": "carrier", "question": "What was wrong and what did you do"}

    to: Id
    """The contact of the site."""
    question: Sentence | None = None
    """What they are asked; without it, the step's title."""
    choices: tuple[Option, ...] = Field(
        default=(),
        json_schema_extra={"items": {"anyOf": [{"type": "string"}, {"type": "object", "maxProperties": 1}]}},
    )
    """The answers, each an id or an id with its sentence; without them the answer is in words."""
    fails: Annotated[tuple[Id, ...], OneOrMore] = ()
    """The choices with which the step failed."""
    wait: YesNo = False
    """Whether the walk stands at this step until the answer is there."""

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        if not self.choices and self.question is None:
            raise ExpectedError(_("expected a `question`, or `choices`"))
        if self.fails and not self.choices:
            raise ExpectedError(_("expected `choices` beside `fails`"))
        return self

    def plan_line(self, site: Site) -> str:
        asked = " / ".join(option.label for option in self.choices) or (self.question.pick() if self.question else "")
        line = _("ask {role}, and wait for the answer: {what}") if self.wait else _("ask {role}, and go on: {what}")
        return line.format(role=site.role(self.to), what=asked)

    def problems(self, site: Site | None) -> Problems:
        names = [option.id for option in self.choices]
        twice = sorted({name for name in names if names.count(name) > 1})
        found = [("choices", _("the choice {name} stands twice").format(name=name)) for name in twice]
        missing = _("expected a choice of this question, found {found}")
        found += [("fails", missing.format(found=name)) for name in self.fails if name not in names]
        return [*contact_problems(site, "to", self.to), *found]

    def manual_form(self, site: Site) -> str:
        return _("Ask {role}, and write down who took it, when, and what the answer was.").format(
            role=site.role(self.to)
        )

    def stands(self) -> bool:
        return self.wait

    def run(self, ports: StepPorts) -> Result:
        """Go along the backup order until somebody takes the question; every attempt is recorded."""
        prompt = Prompt("choice", f"{ports.step.id}.passed-on", _("Was it passed on?"), lines=self._asked())
        name, _tried = along_the_order(ports, self.to, prompt, _("passed on to {name}"))
        if name:
            return Result("passed", {"reached": name}, found=name)
        return Result("failed", {"reached": None}, found="-", answer="nobody")

    def answer(self, ports: StepPorts) -> Result:
        """The answer, as the person who has it types it."""
        if not self.choices:
            text = ports.ask(Prompt("text", ports.step.id, _("What is the answer?"), lines=self._asked())).strip()
            return Result("passed", {"text": text}, found=text, answer=text)
        options = tuple(Choice(option.id, option.label) for option in self.choices)
        chosen = ports.ask(Prompt("choice", ports.step.id, _("What is the answer?"), options, lines=self._asked()))
        return Result("failed" if chosen in self.fails else "passed", answer=chosen)

    def _asked(self) -> tuple[str, ...]:
        return (_("Ask: {question}").format(question=self.question.pick()),) if self.question else ()
