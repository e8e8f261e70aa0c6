"""The checks of a whole plan: every target, every fault a reading may find, every act, every debt, every name of the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.loader.raw import WORDS, Raw
from runbook.loader.references import scalars, values_of
from runbook.loader.understood import Understood
from runbook.loader.validation import Reporter, meant
from runbook.loader.yaml import Place
from runbook.model.errors import Problem
from runbook.model.playbook import Header, WaitFor
from runbook.model.site import Site
from runbook.model.step import OUTCOMES, Kind
from runbook.model.text import _

FIRST_LIMIT = 3
_PORT_KEYS = ("port", "ports")


def problems(
    report: Reporter, header: Header | None, raws: Sequence[Raw], understood: Sequence[Understood], site: Site | None
) -> list[Problem]:
    """Every problem of the plan as a whole. Steps that could not be understood still count as targets."""
    plan = _Plan(report, header, list(raws), {u.raw.id: u for u in understood if u.raw.id}, site)
    return list(plan.problems())


@dataclass
class _Plan:
    report: Reporter
    header: Header | None
    raws: list[Raw]
    known: Mapping[str, Understood]
    site: Site | None

    def __post_init__(self) -> None:
        self.order: dict[str, int] = {}
        for number, raw in enumerate(self.raws):
            self.order.setdefault(raw.id, number)
            if raw.block:  # a block is named by its first step
                self.order.setdefault(raw.block, number)
        self.order.pop("", None)

    def problems(self) -> Iterator[Problem]:
        yield from self.twice()
        if self.header:
            yield from self.recovered(self.header)
        yield from self.firsts()
        for number, raw in enumerate(self.raws):
            yield from self.ports(raw)
            step = self.known.get(raw.id)
            if step and step.raw is raw:
                yield from self.targets(step, number)
                yield from self.when(step, number)
                yield from self.reading(step)
                yield from self.action(step, number)
                yield from self.debt(step, number)
                yield from self.names(step)
        if len(self.known) == len(self.raws):
            yield from self.unreached()

    # -- ids and targets

    def twice(self) -> Iterator[Problem]:
        first: dict[str, Raw] = {}
        for raw in self.raws:
            known = first.setdefault(raw.id.casefold(), raw)
            if known is not raw and raw.id:
                line = known.report.document.at((*known.place, "id")).line
                message = _("expected an id of its own, found {id!r}, which stands in line {line} already").format(
                    id=raw.id, line=line
                )
                yield raw.report.problem("E-NAME-TWICE", (*raw.place, "id"), message)

    def target(self, report: Reporter, place: Place, name: str, number: int) -> Iterator[Problem]:
        if name in WORDS:
            return
        if name not in self.order:
            message = _("expected a step's id, `continue` or `end`, found {name!r}").format(name=name)
            yield report.problem("E-TARGET", place, message + meant(name, [*self.order, *WORDS]))
            return
        there = self.order[name]
        step = self.known.get(self.raws[there].id)
        if there <= number and step and step.step.keys.repeatable is None:
            message = _("expected a later step, or an earlier one with `repeatable`, found {name!r}").format(name=name)
            yield report.problem("E-TARGET", place, message)

    def recovered(self, header: Header) -> Iterator[Problem]:
        yield from self.target(self.report, ("recovered", "then"), header.recovered.then, -1)
        if header.recovered.then == "continue":
            message = _("expected a step's id or `end`, found 'continue'")
            yield self.report.problem("E-TARGET", ("recovered", "then"), message)

    def targets(self, step: Understood, number: int) -> Iterator[Problem]:
        raw, keys = step.raw, step.step.keys
        for outcome, name in keys.next.items():
            yield from self.target(raw.report, (*raw.place, "next", outcome), name, number)
        sample = step.step.sample
        if isinstance(sample, WaitFor) and sample.since:
            yield from self.earlier(raw, (*raw.place, "wait_for", "since"), sample.since, number)
        if (
            keys.recovery_test
            and self.header
            and (then := self.order.get(self.header.recovered.then)) is not None
            and then <= number
        ):
            message = _("expected `recovered.then` to name a later step, found {name!r}").format(
                name=self.header.recovered.then
            )
            yield raw.report.problem("E-TARGET", (*raw.place, "recovery_test"), message)

    def earlier(self, raw: Raw, place: Place, name: str, number: int, *, key: bool = False) -> Iterator[Problem]:
        if name not in self.order:
            yield raw.report.unknown_name(place, _("an earlier step"), name, self.order, key=key)
        elif self.order[name] >= number:
            message = _("expected an earlier step, found {name!r}, which is not").format(name=name)
            yield raw.report.problem("E-TARGET", place, message, key=key)

    def when(self, step: Understood, number: int) -> Iterator[Problem]:
        raw = step.raw
        for name, wanted in step.step.keys.when.items():
            place: Place = (*raw.place, "when", name if not raw.block else name.removeprefix(f"{raw.block}/"))
            if name.startswith("inputs."):
                yield from self.when_input(raw, place, name.removeprefix("inputs."), wanted)
                continue
            wrong = list(self.earlier(raw, place, name, number, key=True))
            yield from wrong
            if wrong or (there := self.known.get(self.raws[self.order[name]].id)) is None:
                continue
            answers = [*OUTCOMES, *choices_of(there.step.sample)]
            for value in wanted:
                if value not in answers:
                    what = _("an outcome or a choice of {step}").format(step=name)
                    yield raw.report.unknown_name(place, what, value, answers)

    def when_input(self, raw: Raw, place: Place, name: str, wanted: tuple[str, ...]) -> Iterator[Problem]:
        if self.header is None:
            return
        if name not in self.header.inputs:
            yield raw.report.unknown_name(place, _("an input of the plan"), name, self.header.inputs, key=True)
            return
        choices = self.header.inputs[name].choices
        for value in wanted:
            if choices and value not in choices:
                yield raw.report.unknown_name(
                    place, _("a choice of the input {name}").format(name=name), value, choices
                )

    def firsts(self) -> Iterator[Problem]:
        boxed = [step for raw in self.raws if (step := self.known.get(raw.id)) and step.step.keys.first]
        for step in boxed[FIRST_LIMIT:]:
            message = _("expected at most {limit} steps with `first`, found another").format(limit=FIRST_LIMIT)
            yield step.raw.report.problem("E-FIRST", (*step.raw.place, "first"), message, key=True)

    def unreached(self) -> Iterator[Problem]:
        steps = [self.known[raw.id].step for raw in self.raws]
        reached: set[int] = set()
        ways = [0]
        if self.header and self.header.recovered.then in self.order and any(s.keys.recovery_test for s in steps):
            ways.append(self.order[self.header.recovered.then])
        ways += [number for number, step in enumerate(steps) if step.keys.entry]
        while ways:
            here = ways.pop()
            if here in reached or here >= len(steps):
                continue
            reached.add(here)
            keys = steps[here].keys
            ways += [self.order[target] for target in keys.next.values() if target in self.order]
            if keys.when or keys.closes or "passed" not in keys.next or "continue" in keys.next.values():
                ways.append(here + 1)
        for number, raw in enumerate(self.raws):
            if number not in reached:
                message = _("expected a way to this step, found none: every step before it goes elsewhere")
                yield raw.report.problem("E-UNREACHED", raw.place, message)

    # -- what a kind demands

    def reading(self, step: Understood) -> Iterator[Problem]:
        raw, plan, sample = step.raw, step.step, step.step.sample
        wanted = "expired" if isinstance(sample, WaitFor) else "failed" if plan.reads else ""
        if wanted and wanted not in plan.keys.next:
            message = _("expected `next` to say where {outcome} goes, found nothing").format(outcome=wanted)
            yield raw.report.problem(
                "E-READING-FAILED", (*raw.place, "next") if "next" in raw.tree else raw.place, message
            )
        if plan.keys.retries and not (plan.reads and isinstance(sample, Kind)):
            message = _("expected `retries` at a reading only, found it at {kind}").format(kind=plan.kind)
            yield raw.report.problem("E-KEY-UNKNOWN", (*raw.place, "retries"), message, key=True)
        values = values_of(plan.kind)
        for name in plan.keys.expect:
            if name not in values:
                what = _("a value of {kind}").format(kind=plan.kind)
                yield raw.report.unknown_name((*raw.place, "expect", name), what, name, values, key=True)

    def action(self, step: Understood, number: int) -> Iterator[Problem]:
        raw, keys, sample = step.raw, step.step.keys, step.step.sample
        if keys.approval:
            yield from self.covers(step, number)
        if not isinstance(sample, Kind) or not sample.changes():
            return
        if keys.verify is None and not sample.VERIFIES_ITSELF:
            message = _("expected `verify`, found an action that nothing verifies")
            yield raw.report.problem("E-VERIFY", raw.place, message)
        covered = any(
            other.step.keys.approval and raw.id in other.step.keys.approval.covers
            for before in self.raws[:number]
            if (other := self.known.get(before.id))
        )
        if sample.NEEDS_APPROVAL and keys.approval is None and not covered:
            message = _("expected `approval`, found an action that nobody approves")
            yield raw.report.problem("E-APPROVAL", raw.place, message)

    def covers(self, step: Understood, number: int) -> Iterator[Problem]:
        raw, rule = step.raw, step.step.keys.approval
        assert rule is not None
        for count, name in enumerate(rule.covers):
            place: Place = (*raw.place, "approval", "covers", count)
            if name not in self.order:
                yield raw.report.unknown_name(place, _("a step's id"), name, self.order)
            elif self.order[name] < number:
                message = _("expected this step or a later one, found {name!r}").format(name=name)
                yield raw.report.problem("E-TARGET", place, message)
        for key, contact in (("by", rule.by), ("or", rule.or_)):
            if contact and self.site and contact not in self.site.contacts:
                yield raw.report.unknown_name(
                    (*raw.place, "approval", key), _("a contact of the site"), contact, self.site.contacts
                )

    def debt(self, step: Understood, number: int) -> Iterator[Problem]:
        raw, plan = step.raw, step.step
        complete = len(self.known) == len(self.raws)
        closed = plan.keys.closes or any(s.step.keys.closes == raw.id for s in self.known.values())
        if plan.opens and complete and not closed:
            message = _("expected a step with `closes: {step}`, found none: {what} stays open")
            yield raw.report.problem("E-OPENER", raw.place, message.format(step=raw.id, what=plan.opens))
        if not (closes := plan.keys.closes):
            return
        place: Place = (*raw.place, "closes")
        wrong = list(self.earlier(raw, place, closes, number))
        yield from wrong
        opener = self.known.get(closes)
        if not wrong and opener and not opener.step.opens:
            message = _("expected a step that leaves something open, found {name!r}, which does not").format(
                name=closes
            )
            yield raw.report.problem("E-OPENER", place, message)

    # -- names of the site

    def ports(self, raw: Raw) -> Iterator[Problem]:
        for inner, text in scalars(dict(raw.tree)):
            keys = [part for part in inner if isinstance(part, str)]
            if keys and keys[-1] in _PORT_KEYS and text.isdecimal():
                message = _("expected a port's name, found the number {number}: numbers stay in site.yaml").format(
                    number=text
                )
                yield raw.report.problem("E-PORT-NUMBER", (*raw.place, *inner), message)

    def names(self, step: Understood) -> Iterator[Problem]:
        raw, sample = step.raw, step.step.sample
        bodies = list(step.readings)
        if isinstance(sample, Kind):
            bodies.append(((*raw.place, raw.kind), sample))
        for place, kind in bodies:
            for name, sentence in kind.problems(self.site):
                where: Place = (*place, *name.split("."))
                where, text = _at(raw, where, sentence)
                if text.startswith("$") or (name in _PORT_KEYS and text.isdecimal()):
                    continue
                yield raw.report.problem("E-NAME-UNKNOWN", where, sentence)


def choices_of(sample: object) -> list[str]:
    """The choices that a step of people offers."""
    found: list[str] = []
    for name in ("choices", "cases"):
        found += [str(getattr(choice, "id", choice)) for choice in getattr(sample, name, None) or ()]
    return found


def _at(raw: Raw, place: Place, sentence: str) -> tuple[Place, str]:
    """The text that a sentence is about, and its place: in a list, the entry that it names."""
    below = [
        ((*raw.place, *inner), text)
        for inner, text in scalars(dict(raw.tree))
        if (*raw.place, *inner)[: len(place)] == place
    ]
    named = [pair for pair in below if f"found {pair[1]};" in sentence] if len(below) > 1 else []
    return (named or below or [(place, "")])[0]
