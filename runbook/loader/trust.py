"""Where the site file and the playbooks come from. What lies in the current folder counts only once it was accepted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import platformdirs

from runbook.loader.decode import file_bytes
from runbook.loader.library import Folders, files_in
from runbook.model.errors import RunbookError
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.model.site import Site

SITE_FILE, PLAYBOOKS = "site.yaml", "playbooks"
Origin = Literal["option", "environment", "user", "system", "folder"]
Accept = Callable[[Path, str, str, list[str]], bool]
"""Asks the person once: path, name, SHA-256, and what differs from the last one used. True: it counts."""


@dataclass(frozen=True, slots=True)
class Found:
    """A site file. `origin`: how it was found; `digest`: its SHA-256; `new`: just accepted, to be remembered."""

    path: Path
    origin: Origin
    digest: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class PlanFolders:
    """The folders of playbooks in order. `new`: the SHA-256 of one just accepted; `passed_over`: one that was not accepted."""

    folders: tuple[Path, ...]
    new: str = ""
    passed_over: Path | None = None


def user_folder() -> Path:
    """The user's configuration folder."""
    return platformdirs.user_config_path("runbook", appauthor=False)


def system_folder() -> Path:
    """The system's configuration folder."""
    return platformdirs.site_config_path("runbook", appauthor=False)


def find_site(
    option: str | None,
    environ: Mapping[str, str],
    cwd: Path,
    accepted: Collection[str],
    accept: Accept | None = None,
    last: Site | None = None,
) -> Found:
    """The site file: `--site`, then RUNBOOK_SITE, then the user's and the system's folder, then an accepted one here.

    `accepted`: every SHA-256 that was accepted; `accept` asks (None: nobody can be asked); `last`: the site used last.
    Raises RunbookError E-SITE-NONE, E-FILE or E-NOT-TRUSTED.
    """
    from runbook.loader.site import differences, read_site

    named: tuple[tuple[Origin, str | None], ...] = (("option", option), ("environment", environ.get("RUNBOOK_SITE")))
    for origin, given in named:
        if given:
            path = Path(given).expanduser()
            return Found(path, origin, _digest(file_bytes(path)))
    places: tuple[tuple[Origin, Path], ...] = (("user", user_folder()), ("system", system_folder()))
    for origin, folder in places:
        if (path := folder / SITE_FILE).is_file():
            return Found(path, origin, _digest(file_bytes(path)))
    here = cwd / SITE_FILE
    if not here.is_file():
        looked = ", ".join(str(path) for path in ("--site", "RUNBOOK_SITE", *(f / SITE_FILE for _o, f in places), here))
        raise RunbookError("E-SITE-NONE", looked=looked)
    data = file_bytes(here)
    digest = _digest(data)
    if digest in accepted:
        return Found(here, "folder", digest)
    site, _problems = read_site(data, str(here))
    differs = differences(last, site) if site else [_("it does not load")]
    if accept is None or not accept(here, site.name if site else "-", digest, differs):
        raise RunbookError("E-NOT-TRUSTED", file=here, digest=digest)
    return Found(here, "folder", digest, new=True)


def playbook_folders(
    cwd: Path, bundled: Path, accepted: Collection[str], accept: Accept | None = None, wanted: str | None = None
) -> PlanFolders:
    """The folders of playbooks: an accepted `playbooks/` here, the user's, and `bundled`, those of the program.

    `wanted`: the id that is looked for. A folder here that has it and is not accepted is asked about, or, where nobody can be
    asked, raises RunbookError E-NOT-TRUSTED-PLAYBOOKS. Without `wanted` it is only passed over.
    """
    own = user_folder() / PLAYBOOKS
    rest = tuple(folder for folder in (own, bundled) if folder.is_dir())
    here = cwd / PLAYBOOKS
    if not here.is_dir() or any(here.resolve() == folder.resolve() for folder in rest):
        return PlanFolders(rest)
    digest = folder_digest(here)
    if digest in accepted:
        return PlanFolders((here, *rest))
    if wanted is None or Folders([here]).path("playbooks", wanted) is None:
        return PlanFolders(rest, passed_over=here)
    if accept is None or not accept(here, PLAYBOOKS, digest, [str(path) for path in _files(here)]):
        raise RunbookError("E-NOT-TRUSTED-PLAYBOOKS", file=here, digest=digest, name=wanted)
    return PlanFolders((here, *rest), new=digest)


def folder_digest(folder: Path) -> str:
    """The SHA-256 over the names and bytes of every playbook, block and scheme of a folder."""
    total = sha256()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        total.update(f"{name}\0{_digest(file_bytes(path))}\n".encode())
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [*files_in(folder, "playbooks"), *files_in(folder, "blocks"), *files_in(folder, "schemes")]


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
