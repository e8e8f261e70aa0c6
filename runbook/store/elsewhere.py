"""Where an incident goes on when its own folder fails, and how it comes to be there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.store.database import Database
from runbook.store.mending import keep, write_anew
from runbook.store.rows import Row


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the incident may go on when its own folder fails, in order.

    `folders` are incident folders that may not exist yet; `prepare` makes one, with all that belongs in it but the journal,
    and raises OSError. `moved` is told where the incident is now. `reserve` gives up the disk reserve and says whether there
    was one.
    """

    folders: Sequence[Path] = ()
    prepare: Callable[[Path], None] = lambda folder: folder.mkdir(parents=True, exist_ok=True)
    moved: Callable[[Path], None] = lambda _folder: None
    reserve: Callable[[], bool] = lambda: False

    def settled(self, path: Path, rows: Sequence[Row]) -> Database:
        """The journal file with these rows, open, in a folder that is prepared for it. A journal that stands there is kept beside it.

        Raises OSError, sqlite3.Error, and what `Database` raises.
        """
        self.prepare(path.parent)
        if path.exists():
            keep(path, "journal-older")
        write_anew(path, rows)
        return Database(path)
