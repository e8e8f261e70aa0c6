"""Playbooks: read, checked as a whole, blocks put in place, ready to be walked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from runbook.loader import lint
from runbook.loader.decode import file_bytes
from runbook.loader.document import Document, settled
from runbook.loader.found import EnoughError, Found, many
from runbook.loader.library import Folders, Library, Snapshot, Source, folder_of, kept_path
from runbook.loader.reading import STEPS_LIMIT, Reading, first_key, same_name, too_many_steps
from runbook.loader.references import References, input_problems
from runbook.loader.shelf import Shelf
from runbook.loader.understood import Understanding
from runbook.loader.validation import Reporter, nearest
from runbook.loader.yaml import read_yaml
from runbook.model.clocks import Scheme
from runbook.model.errors import Problem, ProblemsError, RunbookError
from runbook.model.playbook import Header, Playbook
from runbook.model.site import Site
from runbook.model.text import _

SITE_KEPT = "site.yaml"


@dataclass
class Loaded:
    """What became of one file: the plan when it is one, and every problem of it and of what it uses."""

    problems: list[Problem] = field(default_factory=list)
    playbook: Playbook | None = None


def load_playbook(id_or_path: str, folders: Sequence[Path], site: Site | None = None) -> Playbook:
    """The plan, checked as a whole, against the site too when there is one.

    Raises RunbookError E-PLAN-UNKNOWN with the nearest ids, E-FILE, or ProblemsError E-PLAN-BAD with every problem.
    """
    source, library = located(id_or_path, folders)
    loaded = read_playbook(source, Shelf(library), site)
    if loaded.problems or loaded.playbook is None:
        raise ProblemsError("E-PLAN-BAD", loaded.problems, name=id_or_path)
    # The record must say where the plan was, wherever the program was started.
    return replace(loaded.playbook, origin=str(Path(source.shown).absolute()))


def load_snapshot(files: Mapping[str, bytes], plan: str = "") -> tuple[Playbook, Site]:
    """The plan and the site as they were kept when the incident began: `playbooks/...` and `site.yaml` with their bytes.

    `plan` names the playbook where several were kept. Rules that were added since do not stop a running incident: only what
    cannot be read at all raises ProblemsError.
    """
    from runbook.loader.site_kept import kept_site

    site = kept_site(files[SITE_KEPT], SITE_KEPT)
    library = Snapshot(files)
    names = [plan] if plan else library.names("playbooks")
    source = library.source("playbooks", names[0]) if names else None
    if source is None:
        raise RunbookError("E-PLAN-UNKNOWN", name=plan, nearest="-")
    loaded = read_playbook(source, Shelf(library), None, whole=False)
    if loaded.playbook is None:
        raise ProblemsError("E-PLAN-BAD", loaded.problems, name=names[0])
    return loaded.playbook, site


def load_scheme(name: str, folders: Sequence[Path]) -> Scheme:
    """A scheme of service levels. Raises RunbookError E-PLAN-UNKNOWN, or ProblemsError E-PLAN-BAD."""
    library = Folders(folders)
    source = library.source("schemes", name)
    if source is None:
        raise RunbookError("E-PLAN-UNKNOWN", name=name, nearest=nearest(name, library.names("schemes")) or "-")
    return scheme_of(source)


def load_scheme_kept(name: str, files: Mapping[str, bytes]) -> Scheme:
    """The same from a snapshot. Raises KeyError when it was not kept."""
    kept = kept_path("schemes", name)
    return scheme_of(Source(kept, kept, files[kept]))


def scheme_of(source: Source, document: Document | None = None) -> Scheme:
    """A scheme from its bytes (`document`: as they were read). Raises ProblemsError E-PLAN-BAD."""
    report = Reporter(document or read_yaml(source.data, source.shown))
    problems = list(report.document.problems)
    if report.document.tree is not None and first_key(report, "scheme", problems):
        try:
            scheme = Scheme.model_validate(report.document.tree)
            problems += same_name(report, scheme.id, Path(source.kept).stem)
            missing = {metric for level in scheme.levels.values() for metric in level.limits} - set(scheme.metrics)
            problems += [report.missing_key(("metrics", metric)) for metric in sorted(missing)]
            if not problems:
                return scheme
        except ValidationError as error:
            problems += report.invalid(error, Scheme)
    raise ProblemsError("E-PLAN-BAD", problems, name=source.shown)


def located(id_or_path: str, folders: Sequence[Path]) -> tuple[Source, Library]:
    """The file of a plan, and where its blocks are looked for. Raises RunbookError E-PLAN-UNKNOWN or E-FILE."""
    if "/" in id_or_path or "\\" in id_or_path or id_or_path.endswith((".yaml", ".yml")):
        path = Path(id_or_path)
        source = Source(kept_path("playbooks", path.stem), id_or_path, file_bytes(path))
        return source, Folders([folder_of(path), *folders])
    library = Folders(folders)
    found = library.source("playbooks", id_or_path)
    if found is None:
        names = known_playbooks(folders)
        raise RunbookError(
            "E-PLAN-UNKNOWN", name=id_or_path, nearest=nearest(id_or_path, names) or ", ".join(names[:6]) or "-"
        )
    return found, library


def known_playbooks(folders: Sequence[Path]) -> list[str]:
    """The ids of all playbooks, by the names of their files. Nothing is opened."""
    return Folders(folders).names("playbooks")


def read_playbook(
    source: Source, shelf: Shelf, site: Site | None, *, whole: bool = True, document: Document | None = None
) -> Loaded:
    """Read one playbook and everything it uses. Nothing is raised for what a file holds.

    `whole`: also the checks of `lint`. `document`: the playbook's file where it was read already.
    """
    report = Reporter(document or read_yaml(source.data, source.shown))
    found = Found(report.document.problems)
    if report.document.tree is None:
        return Loaded(found)
    reading = Reading(shelf, {source.kept: source.data}, found, [report.document])
    try:
        return Loaded(found, _plan(report, reading, source, site, whole=whole))
    except EnoughError:
        return Loaded([many(source.shown), *settled(found, reading.documents)])


def _plan(report: Reporter, reading: Reading, source: Source, site: Site | None, *, whole: bool) -> Playbook | None:
    """The plan, when it is one; what is wrong goes into the problems of `reading`. Raises EnoughError."""
    found = reading.problems
    if not first_key(report, "runbook", found):
        return None
    header, whole_header = _header(report, Path(source.kept).stem, found, site)
    raws = list(islice(reading.steps(report, report.document.tree), STEPS_LIMIT + 1))
    if len(raws) > STEPS_LIMIT:
        found.append(too_many_steps(report))
        return None
    order = {raw.id: number for number, raw in reversed(list(enumerate(raws))) if raw.id}
    inputs = header.inputs if header else {}
    references = References(inputs, site, order, {raw.id: raw.kind for raw in raws})
    understanding = Understanding(references, found)
    understood = [u for number, raw in enumerate(raws, 1) if (u := understanding.step(raw, number))]
    complete = len(understood) == len(raws) and whole_header
    if header and header.clocks:
        found += _clocks(report, header, reading)
    if whole:
        found += lint.problems(report, header, raws, understood, site)
    found[:] = settled(found, reading.documents)
    if not complete or not header or not raws or (whole and found):
        return None
    return Playbook(header, tuple(u.step for u in understood), dict(reading.files), source.shown)


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
        problems += report.invalid(error, Header)
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
