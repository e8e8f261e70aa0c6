"""Steps as they stand in their files, before any of them is understood: blocks put in place, ids given their prefix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Annotated

from pydantic import Field, ValidationError

from runbook.loader.library import Library
from runbook.loader.validation import Reporter, shown
from runbook.loader.yaml import Place, read_yaml
from runbook.model.errors import Problem
from runbook.model.playbook import BlockHeader
from runbook.model.ports import JSON
from runbook.model.schema import Id, Model, OneOrMore, Sentence, YesNo
from runbook.model.step import CommonKeys, Phase
from runbook.model.text import _
from runbook.steps import kinds

FLOW = ("wait_for", "use")
COMMON = frozenset(field.alias or name for name, field in CommonKeys.model_fields.items())
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


@dataclass
class Reading:
    """What reading the steps of a plan gathers on the way."""

    library: Library
    files: dict[str, bytes]
    problems: list[Problem]

    def steps(self, report: Reporter, tree: JSON, *, inside_block: bool = False) -> Iterator[Raw]:
        """The steps of a file, blocks in place. What is no step is said and left out."""
        steps = tree.get("steps") if isinstance(tree, dict) else None
        if not isinstance(steps, list) or not steps:
            message = _("expected a list of steps, found {found}").format(found=shown(steps))
            missing = isinstance(tree, dict) and "steps" not in tree
            self.problems.append(
                report.missing_key(("steps",)) if missing else report.problem("E-VALUE-TYPE", ("steps",), message)
            )
            return
        for number, step in enumerate(steps):
            place: Place = ("steps", number)
            if not isinstance(step, dict):
                message = _("expected a step with keys, found {found}").format(found=shown(step))
                self.problems.append(report.problem("E-VALUE-TYPE", place, message))
                continue
            kind = self.kind(report, place, step)
            if kind == "use":
                yield from self.used(report, place, step, inside_block=inside_block)
            else:
                name = step.get("id")
                yield Raw(report, place, step, name if isinstance(name, str) else "", kind)

    def kind(self, report: Reporter, place: Place, step: Mapping[str, JSON]) -> str:
        """The step's kind; empty when it has none, or more than one."""
        names = [key for key in step if key in kinds() or key in FLOW]
        known = [*kinds(), *FLOW]
        allowed = UseKeys.model_fields if names == ["use"] else COMMON
        strange = [key for key in step if key not in names and key not in allowed]
        for key in strange:
            nearer = [*allowed, *([] if names else known)]
            self.problems.append(report.unknown_key((*place, key), nearer))
        if len(names) == 1:
            return names[0]
        meant_kind = any(SequenceMatcher(None, key, kind).ratio() >= 0.6 for key in strange for kind in known)
        if len(names) > 1 or not meant_kind:
            found = _("{names}").format(names=" + ".join(names)) if names else _("none")
            message = _("expected exactly one kind, found {found} (there are: {names})").format(
                found=found, names=", ".join(sorted(known))
            )
            self.problems.append(
                report.problem("E-STEP-KIND", (*place, names[1]) if names else place, message, key=bool(names))
            )
        return ""

    def used(self, report: Reporter, place: Place, step: Mapping[str, JSON], *, inside_block: bool) -> Iterator[Raw]:
        """The steps of a block in the place of its `use` step."""
        if inside_block:
            message = _("expected a step that uses no block, found `use`: a block holds no other block")
            self.problems.append(report.problem("E-STEP-KIND", (*place, "use"), message, key=True))
            return
        try:
            use = UseKeys.model_validate({key: value for key, value in step.items() if key in UseKeys.model_fields})
        except ValidationError as error:
            self.problems += report.invalid(error, UseKeys, place)
            return
        name = use.use.block
        source = self.library.source("blocks", name)
        if source is None:
            at: Place = (*place, "use", "block")
            self.problems.append(report.unknown_name(at, _("a block"), name, self.library.names("blocks")))
            return
        self.files[source.kept] = source.data
        inner = Reporter(read_yaml(source.data, source.shown))
        self.problems += inner.document.problems
        if inner.document.tree is None:
            return
        header = self.header(inner, name)
        if header is None:
            return
        self.with_problems(report, (*place, "use"), use.use, header)
        values = {key: use.use.with_.get(key, entry.default or "") for key, entry in header.inputs.items()}
        yield from _in_place(list(self.steps(inner, inner.document.tree, inside_block=True)), use, values)

    def header(self, report: Reporter, name: str) -> BlockHeader | None:
        """The keys of a block above its steps."""
        tree = report.document.tree
        if not first_key(report, "block", self.problems) or not isinstance(tree, dict):
            return None
        try:
            header = BlockHeader.model_validate({key: value for key, value in tree.items() if key != "steps"})
        except ValidationError as error:
            self.problems += report.invalid(error, BlockHeader)
            return None
        self.problems += same_name(report, header.id, name)
        return header

    def with_problems(self, report: Reporter, place: Place, use: With, header: BlockHeader) -> None:
        for key in use.with_:
            if key not in header.inputs:
                what = _("an input of the block {block}").format(block=use.block)
                self.problems.append(report.unknown_name((*place, "with", key), what, key, header.inputs, key=True))
        for key, entry in header.inputs.items():
            if key not in use.with_ and entry.default is None:
                self.problems.append(report.missing_key((*place, "with", key)))


def first_key(report: Reporter, wanted: str, problems: list[Problem]) -> bool:
    """Whether the file is what it should be: its first key says what it is."""
    tree = report.document.tree
    first = next(iter(tree), "") if isinstance(tree, dict) else ""
    if first == wanted:
        return True
    found = repr(first) if first else shown(tree)
    message = _("expected `{wanted}: 1` as the file's first key, found {found}").format(wanted=wanted, found=found)
    problems.append(report.problem("E-KEY-MISSING", (first,) if first else (), message, key=True))
    return False


def same_name(report: Reporter, name: str, wanted: str) -> list[Problem]:
    """A file is called as what it holds."""
    if name == wanted:
        return []
    message = _("expected the file's name {wanted!r}, found {name!r}").format(wanted=wanted, name=name)
    return [report.problem("E-VALUE-TYPE", ("id",), message)]


def _in_place(steps: list[Raw], use: UseKeys, values: Mapping[str, str]) -> Iterator[Raw]:
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
