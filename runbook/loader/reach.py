"""The playbooks that a plan leads to: which they are, whether each way there holds, and all of them as one walk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Self

from runbook.loader.blocks import Raw, Written, in_its_lane
from runbook.loader.one_plan import OnePlan, one_plan, references_of
from runbook.loader.prefix import Prefix, plan_prefix, prefixed_header, prefixed_step
from runbook.loader.shelf import Shelf
from runbook.loader.understood import Understanding
from runbook.loader.validation import meant
from runbook.model.errors import Problem, RunbookError
from runbook.model.ids import ID
from runbook.model.playbook import Header, Input, Playbook, Step
from runbook.model.ports import JSON
from runbook.model.site import Site
from runbook.model.text import _


@dataclass(frozen=True)
class Way:
    """A target in another playbook, and where it is written."""

    written: Written
    playbook: str
    at: str

    def problem(self, code: str, key: str, message: str) -> Problem:
        report, place = self.written
        return report.problem(code, (*place, key), message)


@dataclass
class Reach:
    """A playbook and all that its targets lead to, by id, the nearest first. `ways`: the targets of each that lead elsewhere."""

    main: OnePlan
    shelf: Shelf
    plans: dict[str, OnePlan] = field(default_factory=dict)
    ways: dict[str, list[Way]] = field(default_factory=dict)
    unread: dict[str, RunbookError] = field(default_factory=dict)

    @classmethod
    def of(cls, main: OnePlan, shelf: Shelf, site: Site | None, *, whole: bool) -> Self:
        """Read every playbook that can be reached, each once."""
        reach = cls(main, shelf, {main.id: main})
        waiting = [main]
        for plan in waiting:
            reach.ways[plan.id] = list(_ways(plan))
            for way in reach.ways[plan.id]:
                source = None if way.playbook in reach.plans else shelf.found("playbooks", way.playbook)
                if isinstance(source, RunbookError):
                    reach.unread[way.playbook] = source
                elif source is not None:
                    reach.plans[way.playbook] = one_plan(source, shelf, site, whole=whole)
                    waiting.append(reach.plans[way.playbook])
        return reach

    @property
    def whole(self) -> bool:
        """Whether every playbook was understood."""
        return all(plan.whole and plan.header for plan in self.plans.values())

    def started(self) -> Iterator[str]:
        """The playbooks that offers start beside this one."""
        for plan in self.plans.values():
            yield from (offer.start for offer in (plan.header.offers if plan.header else ()) if offer.start)

    # -- what is wrong

    def problems(self) -> Iterator[Problem]:
        """Every problem of every playbook, and of the ways between them."""
        yield from self._circles[1]
        for plan in self.plans.values():
            yield from plan.problems
            for way in self.ways[plan.id]:
                yield from self._target(way)
                yield from self._inputs(plan, way)
            yield from self._starts(plan)

    def _target(self, way: Way) -> Iterator[Problem]:
        report, place = way.written
        there = self.plans.get(way.playbook)
        if error := self.unread.get(way.playbook):
            yield way.problem(error.code, "playbook", error.text())
        elif there is None:
            names = self.shelf.names("playbooks")
            yield report.unknown_name((*place, "playbook"), _("a playbook"), way.playbook, names)
        if there is None:
            return
        if not there.raws:
            return
        entries = [raw.id for raw in there.raws if raw.tree.get("entry") in ("yes", "true")]
        if way.at in entries:
            return
        what = _("a step of the playbook {playbook}").format(playbook=way.playbook)
        known = [raw.id for raw in there.raws]
        if way.at not in known:
            yield report.unknown_name((*place, "at"), what, way.at, entries or known)
        else:
            message = _("expected a step with `entry: yes`, found {name!r}, which has none").format(name=way.at)
            yield way.problem("E-TARGET", "at", message + (meant(way.at, entries) if entries else ""))

    def _inputs(self, plan: OnePlan, way: Way) -> Iterator[Problem]:
        """Inputs of the same name are alike wherever the walk may come from here."""
        own = plan.header.inputs if plan.header else {}
        for name in self._beyond(way.playbook):
            header = self.plans[name].header
            for key, other in (header.inputs if header else {}).items():
                if key in own and (own[key].type, own[key].choices) != (other.type, other.choices):
                    sentence = _(
                        "expected inputs of one name to be alike, found {name} as {own} here and as {other} in {playbook}"
                    )
                    message = sentence.format(name=key, own=_said(own[key]), other=_said(other), playbook=name)
                    yield way.problem("E-VALUE-TYPE", "playbook", message)

    def _beyond(self, name: str) -> list[str]:
        """The playbook and all that it leads to."""
        found = [name] if name in self.plans else []
        for here in found:
            found += [w.playbook for w in self.ways[here] if w.playbook in self.plans and w.playbook not in found]
        return found

    def _starts(self, plan: OnePlan) -> Iterator[Problem]:
        for number, offer in enumerate(plan.header.offers if plan.header else ()):
            name = offer.start
            if name and (name == plan.id or name not in self.shelf.names("playbooks")):
                what = _("another playbook")
                names = [other for other in self.shelf.names("playbooks") if other != plan.id]
                yield plan.report.unknown_name(("offers", number, "start"), what, name, names)

    # -- the order of the walk

    @cached_property
    def _circles(self) -> tuple[list[str], list[Problem]]:
        """The ids in an order in which every way leads onwards, and a problem for each way that leads back."""
        before: dict[str, set[str]] = {name: set() for name in self.plans}
        for name, ways in self.ways.items():
            for way in ways:
                if way.playbook in before:
                    before[way.playbook].add(name)
        problems: list[Problem] = []
        nearest = list(self.plans)
        while True:
            try:
                return list(TopologicalSorter(before).static_order()), problems
            except CycleError as error:
                circle: list[str] = error.args[1][:-1]
                first = min(range(len(circle)), key=lambda number: nearest.index(circle[number]))
                circle = [*circle[first:], *circle[:first]]
                back = next(way for way in self.ways[circle[-1]] if way.playbook == circle[0])
                message = _("expected a playbook that does not lead back here, found a circle: {chain}").format(
                    chain=" -> ".join([*circle, circle[0]])
                )
                problems.append(back.problem("E-TARGET", "playbook", message))
                before[circle[0]].discard(circle[-1])

    def playbook(self, site: Site | None) -> Playbook:
        """One walk: the plan's own steps, then those of each playbook that it leads to, with `PLAN:` before their ids."""
        assert self.main.header is not None
        steps = [understood.step for understood in self.main.understood]
        headers: dict[str, Header] = {}
        files: dict[str, bytes] = {}
        for name in self._circles[0]:
            plan = self.plans[name]
            files |= plan.files
            if plan is self.main:
                continue
            tree = plan.report.document.tree
            assert isinstance(tree, dict)
            prefix = plan_prefix(name)
            given = {key: value for key, value in tree.items() if key != "steps"}
            headers[name] = Header.model_validate(prefixed_header(given, prefix))
            steps += _added(plan, prefix, headers[name], site, len(steps))
        return Playbook(self.main.header, tuple(steps), files, self.main.source.shown, headers)


def _added(plan: OnePlan, prefix: Prefix, header: Header, site: Site | None, count: int) -> Iterator[Step]:
    """The steps of another playbook as the walk has them; numbers go on after `count`."""
    raws = [_renamed(raw, plan.id, prefix) for raw in plan.raws]
    understanding = Understanding(references_of(raws, header, site), [])
    for number, raw in enumerate(raws, count + 1):
        understood = understanding.step(raw, number)
        assert understood is not None, understanding.problems  # without the prefix it was understood
        yield understood.step


def _renamed(raw: Raw, plan: str, prefix: Prefix) -> Raw:
    tree = prefixed_step(raw.tree, prefix)
    block = prefix(raw.block) if raw.block else ""
    return in_its_lane(replace(raw, tree=tree, id=prefix(raw.id), block=block, plan=plan), prefix)


def _ways(plan: OnePlan) -> Iterator[Way]:
    for raw in plan.raws:
        targets = raw.tree.get("next")
        for outcome, target in (targets if isinstance(targets, dict) else {}).items():
            yield from _way(raw.target_at(outcome), target)
    tree = plan.report.document.tree
    offers = tree.get("offers") if isinstance(tree, dict) else None
    for number, offer in enumerate(offers if isinstance(offers, list) else ()):
        if isinstance(offer, dict):
            yield from _way((plan.report, ("offers", number, "go")), offer.get("go"))


def _way(written: Written, target: JSON) -> Iterator[Way]:
    playbook, at = (target.get("playbook"), target.get("at")) if isinstance(target, dict) else (None, None)
    # What is no id is said where the step is understood.
    if isinstance(playbook, str) and isinstance(at, str) and re.fullmatch(ID, playbook) and at:
        yield Way(written, playbook, at)


def _said(entry: Input) -> str:
    return f"{entry.type} ({', '.join(entry.choices)})" if entry.choices else entry.type
