"""F41, F15, F20: the kept state of a long incident is a cache: what it says is believed only of the very rows that prove themselves."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.model import events as ev
from runbook.model.state import fold
from runbook.store import kept
from runbook.store.database import Database
from runbook.store.examining import read
from runbook.store.files import private_folder
from runbook.store.folder import Incident
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.kept import KEPT_NAME
from runbook.store.ledger import first_rows
from runbook.store.places import Places
from tests.bench.huge_incident import PROMPT, made, rows, run
from tests.conftest import IN_CI
from tests.faults.run import only_in_ci
from tests.store.parts import INCIDENT, StillClock, opening

EVENTS, WORTH_IT = 60, 20
FLIPS = 2_000 if IN_CI else 60
RUNBOOK = (sys.executable, "-m", "runbook")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "WORTH_IT", WORTH_IT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an incident of 60 events whose state was kept."""
    found = private_folder(tmp_path / "home" / "incidents" / INCIDENT)
    begun = first_rows(INCIDENT, StillClock(), "A", [opening(INCIDENT, {}), ev.StepBegun("tell-lead", 1)], "AAAAA")
    Database.create(found / JOURNAL_NAME, rows(begun, found, EVENTS, 2)).close()
    one = opened(found)
    with journal(one) as written:
        one.state_in(written)
    assert (found / KEPT_NAME).stat().st_mode & 0o777 == 0o600 or os.name != "posix"
    return found


def opened(folder: Path) -> Incident:
    """The incident as a new process finds it."""
    return Incident(folder.name, folder, Places(folder.parents[1], (), None), lambda _notice: None)


def journal(incident: Incident, writer: str = "AAAAA") -> SqliteJournal:
    return incident.journal(StillClock(), "Technician A", writer=writer)


def change(folder: Path, statement: str) -> None:
    """Change the journal behind the program's back."""
    connection = sqlite3.connect(folder / JOURNAL_NAME)
    connection.execute("DROP TRIGGER IF EXISTS events_never_change")
    connection.execute(statement)
    connection.commit()
    connection.close()


def check(folder: Path) -> int:
    """What a new process knows is what the whole file says, decoded and folded from its first row on. How many rows it did not decode."""
    one = opened(folder)
    known, reading = one.known(), read(folder / JOURNAL_NAME, INCIDENT)
    assert known.damage == reading.damage
    assert known.events == len(reading.events)
    assert known.state == fold(reading.events)
    assert known.first == (reading.events[0] if reading.events else None)
    assert one._ledger is not None
    unread = one._ledger.unread
    assert one.read() == reading
    assert one.state() == known.state
    return unread


def test_what_was_kept_is_not_decoded_again(folder: Path) -> None:
    """The state is the same, no row of the beginning is decoded, and what came since is."""
    assert check(folder) == EVENTS
    with journal(opened(folder)) as written:
        for number in range(3):
            written.append(ev.NoteAdded(f"Behind {number}"))
    assert check(folder) == EVENTS


def test_whoever_asks_for_events_gets_them_from_their_rows(folder: Path) -> None:
    """A kept state that is false, and right in itself, changes nothing of what is read, folded from it, and reported."""
    path = folder / KEPT_NAME
    value = json.loads(path.read_bytes())["state"]
    value[1] = "closed"
    edited(state=value, sha256=kept._sha256(kept._text(value)))(path)
    one = opened(folder)
    assert one.known().state.status == "closed"
    reading = one.read()
    assert reading == read(folder / JOURNAL_NAME, INCIDENT)
    assert one.state(reading.events) == one.state() == fold(reading.events)


def test_a_walk_that_goes_on_from_it_writes_what_it_would_have_written(folder: Path, tmp_path: Path) -> None:
    """The journal that is opened with rows nobody decoded knows its head, gives only what is new, and appends the same rows."""
    plain = Path(shutil.copytree(folder, private_folder(tmp_path / "other" / "incidents") / INCIDENT))
    (plain / KEPT_NAME).unlink()
    found = []
    for place in (folder, plain):
        one = opened(place)
        one.known()
        with journal(one) as written:
            assert written.ledger.unread == (EVENTS if place is folder else 0)
            assert written.head == read(place / JOURNAL_NAME, INCIDENT).events[-1]
            state = one.state_in(written)
            new = written.append_all([ev.NoteAdded("One"), ev.NoteAdded("Two")])
            assert [row.seq for row in new] == [EVENTS + 1, EVENTS + 2]
            found.append((state, new, written.head_code, written.ledger.rows))
            assert written.ledger.unread == (EVENTS if place is folder else 0)
            assert tuple(written.events()) == read(place / JOURNAL_NAME, INCIDENT).events
    assert found[0] == found[1]


def test_the_journal_moves_with_rows_that_nobody_decoded(folder: Path, tmp_path: Path) -> None:
    """A folder that fails is left with every row."""
    spare = private_folder(tmp_path / "spare")
    one = Incident(INCIDENT, folder, Places(folder.parents[1], (spare,), None), lambda _notice: None)
    one.known()
    with journal(one) as written:
        shutil.rmtree(folder)
        written.append(ev.NoteAdded("Elsewhere"))
        assert written.ledger.unread == EVENTS
        assert written.folder != folder
        assert not written.in_memory
    reading = read(one.folder / JOURNAL_NAME, INCIDENT)
    assert (len(reading.events), reading.damage) == (EVENTS + 1, None)
    assert not (one.folder / KEPT_NAME).exists()


@pytest.mark.parametrize("number", [1, 2, EVENTS // 2, EVENTS])
@pytest.mark.parametrize(
    "field", ["body = replace(body, '\"', '''')", "actor = 'B'", "boot_s = 1", "seq = seq + 100", "hash = prev"]
)
def test_a_damaged_row_is_found_as_ever(folder: Path, tmp_path: Path, number: int, field: str) -> None:
    """In the beginning whose state was kept: the same damage is named, nothing of the kept state is used, and it is mended the same."""
    change(folder, f"UPDATE events SET {field} WHERE n = {number}")
    assert read(folder / JOURNAL_NAME, INCIDENT).damage is not None
    assert check(folder) == 0
    if number == 1:
        return  # that is a lost journal, begun anew
    plain = Path(shutil.copytree(folder, private_folder(tmp_path / "other" / "incidents") / INCIDENT))
    (plain / KEPT_NAME).unlink()
    mended = []
    for place in (folder, plain):
        one = opened(place)
        one.known()
        with journal(one) as written:
            mended.append((written.ledger.rows, written.damage, one.state_in(written)))
    assert mended[0] == mended[1]
    assert mended[0][1] is not None


def test_a_row_behind_it_is_found_as_ever(folder: Path) -> None:
    """Damage behind the rows whose state was kept ends the reading there."""
    with journal(opened(folder)) as written:
        for number in range(3):
            written.append(ev.NoteAdded(f"Behind {number}"))
    change(folder, f"UPDATE events SET body = '{{}}' WHERE n = {EVENTS + 2}")
    assert check(folder) == EVENTS
    damage = opened(folder).known().damage
    assert damage is not None
    assert (damage.number, damage.reason) == (EVENTS + 2, "hash")


def test_another_history_is_not_taken_for_it(folder: Path) -> None:
    """Rows that prove themselves and are others, as many as before: the kept state is not theirs. A shorter journal is not it either."""
    path, beside = folder / JOURNAL_NAME, folder / KEPT_NAME
    for count in (EVENTS, EVENTS - 1):
        begun = first_rows(INCIDENT, StillClock(), "B", [opening(INCIDENT, {}), ev.StepBegun("other", 1)], "AAAAA")
        path.unlink()
        Database.create(path, rows(begun, folder, count, 2)).close()
        assert beside.exists()
        assert check(folder) == 0


def test_a_second_writer_ends_its_use(folder: Path) -> None:
    """What somebody else writes is put in order among all events; with two writers nothing is kept anew."""
    first = opened(folder)
    first.known()
    with journal(first) as one, journal(opened(folder), "BBBBB") as two:
        two.append(ev.NoteAdded("Beside"))
        one.append(ev.NoteAdded("After it"))
        two.append_all([ev.NoteAdded(f"Two {number}") for number in range(WORTH_IT)])
        before = (folder / KEPT_NAME).read_bytes()
        assert first.state_in(one) == fold(one.events())
    assert (folder / KEPT_NAME).read_bytes() == before
    assert check(folder) == 0


def test_it_is_kept_anew_only_after_many_more(folder: Path) -> None:
    """A resume that adds little writes no file."""
    before = (folder / KEPT_NAME).read_bytes()
    for count in (WORTH_IT - 1, 1):
        assert (folder / KEPT_NAME).read_bytes() == before
        one = opened(folder)
        one.known()
        with journal(one) as written:
            written.append_all([ev.NoteAdded(f"More {number}") for number in range(count)])
            one.state_in(written)
    assert json.loads((folder / KEPT_NAME).read_bytes())["rows"] == EVENTS + WORTH_IT
    assert check(folder) == EVENTS + WORTH_IT


def test_a_wrong_bit_in_it(folder: Path) -> None:
    """Whichever bit of the file is the other way round, it is ignored."""
    path, chance = folder / KEPT_NAME, random.Random(4)
    whole = path.read_bytes()
    for _round in range(FLIPS):
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        assert kept.load(folder, INCIDENT) is None, (place, bit)
    assert check(folder) == 0
    path.write_bytes(whole)
    assert check(folder) == EVENTS


def edited(**changes: Any) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        path.write_text(kept._text(json.loads(path.read_bytes()) | changes), encoding="ascii")

    return edit


def state_of_fewer(path: Path) -> None:
    """A state that was right once, whose check sum is right, and which says that it is that of all rows."""
    found = json.loads(path.read_bytes())
    state = fold(read(path.with_name(JOURNAL_NAME), INCIDENT).events[:-1])
    text = kept._text(kept.written(state))
    edited(state=json.loads(text), sha256=kept._sha256(text), rows=found["rows"])(path)


def huge(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1 << 30)


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def twice(path: Path) -> None:
    path.with_name("second").hardlink_to(path)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILED: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no object": lambda path: path.write_bytes(b"[]"),
    "deep": lambda path: path.write_bytes(b"[" * 100_000),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "another schema": edited(schema=2),
    "another version": edited(tool="0.0.1 " + "0" * 64),
    "another count": edited(rows=EVENTS - 1),
    "no count": edited(rows="60"),
    "another head": edited(heads={"AAAAA": [EVENTS, "0" * 64]}),
    "another writer": edited(heads={"BBBBB": [EVENTS, "0" * 64]}),
    "no head": edited(heads={}),
    "two heads": edited(heads={"AAAAA": [EVENTS, "0" * 64], "BBBBB": [1, "0" * 64]}),
    "no state": edited(state=None),
    "of fewer events": state_of_fewer,
    "huge": huge,
    "a link": linked,
    "two names": twice,
    "a folder": a_folder,
    "a pipe": a_pipe,
}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are made")
@pytest.mark.parametrize("name", SPOILED)
def test_a_file_that_is_not_what_was_kept_is_ignored(folder: Path, name: str) -> None:
    """Whatever stands there, everything is read and folded as if nothing were kept; and the walk goes on."""
    SPOILED[name](folder / KEPT_NAME)
    assert check(folder) == 0
    one = opened(folder)
    one.known()
    with journal(one) as written:
        assert one.state_in(written) == fold(written.events())


def test_of_another_incident(folder: Path, tmp_path: Path) -> None:
    """Carried into the folder of another incident, with its journal or without, it is ignored."""
    other = private_folder(tmp_path / "home" / "incidents" / "20261104-cti-down-AAAA")
    shutil.copy(folder / KEPT_NAME, other)
    assert kept.load(other, other.name) is None


def test_a_folder_that_takes_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be written, nobody hears of it."""

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    (folder / KEPT_NAME).unlink()
    monkeypatch.setattr(kept, "replace_file", full)
    one = opened(folder)
    with journal(one) as written:
        assert one.state_in(written) == fold(written.events())
    assert not (folder / KEPT_NAME).exists()


@only_in_ci
def test_resume_with_and_without_it(tmp_path: Path) -> None:
    """The program keeps it at the first resume of a long incident; the second uses it, and both stand at the same question."""
    incident = made(tmp_path, 5_100, 5)
    resume = [*RUNBOOK, "resume", incident.name, "--as", "Technician A"]
    for _round in range(2):
        _seconds, _megabytes, code = run(tmp_path, *resume, until=PROMPT)
        assert code == 5
        assert kept.load(incident, incident.name) is not None
    rows_kept = kept.load(incident, incident.name)
    reading = read(incident / JOURNAL_NAME, incident.name)
    assert reading.damage is None
    assert rows_kept is not None
    assert rows_kept.state == fold(reading.events[: rows_kept.rows])
    assert opened(incident).known().state == fold(reading.events)
    change(incident, "UPDATE events SET body = replace(body, 'carrier', 'carrjer') WHERE n = 2599")
    change(incident, "UPDATE events SET actor = 'Somebody else' WHERE n = 2600")
    _seconds, _megabytes, code = run(tmp_path, *resume, until=b"2600")
    assert code == 5
