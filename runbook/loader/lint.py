"""The checks of a whole plan: its ways, every fault a reading may find, every act, every debt, every name of the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.loader.blocks import Raw
from runbook.loader.document import Place
from runbook.loader.lanes import Lanes
from runbook.loader.reading import COMMON
from runbook.loader.references import scalars, values_of
from runbook.loader.rules import Rules
from runbook.loader.targets import Ways
from runbook.loader.understood import Understood
from runbook.loader.untyped import untyped
from runbook.loader.validation import Reporter, nearest
from runbook.model.errors import Problem
from runbook.model.kind import Kind
from runbook.model.playbook import Header, WaitFor
from runbook.model.site import Site
from runbook.model.text import _
from runbook.steps import kinds

FIRST_LIMIT = 3
_PORT_KEYS = ("port", "ports")


def problems(
    report: Reporter, header: Header | None, raws: Sequence[Raw], understood: Sequence[Understood], site: Site | None
) -> Iterator[Problem]:
    """Every problem of the plan as a whole. Steps that could not be understood still count as targets."""
    known = {u.raw.id: u for u in understood if u.raw.id}
    ways = Ways(report, header, raws, known)
    yield from ways.problems()
    if header:
        yield from Rules(ways, header).problems()
    yield from Lanes(report, header, raws, known, ways.order).problems()
    yield from untyped(header.inputs if header else {}, raws)
    yield from _Plan(raws, known, {id(u.raw): u for u in understood}, ways.order, site).problems()


@dataclass(frozen=True)
class _Plan:
    raws: Sequence[Raw]
    known: Mapping[str, Understood]
    understood: Mapping[int, Understood]
    order: Mapping[str, int]
    site: Site | None

    def problems(self) -> Iterator[Problem]:
        yield from self.firsts()
        for number, raw in enumerate(self.raws):
            yield from self.ports(raw)
            step = self.understood.get(id(raw))
            if step:
                yield from self.reading(step)
                yield from self.action(step, number)
                yield from self.debt(step)
                yield from self.attached(step, number)
                yield from self.contacts(step)
                yield from self.names(step)
            else:
                yield from self.misread(raw)

    def firsts(self) -> Iterator[Problem]:
        boxed = [step for raw in self.raws if (step := self.known.get(raw.id)) and step.step.keys.first]
        for step in boxed[FIRST_LIMIT:]:
            message = _("expected at most {limit} steps with `first`, found another").format(limit=FIRST_LIMIT)
            yield step.raw.report.problem("E-FIRST", (*step.raw.place, "first"), message, key=True)

    # -- what a kind demands

    def misread(self, raw: Raw) -> Iterator[Problem]:
        """A reading whose own fields are wrong still has to say where its `failed` goes."""
        kind = kinds().get(raw.kind)
        then = raw.tree.get("next")
        says = isinstance(then, Mapping) and "failed" in then
        always_reads = kind is not None and kind.GROUP == "reading" and kind.JUDGES and kind.NAME != "service"
        if always_reads and not says and not _misspelt(raw, "next"):
            yield self.without_next(raw, "failed")

    def without_next(self, raw: Raw, outcome: str) -> Problem:
        message = _("expected `next` to say where {outcome} goes, found nothing").format(outcome=outcome)
        place = (*raw.place, "next") if "next" in raw.tree else raw.place
        return raw.report.problem("E-READING-FAILED", place, message)

    def reading(self, step: Understood) -> Iterator[Problem]:
        raw, plan, sample = step.raw, step.step, step.step.sample
        judges = plan.reads and getattr(sample, "JUDGES", True)
        wanted = "expired" if isinstance(sample, WaitFor) else "failed" if judges else ""
        if wanted and wanted not in plan.keys.next and not _misspelt(raw, "next"):
            yield self.without_next(raw, wanted)
        if plan.keys.retries and not (plan.reads and isinstance(sample, Kind)):
            message = _("expected `retries` at a reading only, found it at {kind}").format(kind=plan.kind)
            yield raw.report.problem("E-KEY-UNKNOWN", (*raw.place, "retries"), message, key=True)
        values = values_of(plan.kind)
        what = _("a value of {kind}").format(kind=plan.kind)
        for name in plan.keys.expect:
            if name not in values:
                yield raw.report.unknown_name((*raw.place, "expect", name), what, name, values, key=True)

    def action(self, step: Understood, number: int) -> Iterator[Problem]:
        raw, keys, sample = step.raw, step.step.keys, step.step.sample
        if keys.approval and step.step.reads:
            message = _("expected `approval` at what somebody does, found it at a reading")
            yield raw.report.problem("E-APPROVAL", (*raw.place, "approval"), message, key=True)
        elif keys.approval:
            yield from self.approval(step, number)
        if not isinstance(sample, Kind) or not sample.changes():
            return
        if keys.verify is None and not sample.VERIFIES_ITSELF and not _misspelt(raw, "verify"):
            message = _("expected `verify`, found an action that nothing verifies")
            yield raw.report.problem("E-VERIFY", raw.place, message)
        needed = sample.NEEDS_APPROVAL and keys.approval is None and not _misspelt(raw, "approval")
        if needed and not self.covered(raw.id, number):
            message = _("expected `approval`, found an action that nobody approves")
            yield raw.report.problem("E-APPROVAL", raw.place, message)

    def covered(self, name: str, number: int) -> bool:
        """Whether the approval of an earlier step covers this one."""
        before = (self.known.get(raw.id) for raw in self.raws[:number])
        rules = (step.step.keys.approval for step in before if step)
        return any(name in rule.covers for rule in rules if rule)

    def approval(self, step: Understood, number: int) -> Iterator[Problem]:
        raw, rule = step.raw, step.step.keys.approval
        assert rule is not None
        for count, name in enumerate(rule.covers):
            place: Place = (*raw.place, "approval", "covers", count)
            if name not in self.order:
                yield raw.report.unknown_name(place, _("a step's id"), name, self.order)
            elif self.order[name] < number:
                message = _("expected this step or a later one, found {name!r}").format(name=name)
                yield raw.report.problem("E-TARGET", place, message)

    def contacts(self, step: Understood) -> Iterator[Problem]:
        """Whoever the step's common keys name: its role, and who approves."""
        raw, keys = step.raw, step.step.keys
        named: list[tuple[Place, str | None]] = [(("role",), keys.role)]
        if keys.approval:
            named += [(("approval", "by"), keys.approval.by), (("approval", "or"), keys.approval.or_)]
        for inner, contact in named:
            if contact and self.site is not None and contact not in self.site.contacts:
                what = _("a contact of the site")
                yield raw.report.unknown_name((*raw.place, *inner), what, contact, self.site.contacts)

    def debt(self, step: Understood) -> Iterator[Problem]:
        raw, plan = step.raw, step.step
        complete = len(self.known) == len(self.raws)
        closed = plan.keys.closes or any(s.step.keys.closes == raw.id for s in self.known.values())
        if plan.opens and complete and not closed:
            sentence = _("expected a step with `closes: {step}`, found none: {what} stays open")
            yield raw.report.problem("E-OPENER", raw.place, sentence.format(step=raw.id, what=plan.opens))
        if isinstance(plan.sample, Kind) and plan.sample.closes_only() and not plan.keys.closes:
            sentence = _("expected `closes` to say which step's people go back, found nothing")
            yield raw.report.problem("E-OPENER", raw.place, sentence)
        opener = self.known.get(plan.keys.closes or "")
        if opener and not opener.step.opens:
            sentence = _("expected a step that leaves something open, found {name!r}, which does not")
            yield raw.report.problem("E-OPENER", (*raw.place, "closes"), sentence.format(name=plan.keys.closes))

    def attached(self, step: Understood, number: int) -> Iterator[Problem]:
        """What a notice names must be there: an earlier step, and one that keeps what machines wrote."""
        name = getattr(step.step.sample, "attach", None)
        if name is None:
            return
        raw = step.raw
        place: Place = (*raw.place, raw.kind, "attach")
        there = self.known.get(name)
        sample = there.step.sample if there else None
        if name not in self.order:
            yield raw.report.unknown_name(place, _("an earlier step"), name, self.order)
        elif self.order[name] >= number:
            message = _("expected an earlier step, found {name!r}, which is not").format(name=name)
            yield raw.report.problem("E-TARGET", place, message)
        elif isinstance(sample, Kind) and not sample.KEEPS_EVIDENCE:
            message = _("expected a step that keeps evidence, found {name!r}, which keeps none").format(name=name)
            yield raw.report.problem("E-TARGET", place, message)

    # -- names of the site

    def ports(self, raw: Raw) -> Iterator[Problem]:
        for inner, text in scalars(dict(raw.tree)):
            keys = [part for part in inner if isinstance(part, str)] if text.isdecimal() else []
            # A command's value is a device's own name for a port, which may be a number.
            if keys and keys[-1] in _PORT_KEYS and "with" not in keys:
                sentence = _("expected a port's name, found the number {number}: numbers stay in site.yaml")
                yield raw.report.problem("E-PORT-NUMBER", (*raw.place, *inner), sentence.format(number=text))

    def names(self, step: Understood) -> Iterator[Problem]:
        raw, sample = step.raw, step.step.sample
        bodies = list(step.readings)
        if isinstance(sample, Kind):
            bodies.append(((*raw.place, raw.kind), sample))
        for place, kind in bodies:
            of_the_file = kind.problems(None)
            for name, sentence in kind.problems(self.site):
                where, text = _at(raw, (*place, *name.split(".")), sentence)
                if text.startswith("$") or (name in _PORT_KEYS and text.isdecimal()):
                    continue
                code = "E-VALUE-TYPE" if (name, sentence) in of_the_file else "E-NAME-UNKNOWN"
                yield raw.report.problem(code, where, sentence)


def _misspelt(raw: Raw, key: str) -> bool:
    """Whether the step has the key with another spelling, which is said already."""
    return any(nearest(other, COMMON) == key for other in raw.tree if other not in COMMON and other != raw.kind)


def _at(raw: Raw, place: Place, sentence: str) -> tuple[Place, str]:
    """The text that a sentence is about, and its place: in a list, the entry that it names."""
    below = [
        (whole, text)
        for inner, text in scalars(dict(raw.tree))
        if (whole := (*raw.place, *inner))[: len(place)] == place
    ]
    named = [pair for pair in below if f"found {pair[1]};" in sentence] if len(below) > 1 else []
    return (named or (below if len(below) == 1 else [(place, "")]))[0]
