"""`ask`: a person looks and answers: one of several choices, a number, or a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor, isfinite
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from runbook.model.lookup import Problems
from runbook.model.outcome import Condition, Outcome, Scalar
from runbook.model.prompts import Choice, Prompt
from runbook.model.schema import Id, Model, OneOrMore, Sentence, YesNo
from runbook.model.site import Site
from runbook.model.step import Group, Kind, Result, StepPorts
from runbook.model.text import ExpectedError, _

LATER = "later"


class Option(Model):
    """One choice: an id, or an id with its sentence (`{in: {en: ..., zh: ...}}`)."""

    id: Id
    text: Sentence | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"id": value}
        if isinstance(value, Mapping) and len(value) == 1 and set(value) != {"id"}:
            ((choice, text),) = value.items()
            return {"id": choice, "text": text}
        return value

    @property
    def label(self) -> str:
        return self.text.pick() if self.text else self.id.replace("-", " ")


class Ask(Kind):
    """Ask the person. The answer, a choice or the name of a case, decides what `when:` and `next:` make of it.

    Either `choices`, or `type: integer` (a whole number from 0, with `cases` that cover every number once), or `type: text`.
    """

    NAME: ClassVar[str] = "ask"
    GROUP: ClassVar[Group] = "people"
    VALUES: ClassVar[Mapping[str, str]] = {
        "number": "For `type: integer`: the number.",
        "text": "For `type: text`: what the person typed.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"choices": ["in", "out"]}

    choices: tuple[Option, ...] = Field(
        default=(),
        json_schema_extra={"items": {"anyOf": [{"type": "string"}, {"type": "object", "maxProperties": 1}]}},
    )
    """The answers, each an id or an id with its sentence."""
    type: Literal["integer", "text"] | None = None
    """`integer` or `text` instead of choices."""
    unit: Sentence | None = None
    """What the number counts or measures."""
    cases: dict[Id, Condition] = Field(default_factory=dict)
    """Names for ranges of the number; together they cover every number from 0 exactly once."""
    fails: Annotated[tuple[Id, ...], OneOrMore] = ()
    """The choices or cases with which the step failed."""
    later: YesNo = False
    """For `type: text`: Enter alone leaves it open for later; the step is then `warned`, its answer `later`."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if bool(self.choices) == (self.type is not None):
            raise ExpectedError(_("expected either `choices`, or `type: integer`, or `type: text`"))
        if self.type != "integer" and (self.cases or self.unit):
            raise ValueError(_("`cases` and `unit` belong to `type: integer`"))
        if self.type != "text" and self.later:
            raise ValueError(_("`later` belongs to `type: text`"))
        return self

    def plan_line(self, site: Site) -> str:
        if self.choices:
            return _("a person answers: {choices}").format(choices=" / ".join(option.label for option in self.choices))
        if self.type == "integer":
            cases = "; ".join(f"{name}: {condition.said()}" for name, condition in self.cases.items())
            return _("a person gives a number") + (f" ({cases})" if cases else "")
        return _("a person answers in words")

    def problems(self, site: Site | None) -> Problems:
        names = [option.id for option in self.choices] or list(self.cases)
        twice = sorted({name for name in names if names.count(name) > 1})
        found = [("choices", _("the choice {name} stands twice").format(name=name)) for name in twice]
        sentence = _("expected a choice or a case of this question, found {found}")
        found += [("fails", sentence.format(found=name)) for name in self.fails if name not in names]
        return found + [("cases", text) for text in uncovered(self.cases)]

    def manual_form(self, site: Site) -> str:
        return self.plan_line(site) + _("; write it down")

    def run(self, ports: StepPorts) -> Result:
        """Ask until the answer fits."""
        name = ports.step.id
        if self.choices:
            options = tuple(Choice(option.id, option.label) for option in self.choices)
            chosen = ports.ask(Prompt("choice", name, _("Which is it?"), options))
            return Result(self._outcome(chosen), answer=chosen)
        if self.type == "text":
            question = _("In your words (Enter alone: later):") if self.later else _("In your words:")
            text = ports.ask(Prompt("text", name, question, default="" if self.later else None)).strip()
            if not text:
                return Result("warned", {"text": ""}, answer=LATER)
            return Result("passed", {"text": text}, found=text, answer=text)
        return self._number(ports)

    def _number(self, ports: StepPorts) -> Result:
        question = _("How many ({unit})?").format(unit=self.unit.pick()) if self.unit else _("Which number?")
        while True:
            text = ports.ask(Prompt("number", ports.step.id, question)).strip()
            if not text.isdecimal() or len(text) > 15:
                ports.tell(_("A whole number from 0 is wanted."))
                continue
            number = int(text)
            case = fitting(self.cases, number)
            if len(case) == 1 or not self.cases:
                answer = case[0] if case else str(number)
                return Result(self._outcome(answer), {"number": number}, found=str(number), answer=answer)
            # A case may come from an input, so that only the bound step knows its numbers.
            ports.tell(_("This plan has no single case for {number}.").format(number=number))

    def _outcome(self, answer: str) -> Outcome:
        return "failed" if answer in self.fails else "passed"


def fitting(cases: Mapping[str, Condition], number: int) -> list[str]:
    """The names of the cases that `number` fits."""
    return [name for name, condition in cases.items() if condition.holds(number)]


def uncovered(cases: Mapping[str, Condition]) -> list[str]:
    """A sentence for the first whole number from 0 that fits no case, and for the first that fits several.

    Between two neighbouring bounds nothing changes, so it is enough to look at each bound and at the next number.
    """
    if not cases:
        return []
    edges = {0, *(edge for bound in _bounds(cases.values()) for edge in (ceil(bound), floor(bound) + 1))}
    numbers = sorted(edge for edge in edges if edge >= 0)
    none = [_("no case for the number {number}").format(number=n) for n in numbers if not fitting(cases, n)]
    several = [
        _("the number {number} fits several cases: {names}").format(number=n, names=", ".join(fitting(cases, n)))
        for n in numbers
        if len(fitting(cases, n)) > 1
    ]
    return none[:1] + several[:1]


def _bounds(conditions: Iterable[Condition]) -> Iterable[float]:
    for condition in conditions:
        for value in condition.model_dump(exclude_none=True).values():
            yield from _numbers(value)


def _numbers(value: Scalar | tuple[Scalar, ...]) -> Iterable[float]:
    for text in value if isinstance(value, (tuple, list)) else (value,):
        try:
            number = float(str(text))
        except ValueError:
            continue
        if isfinite(number):
            yield number
