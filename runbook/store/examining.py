"""What a journal file proves, by the best way there is to read it: through SQLite, else page by page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.store.connection import UNREADABLE, NewerError, in_use
from runbook.store.database import Database
from runbook.store.kept import Kept
from runbook.store.ledger import Ledger, Reading, Source
from runbook.store.notices import LostError, why
from runbook.store.pages import carved
from runbook.store.rows import Row
from runbook.store.snapshot import Snapshot
from runbook.store.wal import Look, look
from runbook.store.worker import HungError, WatchedDatabase, within

_OF_THE_FILE = (1, 11, 26)
"""SQLITE_ERROR (the table is not there), SQLITE_CORRUPT, SQLITE_NOTADB: https://www.sqlite.org/rescode.html"""


class UnfitError(Exception):
    """The file can be read, and must not be added to: a part of it that holds no event is damaged."""


@dataclass(frozen=True, slots=True)
class Examined:
    """`ledger`: what is proven, and the first that is not. `behind`: what else can be read, and is not proven."""

    ledger: Ledger
    behind: list[Row]


def log_of(path: Path) -> Look:
    """What the log beside the file holds. To be asked before the file is opened."""
    return Look() if in_use[path] else look(path)


def read(path: Path, incident: str) -> Reading:
    """Everything that the file proves. Changes nothing. Raises sqlite3.Error, UnicodeError or OSError when not one event is proven
    and the file cannot be opened at all, and RunbookError E-JOURNAL-NEWER."""
    return read_on(path, incident, None).reading


def read_on(path: Path, incident: str, known: Ledger | None, kept: Kept | None = None) -> Ledger:
    """The same; where the file goes on from what this process has proven of it before, only what is new is read.

    `kept`: the rows of its beginning whose state is known, and which so need not be decoded.
    """
    log = Look() if known else log_of(path)
    try:
        with Snapshot(path) as snapshot:
            found = examined(path, incident, log, snapshot, known=known, kept=kept)
    except NewerError as newer:
        raise too_new(incident, newer) from None
    except UNREADABLE as problem:
        found = examined(path, incident, log, None, problem)
        if not found.ledger.rows:
            raise
    return found.ledger


def opened(
    path: Path, incident: str, limit_s: float, known: Ledger | None = None
) -> tuple[WatchedDatabase | None, Examined, BaseException | None]:
    """The file open for appending, what it proves, and why it is not to be appended to although it may prove everything: None for a file
    that is in order, UnfitError for one that is open and is not, else what refused to open it. Raises RunbookError E-JOURNAL-NEWER,
    and HungError."""
    log = within(lambda: log_of(path), limit_s)
    try:
        database = WatchedDatabase(lambda: Database(path), limit_s)
    except NewerError as newer:
        raise too_new(incident, newer) from None
    except HungError:
        raise
    except (*UNREADABLE, OSError, LostError) as refused:
        try:
            with Snapshot(path) as snapshot:
                return None, examined(path, incident, log, snapshot), refused
        except (*UNREADABLE, OSError):
            return None, examined(path, incident, log, None, refused), refused
    found = examined(path, incident, log, database, known=known)
    return database, found, None if database.fit() else UnfitError()


def of_the_file(refused: BaseException | None) -> bool:
    """Whether what was wrong is the file itself, and not that another process holds it, or the disk or the rights to it."""
    code = getattr(refused, "sqlite_errorcode", None)
    return isinstance(refused, (*UNREADABLE, UnfitError)) and (code is None or code & 0xFF in _OF_THE_FILE)


def too_new(incident: str, newer: NewerError) -> RunbookError:
    """The error of a file that a later version wrote."""
    return RunbookError("E-JOURNAL-NEWER", name=incident, version=str(newer))


def examined(
    path: Path,
    incident: str,
    log: Look,
    source: Source | None,
    problem: BaseException | None = None,
    *,
    known: Ledger | None = None,
    kept: Kept | None = None,
) -> Examined:
    """What the file proves, read through `source`, or page by page where there is none because of `problem`. Never raises.

    `known`: what this process has proven of it before; it is gone on from where the file does.
    """
    ledger = known if known and source is not None and known.stands_in(source) else Ledger(incident)
    if source is not None:
        begun = kept is not None and not ledger.rows and ledger.begin(source, kept.rows, kept.writer, kept.hash)
        if not begun:
            ledger.catch_up(source)
    if problem is not None:
        ledger.ends_unproven(why(problem))
    if ledger.damage is None and log.hides:
        ledger.ends_unproven(_("its write-ahead log is damaged"))
    if ledger.damage is None:
        return Examined(ledger, [])
    rows: list[tuple[int, Row]] = []
    with contextlib.suppress(OSError):
        rows = carved(path)
    through_sqlite = ledger
    if ledger.damage.reason == "page":
        ledger = _furthest(ledger, rows)
    behind = _behind(ledger, rows)
    if ledger is through_sqlite and not behind and problem is None and log.hides and not log.surely:
        ledger.damage = None  # what stands in the log is of crashes, and nothing that was acknowledged
    return Examined(ledger, behind)


def _furthest(ledger: Ledger, rows: list[tuple[int, Row]]) -> Ledger:
    """The ledger of the pages where those prove more: a row proves itself by its hash and its place in the chain."""
    best = ledger
    for ordered in ([row for _n, row in rows], [row for _n, row in sorted(rows, key=_by_number)]):
        other = Ledger(ledger.incident)
        other.take_proven(ordered)
        if len(other.rows) > len(best.rows):
            best = other
    if best is not ledger:
        best.number = 0
        best.ends_unproven(ledger.damage.detail if ledger.damage else "")
    return best


def _by_number(pair: tuple[int, Row]) -> int:
    return pair[1].seq if type(pair[1].seq) is int else 0


def _behind(ledger: Ledger, rows: Iterable[tuple[int, Row]]) -> list[Row]:
    proven = {(row.writer, row.seq, row.hash) for row in ledger.rows}
    return [
        row
        for n, row in rows
        if (row.writer, row.seq, row.hash) not in proven
        and (n > ledger.number or type(row.seq) is not int or row.seq > ledger.chain.head(row.writer)[0])
    ]
