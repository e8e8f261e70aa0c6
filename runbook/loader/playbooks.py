"""Playbooks: read, checked as a whole, blocks put in place, ready to be walked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from runbook.loader.decode import file_bytes
from runbook.loader.library import Folders, Library, Snapshot, Source, folder_of, kept_path
from runbook.loader.one_plan import one_plan
from runbook.loader.reach import Reach
from runbook.loader.shelf import Shelf
from runbook.loader.validation import nearest
from runbook.model.errors import Problem, ProblemsError, RunbookError
from runbook.model.playbook import Playbook
from runbook.model.site import Site

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
    source: Source, shelf: Shelf, site: Site | None, *, whole: bool = True, to_walk: bool = True, beside: bool = True
) -> Loaded:
    """Read one playbook, everything it uses, and every playbook that it leads to. Nothing is raised for what a file holds.

    `whole`: also the checks of `lint`. `to_walk`: the plan is wanted, not only what is wrong with it. `beside`: also the
    playbooks that its offers start beside it.
    """
    reach = Reach.of(one_plan(source, shelf, site, whole=whole), shelf, site, whole=whole)
    problems = set(reach.problems())
    started = _started(reach, shelf, site, whole=whole, to_walk=to_walk) if beside else {}
    for other in started.values():
        problems |= set(other.problems)
    if not to_walk or not reach.whole or (whole and problems):
        return Loaded(sorted(problems))
    plan = reach.playbook(site)
    plans = {name: other.playbook for name, other in started.items() if other.playbook}
    files = {name: data for other in plans.values() for name, data in other.files.items()}
    return Loaded(sorted(problems), replace(plan, beside=plans, files={**files, **plan.files}))


def _started(reach: Reach, shelf: Shelf, site: Site | None, *, whole: bool, to_walk: bool) -> dict[str, Loaded]:
    """The playbooks that offers start beside the plan, and those that these start, each once."""
    found: dict[str, Loaded] = {}
    waiting = list(reach.started())
    while waiting:
        name = waiting.pop()
        source = shelf.found("playbooks", name) if name not in found and name != reach.main.id else None
        if not isinstance(source, Source):
            continue
        found[name] = read_playbook(source, shelf, site, whole=whole, to_walk=to_walk, beside=False)
        waiting += Reach.of(one_plan(source, shelf, site, whole=whole), shelf, site, whole=whole).started()
    return found
