"""Damage is named by event number, what is proven stays usable, and the incident goes on."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from runbook.model.errors import RunbookError
from runbook.model.events import ActionIntended, IncidentOpened, JournalDamaged, NoteAdded
from runbook.model.record import Recorded
from runbook.model.state import fold
from runbook.store.database import Database
from runbook.store.elsewhere import Elsewhere
from runbook.store.examining import read
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.notices import Notice
from tests.store.parts import FILES, INCIDENT, ZONE, StillClock, opening

Journals = Callable[..., SqliteJournal]


@pytest.fixture
def written(journals: Journals) -> tuple[Path, list[Recorded]]:
    """A closed journal of six events, and what was acknowledged."""
    journal = journals()
    events = [journal.append(NoteAdded(f"note {n}")) for n in range(1, 7)]
    journal.close()
    return journal.folder, events


def tamper(folder: Path, *statements: str) -> None:
    """Change the file as somebody would who knows SQL: the triggers are dropped first."""
    connection = sqlite3.connect(folder / JOURNAL_NAME)
    for trigger in ("events_never_change", "events_never_go", "events_never_replaced"):
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


SWAP = (
    "UPDATE events SET n = CASE n WHEN 3 THEN -4 WHEN 4 THEN -3 END WHERE n IN (3, 4)",
    "UPDATE events SET n = -n WHERE n < 0",
)
DAMAGES = {
    "edited": (("UPDATE events SET body = replace(body, 'note 4', 'note 9') WHERE n = 4",), 4, "hash"),
    "edited actor": (("UPDATE events SET actor = 'somebody' WHERE n = 2",), 2, "hash"),
    "edited time": (("UPDATE events SET utc = '2026-11-04T19:51:00.000Z' WHERE n = 6",), 6, "hash"),
    "removed": (("DELETE FROM events WHERE n = 3",), 3, "missing"),
    "first removed": (("DELETE FROM events WHERE n = 1",), 1, "missing"),
    "swapped": (SWAP, 3, "missing"),
    "renumbered": (("UPDATE events SET seq = 9 WHERE n = 5",), 5, "missing"),
    "other incident": (("UPDATE events SET incident = '20261104-cti-down-AAAA' WHERE n = 5",), 5, "incident"),
    "form": (('UPDATE events SET body = \'{"text":1,"text":2}\' WHERE n = 2',), 2, "form"),
    "not text": (("UPDATE events SET body = x'00' WHERE n = 2",), 2, "form"),
    "not UTF-8": (("UPDATE events SET body = CAST(x'7bff7d' AS TEXT) WHERE n = 2",), 2, "form"),
    "fork": (("UPDATE events SET prev = (SELECT prev FROM events WHERE n = 4) WHERE n = 5",), 5, "chain"),
}


@pytest.mark.parametrize(("statements", "number", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_the_first_bad_row_is_named(
    written: tuple[Path, list[Recorded]], statements: tuple[str, ...], number: int, reason: str
) -> None:
    """An edited, removed, swapped or foreign row is named by its number; what stands before it is proven."""
    folder, events = written
    tamper(folder, *statements)
    reading = read(folder / JOURNAL_NAME, INCIDENT)
    assert reading.damage is not None
    assert (reading.damage.number, reading.damage.reason) == (number, reason)
    assert list(reading.events) == events[: number - 1]


@pytest.mark.parametrize(
    ("statements", "number"),
    [pytest.param(statements, number, id=name) for name, (statements, number, _) in DAMAGES.items() if number > 1],
)
def test_the_incident_goes_on(
    written: tuple[Path, list[Recorded]],
    journals: Journals,
    told: list[Notice],
    statements: tuple[str, ...],
    number: int,
) -> None:
    """After damage the journal is open for appending: good rows are kept, the damage is an event, the damaged file is kept."""
    folder, events = written
    tamper(folder, *statements)
    journal = journals(folder)
    went_on = journal.append(NoteAdded("after"))
    journal.close()
    reading = read(folder / JOURNAL_NAME, INCIDENT)
    assert reading.damage is None
    assert reading.events[-1] == went_on
    texts = [r.event.text for r in reading.events if r.kind == "NoteAdded"]
    lost = set() if statements == SWAP else {events[number - 1].event.text}
    assert set(texts) == ({e.event.text for e in events} - lost) | {"after"}
    assert any(r.kind == "JournalDamaged" for r in reading.events)
    kept = {r.seq: r.event.text for r in reading.events if r.kind == "NoteAdded" and r.event.text != "after"}
    assert kept == {e.seq: e.event.text for e in events if e.event.text not in lost}
    assert (folder / "journal-damaged-1.db").exists()
    assert [notice.code for notice in told] == ["damaged"]
    assert str(number) in told[0].text()


def test_a_wrong_first_event_is_better_than_none(written: tuple[Path, list[Recorded]], journals: Journals) -> None:
    """When the first event was altered but can still be read the incident goes on with it, and the damage is recorded."""
    folder, _events = written
    tamper(folder, "UPDATE events SET body = replace(body, 'note 1', 'mote 1') WHERE n = 1")
    events = list(journals(folder).events())
    assert [r.event.text for r in events[:6]] == ["mote 1", *(f"note {n}" for n in range(2, 7))]
    assert events[6].kind == "JournalDamaged"


def test_a_wrong_first_event_that_is_no_text_goes_on(
    written: tuple[Path, list[Recorded]], journals: Journals, told: list[Notice]
) -> None:
    """The same where the altered byte is no text any more: the new file takes it, and nothing is only in memory."""
    folder, _events = written
    tamper(folder, "UPDATE events SET body = CAST(x'7b2274657874223a22ff227d' AS TEXT) WHERE n = 1")
    with journals(folder) as journal:
        journal.append(NoteAdded("after"))
        assert not journal.in_memory
    assert [notice.code for notice in told] == ["damaged"]
    assert read(folder / JOURNAL_NAME, INCIDENT).damage is None


def test_without_a_first_event_it_is_said(written: tuple[Path, list[Recorded]], journals: Journals) -> None:
    """When the first event is gone the error names the incident and the event, and the file is left as it was."""
    folder, _events = written
    tamper(folder, "DELETE FROM events WHERE n = 1")
    with pytest.raises(RunbookError) as damaged:
        journals(folder)
    assert damaged.value.code == "E-JOURNAL-DAMAGED"
    assert damaged.value.values["seq"] == 1
    assert len(list(folder.glob("journal*.db"))) == 1


def test_a_lost_intent_is_named(journals: Journals) -> None:
    """When the row of an intent was altered the event in its place says that an intent stood there."""
    journal = journals()
    journal.append(NoteAdded("first"))
    journal.append(ActionIntended("restart", 1, "service", "restart cti-core", "0" * 64, "cti"))
    journal.close()
    tamper(journal.folder, "UPDATE events SET body = replace(body, 'cti-core', 'cti-cone') WHERE n = 2")
    (named,) = [r for r in journals().events() if r.kind == "JournalDamaged"]
    assert named.seq == 2
    assert isinstance(named.event, JournalDamaged)
    assert named.event.claimed_kind == "ActionIntended"
    assert "restart" in named.event.claimed_body


def test_a_lost_intent_stays_unknown(journals: Journals) -> None:
    """An intent whose row was altered is not proven, and still counts as an act whose end nobody knows, with its debt."""
    journal = journals()
    journal.append(
        ActionIntended("switch", 1, "carrier_switch", "hotline", "0" * 64, "line:hotline", "emergency_lines")
    )
    journal.close()
    tamper(journal.folder, "UPDATE events SET body = replace(body, '0000', '1111') WHERE n = 1")
    state = fold(journals().events())
    assert [step.id for step in state.unknown] == ["switch"]
    assert [debt.kind for debt in state.open_debts] == ["emergency_lines"]


def test_every_flipped_byte_is_found_or_harmless(tmp_path: Path) -> None:
    """Flip any byte of the file: the reader never crashes, and never believes an event that was not acknowledged."""
    path = tmp_path / JOURNAL_NAME
    Database.create(path).close()
    with SqliteJournal(tmp_path, INCIDENT, StillClock(), "a") as journal:
        acknowledged = [journal.append(NoteAdded(f"{n}" * 40)) for n in range(40)]
    whole = path.read_bytes()
    chance = random.Random(7)
    noticed = 0
    for offset in chance.sample(range(len(whole)), 400):
        flipped = bytearray(whole)
        flipped[offset] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            reading = read(path, INCIDENT)
        except (sqlite3.Error, OSError):
            noticed += 1
            continue
        assert list(reading.events) == acknowledged[: len(reading.events)], offset
        noticed += reading.damage is not None
    assert noticed > 100


def test_a_destroyed_page_costs_its_own_rows(tmp_path: Path, told: list[Notice]) -> None:
    """Zeros over one page in the middle: rows on other pages are kept, every lost number is named, the journal goes on."""
    path = tmp_path / JOURNAL_NAME
    Database.create(path).close()
    with SqliteJournal(tmp_path, INCIDENT, StillClock(), "a") as journal:
        acknowledged = [journal.append(NoteAdded(f"{n:03}" * 100)) for n in range(60)]
    data = bytearray(path.read_bytes())
    middle = data.find(b"030" * 100) // 4096 * 4096
    data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)
    with SqliteJournal(tmp_path, INCIDENT, StillClock(), "a", notices=told.append) as journal:
        events = list(journal.events())
        assert journal.append(NoteAdded("after")).seq > 60
    assert [n.code for n in told] == ["damaged"]
    by_seq = {r.seq: r for r in events}
    lost = {seq for seq, r in by_seq.items() if r.kind == "JournalDamaged"}
    assert 31 in lost
    assert len(lost) < 20
    assert all(by_seq[a.seq].event == a.event for a in acknowledged if a.seq not in lost)


def test_garbage_behind_the_log_loses_nothing(journals: Journals) -> None:
    """A torn or padded write-ahead log (a crash in the middle of a write) costs no event that was acknowledged."""
    journal = journals()
    acknowledged = [journal.append(NoteAdded(f"{n}")) for n in range(5)]
    log = (journal.folder / f"{JOURNAL_NAME}-wal").read_bytes()
    for behind in (bytes(4096), b"\xff" * 300, log[32:500]):
        copy = journal.folder.parent / f"copy{len(behind)}"
        copy.mkdir()
        (copy / JOURNAL_NAME).write_bytes((journal.folder / JOURNAL_NAME).read_bytes())
        (copy / f"{JOURNAL_NAME}-wal").write_bytes(log + behind)
        with SqliteJournal(copy, INCIDENT, StillClock(), "a") as again:
            assert list(again.events()) == acknowledged
            assert again.append(NoteAdded("after")).seq == 6


@pytest.mark.parametrize("step", range(1, 40))
def test_a_log_cut_anywhere_is_a_beginning(tmp_path: Path, step: int) -> None:
    """However short the write-ahead log was cut, what is read is a beginning of what was acknowledged, and can be gone on with."""
    folder = tmp_path / "a"
    folder.mkdir()
    Database.create(folder / JOURNAL_NAME).close()
    journal = SqliteJournal(folder, INCIDENT, StillClock(), "a")
    acknowledged = [journal.append(NoteAdded(f"{n}")) for n in range(4)]
    log = (folder / f"{JOURNAL_NAME}-wal").read_bytes()
    copy = tmp_path / "b"
    copy.mkdir()
    (copy / JOURNAL_NAME).write_bytes((folder / JOURNAL_NAME).read_bytes())
    (copy / f"{JOURNAL_NAME}-wal").write_bytes(log[: len(log) * step // 40])
    journal.close()
    with SqliteJournal(copy, INCIDENT, StillClock(), "a") as again:
        events = list(again.events())
        assert events == acknowledged[: len(events)]
        assert again.append(NoteAdded("after")).seq == len(events) + 1


def test_the_old_log_is_not_played_into_the_new_file(written: tuple[Path, list[Recorded]], journals: Journals) -> None:
    """While somebody else holds the damaged file open its log stays: it does not overwrite what was mended."""
    folder, _events = written
    reader = sqlite3.connect(folder / JOURNAL_NAME, isolation_level=None)
    for trigger in ("events_never_change", "events_never_go"):
        reader.execute(f"DROP TRIGGER {trigger}")
    reader.execute("UPDATE events SET body = '{}' WHERE n = 3")
    with journals() as journal:
        journal.append(NoteAdded("after"))
        reading = read(folder / JOURNAL_NAME, INCIDENT)
    reader.close()
    assert reading.damage is None
    assert [r.kind for r in reading.events] == ["NoteAdded"] * 2 + ["JournalDamaged"] + ["NoteAdded"] * 4
    assert read(folder / JOURNAL_NAME, INCIDENT) == reading


def test_reading_changes_nothing(written: tuple[Path, list[Recorded]]) -> None:
    """A reader leaves a damaged file as it is."""
    folder, _events = written
    tamper(folder, "DELETE FROM events WHERE n = 3")
    before = (folder / JOURNAL_NAME).read_bytes()
    assert read(folder / JOURNAL_NAME, INCIDENT).damage
    assert (folder / JOURNAL_NAME).read_bytes() == before


def test_a_journal_put_back_is_noticed(journals: Journals, tmp_path: Path, told: list[Notice]) -> None:
    """When an older copy is written over the open file the next event goes elsewhere, with everything that was acknowledged."""
    journal = journals(elsewhere=Elsewhere((tmp_path / "spare",)))
    acknowledged = [journal.append(NoteAdded(f"{n}")) for n in range(3)]
    other = sqlite3.connect(journal.folder / JOURNAL_NAME, isolation_level=None)
    other.execute("DROP TRIGGER events_never_go")
    other.execute("DELETE FROM events WHERE n = 3")
    other.close()
    last = journal.append(NoteAdded("after"))
    assert [n.code for n in told] == ["moved"]
    assert list(read(tmp_path / "spare" / JOURNAL_NAME, INCIDENT).events) == [*acknowledged, last]


@pytest.mark.parametrize("wrong", ["body = 'no JSON'", "kind = 'IncidentOqened'"])
def test_without_the_opening_the_rest_is_kept(home: Home, clock: StillClock, wrong: str) -> None:
    """When the opening cannot even be made out the record is begun anew, says so, and keeps the rows that prove themselves."""
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    with incident.journal(clock, "a") as journal:
        journal.append_all([NoteAdded("one"), ActionIntended("restart", 1, "service", "restart", "0" * 64, "cti")])
    tamper(
        incident.folder,
        f"UPDATE events SET {wrong} WHERE n = 1",
        "UPDATE events SET body = replace(body, '0000', '1111') WHERE n = 3",
    )
    before = (incident.folder / JOURNAL_NAME).read_bytes()
    lost = incident.lost()
    assert lost is not None
    assert [row.kind for row in lost.claims[1:]] == ["NoteAdded", "ActionIntended"]
    incident.begin_anew(
        clock, "b", lambda digests, was: replace(opening(incident.id, digests), reopened_from=dict(was))
    )
    reading = incident.read()
    assert reading.damage is None
    first = reading.events[0].event
    assert isinstance(first, IncidentOpened)
    assert first.reopened_from["sha256"] == sha256(before).hexdigest()
    assert (incident.folder / first.reopened_from["file"]).read_bytes() == before
    assert first.files == {name: sha256(data).hexdigest() for name, data in FILES.items()}
    assert [r.event.text for r in reading.events if isinstance(r.event, NoteAdded)] == ["one"]
    assert [step.id for step in fold(reading.events).unknown] == ["restart"]
    assert incident.lost() is None


def test_a_good_copy_comes_before_a_lost_one(home: Home, clock: StillClock) -> None:
    """Where another known place has a readable copy of the incident, that one is taken, and nothing is begun anew."""
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    spare = home.places.spares[0] / "incidents" / incident.id
    shutil.copytree(incident.folder, spare)
    (incident.folder / JOURNAL_NAME).write_bytes(b"noise" * 5000)
    found = home.open(incident.id)
    assert found.folder == spare
    assert found.lost() is None


def test_a_journal_that_is_gone_is_lost_not_unknown(home: Home, clock: StillClock) -> None:
    """An incident whose journal file was deleted is still found by its id, and its record can be begun anew."""
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    (incident.folder / JOURNAL_NAME).unlink()
    found = home.find(incident.id[-4:])
    assert [summary.state for summary in home.list()] == ["unreadable"]
    assert found.lost() is not None
    found.begin_anew(clock, "b", lambda digests, was: replace(opening(incident.id, digests), reopened_from=dict(was)))
    opened = found.read().events[0].event
    assert isinstance(opened, IncidentOpened)
    assert opened.reopened_from["file"] == ""


def test_a_file_that_only_holds_events_wrongly_is_written_anew(
    written: tuple[Path, list[Recorded]], journals: Journals, told: list[Notice]
) -> None:
    """Every event proven and a trigger gone: the file is kept aside, a new one goes on, and no event is added about it."""
    folder, events = written
    connection = sqlite3.connect(folder / JOURNAL_NAME)
    connection.execute("DROP TRIGGER events_never_go")
    connection.close()
    with journals(folder) as journal:
        assert list(journal.events()) == events
        journal.append(NoteAdded("after"))
    assert [notice.code for notice in told] == ["unfit"]
    assert (folder / "journal-damaged-1.db").exists()
    with pytest.raises(sqlite3.IntegrityError):
        tampering = sqlite3.connect(folder / JOURNAL_NAME)
        tampering.execute("DELETE FROM events WHERE n = 1")
