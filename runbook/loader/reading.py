"""Steps as they stand in their files, before any of them is understood: blocks put in place, ids given their prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial

from pydantic import ValidationError

from runbook.loader.blocks import BEHIND, Raw, UseKeys, With, Written, in_place, settled_exits
from runbook.loader.branches import Branches
from runbook.loader.document import Document, Place
from runbook.loader.prefix import WORDS
from runbook.loader.samples import input_sample
from runbook.loader.shelf import Shelf
from runbook.loader.validation import Reporter, shown
from runbook.model.errors import Problem, RunbookError
from runbook.model.playbook import BlockHeader
from runbook.model.ports import JSON
from runbook.model.step import CommonKeys
from runbook.model.text import _
from runbook.steps import kinds

FLOW = ("wait_for", "together", "use")
STEPS_LIMIT = 300
COMMON = frozenset(field.alias or name for name, field in CommonKeys.model_fields.items())


@dataclass
class Reading:
    """What reading the steps of a plan gathers on the way."""

    shelf: Shelf
    files: dict[str, bytes]
    problems: list[Problem]
    documents: list[Document]

    def steps(self, report: Reporter, tree: JSON, *, inside_block: bool = False) -> Iterator[Raw]:
        """The steps of a file, blocks in place. What is no step is said and left out."""
        yield from settled_exits(self._steps(report, tree, inside_block=inside_block))

    def _steps(self, report: Reporter, tree: JSON, *, inside_block: bool) -> Iterator[Raw]:
        steps = tree.get("steps") if isinstance(tree, dict) else None
        if not isinstance(steps, list) or not steps:
            message = _("expected a list of steps, found {found}").format(found=shown(steps))
            missing = isinstance(tree, dict) and "steps" not in tree
            self.problems.append(
                report.missing_key(("steps",)) if missing else report.problem("E-VALUE-TYPE", ("steps",), message)
            )
            return
        if len(steps) > STEPS_LIMIT:
            self.problems.append(too_many_steps(report))
            return
        yield from self.listed(report, ("steps",), steps, inside_block=inside_block)

    def listed(self, report: Reporter, place_of_list: Place, steps: list[JSON], *, inside_block: bool) -> Iterator[Raw]:
        """The steps of one list, those of its branches behind their `together`."""
        for number, step in enumerate(steps):
            place: Place = (*place_of_list, number)
            if not isinstance(step, dict):
                message = _("expected a step with keys, found {found}").format(found=shown(step))
                self.problems.append(report.problem("E-VALUE-TYPE", place, message))
                continue
            kind = self.kind(report, place, step)
            if kind == "use":
                yield from self.used(report, place, step, inside_block=inside_block)
            elif kind == "together":
                read = partial(self.listed, report, inside_block=inside_block)
                yield from Branches(report, place, self.problems, read).steps(step)
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
            found = " + ".join(names) or _("none")
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
        source = self.shelf.found("blocks", name)
        at: Place = (*place, "use", "block")
        if isinstance(source, RunbookError):
            self.problems.append(report.problem(source.code, at, source.text()))
            return
        if source is None:
            self.problems.append(report.unknown_name(at, _("a block"), name, self.shelf.names("blocks")))
            return
        self.files[source.kept] = source.data
        inner = Reporter(self.shelf.document(source))
        self.documents.append(inner.document)
        self.problems += inner.document.problems
        if inner.document.tree is None:
            return
        header = self.header(inner, name)
        if header is None:
            return
        self.with_problems(report, (*place, "use"), use.use, header)
        values = {key: use.use.with_.get(key, input_sample(entry, None)) for key, entry in header.inputs.items()}
        steps = list(self.steps(inner, inner.document.tree, inside_block=True))
        self.exit_problems(inner, header, steps)
        yield from in_place(steps, use, values, self.ways_out(report, place, step, header))

    def ways_out(
        self, report: Reporter, place: Place, step: Mapping[str, JSON], header: BlockHeader
    ) -> dict[str, tuple[JSON, Written]]:
        """Where each exit of a block leads, as the `use` step says it: as it is written there."""
        given = step.get("next")
        targets = given if isinstance(given, dict) else {}
        for name in targets:
            if name not in header.exits:
                what = _("an exit of the block {block}").format(block=header.id)
                self.problems.append(report.unknown_name((*place, "next", name), what, name, header.exits, key=True))
        return {
            name: (BEHIND if targets.get(name, "continue") == "continue" else targets[name],
                   (report, (*place, "next", name)))
            for name in header.exits
        }  # fmt: skip

    def exit_problems(self, report: Reporter, header: BlockHeader, steps: list[Raw]) -> None:
        """An exit has a name of its own, and some step of the block takes it."""
        taken = [target for raw in steps for target in _targets(raw)]
        for name in header.exits:
            if name in WORDS or any(raw.id == name for raw in steps):
                message = _("expected a name that no step has, found {name!r}").format(name=name)
                self.problems.append(report.problem("E-NAME-TWICE", ("exits", name), message, key=True))
            elif name not in taken:
                message = _("expected a step of the block whose `next` names this exit, found none")
                self.problems.append(report.problem("E-UNREACHED", ("exits", name), message, key=True))

    def header(self, report: Reporter, name: str) -> BlockHeader | None:
        """The keys of a block above its steps."""
        tree = report.document.tree
        if not first_key(report, "block", self.problems) or not isinstance(tree, dict):
            return None
        try:
            header = BlockHeader.model_validate({key: value for key, value in tree.items() if key != "steps"})
        except ValidationError as error:
            self.problems += report.invalid(error, BlockHeader, also=("steps",))
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


def too_many_steps(report: Reporter) -> Problem:
    message = _("expected at most {limit} steps, found more").format(limit=STEPS_LIMIT)
    return report.problem("E-YAML-SIZE", ("steps",), message)


def _targets(raw: Raw) -> list[JSON]:
    targets = raw.tree.get("next")
    return list(targets.values()) if isinstance(targets, dict) else []


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
