"""F06, F07, F08: torn tails, garbage, flipped bytes, lost and swapped rows. What was proven stays, what is wrong is named, the incident goes on."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.model.errors import RunbookError
from runbook.model.events import NoteAdded
from runbook.model.record import Recorded
from runbook.store.database import Database
from runbook.store.elsewhere import Elsewhere
from runbook.store.examining import read
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.ledger import Reading
from runbook.store.notices import Notice
from tests.conftest import IN_CI
from tests.faults.lanes import chance, replay, some
from tests.store.parts import INCIDENT, StillClock

WAL = f"{JOURNAL_NAME}-wal"
LAST = 4096
GO_ON_EACH = 16 if IN_CI else 1
"""Every file is read; every so many of them are gone on with."""


class Written:
    """A journal of which some rows are in the file and some in the log, as a killed process leaves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._copies = itertools.count()
        origin = folder / "origin"
        origin.mkdir()
        Database.create(origin / JOURNAL_NAME).close()
        with SqliteJournal(origin, INCIDENT, StillClock(), "a") as journal:
            self.acknowledged = [journal.append(NoteAdded(f"{n} " + "x" * 200)) for n in range(12)]
        journal = SqliteJournal(origin, INCIDENT, StillClock(), "a")
        self.in_file = len(self.acknowledged)
        self.acknowledged += [journal.append(NoteAdded(f"{n} " + "y" * 200)) for n in range(4)]
        self.main, self.log = (origin / JOURNAL_NAME).read_bytes(), (origin / WAL).read_bytes()
        journal.close()

    def copy(self, main: bytes | None = None, log: bytes | None = b"") -> Path:
        """A folder with these bytes; the log as it was when none are given, no log for None."""
        place = self.folder / f"copy{next(self._copies)}"
        place.mkdir()
        (place / JOURNAL_NAME).write_bytes(self.main if main is None else main)
        if log is not None:
            (place / WAL).write_bytes(log or self.log)
        return place

    def begins(self, events: list[Recorded]) -> bool:
        """Are these the first of what was acknowledged?"""
        return events == self.acknowledged[: len(events)]


@pytest.fixture(scope="module")
def written() -> Iterator[Written]:
    # In memory where there is such a place: thousands of journals are opened, and none of them meets a power cut.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Written(Path(folder))


def reading(folder: Path) -> Reading:
    return read(folder / JOURNAL_NAME, INCIDENT)


def went_on(folder: Path, told: list[Notice] | None = None) -> list[Recorded] | None:
    """Open it as `resume` does, and append; the events afterwards, verified. None when it is said that not even a beginning is left."""
    notices = [] if told is None else told
    # A damaged trigger refuses the next row: the incident then goes on in the next place.
    elsewhere = Elsewhere((folder / "next",))
    try:
        journal = SqliteJournal(folder, INCIDENT, StillClock(), "a", notices=notices.append, elsewhere=elsewhere)
    except RunbookError as refused:
        if refused.code != "E-JOURNAL-DAMAGED":
            raise
        return None
    with journal:
        last = journal.append(NoteAdded("after"))
    found = reading(journal.folder)
    assert found.damage is None
    assert found.events[-1] == last
    shutil.rmtree(folder)
    return list(found.events)


def test_the_log_cut_at_each_of_its_last_bytes(written: Written) -> None:
    """F06: however the log's end was torn off, every earlier row is there and the incident goes on behind them."""
    size = len(written.log)
    for end in some(range(size - LAST, size), 24, "log"):
        folder = written.copy(log=written.log[:end])
        events = list(reading(folder).events)
        assert written.begins(events), end
        # The torn one was never acknowledged: its sync had not returned.
        assert len(events) >= len(written.acknowledged) - 1, end
        if end % GO_ON_EACH == 0:
            assert went_on(folder)[:-1] == events, end
        shutil.rmtree(folder, ignore_errors=True)


def test_the_file_cut_at_each_of_its_last_bytes(written: Written) -> None:
    """F06: a file that lost its end (a copy that was cut off) is never believed further than it is proven, and never in the way."""
    size = len(written.main)
    usable = 0
    for end in some(range(size - LAST, size), 24, "file"):
        folder = written.copy(written.main[:end], log=None)
        try:
            found = reading(folder)
        except (sqlite3.Error, OSError):
            found = Reading((), None)
        assert written.begins(list(found.events)), end
        events = went_on(folder) if end % GO_ON_EACH == 0 else None
        shutil.rmtree(folder, ignore_errors=True)
        if events is None:
            continue
        usable += 1
        kept = [each for each in events if each.kind == "NoteAdded"][:-1]
        assert all(each.event in [known.event for known in written.acknowledged] for each in kept), end
    assert usable


@pytest.mark.parametrize("garbage", ["zeros", "random"])
def test_garbage_behind_the_end(written: Written, garbage: str) -> None:
    """F07: zeros or random bytes behind the log or behind the file, as a file system leaves them, cost no event."""
    for turn in range(40 if IN_CI else 4):
        drawn = chance("garbage", garbage, turn)
        tail = bytes(4096) if garbage == "zeros" else drawn.randbytes(drawn.randrange(1, 9000))
        for folder in (written.copy(log=written.log + tail), written.copy(written.main + tail)):
            assert list(reading(folder).events) == written.acknowledged, replay("garbage", garbage, turn)
            assert went_on(folder)[:-1] == written.acknowledged, replay("garbage", garbage, turn)


def test_garbage_over_the_last_frames(written: Written) -> None:
    """F07: garbage in the log's last pages takes what stood there and nothing before it."""
    for start in some(range(len(written.log) - LAST, len(written.log)), 12, "over"):
        log = written.log[:start] + chance("over", start).randbytes(len(written.log) - start)
        folder = written.copy(log=log)
        events = list(reading(folder).events)
        assert written.begins(events), start
        assert len(events) >= len(written.acknowledged) - 1, start
        if start % GO_ON_EACH == 0:
            assert went_on(folder)[:-1] == events, start
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("where", ["file", "log"])
def test_any_flipped_bit(written: Written, where: str) -> None:
    """F08: a flipped bit anywhere is found or harmless: no event that was not acknowledged is believed, and every event of a file that
    can still be opened is there as it was, or named."""
    refused = noticed = 0
    size = len(written.main if where == "file" else written.log)
    for turn in range(600 if IN_CI else 24):
        drawn = chance("flip", where, turn)
        data = bytearray(written.main if where == "file" else written.log)
        data[drawn.randrange(size)] ^= 1 << drawn.randrange(8)
        folder = written.copy(bytes(data)) if where == "file" else written.copy(log=bytes(data))
        at = replay("flip", where, turn)
        try:
            assert written.begins(list(reading(folder).events)), at
        except (sqlite3.Error, OSError):
            refused += 1
        told: list[Notice] = []
        events = went_on(folder, told)
        if events is None:
            continue
        known = {each.seq: each.event for each in written.acknowledged}
        named = {each.seq for each in events if each.kind == "JournalDamaged"}
        noticed += bool(named)
        assert bool(named) == ("damaged" in [notice.code for notice in told]), at
        for each in events[:-1]:
            # An altered first event is kept as it reads, because there is no incident without it; that is named behind it.
            kept = each.event == known.get(each.seq) or (each.seq == 1 and bool(named))
            assert each.seq in named or kept, (at, each)
        # What stood in the log may be gone as if torn; in the file every number is there or named.
        if where == "file":
            assert {each.seq for each in events} >= set(known) or named, at
    assert noticed + refused or where == "log"


def rows(folder: Path, *statements: str) -> None:
    """Change the rows as somebody would who knows SQL."""
    connection = sqlite3.connect(folder / JOURNAL_NAME)
    for trigger in ("events_never_change", "events_never_go", "events_never_replaced"):
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_any_row_dropped(written: Written) -> None:
    """F08: a row that was deleted is named by its number, wherever it stood but at the end; everything else is kept."""
    for number in some(range(2, len(written.acknowledged)), 4, "drop"):
        folder = written.copy()
        rows(folder, f"DELETE FROM events WHERE n = {number}")
        found = reading(folder)
        assert found.damage is not None
        assert (found.damage.seq, found.damage.reason) == (number, "missing")
        events = went_on(folder)
        assert [each.seq for each in events if each.kind == "JournalDamaged"] == [number]
        kept = [each.event for each in events[:-1] if each.kind == "NoteAdded"]
        assert kept == [each.event for each in written.acknowledged if each.seq != number]


def test_any_two_rows_swapped(written: Written) -> None:
    """F08: two rows that changed places are found at the first of them; both are kept, and that it happened is an event."""
    pairs = [(n, m) for n in range(1, len(written.acknowledged)) for m in range(n + 1, len(written.acknowledged) + 1)]
    for first, second in some(pairs, 5, "swap"):
        folder = written.copy()
        rows(
            folder,
            f"UPDATE events SET n = CASE n WHEN {first} THEN -1 ELSE -2 END WHERE n IN ({first}, {second})",
            f"UPDATE events SET n = CASE n WHEN -1 THEN {second} ELSE {first} END WHERE n < 0",
        )
        found = reading(folder)
        assert found.damage is not None
        assert (found.damage.number, found.damage.reason) == (first, "missing")
        events = went_on(folder)
        assert [each.event for each in events if each.kind == "NoteAdded"][:-1] == [
            each.event for each in written.acknowledged
        ]
        assert any(each.kind == "JournalDamaged" for each in events)


COLUMNS = ("incident", "writer", "seq", "utc", "boot_id", "boot_s", "actor", "kind", "body", "prev", "hash")


@pytest.mark.parametrize("column", COLUMNS)
def test_any_stored_field_changed(written: Written, column: str) -> None:
    """F08: one changed character in any field of any row is named by its number."""
    for number in some(range(1, len(written.acknowledged) + 1), 3, column):
        folder = written.copy()
        value = (
            f"{column} + 1000" if column in ("seq", "boot_s") else f"substr({column}, 1, length({column}) - 1) || '~'"
        )
        rows(folder, f"UPDATE events SET {column} = {value} WHERE n = {number}")
        found = reading(folder)
        assert found.damage is not None, (column, number)
        assert found.damage.number == number
        assert list(found.events) == written.acknowledged[: number - 1]
        shutil.rmtree(folder)
