"""One `journal.db`: opened with WAL and `synchronous=FULL` or not at all; a table to which rows are only added."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from runbook.model.text import _
from runbook.store.files import fsync_folder, new_file
from runbook.store.notices import LostError
from runbook.store.rows import Row
from runbook.store.wal import PAGE

BUSY_S = 5.0
FULL = 2
VERSION = 1
_SCHEMA = (
    """CREATE TABLE events (n INTEGER PRIMARY KEY, incident NOT NULL, writer NOT NULL, seq NOT NULL, utc NOT NULL,
    boot_id NOT NULL, boot_s NOT NULL, actor NOT NULL, kind NOT NULL, body NOT NULL, prev NOT NULL, hash NOT NULL,
    UNIQUE (writer, seq))""",
    "CREATE TRIGGER events_never_change BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events never change'); END",
    "CREATE TRIGGER events_never_go BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events never go'); END",
    # REPLACE deletes without asking the trigger above.
    """CREATE TRIGGER events_never_replaced BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE writer = NEW.writer AND seq = NEW.seq OR n = NEW.n)
    BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END""",
    f"PRAGMA user_version = {VERSION}",
)
_SELECT = "SELECT n, incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, hash FROM events "
_INSERT = """INSERT INTO events (incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

Identity = tuple[int, int]

UNREADABLE = (sqlite3.Error, UnicodeError)
"""What SQLite raises for a damaged file; its own sentence may hold the bytes that are damaged."""

in_use: Counter[Path] = Counter()
"""The files that this process has open. Their index must not be read: closing it would let go of the locks that SQLite has on it."""


class Database:
    """An open journal file, for appending. Every method raises sqlite3.Error or OSError when the file does not do its part."""

    def __init__(self, path: Path) -> None:
        """Open the file that is there. Raises NotDurableError when it cannot be had with WAL and FULL."""
        self.path = path
        self._wal = path.with_name(path.name + "-wal")
        not_empty(path)
        self._connection = _connect(str(path), uri=False)
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
        connection = _connect(str(path), uri=False)
        try:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.executemany(_INSERT, rows)
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
        found = self._connection.execute("SELECT n, hash FROM events ORDER BY n DESC LIMIT 1").fetchone()
        return (found[0], found[1]) if found else (0, "")

    @property
    def begun(self) -> bool:
        """Between `begin` and `add` or `end`."""
        return self._connection.in_transaction

    def add(self, rows: Iterable[Row]) -> list[int]:
        """Add rows and commit; their numbers. After this they are durable. Raises LostError when the file is no longer in its place."""
        numbers = [self._connection.execute(_INSERT, row).lastrowid or 0 for row in rows]
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
        return _rows(self._connection, number)

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
        if [sql for (sql,) in made] != list(_SCHEMA[:-1]) or found != [VERSION, 0, PAGE]:
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
            reader = _connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
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


class NewerError(Exception):
    """The file was written by a later version of the program: it is neither read nor changed."""


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
        connection = _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            known_version(connection)
            connection.execute("SELECT 1 FROM events LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def after(self, number: int) -> Iterator[tuple[int, Row]]:
        return _rows(self._connection, number)

    def first_and_last(self) -> tuple[Row, Row] | None:
        """The first and the last row, unproven; None when there is none. Raises sqlite3.Error."""
        first = self._connection.execute(_SELECT + "ORDER BY n LIMIT 1").fetchone()
        last = self._connection.execute(_SELECT + "ORDER BY n DESC LIMIT 1").fetchone()
        return (Row(*first[1:]), Row(*last[1:])) if first and last else None

    def last_of(self, *kinds: str) -> Row | None:
        """The last row that is of one of these kinds, unproven. Raises sqlite3.Error."""
        newest = "WHERE kind = ? ORDER BY n DESC LIMIT 1"
        found = [self._connection.execute(_SELECT + newest, (kind,)).fetchone() for kind in kinds]
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
        except UNREADABLE as problem:
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


def _connect(name: str, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=uri)
    connection.text_factory = _text
    return connection


def _text(stored: bytes) -> str:
    """A flipped bit must not hide the row behind a decoding error: its hash says what is wrong."""
    return stored.decode("utf-8", "surrogateescape")


def _rows(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Row]]:
    """Without a number the table is read from its one end to the other, so that a damaged way to a row by its number hides none."""
    query, behind = (_SELECT + "WHERE n > ? ORDER BY n", (number,)) if number else (_SELECT + "ORDER BY n", ())
    given = 0
    # SQLite's own decoding is four times as fast for a long journal; it stops at the first text that is not UTF-8.
    connection.text_factory = str
    try:
        for found in connection.execute(query, behind):
            given += 1
            yield found[0], tuple.__new__(Row, found[1:])
        return
    except sqlite3.OperationalError:
        pass
    finally:
        connection.text_factory = _text
    for found in islice(connection.execute(query, behind), given, None):
        yield found[0], Row(*found[1:])


def not_empty(path: Path) -> None:
    """Raises sqlite3.DatabaseError for a file without a byte: SQLite would take it for new and delete the log beside it. Raises OSError."""
    if path.stat().st_size == 0:
        raise sqlite3.DatabaseError(_("the file is empty"))


def known_version(connection: sqlite3.Connection) -> None:
    """Raises NewerError for a file of a later version of the program: the next number, or a later one with another table.

    A later number over a table of today is a wrong byte: what the rows are worth, their hashes say.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version <= VERSION:
        return
    made = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
    if version == VERSION + 1 or made != (_SCHEMA[0],):
        raise NewerError(version)
