"""One playbook by itself: its header, its steps with blocks in place, and everything that is wrong with it alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from runbook.loader import lint
from runbook.loader.blocks import Raw
from runbook.loader.document import settled
from runbook.loader.found import EnoughError, Found, many
from runbook.loader.library import Source
from runbook.loader.literals import without_secrets
from runbook.loader.reading import STEPS_LIMIT, Reading, first_key, same_name, too_many_steps
from runbook.loader.references import References, input_problems
from runbook.loader.schemes import scheme_of
from runbook.loader.shelf import Shelf
from runbook.loader.understood import Understanding, Understood
from runbook.loader.validation import Reporter
from runbook.model.errors import Problem, ProblemsError
from runbook.model.playbook import Header
from runbook.model.site import Site
from runbook.model.text import _


@dataclass
class OnePlan:
    """What became of one file. `whole`: the header and every step were understood."""

    source: Source
    report: Reporter
    problems: list[Problem]
    header: Header | None = None
    raws: Sequence[Raw] = ()
    understood: Sequence[Understood] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    whole: bool = False

    @property
    def id(self) -> str:
        """Its name, which is that of its file."""
        return Path(self.source.kept).stem


def one_plan(source: Source, shelf: Shelf, site: Site | None, *, whole: bool) -> OnePlan:
    """Read one playbook and the blocks and the scheme that it uses, once in a run. Nothing is raised for what a file holds.

    `whole`: also the checks of `lint`.
    """
    key = (source.shown, source.data)
    if key not in shelf.plans:
        shelf.plans[key] = _read(source, shelf, site, whole=whole)
    return shelf.plans[key]


def _read(source: Source, shelf: Shelf, site: Site | None, *, whole: bool) -> OnePlan:
    report = Reporter(shelf.document(source))
    found = Found(report.document.problems)
    plan = OnePlan(source, report, found)
    if report.document.tree is None:
        return plan
    reading = Reading(shelf, {source.kept: source.data}, found, [report.document])
    try:
        _understand(plan, reading, site, whole=whole)
    except EnoughError:
        return OnePlan(source, report, [many(source.shown), *settled(found, reading.documents)])
    plan.problems = without_secrets(settled(found, reading.documents), reading.documents, reading.files.values())
    plan.files = dict(reading.files)
    return plan


def _understand(plan: OnePlan, reading: Reading, site: Site | None, *, whole: bool) -> None:
    """Everything that is in the plan; what is wrong goes into the problems of `reading`. Raises EnoughError."""
    found, report = reading.problems, plan.report
    if not first_key(report, "runbook", found):
        return
    plan.header, whole_header = _header(report, plan.id, found, site)
    raws = list(islice(reading.steps(report, report.document.tree), STEPS_LIMIT + 1))
    if len(raws) > STEPS_LIMIT:
        found.append(too_many_steps(report))
        return
    plan.raws = raws
    references = references_of(raws, plan.header, site)
    understanding = Understanding(references, found)
    plan.understood = [u for number, raw in enumerate(raws, 1) if (u := understanding.step(raw, number))]
    plan.whole = len(plan.understood) == len(raws) and whole_header and bool(raws)
    if plan.header and plan.header.clocks:
        found += _clocks(report, plan.header, reading)
    if whole:
        found += lint.problems(report, plan.header, raws, plan.understood, site)


def references_of(raws: Sequence[Raw], header: Header | None, site: Site | None) -> References:
    """What the references of these steps may name."""
    order = {raw.id: number for number, raw in reversed(list(enumerate(raws))) if raw.id}
    return References(header.inputs if header else {}, site, order, {raw.id: raw.kind for raw in raws})


_STAND_IN = {
    "runbook": "1",
    "id": "stand-in",
    "version": "1",
    "title": "-",
    "severity": "SEV1",
    "use_when": "-",
    "impact": "-",
    "recovered": {"ask": "-", "then": "end"},
}


def _header(report: Reporter, name: str, problems: list[Problem], site: Site | None) -> tuple[Header | None, bool]:
    """The header, and whether it is whole: keys that are wrong are said and stood in for, so that the others are checked too."""
    tree = report.document.tree
    assert isinstance(tree, dict)
    given = {key: value for key, value in tree.items() if key != "steps"}
    wrong: set[object] = set()
    try:
        header = Header.model_validate(given)
    except ValidationError as error:
        problems += report.invalid(error, Header, also=("steps",))
        wrong = {place["loc"][0] for place in error.errors()}
        try:
            header = Header.model_validate({**_STAND_IN, **{k: v for k, v in given.items() if k not in wrong}})
        except ValidationError:
            return None, False
    if "id" not in wrong:
        problems += same_name(report, header.id, name)
    for place, sentence in input_problems(header.inputs, site):
        problems.append(report.problem("E-VALUE-TYPE", ("inputs", *place), sentence))
    return header, not wrong


def _clocks(report: Reporter, header: Header, reading: Reading) -> Iterator[Problem]:
    assert header.clocks is not None
    rule, shelf = header.clocks, reading.shelf
    source = shelf.source("schemes", rule.scheme)
    if source is None:
        yield report.unknown_name(("clocks", "scheme"), _("a scheme"), rule.scheme, shelf.names("schemes"))
        return
    reading.files[source.kept] = source.data
    try:
        scheme = scheme_of(source, shelf.document(source))
    except ProblemsError as error:
        yield from error.problems
        return
    if rule.level not in scheme.levels:
        what = _("a level of the scheme {scheme}").format(scheme=rule.scheme)
        yield report.unknown_name(("clocks", "level"), what, rule.level, scheme.levels)
