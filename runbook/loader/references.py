"""References in a plan (`$inputs.x`, `$site.host.address`, `$steps.id.value`): whether they name something, and a sample of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runbook.loader.blocks import Raw
from runbook.loader.document import Place
from runbook.loader.found import PROBLEMS_LIMIT
from runbook.loader.samples import UNKNOWN_SAMPLE, input_sample
from runbook.model.errors import Problem
from runbook.model.inputs import input_problem
from runbook.model.playbook import Input
from runbook.model.ports import JSON
from runbook.model.site import Site
from runbook.model.text import _
from runbook.steps import kinds

_REFERENCE = re.compile(r"\$([A-Za-z_]+)\.(\S+)")
_INSIDE = re.compile(r"\$(inputs|site|steps)\.")
_SPACES = ("$inputs", "$site", "$steps")
_COMMON_WITH_VALUES = ("verify",)


def scalars(tree: JSON) -> list[tuple[Place, str]]:
    """Every text of a tree with its place."""
    found: list[tuple[Place, str]] = []
    _gather(tree, (), found)
    return found


def _gather(tree: JSON, place: Place, found: list[tuple[Place, str]]) -> None:
    if isinstance(tree, str):
        found.append((place, tree))
    elif isinstance(tree, dict):
        for key, value in tree.items():
            _gather(value, (*place, key), found)
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            _gather(value, (*place, number), found)


def may_refer(tree: JSON) -> bool:
    """Whether a `$` stands anywhere in a tree's texts: most steps have none, and need not be looked through again."""
    waiting = [tree]
    for node in waiting:
        if isinstance(node, str):
            if "$" in node:
                return True
        elif isinstance(node, dict):
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return False


@dataclass
class References:
    """The references of one plan, or of a block by itself. `samples` grows while the steps are read, by the reference's text without `$`."""

    inputs: Mapping[str, Input]
    site: Site | None
    order: Mapping[str, int]
    kinds: Mapping[str, str]
    samples: dict[str, str] = field(default_factory=dict)
    inside_block: bool = False

    def problems(self, raw: Raw) -> dict[Place, Problem]:
        """What is wrong with each reference of a step, by its place in the file; their samples are kept."""
        found: dict[Place, Problem] = {}
        tree = dict(raw.tree)
        for inner, text in scalars(tree) if may_refer(tree) else ():
            place = (*raw.place, *inner)
            problem = self._problem(raw, place, inner, text)
            if problem:
                found[place] = problem
                self.samples.setdefault(text.removeprefix("$"), UNKNOWN_SAMPLE)
                if len(found) > PROBLEMS_LIMIT:
                    break
        return found

    def _problem(self, raw: Raw, place: Place, inner: Place, text: str) -> Problem | None:
        match = _REFERENCE.fullmatch(text)
        if match is None:
            if not _INSIDE.search(text):
                return None
            message = _("expected a reference alone, found it inside a sentence: {text!r}").format(text=text)
            return raw.report.problem("E-VALUE-TYPE", place, message)
        space, name = match.groups()
        anywhere = self.inside_block and space == "inputs"  # a block's inputs are put in before anything is read
        if inner[0] not in (raw.kind, *_COMMON_WITH_VALUES) and not anywhere:
            message = _(
                "expected a written value, found a reference: they stand in the kind's own fields and in `verify`"
            )
            return raw.report.problem("E-VALUE-TYPE", place, message)
        if space == "inputs":
            return self._input(raw, place, name)
        if space == "site":
            return self._site(raw, place, name)
        if space == "steps":
            return self._step(raw, place, name)
        return raw.report.unknown_name(place, _("$inputs, $site or $steps"), f"${space}", _SPACES)

    def _input(self, raw: Raw, place: Place, name: str) -> Problem | None:
        if name not in self.inputs:
            return raw.report.unknown_name(place, _("an input of the plan"), name, self.inputs)
        self.samples[f"inputs.{name}"] = input_sample(self.inputs[name], self.site)
        return None

    def _site(self, raw: Raw, place: Place, name: str) -> Problem | None:
        host, _dot, fact = name.rpartition(".")
        if fact != "address":
            return raw.report.unknown_name(place, _("$site.HOST.address"), fact, ["address"])
        machine = self.site.machine(host) if self.site else None
        if self.site is not None and machine is None:
            what = _("a host or a seat of the site")
            return raw.report.unknown_name(place, what, host, [*self.site.hosts, *self.site.seats])
        self.samples[f"site.{name}"] = machine.address if machine else "192.0.2.1"
        return None

    def _step(self, raw: Raw, place: Place, name: str) -> Problem | None:
        step, _dot, value = name.rpartition(".")
        if step not in self.order:
            return raw.report.unknown_name(place, _("an earlier step"), step, self.order)
        if self.order[step] >= self.order.get(raw.id, len(self.order)):
            message = _("expected an earlier step, found {step!r}, which comes later").format(step=step)
            return raw.report.problem("E-TARGET", place, message)
        values = values_of(self.kinds.get(step, ""))
        if values and value not in values:
            return raw.report.unknown_name(place, _("a value of the step {step}").format(step=step), value, values)
        self.samples[f"steps.{name}"] = UNKNOWN_SAMPLE
        return None


def values_of(kind: str) -> Mapping[str, str]:
    """The values that a kind gives, by name."""
    return kinds()[kind].VALUES if kind in kinds() else {}


def input_problems(raw_inputs: Mapping[str, Input], site: Site | None) -> Iterator[tuple[Place, str]]:
    """(place below `inputs`, sentence) for each default or choice that does not fit its input's type."""
    for name, entry in raw_inputs.items():
        if entry.type == "choice" and not entry.choices:
            yield (name,), _("expected `choices` for a choice, found none")
        if entry.default is None:
            continue
        sentence = input_problem(entry, entry.default, site)
        if sentence:
            yield (name, "default"), _("{expected}, found {found!r}").format(expected=sentence, found=entry.default)
