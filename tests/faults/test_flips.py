"""One wrong byte anywhere in a journal's files: nothing false is believed, nothing that can be proven is lost, and the incident goes on."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pytest

from runbook.model import events as ev
from runbook.model.errors import RunbookError
from runbook.model.record import Recorded, kinds
from runbook.store.database import Database
from runbook.store.files import private_folder
from runbook.store.folder import Incident
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.ledger import first_rows
from runbook.store.notices import Notice
from runbook.store.places import Places
from tests.conftest import IN_CI
from tests.store.parts import INCIDENT, StillClock, opening

SEED = int(os.environ.get("RUNBOOK_SEED", "4"))
FLIPS = 2000 if IN_CI else 60
WORDS: dict[str, Any] = {
    "str": "a word", "int": 3, "float": 0.5, "bool": True, "bool | None": None, "list[str]": ["one", "two"],
    "dict[str, str]": {"en": "One"}, "dict[str, Any]": {"n": 1}, "list[dict[str, Any]]": [{"name": "x"}],
    "list[dict[str, str]]": [], "dict[str, list[Any]]": {},
}  # fmt: skip
T = TypeVar("T")
Fact = tuple[str, str, str]
AFTER = ev.NoteAdded("after")
MENDED = ("JournalDamaged", "OthersSeen")


@dataclass(frozen=True)
class Written:
    """A journal as it lies on the disk, by the endings of its files, and every event that was acknowledged."""

    files: dict[str, bytes]
    truth: tuple[Recorded, ...]

    def size(self) -> int:
        return sum(map(len, self.files.values()))

    def flipped(self, at: int, bit: int) -> dict[str, bytes]:
        """The files with one bit of byte `at`, counted through all of them, the other way round."""
        found = dict(self.files)
        for ending, data in self.files.items():
            if at < len(data):
                found[ending] = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
                return found
            at -= len(data)
        raise AssertionError


def one_of_each() -> Iterator[ev.Event]:
    """An event of every kind there is, and notes that are longer than a page."""
    for name in kinds():
        cls = ev.KINDS[name]
        if name not in ("IncidentOpened", "OthersSeen"):
            yield cls(**{field.name: WORDS[str(field.type)] for field in fields(cls)})
    for number in range(3):
        yield ev.NoteAdded(f"long {number} " * (700 * (number + 1)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    """A journal of two writers with overflow pages, an index and free pages: closed, and while it is being written."""
    folder = tmp_path_factory.mktemp("written")
    path = folder / JOURNAL_NAME
    rows = first_rows(INCIDENT, StillClock(), "Technician A", [opening(INCIDENT, {"site.yaml": "0" * 64})], "AAAAA")
    Database.create(path, rows).close()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE freed (x)")
    connection.executemany("INSERT INTO freed VALUES (?)", [(b"x" * 3000,)] * 3)
    connection.execute("DROP TABLE freed")
    connection.commit()
    assert connection.execute("PRAGMA freelist_count").fetchone()[0] > 2
    connection.close()
    found = {}
    # The longest events come last: in the log, too, there are rows that need further pages.
    for name, events in {"closed": [*one_of_each()], "being written": [*one_of_each()][-12:]}.items():
        journals = [SqliteJournal(folder, INCIDENT, StillClock(), "A", writer=w) for w in ("AAAAA", "BBBBB")]
        for number, event in enumerate(events):
            journals[number // 4 % 2].append(event)
        truth = tuple(journals[0].events())
        if name == "closed":
            for journal in journals:
                journal.close()
        found[name] = Written({end: data for end in ("", "-wal", "-shm") if (data := read(path, end))}, truth)
    for journal in journals:
        journal.close()
    assert set(found["closed"].files) == {""}
    assert set(found["being written"].files) == {"", "-wal", "-shm"}
    return found


def read(path: Path, ending: str) -> bytes:
    part = path.with_name(path.name + ending)
    return part.read_bytes() if part.exists() else b""


Case = Callable[[dict[str, bytes]], Incident]


@pytest.fixture
def laid(tmp_path: Path) -> Iterator[Case]:
    """Lays the files of a journal into an incident folder of its own, anew at each call. In memory: what a disk keeps is not asked here."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as top:
        home = Path(top) / "home"
        folder = home / "incidents" / INCIDENT

        def lay(files: dict[str, bytes]) -> Incident:
            shutil.rmtree(home, ignore_errors=True)
            private_folder(folder)
            for ending, data in files.items():
                (folder / (JOURNAL_NAME + ending)).write_bytes(data)
            return Incident(INCIDENT, folder, Places(home, (), None), lambda _notice: None)

        yield lay


def by_writer(events: Iterable[Recorded]) -> dict[str, list[Recorded]]:
    found: dict[str, list[Recorded]] = defaultdict(list)
    for event in events:
        found[event.writer].append(event)
    return found


def check_reading(incident: Incident, truth: tuple[Recorded, ...]) -> str:
    """What reading says is true: a beginning of each writer's events, all of them where no damage is named. How it ended."""
    reading, code = coded(incident.read)
    if reading is None:
        return code
    whole = by_writer(truth)
    for writer, events in by_writer(reading.events).items():
        assert events == whole[writer][: len(events)]
    if reading.damage is None:
        assert len(reading.events) == len(truth)
        return "proven"
    assert reading.damage.seq >= 1
    assert reading.damage.reason
    return "damaged"


def coded(do: Callable[[], T]) -> tuple[T | None, str]:
    """What it gives; or the code of its error, which is one of the two for a journal that cannot be gone on with."""
    try:
        return do(), ""
    except RunbookError as error:
        if error.code not in ("E-JOURNAL-DAMAGED", "E-JOURNAL-NEWER"):
            raise
        return None, error.code


def true_of(events: Iterable[Recorded]) -> set[Fact]:
    return {(row.utc, row.actor, repr(row.event)) for row in events}


def false_in(events: Iterable[Recorded], true: set[Fact]) -> list[Recorded]:
    """What the journal says besides what was acknowledged, what mending and this test wrote."""
    ours = (*MENDED, "IncidentOpened")
    rows = [row for row in events if not (row.actor == "Technician B" and (row.kind in ours or row.event == AFTER))]
    return [row for row in rows if (row.utc, row.actor, repr(row.event)) not in true]


def check_begun_anew(incident: Incident, files: dict[str, bytes], true: set[Fact]) -> None:
    """A record of which not even the first event can be read is begun anew, says so, and holds nothing false."""
    assert incident.lost() is not None

    def opened(digests: Mapping[str, str], was: Mapping[str, str]) -> ev.Event:
        return replace(opening(INCIDENT, digests), reopened_from=dict(was))

    incident.begin_anew(StillClock(), "Technician B", opened)
    reading = incident.read()
    assert reading.damage is None
    assert not false_in(reading.events, true)
    first = reading.events[0].event
    assert isinstance(first, ev.IncidentOpened)
    assert first.reopened_from["file"] == "journal-damaged-1.db"
    kept = incident.folder / "journal-damaged-1.db"
    assert kept.read_bytes() == files[""]
    assert first.reopened_from["sha256"] == sha256(files[""]).hexdigest()


def check_going_on(incident: Incident, truth: tuple[Recorded, ...], files: dict[str, bytes], before: str) -> str:
    """Open it, add an event, and look: a whole file, nothing false in it, every loss named, the damaged file kept as it was found."""
    told: list[Notice] = []
    folder, path = incident.folder, incident.folder / JOURNAL_NAME

    def go_on() -> bool:
        with incident.journal(StillClock(), "Technician B", notices=told.append) as journal:
            journal.append(AFTER)
            return not journal.in_memory and journal.folder == folder

    went_on, code = coded(go_on)
    if went_on is None:
        assert {ending: read(path, ending) for ending in ("", "-wal")} == {
            ending: files.get(ending, b"") for ending in ("", "-wal")
        }
        if code == "E-JOURNAL-DAMAGED":
            check_begun_anew(incident, files, true_of(truth))
        return code
    assert went_on
    reading = incident.read()
    assert reading.damage is None
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    false = false_in(reading.events, true_of(truth))
    # A wrong first event is better than none, and is named as damaged.
    assert all(isinstance(row.event, ev.IncidentOpened) for row in false), false
    kept = folder / "journal-damaged-1.db"
    lost = true_of(truth) - true_of(reading.events)
    named = [row for row in reading.events if isinstance(row.event, ev.JournalDamaged) and row.actor == "Technician B"]
    assert bool(lost or false) <= bool(named), (lost, before)
    assert bool(told) == kept.exists()
    assert [notice.code for notice in told] in ([], ["damaged"], ["unfit"])
    if before == "proven":
        assert not lost
    if kept.exists():
        assert kept.read_bytes() == files[""]
    return told[0].code if told else "whole"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["closed", "being written"])
def test_a_flipped_byte(written: dict[str, Written], laid: Case, name: str) -> None:
    """Whichever byte is flipped: reading proves every event or names the first it cannot prove, and going on keeps what is true."""
    chance = random.Random(SEED)
    print(f"RUNBOOK_SEED={SEED}, {FLIPS // 2} flips")
    ends: dict[str, int] = defaultdict(int)
    for _ in range(FLIPS // 2):
        at, bit = chance.randrange(written[name].size()), chance.randrange(8)
        files = written[name].flipped(at, bit)
        try:
            before = check_reading(laid(files), written[name].truth)
            after = check_going_on(laid(files), written[name].truth, files, before)
        except BaseException:
            print(f"byte {at}, bit {bit}")
            raise
        ends[f"{before}, {after}"] += 1
    print(dict(ends))
    assert ends["proven, whole"]


PAGE = 4096


def by_sql(*statements: str) -> Callable[[bytes], Iterator[bytes]]:
    """The file after somebody changed it by SQL."""

    def changed(data: bytes) -> Iterator[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / JOURNAL_NAME
            path.write_bytes(data)
            connection = sqlite3.connect(path, isolation_level=None)
            for statement in statements:
                connection.execute(statement)
            connection.close()
            yield path.read_bytes()

    return changed


def each_page(data: bytes) -> range:
    return range(0, len(data), PAGE)


OTHERWISE: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "garbage behind it": lambda data: [data + bytes([7, 0, 255, 42]) * 1024],
    "cut off at a page": lambda data: (data[:at] for at in each_page(data)),
    "cut off inside a page": lambda data: (data[: at + 100] for at in each_page(data)),
    "a page of zeros": lambda data: (data[:at] + bytes(PAGE) + data[at + PAGE :] for at in each_page(data)),
    "two pages swapped": lambda data: (
        data[:at] + data[at + PAGE : at + 2 * PAGE] + data[at : at + PAGE] + data[at + 2 * PAGE :]
        for at in each_page(data)[:-1]
    ),
    "a file of another kind": lambda data: [b"\x89PNG\r\n\x1a\n" + data[8:], b"notes\n" * 3000],
    "another database": lambda data: by_sql("DROP TABLE events", "CREATE TABLE music (title)")(data),
    "a trigger gone": by_sql("DROP TRIGGER events_never_change"),
    "no table": by_sql("DROP TABLE events"),
    "a table more": by_sql("CREATE TABLE more (x)"),
    "another number of its form": by_sql("PRAGMA user_version = 9"),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_damaged_otherwise(written: dict[str, Written], laid: Case, name: str) -> None:
    """Garbage, cuts, zeros, swapped pages, another file in its place, a schema that was changed: the same holds, and the file is kept."""
    truth = written["closed"].truth
    for data in OTHERWISE[name](written["closed"].files[""]):
        files = {"": data}
        before = check_reading(laid(files), truth)
        check_going_on(laid(files), truth, files, before)


def test_a_later_version_is_left_alone(written: dict[str, Written], laid: Case) -> None:
    """A journal of a later version of the program is neither read nor changed, and the sentence says which version it is of."""
    (data,) = by_sql("PRAGMA user_version = 2")(written["closed"].files[""])
    incident = laid({"": data})
    for do in (incident.read, incident.lost, lambda: incident.journal(StillClock(), "A")):
        with pytest.raises(RunbookError) as newer:
            do()
        assert (newer.value.code, newer.value.values["version"]) == ("E-JOURNAL-NEWER", "2")
    assert [path.name for path in incident.folder.iterdir()] == [JOURNAL_NAME]
    assert (incident.folder / JOURNAL_NAME).read_bytes() == data


def test_what_the_log_hides_is_named(written: dict[str, Written], laid: Case) -> None:
    """A wrong byte in an early frame of the log hides every event behind it from SQLite: it is named, and each event is still found."""
    whole = written["being written"]
    log = bytearray(whole.files["-wal"])
    log[32 + 24 + 5000] ^= 1
    for files in ({**whole.files, "-wal": bytes(log)}, {"": whole.files[""], "-wal": bytes(log)}):
        incident = laid(files)
        reading = incident.read()
        assert reading.damage is not None
        with incident.journal(StillClock(), "Technician B") as journal:
            assert len(true_of(whole.truth) - true_of(journal.events())) <= 1


@pytest.mark.parametrize(
    "at", [5, 16, 27, 101, 3830], ids=["magic", "page size", "counter", "schema page", "schema text"]
)
def test_a_wrong_byte_in_the_first_page_costs_nothing(written: dict[str, Written], laid: Case, at: int) -> None:
    """The file's first page holds no event: whatever is wrong there, every event is proven, and the journal goes on with all of them."""
    truth = written["closed"].truth
    files = written["closed"].flipped(at, 7)
    assert laid(files).read().events == truth
    with laid(files).journal(StillClock(), "Technician B") as journal:
        assert true_of(journal.events()) >= true_of(truth)
        journal.append(AFTER)
        assert not journal.in_memory


def test_a_torn_log_is_no_damage(written: dict[str, Written], laid: Case) -> None:
    """What a crash tore off the end of the log was never acknowledged, and is not named as damage."""
    whole = written["being written"]
    log = whole.files["-wal"]
    reading = laid({"": whole.files[""], "-wal": log[: -PAGE // 2]}).read()
    assert reading.damage is None
    assert list(reading.events) == list(whole.truth[: len(reading.events)])
