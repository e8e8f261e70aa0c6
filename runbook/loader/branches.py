"""`together` as it is written: its branches are read where they stand, their steps come flat behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from runbook.loader.blocks import Raw, settled_exits
from runbook.loader.document import Place
from runbook.loader.validation import Reporter, shown
from runbook.model.errors import Problem
from runbook.model.ids import ID
from runbook.model.ports import JSON
from runbook.model.text import _

Listed = Callable[[Place, list[JSON]], Iterator[Raw]]
"""The steps of a list, by the list's place."""


@dataclass(frozen=True)
class Branches:
    """The branches of one `together`. `listed` reads the steps of a branch as it reads those of the plan."""

    report: Reporter
    place: Place
    problems: list[Problem]
    listed: Listed

    def steps(self, step: Mapping[str, JSON]) -> Iterator[Raw]:
        """The `together` itself, then the steps of each branch, with their lane."""
        given, name = step["together"], step.get("id")
        around = name if isinstance(name, str) else ""
        place: Place = (*self.place, "together")
        if not isinstance(given, dict) or len(given) < 2:
            found = shown(next(iter(given))) if isinstance(given, dict) and given else shown(given)
            message = _("expected at least two branches, each a name with a list of steps, found {found}")
            self.problems.append(self.report.problem("E-VALUE-TYPE", place, message.format(found=found)))
        branches = {branch: list(self.branch(around, branch, steps)) for branch, steps in _map(given).items()}
        ids = {branch: tuple(raw.id for raw in raws) for branch, raws in branches.items()}
        named: dict[str, JSON] = dict.fromkeys(ids, "")
        tree = {**step, "together": named}
        yield Raw(self.report, self.place, tree, around, "together", branches=ids)
        for raws in branches.values():
            yield from raws

    def branch(self, around: str, branch: str, steps: JSON) -> Iterator[Raw]:
        place: Place = (*self.place, "together", branch)
        if not re.fullmatch(ID, branch):
            message = _("expected a name of lower-case letters, digits and hyphens, found {found}")
            found = message.format(found=shown(branch))
            self.problems.append(self.report.problem("E-VALUE-TYPE", place, found, key=True))
        if not isinstance(steps, list) or not steps:
            message = _("expected a list of steps, found {found}").format(found=shown(steps))
            self.problems.append(self.report.problem("E-VALUE-TYPE", place, message, key=not steps))
            return
        for raw in settled_exits(list(self.listed(place, steps))):
            if raw.kind == "together":
                message = _("expected a step that is no `together`, found one: a branch holds no branches")
                self.problems.append(self.report.problem("E-STEP-KIND", _inside(raw, place), message, key=True))
            else:
                # The steps of branches inside stay, so that what refers to them is not said to be wrong as well.
                yield replace(raw, lane=f"{around}/{branch}")


def _inside(raw: Raw, branch: Place) -> Place:
    """Where a `together` inside a branch is written: there, or at the branch whose block holds it."""
    return (*raw.place, "together") if raw.place[: len(branch)] == branch else branch


def _map(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}
