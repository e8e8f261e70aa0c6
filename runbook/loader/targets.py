"""The ways through a plan: every id once, every target there and later, every condition on what came before.

It reads the steps as they are written, so that a step with a mistake elsewhere still has its targets checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.loader.blocks import Raw
from runbook.loader.document import Place
from runbook.loader.lanes import behind
from runbook.loader.prefix import WORDS, names_a_step, step_fields
from runbook.loader.understood import Understood
from runbook.loader.validation import Reporter, meant
from runbook.model.errors import Problem
from runbook.model.outcome import OUTCOMES
from runbook.model.playbook import Header
from runbook.model.ports import JSON
from runbook.model.text import _


@dataclass
class Ways:
    """A plan's steps by id and position. A block is named by its first step."""

    report: Reporter
    header: Header | None
    raws: Sequence[Raw]
    known: Mapping[str, Understood]

    def __post_init__(self) -> None:
        self.order: dict[str, int] = {}
        for number, raw in enumerate(self.raws):
            self.order.setdefault(raw.id, number)
            if raw.block:
                self.order.setdefault(raw.block, number)
        self.order.pop("", None)

    def problems(self) -> Iterator[Problem]:
        """Every problem of ids, targets and conditions; steps that nothing leads to once all steps are understood."""
        yield from self.twice()
        if self.header:
            yield from self.recovered(self.header)
        for number, raw in enumerate(self.raws):
            yield from self.targets(raw, number)
            yield from self.when(raw, number)
        if len(self.known) == len(self.raws):
            yield from self.unreached()

    def twice(self) -> Iterator[Problem]:
        first: dict[str, Raw] = {}
        for raw in self.raws:
            known = first.setdefault(raw.id.casefold(), raw)
            if known is not raw and raw.id:
                sentence = _("expected an id of its own, found {id!r}, which stands in line {line} already")
                line = known.report.document.at((*known.place, "id")).line
                yield raw.report.problem("E-NAME-TWICE", (*raw.place, "id"), sentence.format(id=raw.id, line=line))

    # -- where a step goes

    def target(self, report: Reporter, place: Place, name: str, number: int) -> Iterator[Problem]:
        if name in WORDS:
            return
        if name not in self.order:
            message = _("expected a step's id, `continue` or `end`, found {name!r}").format(name=name)
            yield report.problem("E-TARGET", place, message + meant(name, [*self.order, *WORDS]))
            return
        there = self.order[name]
        if there <= number and "repeatable" not in self.raws[there].tree:
            message = _("expected a later step, or an earlier one with `repeatable`, found {name!r}").format(name=name)
            yield report.problem("E-TARGET", place, message)

    def recovered(self, header: Header) -> Iterator[Problem]:
        place: Place = ("recovered", "then")
        if header.recovered.then == "continue":
            message = _("expected a step's id or `end`, found {name!r}").format(name="continue")
            yield self.report.problem("E-TARGET", place, message)
        else:
            yield from self.target(self.report, place, header.recovered.then, -1)

    def targets(self, raw: Raw, number: int) -> Iterator[Problem]:
        tree = raw.tree
        for outcome, name in _map(tree.get("next")).items():
            if isinstance(name, str) and name:
                yield from self.target(*raw.target_at(outcome), name, number)
        for key in step_fields(raw.kind):
            named = _map(tree.get(raw.kind)).get(key)
            if isinstance(named, str) and names_a_step(named):
                yield from self.earlier(raw, (*raw.place, raw.kind, key), named, number)
        closes = tree.get("closes")
        if isinstance(closes, str) and closes:
            yield from self.earlier(raw, (*raw.place, "closes"), closes, number)
        then = self.header.recovered.then if self.header else ""
        if tree.get("recovery_test") in ("yes", "true") and self.order.get(then, number + 1) <= number:
            message = _("expected `recovered.then` to name a later step, found {name!r}").format(name=then)
            yield raw.report.problem("E-TARGET", (*raw.place, "recovery_test"), message)

    def earlier(self, raw: Raw, place: Place, name: str, number: int, *, key: bool = False) -> Iterator[Problem]:
        if name not in self.order:
            yield raw.report.unknown_name(place, _("an earlier step"), name, self.order, key=key)
        elif self.order[name] >= number:
            message = _("expected an earlier step, found {name!r}, which is not").format(name=name)
            yield raw.report.problem("E-TARGET", place, message, key=key)

    # -- when a step is taken

    def when(self, raw: Raw, number: int) -> Iterator[Problem]:
        for name, given in _map(raw.tree.get("when")).items():
            wanted = [value for value in (given if isinstance(given, list) else [given]) if isinstance(value, str)]
            place: Place = (*raw.place, "when", name.removeprefix(f"{raw.block}/") if raw.block else name)
            if name.startswith("inputs."):
                yield from self.when_input(raw.report, place, name.removeprefix("inputs."), wanted)
                continue
            wrong = list(self.earlier(raw, place, name, number, key=True))
            yield from wrong or self.answers(raw.report, place, name, wanted)

    def answers(self, report: Reporter, place: Place, name: str, wanted: Sequence[str]) -> Iterator[Problem]:
        """What a condition wants of a step, where that step can never have it."""
        there = self.known.get(self.raws[self.order[name]].id)
        if there:
            answers = [*OUTCOMES, *choices_of(there.step.sample)]
            what = _("an outcome or a choice of {step}").format(step=name)
            yield from (report.unknown_name(place, what, value, answers) for value in wanted if value not in answers)

    def when_input(self, report: Reporter, place: Place, name: str, wanted: Sequence[str]) -> Iterator[Problem]:
        if self.header is None:
            return
        if name not in self.header.inputs:
            yield report.unknown_name(place, _("an input of the plan"), name, self.header.inputs, key=True)
            return
        choices = self.header.inputs[name].choices
        what = _("a choice of the input {name}").format(name=name)
        for value in wanted:
            if choices and value not in choices:
                yield report.unknown_name(place, what, value, choices)

    # -- what nothing leads to

    def unreached(self) -> Iterator[Problem]:
        steps = [self.known[raw.id].step for raw in self.raws]
        ways = [0, *(number for number, step in enumerate(steps) if step.keys.entry)]
        if self.header and self.header.recovered.then in self.order and any(s.keys.recovery_test for s in steps):
            ways.append(self.order[self.header.recovered.then])
        offered = (offer.go for offer in self.header.offers) if self.header else ()
        ways += [self.order[target] for target in offered if target in self.order]
        reached: set[int] = set()
        while ways:
            here = ways.pop()
            if here in reached or here >= len(steps):
                continue
            reached.add(here)
            keys = steps[here].keys
            ways += [self.order[target] for target in keys.next.values() if target in self.order]
            if keys.when or keys.closes or "passed" not in keys.next or "continue" in keys.next.values():
                ways += behind(self.raws, here)
        for number, raw in enumerate(self.raws):
            if number not in reached:
                message = _("expected a way to this step, found none: every step before it goes elsewhere")
                yield raw.report.problem("E-UNREACHED", raw.place, message)


def choices_of(sample: object) -> list[str]:
    """The choices that a step of people offers."""
    offered = [*(getattr(sample, "choices", None) or ()), *(getattr(sample, "cases", None) or ())]
    return [str(getattr(choice, "id", choice)) for choice in offered]


def _map(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}
