"""What every connection to a journal file shares: the table, how rows are read, which file is another version's or none."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from runbook.model.text import _
from runbook.store.rows import Row

BUSY_S = 5.0
VERSION = 1
SCHEMA = (
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
SELECT = "SELECT rowid, incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, hash FROM events "
INSERT = """INSERT INTO events (incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

UNREADABLE = (sqlite3.Error, UnicodeError)
"""What SQLite raises for a damaged file; its own sentence may hold the bytes that are damaged."""

in_use: Counter[Path] = Counter()
"""The files that this process has open. Their index must not be read: closing it would let go of the locks that SQLite has on it."""


class NewerError(Exception):
    """The file was written by a later version of the program: it is neither read nor changed."""


class _Connection(sqlite3.Connection):
    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*arguments)
        except UnicodeDecodeError as problem:
            # A schema that is no text any more: SQLite's sentence about it quotes it.
            raise sqlite3.DatabaseError(str(problem)) from None


def connect(name: str, *, uri: bool) -> sqlite3.Connection:
    """A connection without transactions of its own; it may be used from several threads. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        name, timeout=BUSY_S, isolation_level=None, check_same_thread=False, uri=uri, factory=_Connection
    )
    connection.text_factory = _text
    return connection


def _text(stored: bytes) -> str:
    """A flipped bit must not hide the row behind a decoding error: its hash says what is wrong."""
    return stored.decode("utf-8", "surrogateescape")


def rows_of(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Row]]:
    """The rows behind row `number`, in order. Raises sqlite3.Error and UnicodeError.

    Without a number the table is read from its one end to the other, so that a damaged way to a row by its number hides none.
    """
    query, behind = (
        (SELECT + "WHERE rowid > ? ORDER BY rowid", (number,)) if number else (SELECT + "ORDER BY rowid", ())
    )
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
    if version == VERSION + 1 or made != (SCHEMA[0],):
        raise NewerError(version)
