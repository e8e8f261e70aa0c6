"""The journal's contract: appended, chained, read back, never changed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.model.errors import RunbookError
from runbook.model.events import NoteAdded, Paused, ReadingTaken, Unrecognised
from runbook.store.database import Database, NotDurableError
from runbook.store.examining import read
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from tests.store.parts import INCIDENT, StillClock

Journals = Callable[..., SqliteJournal]


def test_append_gives_what_is_read_back(journals: Journals) -> None:
    """What `append` returned is what `events` gives, in order, in this process and in the next."""
    journal = journals()
    returned = [journal.append(NoteAdded(f"note {n}")) for n in range(3)]
    assert list(journal.events()) == returned
    assert [r.seq for r in returned] == [1, 2, 3]
    assert {r.actor for r in returned} == {"N. Night"}
    assert list(journals().events()) == returned
    assert list(read(journal.folder / JOURNAL_NAME, INCIDENT).events) == returned


def test_events_that_come_at_once_are_stored_in_order_or_not_at_all(journals: Journals) -> None:
    """Several events make one chain, as if they had come one by one; one that cannot be stored keeps the others out."""
    journal = journals()
    first = journal.append(NoteAdded("alone"))
    returned = journal.append_all([NoteAdded(f"note {n}") for n in range(3)])
    assert [r.seq for r in returned] == [2, 3, 4]
    assert [r.prev for r in returned] == [first.hash, returned[0].hash, returned[1].hash]
    assert journal.append_all([]) == []
    with pytest.raises(ValueError, match="JSON"):
        journal.append_all(
            [NoteAdded("good"), ReadingTaken("a", 1, "step", "x", "x", "passed", {"v": float("nan")}, "", "")]
        )
    assert list(journals().events()) == list(journal.events()) == [first, *returned]


def test_live_and_resumed_see_the_same_values(journals: Journals) -> None:
    """Tuples, keys that are numbers and undecodable text are believed as they were stored, not as they were given."""
    given = ReadingTaken("a", 1, "step", "ping", "ping -c 1", "passed", {"rtts": (1, 2), "by": {1: "x\udc80"}}, "", "")
    recorded = journals().append(given)
    assert recorded.event.values == {"rtts": [1, 2], "by": {"1": "x\N{REPLACEMENT CHARACTER}"}}
    assert list(journals().events()) == [recorded]


def test_the_chain_can_be_checked_by_hand(journals: Journals) -> None:
    """Each hash is SHA-256 over the previous hash, a newline, and the other fields as one canonical JSON list."""
    journal = journals()
    for n in range(3):
        journal.append(NoteAdded(f"第{n}"))
    prev = "0" * 64
    with sqlite3.connect(journal.folder / JOURNAL_NAME) as connection:
        for _n, *fields, stored_prev, stored in connection.execute("SELECT * FROM events ORDER BY n").fetchall():
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
            assert stored_prev == prev
            assert stored == hashlib.sha256(f"{prev}\n{text}".encode()).hexdigest()
            prev = stored
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}' WHERE n = 1",
        "UPDATE OR REPLACE events SET n = 2 WHERE n = 1",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE n = 1",
        "INSERT OR REPLACE INTO events SELECT 9, incident, writer, seq, utc, boot_id, boot_s, actor, kind, body, prev, hash FROM events",
    ],
)
def test_rows_cannot_be_changed(journals: Journals, statement: str) -> None:
    """SQL that would change, delete or replace a row is refused by the file itself."""
    journal = journals()
    for n in range(2):
        journal.append(NoteAdded(f"{n}"))
    connection = sqlite3.connect(journal.folder / JOURNAL_NAME)
    with pytest.raises(sqlite3.IntegrityError, match=r"events (never|are never)"):
        connection.execute(statement)
    connection.close()
    assert read(journal.folder / JOURNAL_NAME, INCIDENT).damage is None


def test_the_actor_can_change(journals: Journals) -> None:
    """Every row names who was at the keyboard then."""
    journal = journals()
    journal.append(Paused("key"))
    journal.actor = "D. Day"
    journal.append(Paused("key"))
    assert [r.actor for r in journal.events()] == ["N. Night", "D. Day"]


def test_wal_and_full_are_asserted(journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file cannot be had with WAL and synchronous=FULL it is not used at all."""
    folder = journals().folder
    connection = Database(folder / JOURNAL_NAME)._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
    monkeypatch.setattr("runbook.store.database.FULL", 3)
    with pytest.raises(NotDurableError):
        Database(folder / JOURNAL_NAME)


def test_events_of_another_process_are_not_lost(journals: Journals) -> None:
    """Two open journals of one incident see each other's events and never give a number twice."""
    one, two = journals(), journals()
    numbers = [journal.append(NoteAdded("x")).seq for journal in (one, two, two, one, two)]
    assert numbers == [1, 2, 3, 4, 5]
    assert list(one.events()) == list(two.events())
    assert read(one.folder / JOURNAL_NAME, INCIDENT).damage is None


def test_threads_may_append(journals: Journals) -> None:
    """The engine's threads share one journal: every event is there once."""
    journal = journals()
    threads = [
        threading.Thread(target=lambda t=t: [journal.append(NoteAdded(f"{t}.{n}")) for n in range(20)])
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.event.text for r in journal.events()) == sorted(f"{t}.{n}" for t in range(4) for n in range(20))
    assert read(journal.folder / JOURNAL_NAME, INCIDENT).damage is None


def test_a_held_file_is_said_not_forked(journals: Journals, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the file for too long, the event is refused with a code; the incident does not split in two."""
    monkeypatch.setattr("runbook.store.connection.BUSY_S", 0.1)
    journal = journals()
    other = sqlite3.connect(journal.folder / JOURNAL_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RunbookError) as refused:
        journal.append(NoteAdded("x"))
    assert refused.value.code == "E-STORE"
    other.execute("ROLLBACK")
    other.close()
    assert journal.append(NoteAdded("x")).seq == 1


def test_files_are_private_whatever_the_umask(journals: Journals, tmp_path: Path) -> None:
    """The database and what SQLite keeps beside it are 0600, even under umask 000 and 0777."""
    for umask in (0o000, 0o777):
        before = os.umask(umask)
        try:
            folder = tmp_path / f"u{umask}"
            folder.mkdir()
            folder.chmod(0o700)
            Database.create(folder / JOURNAL_NAME).close()
            journals(folder).append(NoteAdded("x"))
        finally:
            os.umask(before)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert set(modes.values()) == {0o600}, modes
        assert len(modes) == 3


@pytest.mark.parametrize(
    "make", [lambda path: path.symlink_to("/dev/null"), os.mkfifo, Path.mkdir], ids=["link", "pipe", "folder"]
)
def test_what_is_no_journal_is_refused(journals: Journals, make: Callable[[Path], object]) -> None:
    """A link, a pipe or a folder in the journal's place is refused with a code, and never waited for."""
    journal = journals()
    journal.close()
    (journal.folder / JOURNAL_NAME).unlink()
    make(journal.folder / JOURNAL_NAME)
    with pytest.raises(RunbookError) as refused:
        journals()
    assert refused.value.code == "E-STORE"


def test_a_second_name_of_the_file_is_left_behind(journals: Journals, tmp_path: Path) -> None:
    """A hard link to the journal keeps its bytes but no longer sees what is appended: the journal goes on in a file of its own."""
    journal = journals()
    before = journal.append(NoteAdded("before"))
    journal.close()
    os.link(journal.folder / JOURNAL_NAME, tmp_path / "other")
    again = journals()
    assert list(again.events()) == [before]
    again.append(NoteAdded("after"))
    assert (tmp_path / "other").stat().st_nlink == 1
    assert len(read(again.folder / JOURNAL_NAME, INCIDENT).events) == 2


texts = st.text(st.characters(exclude_categories=()), max_size=30)
kept = st.builds(NoteAdded, text=texts, step=texts) | st.builds(
    Unrecognised,
    kind=texts.filter(lambda kind: kind != "NoteAdded"),
    body=st.dictionaries(texts, texts | st.integers() | st.none(), max_size=3),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(kept, max_size=8))
def test_any_run_of_events_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, events: list[NoteAdded | Unrecognised]
) -> None:
    """Whatever is appended, in whatever order, the next process reads the same and proves it."""
    folder = tmp_path_factory.mktemp("any")
    Database.create(folder / JOURNAL_NAME).close()
    with SqliteJournal(folder, INCIDENT, StillClock(), "a") as journal:
        returned = [journal.append(event) for event in events]
    reading = read(folder / JOURNAL_NAME, INCIDENT)
    assert list(reading.events) == returned
    assert reading.damage is None
