"""Every problem of files that a person names: playbooks, blocks, schemes and site files, each by what its first key says."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runbook.loader.decode import file_bytes
from runbook.loader.document import settled
from runbook.loader.found import EnoughError, Found, many
from runbook.loader.library import APART, Folders, Group, Source, files_in, folder_of, kept_path, shown_path
from runbook.loader.playbooks import read_playbook
from runbook.loader.reading import Reading
from runbook.loader.references import References
from runbook.loader.schemes import scheme_of
from runbook.loader.shelf import Shelf
from runbook.loader.site import read_site
from runbook.loader.understood import Understanding
from runbook.loader.validation import Reporter, meant, nearest, shown
from runbook.model.errors import Problem, ProblemsError, RunbookError
from runbook.model.site import Site
from runbook.model.text import _

GROUPS: dict[str, Group] = {"runbook": "playbooks", "block": "blocks", "scheme": "schemes"}
_FIRST_KEYS = (*GROUPS, "site")


def files_of(path: Path) -> list[Path]:
    """The files that a path names: itself, or every playbook, block and scheme of a folder."""
    if not path.is_dir():
        return [path]
    groups: tuple[Group, ...] = ("playbooks", "blocks", "schemes")
    return [file for group in groups for file in files_in(path, group)]


def check_files(paths: Sequence[Path], folders: Sequence[Path], site: Site | None) -> list[Problem]:
    """Every problem of these files and of what they use, each once, sorted. Raises RunbookError E-FILE for one that is not there."""
    with _garbage_left_lying():
        return _check(paths, folders, site)


def _check(paths: Sequence[Path], folders: Sequence[Path], site: Site | None) -> list[Problem]:
    found: set[Problem] = set()
    named: dict[tuple[str, str], Path] = {}
    shelves: dict[Path, Shelf] = {}
    for path in paths:
        own = folder_of(path)
        shelf = shelves.setdefault(own, Shelf(Folders([own, *folders])))
        found.update(_of_file(path, shelf, site))
        folder = path.absolute().parent.name
        first = named.setdefault((folder if folder in APART else "", path.stem), path)
        if first != path:
            message = _("expected one file of this name, found {other} too").format(other=shown_path(first))
            found.add(Problem(shown_path(path), 1, 1, "E-NAME-TWICE", _("the file"), message))
    return sorted(found)


@contextmanager
def _garbage_left_lying() -> Iterator[None]:
    """No search for cycles meanwhile: the trees of a run hold none, and going through all of them again takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _of_file(path: Path, shelf: Shelf, site: Site | None) -> list[Problem]:
    data, name = file_bytes(path), shown_path(path)
    source = Source(kept_path("playbooks", path.stem), name, data)
    report = Reporter(shelf.document(source))
    tree = report.document.tree
    if tree is None:
        return list(report.document.problems)
    first = next(iter(tree), "") if isinstance(tree, dict) else ""
    if first == "runbook":
        return read_playbook(source, shelf, site, to_walk=False).problems
    if first == "block":
        return _of_block(report, path.stem, shelf, site)
    if first == "site":
        return read_site(data, name, report.document)[1]
    if first == "scheme":
        try:
            scheme_of(Source(kept_path("schemes", path.stem), name, data), report.document)
        except ProblemsError as error:
            return list(error.problems)
        return []
    message = _("expected a first key that says what the file is, such as `runbook: 1`, found {found}").format(
        found=repr(first) if first else shown(tree)
    )
    problem = report.problem(
        "E-KEY-MISSING", (first,) if first else (), message + (meant(first, _FIRST_KEYS) if first else ""), key=True
    )
    return [*report.document.problems, problem]


def _of_block(report: Reporter, name: str, shelf: Shelf, site: Site | None) -> list[Problem]:
    """A block by itself: its keys and its steps. What only a whole plan can show is checked where the block is used."""
    problems = Found(report.document.problems)
    reading = Reading(shelf, {}, problems, [report.document])
    try:
        _by_itself(report, name, reading, site)
    except EnoughError:
        return [many(report.document.file), *settled(problems, reading.documents)]
    return settled(problems, reading.documents)


def _by_itself(report: Reporter, name: str, reading: Reading, site: Site | None) -> None:
    header = reading.header(report, name)
    raws = list(reading.steps(report, report.document.tree, inside_block=True))
    order = {raw.id: number for number, raw in reversed(list(enumerate(raws))) if raw.id}
    inputs = header.inputs if header else {}
    if header:
        reading.exit_problems(report, header, raws)
    references = References(inputs, site, order, {raw.id: raw.kind for raw in raws}, inside_block=True)
    understanding = Understanding(references, reading.problems)
    for number, raw in enumerate(raws, 1):
        understanding.step(raw, number)


def located_files(arguments: Sequence[str], folders: Sequence[Path]) -> list[Path]:
    """The files that arguments name: paths, folders, or ids of playbooks, blocks and schemes. Raises E-FILE, E-PLAN-UNKNOWN."""
    library = Folders(folders)
    found: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        by_id = next((p for group in GROUPS.values() if (p := library.path(group, argument))), None)
        if path.exists() or "/" in argument or "\\" in argument or path.suffix in (".yaml", ".yml"):
            found += files_of(path)
        elif by_id:
            found.append(by_id)
        else:
            known = library.names("playbooks")
            raise RunbookError(
                "E-PLAN-UNKNOWN", name=argument, nearest=nearest(argument, known) or ", ".join(known[:6]) or "-"
            )
    return list(dict.fromkeys(found))
