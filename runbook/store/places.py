"""Where incidents are kept: the home folder, the spare folders in their order, and the temporary folder as the last on disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.store.files import UnsafeError, new_file, own_folder, private_folder

INCIDENTS, PRACTICE = "incidents", "practice"
RESERVE, RESERVE_BYTES, RESERVE_OF_FREE = "reserve", 4 << 20, 4


@dataclass(frozen=True, slots=True)
class Places:
    """The home folder, and where an incident goes when that fails. Nothing is made before something is stored."""

    root: Path
    spares: tuple[Path, ...]
    temporary: Path | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Places:
        """`RUNBOOK_HOME`, else the system's folder for a user's data; `RUNBOOK_SPARE`, its parts separated like `PATH`'s."""
        if home := environ.get("RUNBOOK_HOME"):
            root = Path(home).absolute()
        else:
            import platformdirs

            root = Path(platformdirs.user_data_dir("runbook", appauthor=False)).absolute()
        spares = tuple(Path(part).absolute() for part in environ.get("RUNBOOK_SPARE", "").split(os.pathsep) if part)
        return cls(root, spares, _temporary())

    @property
    def all(self) -> tuple[Path, ...]:
        """Every place, in the order in which they are tried."""
        return (self.root, *self.spares, *([self.temporary] if self.temporary else []))

    def ready(self, place: Path) -> Path:
        """The place, usable. Raises UnsafeError (somebody else's, a link) and OSError; a spare folder that is away stays away."""
        if place in self.spares:
            # Made anew where a stick should be mounted, it would lie on the disk that just failed.
            if not place.is_dir():
                raise FileNotFoundError(2, os.strerror(2), str(place))
            return place
        return private_folder(place)

    def usable(self) -> Path:
        """The first place that can be written to; the home folder when none can. For what is not an incident, such as the lab."""
        for place in self.all:
            with contextlib.suppress(OSError):
                if os.access(self.ready(place), os.W_OK):
                    return place
        return self.root

    def to_read(self) -> tuple[Path, ...]:
        """The places that are there and ours. Raises RunbookError E-STORE when the home folder is somebody else's or a link."""
        found = []
        for place in self.all:
            try:
                if place not in self.spares:
                    own_folder(place)
            except UnsafeError as problem:
                if place == self.root:
                    raise RunbookError("E-STORE", reason=problem, tried=place) from None
            except OSError:
                continue
            else:
                found.append(place)
        return tuple(found)

    def keep_reserve(self) -> None:
        """Hold back some disk for the rest of an incident and its report. Never raises."""
        path = self.root / RESERVE
        try:
            if path.exists() or shutil.disk_usage(self.root).free < RESERVE_OF_FREE * RESERVE_BYTES:
                return
            new_file(path)
            with path.open("r+b") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
                else:
                    file.write(bytes(RESERVE_BYTES))
        except OSError:
            self.give_up_reserve()

    def give_up_reserve(self) -> bool:
        """Give the reserve back to the disk; was there one? Never raises."""
        try:
            (self.root / RESERVE).unlink()
        except OSError:
            return False
        return True


def _temporary() -> Path | None:
    geteuid = getattr(os, "geteuid", None)
    try:
        return Path(tempfile.gettempdir(), f"runbook-{geteuid() if geteuid else 'spare'}").absolute()
    except OSError:
        return None


def relative_parts(name: str) -> tuple[str, ...]:
    """The parts of a file's name under `plan/`. Raises UnsafeError for a name that leads elsewhere or means something else on
    another system."""
    parts = tuple(name.split("/"))
    for part in parts:
        if part in ("", ".", "..") or part.startswith("-") or part[-1] in ". " or set(part) & set('\\:*?"<>|'):
            raise UnsafeError(_("{name!r} is not the name of a plan file").format(name=name))
        if not part.isprintable():
            raise UnsafeError(_("{name!r} is not the name of a plan file").format(name=name))
    return parts
