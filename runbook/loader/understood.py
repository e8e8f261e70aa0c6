"""One step understood: its common keys, its kind, its readings; every reference replaced by a sample for the check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from runbook.loader.blocks import Raw
from runbook.loader.document import Place
from runbook.loader.reading import COMMON, FLOW
from runbook.loader.references import References, may_refer
from runbook.loader.validation import shown
from runbook.model.errors import Problem
from runbook.model.ids import ID
from runbook.model.kind import Kind
from runbook.model.playbook import Step, Together, WaitFor, replaced
from runbook.model.ports import JSON
from runbook.model.step import CommonKeys
from runbook.model.text import _
from runbook.steps import kinds

_ABOUT_VERIFY = ("within", "every")


@dataclass(frozen=True)
class Understood:
    """A step with the readings inside it (`verify`, `until`), each with its place in the file."""

    step: Step
    raw: Raw
    readings: tuple[tuple[Place, Kind], ...]


@dataclass
class Understanding:
    """Turns raw steps into steps and gathers what is wrong with them."""

    references: References
    problems: list[Problem]

    def step(self, raw: Raw, number: int) -> Understood | None:
        """The step, or None when it cannot be understood; the reasons are in `problems`."""
        before = len(self.problems)
        wrong = self.references.problems(raw)
        self.problems += wrong.values()
        spoilt = {(problem.line, problem.column) for problem in wrong.values()}
        keys = self._keys(raw, spoilt)
        sample, readings = self._sample(raw, spoilt)
        if keys and keys.verify:
            where: Place = (*raw.place, "verify")
            if reading := self._reading(raw, where, keys.verify.reading, spoilt):
                readings.append(reading)
        if keys is None or sample is None or any(p.code != "E-NAME-UNKNOWN" for p in self.problems[before:]):
            return None
        tree = dict(raw.tree)
        if raw.branches:
            tree["together"] = {branch: list(steps) for branch, steps in raw.branches.items()}
        body = _body(tree.get(raw.kind))
        assert isinstance(body, dict)
        step = Step(number, raw.id, keys, raw.kind, body, sample, raw.block, tree, raw.lane, raw.plan)
        return Understood(step, raw, tuple(readings))

    def _keys(self, raw: Raw, spoilt: set[tuple[int, int]]) -> CommonKeys | None:
        own = raw.report.document.tree
        tree = {key: value for key, value in raw.tree.items() if key in COMMON}
        name = _at(own, (*raw.place, "id"))
        if isinstance(name, str) and name and not re.fullmatch(ID, name):
            mark = raw.report.document.at((*raw.place, "id"))
            spoilt = spoilt | {(mark.line, mark.column)}
            message = _("expected an id of lower-case letters, digits and hyphens, found {found}").format(
                found=shown(name)
            )
            self.problems.append(raw.report.problem("E-VALUE-TYPE", (*raw.place, "id"), message))
        keys = self._validated(CommonKeys, tree, raw, raw.place, spoilt)
        if not isinstance(keys, CommonKeys) or keys.verify is None:
            return keys if isinstance(keys, CommonKeys) else None
        # The reading keeps its references: they are replaced when it is taken, by what is known then.
        given = tree["verify"]
        assert isinstance(given, dict)
        reading = {key: value for key, value in given.items() if key not in _ABOUT_VERIFY}
        return keys.model_copy(update={"verify": keys.verify.model_copy(update={"reading": reading})})

    def _sample(
        self, raw: Raw, spoilt: set[tuple[int, int]]
    ) -> tuple[Kind | WaitFor | Together | None, list[tuple[Place, Kind]]]:
        if not raw.kind:
            return None, []
        if raw.kind == "together":
            # What is wrong with a branch was said when it was read.
            return (Together.model_construct(branches=dict(raw.branches)) if raw.branches else None), []
        place = (*raw.place, raw.kind)
        body = _body(raw.tree.get(raw.kind))
        if not isinstance(body, dict):
            message = _("expected a map of keys and values, found {found}").format(found=shown(body))
            self.problems.append(raw.report.problem("E-VALUE-TYPE", place, message))
            return None, []
        if raw.kind not in FLOW:
            kind = self._validated(kinds()[raw.kind], body, raw, place, spoilt)
            return (kind if isinstance(kind, Kind) else None), []
        wait = self._validated(WaitFor, body, raw, place, spoilt)
        if not isinstance(wait, WaitFor):
            return None, []
        until = body["until"]
        assert isinstance(until, dict)
        wait = wait.model_copy(update={"until": until})
        reading = self._reading(raw, (*place, "until"), until, spoilt)
        return wait, [reading] if reading else []

    def _reading(
        self, raw: Raw, place: Place, tree: Mapping[str, JSON], spoilt: set[tuple[int, int]]
    ) -> tuple[Place, Kind] | None:
        """A reading written as `{kind: {fields}}`."""
        known = sorted(name for name, kind in kinds().items() if kind.GROUP != "people")
        strange = [key for key in tree if key not in kinds()]
        for key in strange:
            self.problems.append(
                raw.report.unknown_key((*place, key), [*known, *(_ABOUT_VERIFY if place[-1] == "verify" else ())])
            )
        names = [key for key in tree if key in kinds()]
        if len(names) != 1:
            if not strange or len(names) > 1:
                found = " + ".join(names) or _("none")
                self.problems.append(
                    raw.report.problem(
                        "E-STEP-KIND", place, _("expected exactly one reading, found {found}").format(found=found)
                    )
                )
            return None
        where, body = (*place, names[0]), _body(tree[names[0]])
        if not isinstance(body, dict):
            message = _("expected a map of keys and values, found {found}").format(found=shown(body))
            self.problems.append(raw.report.problem("E-VALUE-TYPE", where, message))
            return None
        kind = self._validated(kinds()[names[0]], body, raw, where, spoilt)
        if not isinstance(kind, Kind):
            return None
        if kind.GROUP == "people" or kind.changes():
            message = _("expected a reading, found {kind}, which is none").format(kind=names[0])
            self.problems.append(raw.report.problem("E-STEP-KIND", where, message, key=True))
            return None
        return where, kind

    def _validated(
        self, model: type[BaseModel], tree: Mapping[str, JSON], raw: Raw, place: Place, spoilt: set[tuple[int, int]]
    ) -> BaseModel | None:
        try:
            given = dict(tree)
            return model.model_validate(replaced(given, self.references.samples) if may_refer(given) else given)
        except ValidationError as error:
            found = raw.report.invalid(error, model, place)
            self.problems += [problem for problem in found if (problem.line, problem.column) not in spoilt]
            return None


def _body(body: JSON) -> JSON:
    return {} if body in ("", None) else body


def _at(tree: JSON, place: Place) -> JSON:
    for part in place:
        if isinstance(tree, dict) and isinstance(part, str):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int):
            tree = tree[part]
    return tree
