"""`ask`: a person looks and answers: one of several choices, a number, a text, or a list that is ticked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from runbook.model.cases import decimal, fitting, plain_number, uncovered, whole
from runbook.model.choices import Option
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems
from runbook.model.outcome import Condition, Outcome, Scalar
from runbook.model.prompts import Choice, Prompt
from runbook.model.schema import Id, OneOrMore, Sentence, YesNo
from runbook.model.site import Site
from runbook.model.text import ExpectedError, _

LATER = "later"
_OPTIONS: dict[str, Any] = {"items": {"anyOf": [{"type": "string"}, {"type": "object", "maxProperties": 1}]}}


class Ask(Kind):
    """Ask the person. The answer, a choice or the name of a case, decides what `when:` and `next:` make of it.

    Either `choices`, or `type: integer` (a whole number from 0) or `type: number` (any number, such as -27.5), each with `cases` that
    cover every number once, or `type: text`, or `type: checklist` with `items`, which passes only when each of them is ticked.
    """

    NAME: ClassVar[str] = "ask"
    GROUP: ClassVar[Group] = "people"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "number": "For `type: integer` and `type: number`: the number.",
        "text": "For `type: text`: what the person typed.",
        "ticked": "For `type: checklist`: how many items are ticked.",
        "open": "For `type: checklist`: the items that are not ticked.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"choices": ["in", "out"]}

    choices: tuple[Option, ...] = Field(default=(), json_schema_extra=_OPTIONS)
    """The answers, each an id or an id with its sentence."""
    type: Literal["integer", "number", "text", "checklist"] | None = None
    """`integer`, `number`, `text` or `checklist` instead of choices."""
    unit: Sentence | None = None
    """What the number counts or measures."""
    cases: dict[Id, Condition] = Field(default_factory=dict)
    """Names for ranges of the number; together they cover every number (`integer`: from 0) exactly once."""
    items: tuple[Option, ...] = Field(default=(), json_schema_extra=_OPTIONS)
    """For `type: checklist`: what is ticked one by one, each an id or an id with its sentence."""
    fails: Annotated[tuple[Id, ...], OneOrMore] = ()
    """The choices or cases with which the step failed."""
    later: YesNo = False
    """For `type: text`: Enter alone leaves it open for later; the step is then `warned`, its answer `later`."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if bool(self.choices) == (self.type is not None):
            raise ExpectedError(_("expected either `choices`, or a `type`: integer, number, text or checklist"))
        if self.type not in ("integer", "number") and (self.cases or self.unit):
            raise ValueError(_("`cases` and `unit` belong to `type: integer` and `type: number`"))
        if self.type != "text" and self.later:
            raise ValueError(_("`later` belongs to `type: text`"))
        if (self.type == "checklist") != bool(self.items):
            raise ValueError(_("`type: checklist` and `items` belong together"))
        return self

    def plan_line(self, site: Site) -> str:
        if self.choices:
            return _("a person answers: {choices}").format(choices=_labels(self.choices))
        if self.type == "checklist":
            return _("a person ticks each of: {items}").format(items=_labels(self.items))
        if self.type == "text":
            return _("a person answers in words")
        cases = "; ".join(f"{name}: {condition.said()}" for name, condition in self.cases.items())
        unit = f" [{self.unit.pick()}]" if self.unit else ""
        return _("a person gives a number") + unit + (f" ({cases})" if cases else "")

    def problems(self, site: Site | None) -> Problems:
        field = "items" if self.items else "choices"
        names = [option.id for option in (*self.choices, *self.items)] or list(self.cases)
        twice = sorted({name for name in names if names.count(name) > 1})
        found = [(field, _("the choice {name} stands twice").format(name=name)) for name in twice]
        sentence = _("expected a choice or a case of this question, found {found}")
        found += [("fails", sentence.format(found=name)) for name in self.fails if name not in names or self.items]
        tests = [test for case in self.cases.values() for test in (case, *case.all_, *case.any_)]
        if any(test.matches is not None or test.contains is not None for test in tests):
            return [*found, ("cases", _("a case of a number has no `contains` and no `matches`"))]
        return found + [("cases", text) for text in uncovered(self.cases, whole=self.type == "integer")]

    def manual_form(self, site: Site) -> str:
        return self.plan_line(site) + _("; write it down")

    def run(self, ports: StepPorts) -> Result:
        """Ask until the answer fits."""
        if self.type == "checklist":
            return self._checklist(ports)
        if self.type == "text":
            return self._text(ports)
        if self.type is not None:
            return self._number(ports)
        options = tuple(Choice(option.id, option.label) for option in self.choices)
        chosen = ports.ask(Prompt("choice", ports.step.id, _("Which is it?"), options))
        return Result(self._outcome(chosen), answer=chosen)

    def _text(self, ports: StepPorts) -> Result:
        question = _("In your words (Enter alone: later):") if self.later else _("In your words:")
        text = ports.ask(Prompt("text", ports.step.id, question, default="" if self.later else None)).strip()
        if not text:
            return Result("warned", {"text": ""}, answer=LATER)
        return Result("passed", {"text": text}, found=text, answer=text)

    def _checklist(self, ports: StepPorts) -> Result:
        choices = (Choice("ticked", _("yes")), Choice("open", _("no")))
        left: list[str] = []
        for number, item in enumerate(self.items, 1):
            place = _("{number} of {count}").format(number=number, count=len(self.items))
            if ports.ask(Prompt("choice", ports.step.id, f"{place}: {item.label}", choices)) == "open":
                left.append(item.id)
        ticked = len(self.items) - len(left)
        values: dict[str, Scalar] = {"ticked": ticked, "open": ", ".join(left)}
        found = f"{ticked}/{len(self.items)}" + (f"; open: {', '.join(left)}" if left else "")
        if left:
            return Result("failed", values, found=found, answer="not_all_ticked")
        return Result("passed", values, found=found, answer="all_ticked")

    def _number(self, ports: StepPorts) -> Result:
        while True:
            text = ports.ask(Prompt("number", ports.step.id, self._question())).strip()
            number = whole(text) if self.type == "integer" else decimal(text)
            if number is None:
                wanted = _("A whole number from 0 is wanted.") if self.type == "integer" else _("A number is wanted.")
                ports.tell(wanted)
                continue
            case = fitting(self.cases, number)
            if len(case) == 1 or not self.cases:
                found = plain_number(number)
                answer = case[0] if case else found
                return Result(self._outcome(answer), {"number": number}, found=found, answer=answer)
            # A case may come from an input, so that only the bound step knows its numbers.
            ports.tell(_("This plan has no single case for {number}.").format(number=plain_number(number)))

    def _question(self) -> str:
        if self.unit is None:
            return _("Which number?")
        question = _("How many ({unit})?") if self.type == "integer" else _("Which value ({unit})?")
        return question.format(unit=self.unit.pick())

    def _outcome(self, answer: str) -> Outcome:
        return "failed" if answer in self.fails else "passed"


def _labels(options: Iterable[Option]) -> str:
    return " / ".join(option.label for option in options)
