"""A journal file looked at and not changed."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runbook.store.connection import SELECT, UNREADABLE, NewerError, connect, in_use, known_version, not_empty, rows_of
from runbook.store.rows import Row


class Snapshot:
    """A journal file for reading only: nothing of it is changed, and it may lie on a read-only disk."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error or OSError when not even a copy of it can be opened."""
        self._copy, self._path = "", path
        not_empty(path)
        in_use[path] += 1
        try:
            self._connection = self._open(path)
        except NewerError:
            self.close()
            raise
        except UNREADABLE:
            self._copy = tempfile.mkdtemp(prefix="runbook-read-")
            try:
                for name in (path.name, path.name + "-wal"):
                    if path.with_name(name).exists():
                        shutil.copyfile(path.with_name(name), Path(self._copy, name))
                self._connection = self._open(Path(self._copy, path.name))
            except BaseException:
                self.close()
                raise

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        connection = connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            known_version(connection)
            connection.execute("SELECT 1 FROM events LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def after(self, number: int) -> Iterator[tuple[int, Row]]:
        return rows_of(self._connection, number)

    def first_and_last(self) -> tuple[Row, Row] | None:
        """The first and the last row, unproven; None when there is none. Raises sqlite3.Error."""
        first = self._connection.execute(SELECT + "ORDER BY rowid LIMIT 1").fetchone()
        last = self._connection.execute(SELECT + "ORDER BY rowid DESC LIMIT 1").fetchone()
        return (Row(*first[1:]), Row(*last[1:])) if first and last else None

    def last_of(self, *kinds: str) -> Row | None:
        """The last row that is of one of these kinds, unproven. Raises sqlite3.Error."""
        newest = "WHERE kind = ? ORDER BY rowid DESC LIMIT 1"
        found = [self._connection.execute(SELECT + newest, (kind,)).fetchone() for kind in kinds]
        last = max((row for row in found if row), key=lambda row: int(row[0]), default=None)
        return Row(*last[1:]) if last else None

    def holds_any(self, *kinds: str) -> bool:
        """Whether there is an event of one of these kinds, unproven. Raises sqlite3.Error."""
        asked = "SELECT 1 FROM events WHERE kind = ? LIMIT 1"
        return any(self._connection.execute(asked, (kind,)).fetchone() for kind in kinds)

    def count(self) -> int:
        """How many rows there are, unproven. Raises sqlite3.Error."""
        return int(self._connection.execute("SELECT count(*) FROM events NOT INDEXED").fetchone()[0])

    def holds(self, writer: str, seq: int, digest: str) -> bool:
        """Is this very row here? Raises sqlite3.Error."""
        found = self._connection.execute(
            "SELECT hash FROM events NOT INDEXED WHERE writer = ? AND seq = ?", (writer, seq)
        ).fetchone()
        return bool(found == (digest,))

    def problem(self) -> str:
        """What SQLite finds wrong with the file as a whole; empty when nothing. Never raises."""
        try:
            found = str(self._connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as problem:
            found = str(problem)
        return "" if found == "ok" else found.replace("\n", " ")

    def close(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
        in_use[self._path] -= 1
        if self._copy:
            shutil.rmtree(self._copy, ignore_errors=True)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
