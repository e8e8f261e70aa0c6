"""The rules above a plan's steps: what raises its severity, and its offers. Their steps, inputs, answers and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.loader.document import Place
from runbook.loader.targets import Ways
from runbook.model.errors import Problem
from runbook.model.playbook import SEVERITIES, Header
from runbook.model.text import _


@dataclass(frozen=True)
class Rules:
    """`raise` and `offers` of one header, held against the steps of `ways`."""

    ways: Ways
    header: Header

    def problems(self) -> Iterator[Problem]:
        """Every problem of both."""
        if rule := self.header.raise_:
            if SEVERITIES.index(rule.to) >= SEVERITIES.index(self.header.severity):
                message = _("expected a severity above {severity}, found {found!r}").format(
                    severity=self.header.severity, found=rule.to
                )
                yield self.ways.report.problem("E-VALUE-TYPE", ("raise", "to"), message)
            yield from self.when(("raise", "when"), rule.when)
        for number, offer in enumerate(self.header.offers):
            place: Place = ("offers", number)
            yield from self.when((*place, "when"), offer.when)
            if offer.since != "reported":
                yield from self.step((*place, "since"), offer.since)
            yield from self.go((*place, "go"), offer.go or "end")

    def go(self, place: Place, target: str) -> Iterator[Problem]:
        tree = self.ways.report.document.tree
        offers = tree.get("offers") if isinstance(tree, dict) else None
        written = offers[place[1]] if isinstance(offers, list) and isinstance(place[1], int) else None
        if isinstance(written, dict) and isinstance(written.get("go"), dict):
            return  # a step of another playbook
        if target == "continue":
            message = _("expected a step's id or `end`, found {name!r}").format(name=target)
            yield self.ways.report.problem("E-TARGET", place, message)
        else:
            yield from self.ways.target(self.ways.report, place, target, -1)

    def step(self, place: Place, name: str, *, key: bool = False) -> Iterator[Problem]:
        if name not in self.ways.order:
            yield self.ways.report.unknown_name(place, _("a step's id"), name, self.ways.order, key=key)

    def when(self, place: Place, when: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
        for name, wanted in when.items():
            here = (*place, name)
            if name.startswith("inputs."):
                yield from self.ways.when_input(self.ways.report, here, name.removeprefix("inputs."), wanted)
                continue
            wrong = list(self.step(here, name, key=True))
            yield from wrong or self.ways.answers(self.ways.report, here, name, wanted)
