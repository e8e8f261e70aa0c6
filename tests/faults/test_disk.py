"""F09 to F13: when the disk fails, nothing acknowledged is lost: the whole incident goes on in the next place, and the person is told."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.model.errors import EXIT_MACHINE, RunbookError
from runbook.model.events import NoteAdded
from runbook.report.write import write
from runbook.store.database import Database
from runbook.store.elsewhere import Elsewhere
from runbook.store.examining import read
from runbook.store.folder import Incident
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.notices import Notice
from runbook.store.places import RESERVE
from tests.conftest import IN_CI
from tests.faults.lanes import chance, replay
from tests.faults.run import only_in_ci
from tests.store.parts import FILES, INCIDENT, PRELUDE, ROOT, ZONE, StillClock, opening

Journals = Callable[..., SqliteJournal]
Begin = Callable[..., Incident]


def told_codes(told: list[Notice]) -> list[str]:
    return [notice.code for notice in told]


@pytest.mark.needs_root
def test_full_disk(mounted: Callable[..., Path], tmp_path: Path, clock: StillClock, told: list[Notice]) -> None:
    """F09: On a disk that fills up, the event that did not fit is in the next place, with every event before it, once and in order."""
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=192k", "none")
    home = Home.of({"RUNBOOK_HOME": str(disk / "home"), "RUNBOOK_SPARE": str(tmp_path)}, told.append)
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    kept = incident.evidence.keep("a.txt", b"what was seen")
    journal = incident.journal(clock, "a")
    acknowledged = list(journal.events()) + [journal.append(NoteAdded(f"{n}" * 900)) for n in range(60)]
    journal.close()
    assert told_codes(told) == ["moved"]
    assert "full" in told[0].text()
    assert not journal.in_memory
    assert incident.folder.parent.parent == tmp_path
    again = home.find(incident.id)
    assert again.folder == incident.folder
    assert list(again.read().events) == acknowledged
    assert again.plan_files(acknowledged[0].event.files) == FILES
    assert (again.folder / "evidence" / kept.sha256).read_bytes() == b"what was seen"


def test_full_file(journals: Journals, tmp_path: Path, told: list[Notice]) -> None:
    """F10: A write that is cut short in the middle of a row (a size limit) is not acknowledged there; the chain in the next place is whole."""
    journal = journals(elsewhere=Elsewhere((tmp_path / "next",)))
    acknowledged = [journal.append(NoteAdded("x" * 500)) for _ in range(5)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, ((journal.folder / f"{JOURNAL_NAME}-wal").stat().st_size + 1500, before[1])
    )
    try:
        # The next place may not grow either, so this also goes through memory.
        acknowledged += [journal.append(NoteAdded("y" * 500)) for _ in range(2)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    acknowledged.append(journal.append(NoteAdded("z")))
    assert told_codes(told)[-1] == "moved"
    assert not journal.in_memory
    assert list(read(tmp_path / "next" / JOURNAL_NAME, INCIDENT).events) == acknowledged


def test_the_reserve_is_given_up_first(home: Home, begin: Begin, clock: StillClock, told: list[Notice]) -> None:
    """F09: A full disk first costs the reserve: the event is stored where it belongs, and the person is told to free some space."""
    incident = begin()
    journal = incident.journal(clock, "a")
    assert (home.root / RESERVE).stat().st_size == 4 << 20
    limit = journal._database.file._connection.execute
    pages = limit("PRAGMA page_count").fetchone()[0]
    limit(f"PRAGMA max_page_count = {pages}")
    full = journal._elsewhere.reserve

    def reserve() -> bool:
        limit("PRAGMA max_page_count = 10000")
        return full()

    object.__setattr__(journal._elsewhere, "reserve", reserve)
    for _ in range(30):
        journal.append(NoteAdded("x" * 500))
    journal.close()
    assert told_codes(told) == ["reserve"]
    assert not (home.root / RESERVE).exists()
    assert incident.folder.is_relative_to(home.root)
    assert len(incident.read().events) == 31


class FailingDatabase:
    """A database whose sync fails once and would then lie: whoever asks a second time is told that all is well."""

    def __init__(self, real: Database) -> None:
        self.real, self.asked = real, 0

    def add(self, row: object) -> int:
        self.asked += 1
        if self.asked > 1:
            return 99
        problem = sqlite3.OperationalError("disk I/O error")
        problem.sqlite_errorcode, problem.sqlite_errorname = 1034, "SQLITE_IOERR_FSYNC"
        raise problem

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


def test_a_failed_sync_is_never_tried_again(begin: Begin, clock: StillClock, told: list[Notice]) -> None:
    """F11: After a failed sync the file is left for good, reserve or not: the next sync would say "ok" about what is lost."""
    incident = begin()
    journal = incident.journal(clock, "a")
    failing = FailingDatabase(journal._database)
    journal._database = failing
    stored = [journal.append(NoteAdded("one")), journal.append(NoteAdded("two"))]
    journal.close()
    assert failing.asked == 1
    assert told_codes(told) == ["moved"]
    assert list(incident.read().events)[1:] == stored


@only_in_ci
@pytest.mark.needs_root
def test_strace_says_the_same(tmp_path: Path) -> None:
    """F11: The kernel's own EIO at any sync of the log: every acknowledged event is found, in one place or the other."""
    script = """
import os
from runbook.store.elsewhere import Elsewhere
journal = journal(elsewhere=Elsewhere((Path(sys.argv[2]),)))
for n in range(3):
    print(journal.append(NoteAdded(str(n))).hash, flush=True)
print(journal.folder, flush=True)
os._exit(0)
"""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    moved = 0
    for when in range(1, 8):
        folder, spare = tmp_path / f"a{when}", tmp_path / f"b{when}"
        folder.mkdir()
        Database.create(folder / JOURNAL_NAME).close()
        inject = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-e",
            "trace=fdatasync",
            "-e",
            f"inject=fdatasync:error=EIO:when={when}",
        ]
        done = subprocess.run(
            [*inject, sys.executable, "-c", PRELUDE + script, folder, spare],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=False,
        )
        *hashes, where = done.stdout.split()
        assert len(hashes) == 3, done.stderr
        assert [r.hash for r in read(Path(where) / JOURNAL_NAME, INCIDENT).events] == hashes
        moved += where == str(spare)
    assert moved >= 3


@pytest.mark.needs_root
def test_read_only_folder(
    mounted: Callable[..., Path], begin: Begin, home: Home, clock: StillClock, told: list[Notice]
) -> None:
    """F12: An incident on a disk that can only be read is read, and goes on in the next place."""
    incident = begin()
    incident.journal(clock, "a").close()
    disk = mounted("home", "--bind", str(home.root))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(disk)], check=True)
    again = home.find(incident.id)
    assert again.read().damage is None
    journal = again.journal(clock, "a")
    assert len(list(journal.events())) == 1
    assert told == []
    last = journal.append(NoteAdded("x"))
    journal.close()
    assert told_codes(told) == ["moved"]
    assert home.find(incident.id).folder == journal.folder
    assert home.find(incident.id).read().events[-1] == last


@pytest.mark.needs_root
def test_read_only_mid_run_with_a_log(
    mounted: Callable[..., Path], begin: Begin, home: Home, clock: StillClock, told: list[Notice]
) -> None:
    """F12: A disk that turns read-only under a running incident: the log that a crash left there is still read."""
    incident = begin()
    journal = incident.journal(clock, "a")
    acknowledged = [*journal.events(), journal.append(NoteAdded("x"))]
    disk = mounted("home", "--bind", str(home.root))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(disk)], check=True)
    assert list(home.find(incident.id).read().events) == acknowledged
    assert home.list()[0].last == acknowledged[-1]


@pytest.mark.parametrize("how", ["removed", "renamed", "replaced", "log removed", "unmounted"])
def test_folder_taken_away(
    how: str, begin: Begin, home: Home, clock: StillClock, told: list[Notice], request: pytest.FixtureRequest
) -> None:
    """F13: Deleted, renamed, replaced or unmounted under us: noticed at the next event, which is stored elsewhere with everything before it."""
    if how == "unmounted":
        if os.geteuid() != 0:
            pytest.skip("needs root")
        request.getfixturevalue("mounted")("home", "-t", "tmpfs", "none")
    incident = begin()
    journal = incident.journal(clock, "a")
    acknowledged = [*journal.events(), journal.append(NoteAdded("before"))]
    folder = incident.folder
    match how:
        case "removed":
            shutil.rmtree(home.root)
        case "renamed":
            folder.rename(folder.with_name("elsewhere"))
        case "replaced":
            shutil.copytree(folder, folder.with_name("copy"))
            folder.rename(folder.with_name("elsewhere"))
            folder.with_name("copy").rename(folder)
        case "log removed":
            (folder / f"{JOURNAL_NAME}-wal").unlink()
        case "unmounted":
            subprocess.run(["umount", "-l", str(home.root)], check=True)
    acknowledged += [journal.append(NoteAdded("after")), journal.append(NoteAdded("later"))]
    journal.close()
    assert told_codes(told) == ["moved"]
    found = home.find(incident.id)
    assert not found.folder.is_relative_to(home.root)
    assert list(found.read().events) == acknowledged
    assert found.plan_files(acknowledged[0].event.files) == FILES


def test_places_are_tried_in_order(
    home: Home, begin: Begin, clock: StillClock, told: list[Notice], tmp_path: Path
) -> None:
    """F13: The spare folder first, the temporary folder when that is away, memory only when nothing is left; then a place that came back."""
    incident = begin()
    journal = incident.journal(clock, "a")
    shutil.rmtree(home.root)
    journal.append(NoteAdded("to the spare folder"))
    assert incident.folder.is_relative_to(tmp_path / "spare")
    shutil.rmtree(tmp_path / "spare")
    journal.append(NoteAdded("to the temporary folder"))
    assert incident.folder.is_relative_to(tmp_path / "temporary")
    shutil.rmtree(tmp_path / "temporary")
    (tmp_path / "temporary").touch()
    in_memory = [journal.append(NoteAdded("to memory")), journal.append(NoteAdded("still"))]
    assert journal.in_memory
    assert list(journal.events())[-2:] == in_memory
    assert told_codes(told) == ["moved", "moved", "memory"]
    assert "write down" in told[-1].text()


def test_memory_is_left_when_a_place_comes_back(
    begin: Begin, home: Home, clock: StillClock, told: list[Notice], tmp_path: Path
) -> None:
    """F14: A stick plugged in while events are only in memory takes the whole incident at the next event."""
    incident = begin()
    journal = incident.journal(clock, "a")
    for place in (home.root, tmp_path / "spare", tmp_path / "temporary"):
        shutil.rmtree(place)
        if place.name == "temporary":
            place.touch()
    acknowledged = [*journal.events(), journal.append(NoteAdded("memory"))]
    assert journal.in_memory
    (tmp_path / "spare").mkdir()
    acknowledged.append(journal.append(NoteAdded("stick")))
    assert not journal.in_memory
    journal.close()
    assert told_codes(told) == ["memory", "moved"]
    assert list(home.find(incident.id).read().events) == acknowledged


@pytest.mark.parametrize("what", ["a file in its place", "full"])
def test_a_new_incident_goes_elsewhere(
    what: str, home: Home, begin: Begin, told: list[Notice], tmp_path: Path, monkeypatch
) -> None:
    """F09: Where the home folder takes nothing, `create` says so and begins in the spare folder; later runs find it there."""
    if what == "full":

        def refuse(path: Path, rows: object = ()) -> Database:
            if path.is_relative_to(home.root):
                raise OSError(errno.ENOSPC, "full")
            return create(path, rows)

        create = Database.create
        monkeypatch.setattr(Database, "create", refuse)
    else:
        (tmp_path / "home").mkdir()
        (tmp_path / "home" / "incidents").touch()
    incident = begin()
    assert incident.folder.is_relative_to(tmp_path / "spare")
    assert told_codes(told) == ["moved"]
    assert home.find(incident.id).folder == incident.folder
    assert not list(tmp_path.rglob(".new-*"))


def test_nowhere_at_all(tmp_path: Path, clock: StillClock, told: list[Notice]) -> None:
    """F12: When no place takes a new incident the error names every place that was tried; nothing is begun in memory alone."""
    for name in ("home", "spare"):
        (tmp_path / name).touch()
    (tmp_path / "temporary").rmdir()
    (tmp_path / "temporary").touch()
    home = Home.of(
        {"RUNBOOK_HOME": str(tmp_path / "home" / "x"), "RUNBOOK_SPARE": str(tmp_path / "spare")}, told.append
    )
    with pytest.raises(RunbookError) as refused:
        home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    assert refused.value.code == "E-STORE"
    assert refused.value.exit_code == EXIT_MACHINE
    assert str(tmp_path / "spare") in refused.value.text()
    assert str(tmp_path / "home" / "x") in refused.value.text()


def test_evidence_follows(begin: Begin, home: Home, clock: StillClock, tmp_path: Path) -> None:
    """F13: Evidence that cannot be kept in the incident's folder is kept in the next place and found from there."""
    incident = begin()
    shutil.rmtree(home.root)
    home.root.touch()
    kept = incident.evidence.keep("photo.jpg", b"\x00\xff")
    assert incident.evidence.read(kept.sha256) == b"\x00\xff"
    (tmp_path / "spare" / "incidents" / incident.id / "evidence" / kept.sha256).write_bytes(b"other")
    with pytest.raises(RunbookError):
        incident.evidence.read(kept.sha256)


def test_a_copy_that_differs_is_told(
    begin: Begin, home: Home, clock: StillClock, told: list[Notice], tmp_path: Path
) -> None:
    """F13: Two copies that went on apart: the one with more events is used, and the other is named, never silently dropped."""
    incident = begin()
    spare = tmp_path / "spare" / "incidents" / incident.id
    shutil.copytree(incident.folder, spare)
    assert home.open(incident.id).folder == incident.folder
    assert told == []
    with Incident(incident.id, spare, home.places, told.append).journal(clock, "b") as journal:
        journal.append(NoteAdded("on the stick"))
        journal.append(NoteAdded("on the stick"))
    assert home.open(incident.id).folder == spare
    assert told == []
    with incident.journal(clock, "a") as journal:
        journal.append(NoteAdded("at home"))
    assert home.open(incident.id).folder == spare
    assert told_codes(told) == ["other_copy"]


@pytest.mark.needs_root
def test_a_write_that_comes_back_short(
    mounted: Callable[..., Path], tmp_path: Path, clock: StillClock, told: list[Notice]
) -> None:
    """F10: on a disk that ends in the middle of a row, at whatever byte, the chain in the next place is whole and holds every event."""
    disk = mounted("disk", "-t", "tmpfs", "-o", "size=256k", "none")
    for turn in range(12 if IN_CI else 3):
        told.clear()
        home = Home.of({"RUNBOOK_HOME": str(disk / f"{turn}"), "RUNBOOK_SPARE": str(tmp_path)}, told.append)
        incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
        journal = incident.journal(clock, "a")
        acknowledged = [*journal.events()]
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
        (disk / "full").write_bytes(bytes(max(free - 4096 * chance("short", turn).randrange(1, 6), 0)))
        acknowledged += [journal.append(NoteAdded(f"{n}" * 700)) for n in range(12)]
        journal.close()
        assert told_codes(told) == ["moved"], replay("short", turn)
        assert list(home.find(incident.id).read().events) == acknowledged, replay("short", turn)
        shutil.rmtree(disk / f"{turn}")
        (disk / "full").unlink()


def test_an_export_to_a_full_device(tmp_path: Path) -> None:
    """F09: a report that does not fit is an error that says so; a device stays a device."""
    with pytest.raises(RunbookError, match="E-FILE-WRITE") as full:
        write(Path("/dev/full"), b"x" * 100_000)
    assert full.value.exit_code == EXIT_MACHINE
    assert Path("/dev/full").is_char_device()


@pytest.mark.needs_root
def test_no_inodes(mounted: Callable[..., Path], tmp_path: Path, clock: StillClock, told: list[Notice]) -> None:
    """F12: a disk on which no further file can be made: the incident goes on in the next place, and an incident can be begun there."""
    disk = mounted("disk", "-t", "tmpfs", "-o", "nr_inodes=40", "none")
    (tmp_path / "spare").mkdir()
    home = Home.of({"RUNBOOK_HOME": str(disk / "home"), "RUNBOOK_SPARE": str(tmp_path / "spare")}, told.append)
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    with pytest.raises(OSError, match="No space left"):
        for n in range(40):
            (disk / f"{n}").touch()
    with incident.journal(clock, "a") as journal:
        acknowledged = [*journal.events(), journal.append(NoteAdded("x"))]
    assert incident.folder.is_relative_to(tmp_path / "spare")
    assert list(home.find(incident.id).read().events) == acknowledged
    other = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    assert other.folder.is_relative_to(tmp_path / "spare")
    assert told_codes(told) == ["moved", "moved"]


def test_no_file_can_be_opened(begin: Begin, home: Home, clock: StillClock, told: list[Notice]) -> None:
    """F12: out of file handles the open journal is appended to as ever; when it has to move, memory holds the events until a file can
    be opened again."""
    incident = begin()
    journal = incident.journal(clock, "a")
    acknowledged = [*journal.events(), journal.append(NoteAdded("before"))]
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        acknowledged.append(journal.append(NoteAdded("without handles")))
        assert told == []
        incident.folder.rename(incident.folder.with_name("away"))
        acknowledged.append(journal.append(NoteAdded("in memory")))
        assert journal.in_memory
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    acknowledged.append(journal.append(NoteAdded("after")))
    journal.close()
    assert told_codes(told) == ["memory", "moved"]
    assert list(home.find(incident.id).read().events) == acknowledged


@pytest.mark.needs_root
def test_another_disk_mounted_over_it(
    mounted: Callable[..., Path], begin: Begin, home: Home, clock: StillClock, told: list[Notice]
) -> None:
    """F13: another disk mounted over the home folder is noticed at the next event, which is stored elsewhere with everything before it."""
    incident = begin()
    journal = incident.journal(clock, "a")
    acknowledged = [*journal.events(), journal.append(NoteAdded("before"))]
    mounted("home", "-t", "tmpfs", "none")
    acknowledged.append(journal.append(NoteAdded("after")))
    journal.close()
    assert told_codes(told) == ["moved"]
    assert not incident.folder.is_relative_to(home.root)
    assert list(home.find(incident.id).read().events) == acknowledged


@pytest.mark.parametrize("room", range(16, 128, 8))
def test_a_place_that_cannot_hold_it_all(room: int, journals: Journals, tmp_path: Path) -> None:
    """F10: whatever the size at which the next place is full, the incident is whole there, or it is not said to be there."""
    journal = journals(elsewhere=Elsewhere((tmp_path / "next",)))
    acknowledged = [journal.append(NoteAdded("x" * 500)) for _ in range(60)]
    shutil.move(journal.folder, tmp_path / "away")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room << 10, before[1]))
    try:
        acknowledged.append(journal.append(NoteAdded("y")))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    if not journal.in_memory:
        assert list(read(tmp_path / "next" / JOURNAL_NAME, INCIDENT).events) == acknowledged
    acknowledged.append(journal.append(NoteAdded("z")))
    assert not journal.in_memory
    assert list(read(tmp_path / "next" / JOURNAL_NAME, INCIDENT).events) == acknowledged


def test_what_moved_away_and_back_is_found_where_it_is(
    begin: Begin, home: Home, clock: StillClock, tmp_path: Path
) -> None:
    """F13: an incident that moved to the spare folder and later back is read where it is now, by a program that had it open before too."""
    incident = home.open(begin().id)
    with incident.journal(clock, "a") as journal:
        journal.append(NoteAdded("before"))
        incident.folder.rename(incident.folder.with_name("away"))
        journal.append(NoteAdded("in the spare folder"))
    with home.open(incident.id).journal(clock, "a") as journal:
        journal.append(NoteAdded("there again"))
        shutil.copytree(journal.folder, tmp_path / "copy")
        journal.folder.rename(journal.folder.with_name("away"))
        acknowledged = [journal.append(NoteAdded(f"{n}")) for n in range(3)]
        assert journal.folder.is_relative_to(home.root)
    (tmp_path / "copy").rename(tmp_path / "spare" / "incidents" / incident.id)
    assert home.open(incident.id).folder == journal.folder
    assert list(home.open(incident.id).read().events)[-3:] == acknowledged
