"""What holds for the branches of a `together`: nothing leads in or out, nothing waits for what runs at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.loader.blocks import Raw
from runbook.loader.document import Place
from runbook.loader.prefix import WORDS
from runbook.loader.references import may_refer, scalars
from runbook.loader.understood import Understood
from runbook.loader.validation import Reporter
from runbook.model.errors import Problem
from runbook.model.playbook import Header, WaitFor
from runbook.model.ports import JSON
from runbook.model.text import _

NOT_IN_A_BRANCH = ("recovery_test", "entry")
NOT_AT_TOGETHER = ("expect", "timeout", "approval", "verify", "undo", "closes", "manual")


@dataclass(frozen=True)
class Lanes:
    """A plan's steps with their branches; `order` has the position of each id, and of each block's first step."""

    report: Reporter
    header: Header | None
    raws: Sequence[Raw]
    known: Mapping[str, Understood]
    order: Mapping[str, int]

    def problems(self) -> Iterator[Problem]:
        """Every problem that only a plan with branches can have."""
        if not any(raw.lane or raw.kind == "together" for raw in self.raws):
            return
        then = self.header.recovered.then if self.header else ""
        if then in self.order and self.lane_of(then):
            yield self.report.problem("E-TARGET", ("recovered", "then"), _outside().format(name=then))
        for raw in self.raws:
            yield from self.targets(raw)
            if raw.kind == "together":
                yield from self.together(raw)
            if raw.lane:
                yield from self.inside(raw)
                yield from self.at_the_same_time(raw)

    def lane_of(self, name: str) -> str:
        return self.raws[self.order[name]].lane

    # -- ways

    def targets(self, raw: Raw) -> Iterator[Problem]:
        """`next` of a step in a branch stays in it, `next` of any other stays outside."""
        for outcome, target in _map(raw.tree.get("next")).items():
            report, place = raw.target_at(outcome)
            if raw.lane and isinstance(target, dict):
                message = _("expected a step of the same branch, `continue` or `end`, found another playbook")
                yield report.problem("E-TARGET", place, message)
            if not isinstance(target, str) or target in WORDS or target not in self.order:
                continue
            there = self.lane_of(target)
            if raw.lane and there != raw.lane:
                message = _(
                    "expected a step of the same branch, `continue` or `end`, found {name!r}, which is outside it"
                )
                yield report.problem("E-TARGET", place, message.format(name=target))
            elif there != raw.lane:
                yield report.problem("E-TARGET", place, _outside().format(name=target))

    # -- the step around the branches

    def together(self, raw: Raw) -> Iterator[Problem]:
        for key in NOT_AT_TOGETHER:
            if key in raw.tree:
                message = _("expected `{key}` at a step inside the branches, found it at `together`").format(key=key)
                yield raw.report.problem("E-KEY-UNKNOWN", (*raw.place, key), message, key=True)
        steps = [self.known[name].step for names in raw.branches.values() for name in names if name in self.known]
        then = _map(raw.tree.get("next"))
        for outcome, may_end_so in (
            ("failed", any(step.reads and not isinstance(step.sample, WaitFor) for step in steps)),
            ("expired", any(isinstance(step.sample, WaitFor) for step in steps)),
        ):
            if may_end_so and outcome not in then:
                message = _("expected `next` to say where {outcome} goes, found nothing").format(outcome=outcome)
                place = (*raw.place, "next") if then else raw.place
                yield raw.report.problem("E-READING-FAILED", place, message)

    # -- the steps inside

    def inside(self, raw: Raw) -> Iterator[Problem]:
        for key in NOT_IN_A_BRANCH:
            if raw.tree.get(key) in ("yes", "true"):
                message = _(
                    "expected `{key}` at a step outside the branches, such as their `together`, found it inside one"
                )
                yield raw.report.problem("E-KEY-UNKNOWN", (*raw.place, key), message.format(key=key), key=True)
        if "and" in _map(raw.tree.get("wait_for")):
            message = _("expected no `and` inside a branch, found one: put `recovery_test` at the `together` step")
            yield raw.report.problem("E-KEY-UNKNOWN", (*raw.place, "wait_for", "and"), message, key=True)

    def at_the_same_time(self, raw: Raw) -> Iterator[Problem]:
        """Nothing of a branch may depend on what another branch, or the whole, has not ended yet."""
        for place, name, key in _named(raw):
            here = raw.lane.rpartition("/")[0]
            if name not in self.order:
                continue
            there = self.lane_of(name)
            other = there != raw.lane and there.rpartition("/")[0] == here
            if name == here or other:
                message = _("expected a step that has ended before, found {name!r}, which is walked at the same time")
                yield raw.report.problem("E-TARGET", (*raw.place, *place), message.format(name=name), key=key)


def behind(raws: Sequence[Raw], number: int) -> list[int]:
    """Where the walk goes on behind a step: the next of its line; behind a `together` the first of each branch too."""
    here = raws[number]
    rest = range(number + 1, len(raws))
    following = next((n for n in rest if raws[n].lane == here.lane), None)
    first = {raws[n].lane: n for n in reversed(rest) if raws[n].lane.rpartition("/")[0] == here.id}
    branches = list(first.values()) if here.kind == "together" else []
    return [*branches, *([] if following is None else [following])]


def _outside() -> str:
    return _("expected a step outside the branches, found {name!r}, which stands in one")


def _named(raw: Raw) -> Iterator[tuple[Place, str, bool]]:
    """Where a step names others whose end it needs: the place in it, the name, and whether the place is a key."""
    for name in _map(raw.tree.get("when")):
        written = name.removeprefix(f"{raw.block}/") if raw.block else name
        yield ("when", written), name, True
    for place, found in (
        (("closes",), raw.tree.get("closes")),
        (("wait_for", "since"), _map(raw.tree.get("wait_for")).get("since")),
    ):
        if isinstance(found, str):
            yield place, found, False
    covers = _map(raw.tree.get("approval")).get("covers")
    for number, covered in enumerate(covers if isinstance(covers, list) else ()):
        if isinstance(covered, str):
            yield ("approval", "covers", number), covered, False
    tree = dict(raw.tree)
    for where, text in scalars(tree) if may_refer(tree) else ():
        if text.startswith("$steps."):
            yield where, text.removeprefix("$steps.").rpartition(".")[0], False


def _map(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}
