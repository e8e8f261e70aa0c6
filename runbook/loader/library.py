"""Where playbooks, blocks and schemes are found: folders in order, or the snapshot of an incident."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from runbook.loader.decode import file_bytes
from runbook.model.ids import ID

Group = Literal["playbooks", "blocks", "schemes"]
APART = ("blocks", "schemes")
_SUFFIX = ".yaml"
_ID = re.compile(ID)


@dataclass(frozen=True, slots=True)
class Source:
    """One file. `kept`: its path inside a snapshot; `shown`: what people call it."""

    kept: str
    shown: str
    data: bytes


class Library(Protocol):
    """Gives files by what they are and their id."""

    def source(self, group: Group, name: str) -> Source | None:
        """The file, or None. Raises RunbookError when it is there and cannot be read."""
        ...

    def names(self, group: Group) -> list[str]: ...


def kept_path(group: Group, name: str) -> str:
    """The path inside a snapshot: `playbooks/cti-down.yaml`, `playbooks/blocks/close-out.yaml`."""
    folder = "playbooks" if group == "playbooks" else f"playbooks/{group}"
    return f"{folder}/{name}{_SUFFIX}"


@dataclass(frozen=True)
class Folders:
    """Folders in order: the first that has the file gives it. A file that leads out of its folder is not seen."""

    folders: Sequence[Path]

    def source(self, group: Group, name: str) -> Source | None:
        path = self.path(group, name)
        if path is None:
            return None
        # Where its links lead was looked at: what is put there meanwhile is not followed.
        return Source(kept_path(group, name), shown_path(path), file_bytes(path.resolve(), no_link=True))

    def path(self, group: Group, name: str) -> Path | None:
        """Where the file is. An id that is none (`../x`) is never looked for."""
        if not _ID.fullmatch(name):
            return None
        for folder in self.folders:
            for path in files_in(folder, group):
                if path.name == name + _SUFFIX:
                    return path
        return None

    def names(self, group: Group) -> list[str]:
        return sorted({path.stem for folder in self.folders for path in files_in(folder, group)})


@dataclass(frozen=True)
class Snapshot:
    """The files that were kept when an incident began."""

    files: Mapping[str, bytes]

    def source(self, group: Group, name: str) -> Source | None:
        kept = kept_path(group, name)
        return Source(kept, kept, self.files[kept]) if kept in self.files else None

    def names(self, group: Group) -> list[str]:
        parent = PurePosixPath(kept_path(group, "x")).parent
        return sorted(
            path.stem for path in map(PurePosixPath, self.files) if path.parent == parent and path.suffix == _SUFFIX
        )


def files_in(folder: Path, group: Group) -> list[Path]:
    """The files of one group in a folder and the folders below it, in a stable order."""
    root = folder if group == "playbooks" else folder / group
    if not root.is_dir():
        return []
    real = root.resolve()
    found: list[Path] = []
    for here, folders, names in os.walk(root):
        apart = APART if group == "playbooks" else ()
        folders[:] = sorted(f for f in folders if f not in apart and not f.startswith("."))
        paths = [
            Path(here, name)
            for name in sorted(names)
            if name.endswith(_SUFFIX) and _ID.fullmatch(name[: -len(_SUFFIX)])
        ]
        found += [path for path in paths if _inside(path, real)]
    return found


def _inside(path: Path, folder: Path) -> bool:
    """Whether a path leads to something in `folder`; a link that leads to itself leads nowhere."""
    try:
        return path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):
        return False


def folder_of(path: Path) -> Path:
    """The folder of playbooks that a file belongs to: the nearest above it that has blocks or schemes, else its own."""
    parents = list(path.absolute().parents)[:3]
    return next((parent for parent in parents if any((parent / apart).is_dir() for apart in APART)), parents[0])


def shown_path(path: Path) -> str:
    """A path for people: short when it lies in or below the current folder."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
