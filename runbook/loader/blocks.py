"""A block put in the place of the step that uses it: ids get their prefix, the block's inputs become what the plan gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field

from runbook.loader.document import Place
from runbook.loader.prefix import Prefix, block_prefix, prefixed_step, prefixed_when
from runbook.loader.validation import Reporter
from runbook.model.ports import JSON
from runbook.model.schema import Id, Model, OneOrMore, Sentence, YesNo
from runbook.model.step import Phase, Target

BEHIND = "the step behind the block"
"""Where an exit of a block leads that its `use` sends nowhere else; no id is written like this."""


class With(Model):
    """`use`: a block of playbooks/blocks in the place of this step."""

    block: Id
    """The block's id."""
    with_: Annotated[dict[str, str], Field(alias="with")] = Field(default_factory=dict)
    """Values of the block's inputs."""


class UseKeys(Model):
    """The keys that a `use` step may have."""

    id: Id
    """The step's name inside its plan: the block's steps are called ID/STEP."""
    use: With
    """The block, and the values of its inputs."""
    when: dict[str, Annotated[tuple[str, ...], OneOrMore]] = Field(default_factory=dict)
    """Holds for every step of the block."""
    phase: Phase | None = None
    """The phase of the block's steps that name none."""
    role: Id | None = None
    """The role of the block's steps that name none."""
    note: Sentence | None = None
    """What is not in the source document."""
    next: dict[Id, Target] = Field(default_factory=dict)
    """Where each exit of the block leads: a step id, `continue` (the step behind the block), `end`, or another playbook."""
    recovery_test: YesNo = False
    """Whether `recovered` is asked after the block's last step."""


Written = tuple[Reporter, Place]
"""Where something is written: its file, and the place there."""


@dataclass(frozen=True)
class Raw:
    """One step: its tree with the final ids, its kind, and where it stands (`place` in the document of `report`).

    `exits`: the outcomes that leave its block, each with where its target is written. `plan`: the playbook, where its ids have
    that as their prefix. `lane`: the branch `STEP/BRANCH` that it stands in. `branches`: the ids of the steps in each branch of a
    `together`.
    """

    report: Reporter
    place: Place
    tree: Mapping[str, JSON]
    id: str
    kind: str
    block: str = ""
    exits: Mapping[str, Written] = field(default_factory=dict)
    plan: str = ""
    lane: str = ""
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def target_at(self, outcome: str) -> Written:
        """Where it is written what an outcome leads to."""
        return self.exits.get(outcome, (self.report, (*self.place, "next", outcome)))


def in_place(
    steps: Sequence[Raw], use: UseKeys, values: Mapping[str, str], ways_out: Mapping[str, tuple[JSON, Written]]
) -> Iterator[Raw]:
    """A block's steps as the plan has them: prefix, inputs, and what the `use` step says for all of them.

    `ways_out`: each exit with its target, and where that is written.
    """
    taken: list[Raw] = []
    left_out: set[str] = set()
    prefix = block_prefix(use.id)
    for raw in steps:
        when = _decided(raw.tree.get("when"), values, left_out)
        if when is None or (raw.lane and raw.lane.rpartition("/")[0] in left_out):
            left_out.add(raw.id)
            continue
        tree = {key: _with_inputs(value, values) for key, value in prefixed_step(raw.tree, prefix).items()}
        tree["when"] = {**prefixed_when(when, prefix), **{key: list(wanted) for key, wanted in use.when.items()}}
        if not tree["when"]:
            del tree["when"]
        for key, value in (("phase", use.phase), ("role", use.role)):
            if value:
                tree.setdefault(key, value)
        left = _exits_of(raw, ways_out)
        if left:
            tree["next"] = {**_map(tree.get("next")), **{outcome: ways_out[name][0] for outcome, name in left.items()}}
        exits = {outcome: ways_out[name][1] for outcome, name in left.items()}
        placed = replace(raw, tree=tree, id=prefix(raw.id) if raw.id else "", block=use.id, exits=exits)
        taken.append(in_its_lane(placed, prefix))
    last = max((number for number, raw in enumerate(taken) if not raw.lane), default=-1)
    if last >= 0 and use.recovery_test:
        taken[last] = replace(taken[last], tree={**taken[last].tree, "recovery_test": "true"})
    yield from taken


def in_its_lane(raw: Raw, prefix: Prefix) -> Raw:
    """A step of a block with the prefix on its lane, and on the steps of its branches."""
    branches = {branch: tuple(map(prefix, steps)) for branch, steps in raw.branches.items()}
    return replace(raw, lane=prefix(raw.lane) if raw.lane else "", branches=branches)


def settled_exits(raws: Iterable[Raw]) -> Iterator[Raw]:
    """The steps of one list with the exits that go on behind their block at the step that stands there, else at the end."""
    waiting: list[Raw] = []
    for raw in raws:
        if waiting and raw.block != waiting[0].block:
            yield from _going_on(waiting, raw.id or "end")
            waiting = []
        if waiting or BEHIND in _map(raw.tree.get("next")).values():
            waiting.append(raw)
        else:
            yield raw
    yield from _going_on(waiting, "end")


def _going_on(raws: Sequence[Raw], behind: str) -> Iterator[Raw]:
    for raw in raws:
        targets = _map(raw.tree.get("next"))
        settled = {outcome: behind if target == BEHIND else target for outcome, target in targets.items()}
        yield replace(raw, tree={**raw.tree, "next": settled}) if settled else raw


def _exits_of(raw: Raw, ways_out: Mapping[str, object]) -> dict[str, str]:
    """The outcomes of a block's step that lead to an exit, each with the exit's name."""
    targets = _map(raw.tree.get("next"))
    return {outcome: name for outcome, name in targets.items() if isinstance(name, str) and name in ways_out}


def _map(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _with_inputs(tree: JSON, values: Mapping[str, str]) -> JSON:
    """`$inputs.x` replaced by what the plan gave: a text, or a reference of the plan."""
    if isinstance(tree, str):
        name = tree.removeprefix("$inputs.")
        return values[name] if name != tree and name in values else tree
    if isinstance(tree, dict):
        return {key: _with_inputs(value, values) for key, value in tree.items()}
    return [_with_inputs(value, values) for value in tree] if isinstance(tree, list) else tree


def _decided(when: JSON, values: Mapping[str, str], left_out: set[str]) -> dict[str, JSON] | None:
    """The conditions that remain when the block's inputs are known; None when one of them can never hold."""
    if not isinstance(when, dict):
        return {}
    remaining: dict[str, JSON] = {}
    for key, wanted in when.items():
        accepted = wanted if isinstance(wanted, list) else [wanted]
        name = key.removeprefix("inputs.")
        value = values.get(name) if name != key else "not_taken" if key in left_out else None
        if value is None:
            remaining[key] = wanted
        elif value.startswith("$inputs."):
            remaining[value[1:]] = wanted
        elif value not in accepted:
            return None
    return remaining
