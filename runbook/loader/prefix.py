"""The prefix on every id that a step names: `STEP/` where a block is put in place, `PLAN:` where another playbook is added."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from runbook.loader.document import Place
from runbook.model.playbook import WaitFor
from runbook.model.ports import JSON
from runbook.model.schema import StepId
from runbook.steps import kinds

WORDS = ("continue", "end")
_FIXED = (*WORDS, "reported")
_LENGTH = re.compile(r"(\d+[dhms])+")
_READINGS = (("verify",), ("wait_for", "until"))
_STEP_ID = StepId.__metadata__[0]  # type: ignore[attr-defined]  # what marks a field that names a step

Prefix = Callable[[str], str]


def block_prefix(use: str) -> Prefix:
    """The ids of the block that the step `use` puts in place."""
    return lambda name: name if name.startswith("$") else f"{use}/{name}"


def plan_prefix(plan: str) -> Prefix:
    """The ids of the playbook `plan` in another one's walk."""
    return lambda name: name if name.startswith("$") else f"{plan}:{name}"


def prefixed_step(tree: Mapping[str, JSON], prefix: Prefix) -> dict[str, JSON]:
    """A step as it is written, with the prefix on its own id and on each that it names. Targets elsewhere are maps, and stay."""
    renamed = {key: _references(value, prefix) for key, value in tree.items()}
    for place in (("id",), ("closes",), ("approval", "covers"), *_bodies(tree)):
        _rename(renamed, place, prefix)
    for key, rename in (("when", prefixed_when), ("next", prefixed_next)):
        if isinstance(value := renamed.get(key), dict):
            renamed[key] = rename(value, prefix)
    return renamed


def prefixed_header(tree: Mapping[str, JSON], prefix: Prefix) -> dict[str, JSON]:
    """The keys of a playbook above its steps, with the prefix on each step that they name."""
    renamed = {key: _references(value, prefix) for key, value in tree.items()}
    _rename(renamed, ("recovered", "then"), prefix)
    offers = renamed.get("offers")
    rules = [renamed.get("raise"), *(offers if isinstance(offers, list) else ())]
    for rule in rules:
        if not isinstance(rule, dict):
            continue
        for key in ("since", "go"):
            _rename(rule, (key,), prefix)
        if isinstance(when := rule.get("when"), dict):
            rule["when"] = prefixed_when(when, prefix)
    return renamed


def prefixed_when(when: Mapping[str, JSON], prefix: Prefix) -> dict[str, JSON]:
    """Conditions, with the prefix on each step."""
    return {key if key.startswith("inputs.") else prefix(key): wanted for key, wanted in when.items()}


def prefixed_next(targets: Mapping[str, JSON], prefix: Prefix) -> dict[str, JSON]:
    """Targets, with the prefix on each step."""
    return {key: _named(value, prefix) for key, value in targets.items()}


def _bodies(tree: Mapping[str, JSON]) -> Iterator[Place]:
    """Where a step's own fields, and those of the readings inside it, name steps."""
    places: list[tuple[str, ...]] = [(), *_READINGS]
    for place in places:
        node: JSON = dict(tree)
        for part in place:
            node = node.get(part) if isinstance(node, dict) else None
        for name in node if isinstance(node, dict) else ():
            yield from ((*place, name, field) for field in step_fields(name))


@cache
def step_fields(kind: str) -> tuple[str, ...]:
    """The fields of a kind that name steps; some may hold `reported` or a length of time instead (`names_a_step`)."""
    model: type[BaseModel] | None = WaitFor if kind == "wait_for" else kinds().get(kind)
    fields = model.model_fields if model else {}
    return tuple(info.alias or name for name, info in fields.items() if _names_steps(info.annotation, info.metadata))


def names_a_step(value: JSON) -> bool:
    """Whether what stands in such a field is a step's id."""
    return isinstance(value, str) and bool(value) and value not in _FIXED and not _LENGTH.fullmatch(value)


def _names_steps(annotation: Any, metadata: Any = ()) -> bool:
    marks = (*metadata, *getattr(annotation, "__metadata__", ()))
    return any(mark is _STEP_ID for mark in marks) or any(map(_names_steps, get_args(annotation)))


def _rename(tree: dict[str, JSON], place: Place, prefix: Prefix) -> None:
    """Give the prefix to the text, or the texts of the list, at a place; nothing where there is none."""
    node: Any = tree
    for part in place[:-1]:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or place[-1] not in node:
        return
    value = node[place[-1]]
    if place[-1] == "since" and not names_a_step(value):
        return
    node[place[-1]] = [_named(entry, prefix) for entry in value] if isinstance(value, list) else _named(value, prefix)


def _named(value: JSON, prefix: Prefix) -> JSON:
    return prefix(value) if isinstance(value, str) and value and value not in _FIXED else value


def _references(tree: JSON, prefix: Prefix) -> JSON:
    """The tree, new in every part, with the prefix in `$steps.ID.value`."""
    if isinstance(tree, str):
        return re.sub(r"^\$steps\.([^.]+)", lambda match: f"$steps.{prefix(match[1])}", tree)
    if isinstance(tree, dict):
        return {key: _references(value, prefix) for key, value in tree.items()}
    return [_references(value, prefix) for value in tree] if isinstance(tree, list) else tree
