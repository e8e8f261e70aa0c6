"""One `journal.db`: opened with WAL and `synchronous=FULL` or not at all; a table to which rows are only added."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from runbook.store.connection import (
    INSERT,
    SCHEMA,
    UNREADABLE,
    VERSION,
    connect,
    in_use,
    known_version,
    not_empty,
    rows_of,
)
from runbook.store.files import fsync_folder, new_file
from runbook.store.notices import LostError
from runbook.store.rows import Row
from runbook.store.wal import PAGE

FULL = 2
Identity = tuple[int, int]


class Database:
    """An open journal file, for appending. Every method raises sqlite3.Error or OSError when the file does not do its part."""

    def __init__(self, path: Path) -> None:
        """Open the file that is there. Raises NotDurableError when it cannot be had with WAL and FULL."""
        self.path = path
        self._wal = path.with_name(path.name + "-wal")
        not_empty(path)
        self._connection = connect(str(path), uri=False)
        in_use[path] += 1
        self._open = 1
        try:
            execute = self._connection.execute
            if execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
                raise NotDurableError("journal_mode")
            execute("PRAGMA synchronous = FULL")
            execute("PRAGMA fullfsync = ON")
            if execute("PRAGMA synchronous").fetchone() != (FULL,):
                raise NotDurableError("synchronous")
            known_version(self._connection)
            execute("SELECT 1 FROM events LIMIT 1").fetchone()
            fsync_folder(path.parent)
            self._identity = self._look()
        except BaseException:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, rows: Iterable[Row] = ()) -> Database:
        """A new file with these rows, durable when this returns. Raises FileExistsError and what the file system raises."""
        new_file(path)
        connection = connect(str(path), uri=False)
        try:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                connection.execute(statement)
            connection.executemany(INSERT, rows)
            connection.execute("COMMIT")
            database = cls(path)
        finally:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        return database

    def begin(self) -> tuple[int, str]:
        """Take the right to append away from every other process; number and hash of the last row (`(0, "")`: none).

        What was begun before and neither added nor ended is given up.
        """
        self.end()
        self._connection.execute("BEGIN IMMEDIATE")
        found = self._connection.execute("SELECT rowid, hash FROM events ORDER BY rowid DESC LIMIT 1").fetchone()
        return (found[0], found[1]) if found else (0, "")

    @property
    def begun(self) -> bool:
        """Between `begin` and `add` or `end`."""
        return self._connection.in_transaction

    def add(self, rows: Iterable[Row]) -> list[int]:
        """Add rows and commit; their numbers. After this they are durable. Raises LostError when the file is no longer in its place."""
        numbers = [self._connection.execute(INSERT, row).lastrowid or 0 for row in rows]
        self._connection.execute("COMMIT")
        if self._look() != self._identity:
            raise LostError
        return numbers

    def end(self) -> None:
        """Give the right to append back; nothing is added. Never raises."""
        with contextlib.suppress(sqlite3.Error):
            if self.begun:
                self._connection.execute("ROLLBACK")

    def after(self, number: int) -> Iterator[tuple[int, Row]]:
        """The rows behind row `number`, in order."""
        return rows_of(self._connection, number)

    def fit(self) -> bool:
        """Whether the file is in order all through: its table and triggers, every page, every entry of its index. Rows that can be
        read one after another prove themselves, but only a whole file takes further ones."""
        with contextlib.suppress(*UNREADABLE):
            return self._in_order()
        return False

    def _in_order(self) -> bool:
        execute = self._connection.execute
        made = execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        found = [execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "auto_vacuum", "page_size")]
        if [sql for (sql,) in made] != list(SCHEMA[:-1]) or found != [VERSION, 0, PAGE]:
            return False
        return bool(execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))

    def close(self) -> None:
        """Never raises: a file that fails while it is closed has acknowledged nothing since."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        in_use[self.path] -= self._open
        self._open = 0

    def let_be(self) -> None:
        """Close, and leave the files as they are: the last one to close a file writes its log into it, unless that one only reads."""
        with contextlib.suppress(*UNREADABLE):
            reader = connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                with contextlib.suppress(*UNREADABLE):
                    reader.execute("SELECT 1 FROM events LIMIT 1").fetchone()
                self.close()
            finally:
                reader.close()
        self.close()

    def _look(self) -> tuple[Identity, Identity]:
        """Which files stand at the names now: a name that was deleted or replaced shows here. Raises LostError."""
        try:
            main, log = self.path.stat(), self._wal.stat()
        except OSError:
            raise LostError from None
        return (main.st_dev, main.st_ino), (log.st_dev, log.st_ino)


class NotDurableError(OSError):
    """This file system cannot keep what was acknowledged."""
