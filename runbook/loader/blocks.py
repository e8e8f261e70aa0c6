"""A block put in the place of the step that uses it: ids get their prefix, the block's inputs become what the plan gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from runbook.loader.document import Place
from runbook.loader.validation import Reporter
from runbook.model.ports import JSON
from runbook.model.schema import Id, Model, OneOrMore, Sentence, YesNo
from runbook.model.step import Phase

WORDS = ("continue", "end")


class With(Model):
    """The value of `use:`."""

    block: Id
    """The block's id."""
    with_: Annotated[dict[str, str], Field(alias="with")] = Field(default_factory=dict)
    """Values of the block's inputs."""


class UseKeys(Model):
    """The keys that a `use` step may have."""

    id: Id
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
    recovery_test: YesNo = False
    """Whether `recovered` is asked after the block's last step."""


@dataclass(frozen=True)
class Raw:
    """One step: its tree with the final ids, its kind, and where it stands (`place` in the document of `report`)."""

    report: Reporter
    place: Place
    tree: Mapping[str, JSON]
    id: str
    kind: str
    block: str = ""


def in_place(steps: list[Raw], use: UseKeys, values: Mapping[str, str]) -> Iterator[Raw]:
    """A block's steps as the plan has them: prefix, inputs, and what the `use` step says for all of them."""
    taken: list[Raw] = []
    left_out: set[str] = set()
    for raw in steps:
        when = _decided(raw.tree.get("when"), values, left_out)
        if when is None:
            left_out.add(raw.id)
            continue
        prefix = _prefix(use.id)
        tree = {key: _with_inputs(value, values) for key, value in _prefixed(raw.tree, prefix).items()}
        tree["when"] = {**_renamed(when, prefix), **{key: list(wanted) for key, wanted in use.when.items()}}
        if not tree["when"]:
            del tree["when"]
        for key, value in (("phase", use.phase), ("role", use.role)):
            if value:
                tree.setdefault(key, value)
        taken.append(replace(raw, tree=tree, id=prefix(raw.id) if raw.id else "", block=use.id))
    if taken and use.recovery_test:
        taken[-1] = replace(taken[-1], tree={**taken[-1].tree, "recovery_test": "true"})
    yield from taken


def _prefix(use: str) -> Callable[[str], str]:
    return lambda name: name if name in WORDS or name.startswith("$") else f"{use}/{name}"


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


def _renamed(when: Mapping[str, JSON], prefix: Callable[[str], str]) -> dict[str, JSON]:
    return {key if key.startswith("inputs.") else prefix(key): wanted for key, wanted in when.items()}


def _prefixed(tree: Mapping[str, JSON], prefix: Callable[[str], str]) -> dict[str, JSON]:
    """The step with the prefix on every id of its block: its own, and each that it names."""
    renamed = {key: _steps_references(value, prefix) for key, value in tree.items()}
    for key in ("id", "closes"):
        if isinstance(value := renamed.get(key), str):
            renamed[key] = prefix(value)
    if isinstance(targets := renamed.get("next"), dict):
        renamed["next"] = {key: prefix(value) if isinstance(value, str) else value for key, value in targets.items()}
    if isinstance(approval := renamed.get("approval"), dict) and isinstance(covers := approval.get("covers"), list):
        renamed["approval"] = {**approval, "covers": [prefix(c) if isinstance(c, str) else c for c in covers]}
    if isinstance(wait := renamed.get("wait_for"), dict) and isinstance(since := wait.get("since"), str):
        renamed["wait_for"] = {**wait, "since": prefix(since)}
    return renamed


def _steps_references(tree: JSON, prefix: Callable[[str], str]) -> JSON:
    if isinstance(tree, str):
        return re.sub(r"^\$steps\.([^.]+)", lambda match: f"$steps.{prefix(match[1])}", tree)
    if isinstance(tree, dict):
        return {key: _steps_references(value, prefix) for key, value in tree.items()}
    return [_steps_references(value, prefix) for value in tree] if isinstance(tree, list) else tree
