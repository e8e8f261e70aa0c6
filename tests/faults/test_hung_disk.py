"""F14: a disk that does not answer. The person waits for it no longer than the limit, and nothing acknowledged is lost."""

from __future__ import annotations

import gc
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook.model.errors import RunbookError
from runbook.model.events import NoteAdded
from runbook.store import evidence
from runbook.store.examining import read
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.notices import Notice
from runbook.store.worker import HungError, Worker, within
from tests.faults.disks import Disk
from tests.faults.run import only_in_ci
from tests.peers import until
from tests.store.parts import FILES, INCIDENT, ZONE, StillClock, opening

LIMIT_S = 0.5
PATIENCE_S = 20
"""How long an append to a disk that hangs may take here: a busy machine, not the disk, uses it up."""


def working() -> int:
    """How many threads have a disk to themselves."""
    gc.collect()
    return sum(thread.name == "runbook-disk" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    """Every thread that was left behind ends when its disk answers."""
    until(lambda: working() == 0)
    yield
    until(lambda: working() == 0)


@pytest.mark.needs_root
@pytest.mark.parametrize("held", ["the commit", "the right to write"])
def test_a_hung_disk_is_left_behind(
    held: str, disk: Callable[..., Disk], tmp_path: Path, clock: StillClock, told: list[Notice]
) -> None:
    """F14: writes hang: within the limit the event is in the next place with everything before it, the next ones are not held up,
    and what the disk finishes late is the same row with the same hash."""
    slow = disk()
    (tmp_path / "spare").mkdir()
    home = Home.of({"RUNBOOK_HOME": str(slow.mount / "home"), "RUNBOOK_SPARE": str(tmp_path / "spare")}, told.append)
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    kept = incident.evidence.keep("a.txt", b"what was seen")
    first = incident.folder
    journal = incident.journal(clock, "a", limit_s=LIMIT_S)
    acknowledged = [*journal.events(), journal.append(NoteAdded("before"))]
    if held == "the right to write":
        # A checkpoint: the next write begins the log anew, and does so in `begin`.
        journal._database.file._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    with slow.frozen():
        began = time.monotonic()
        acknowledged.append(journal.append(NoteAdded("while it hangs")))
        assert time.monotonic() - began < PATIENCE_S
        assert [notice.code for notice in told] == ["moved"]
        assert "does not answer" in told[0].text()
        assert not incident.folder.is_relative_to(slow.mount)
        acknowledged += [journal.append(NoteAdded(f"{n}")) for n in range(20)]
        assert working() == 2
        assert list(incident.read().events) == acknowledged
        assert incident.evidence.read(kept.sha256) == b"what was seen"
    until(lambda: working() == 1)
    acknowledged.append(journal.append(NoteAdded("after")))
    journal.close()
    late = read(first / JOURNAL_NAME, incident.id)
    assert late.damage is None
    assert len(late.events) in (2, 3)
    assert list(late.events) == acknowledged[: len(late.events)]
    found = home.find(incident.id)
    assert found.folder == incident.folder != first
    assert list(found.read().events) == acknowledged
    assert [notice.code for notice in told] == ["moved"]


@pytest.mark.needs_root
def test_a_hung_spare_disk_is_passed_over(
    disk: Callable[..., Disk], tmp_path: Path, clock: StillClock, told: list[Notice]
) -> None:
    """F14: the home folder is gone and the stick hangs: the incident goes on in the place behind it, and the stick is not asked again."""
    stick = disk()
    home = Home.of({"RUNBOOK_HOME": str(tmp_path / "home"), "RUNBOOK_SPARE": str(stick.mount)}, told.append)
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    journal = incident.journal(clock, "a", limit_s=LIMIT_S)
    acknowledged = [*journal.events(), journal.append(NoteAdded("before"))]
    shutil.rmtree(home.root)
    with stick.frozen():
        acknowledged.append(journal.append(NoteAdded("after")))
        assert incident.folder.is_relative_to(tmp_path / "temporary")
        shutil.rmtree(tmp_path / "temporary")
        (tmp_path / "temporary").touch()
        before = working()
        acknowledged.append(journal.append(NoteAdded("in memory")))
        assert journal.in_memory
        assert working() == before
    assert list(journal.events()) == acknowledged
    journal.close()


@pytest.mark.needs_root
def test_evidence_does_not_wait_for_a_hung_disk(
    disk: Callable[..., Disk], tmp_path: Path, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F14: a piece of evidence that the disk does not take is kept in the next place within the limit."""
    slow = disk()
    (tmp_path / "spare").mkdir()
    home = Home.of({"RUNBOOK_HOME": str(slow.mount / "home"), "RUNBOOK_SPARE": str(tmp_path / "spare")})
    incident = home.create("cti-down", "live", FILES, clock, "a", zone=ZONE, opening=opening)
    monkeypatch.setattr(evidence, "within", lambda work: within(work, LIMIT_S))
    with slow.frozen():
        kept = incident.evidence.keep("a.txt", b"what was seen")
        assert incident.evidence.read(kept.sha256) == b"what was seen"
        assert (tmp_path / "spare" / "incidents" / incident.id / "evidence" / kept.sha256).exists()


def test_an_opening_that_hangs_is_said(journals, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """F14: where the file cannot even be opened in time the error says that the disk does not answer."""
    from runbook.store import examining

    journals().close()
    free = threading.Event()
    real = examining.Database
    monkeypatch.setattr(examining, "Database", lambda path: free.wait(30) and real(path))
    with pytest.raises(RunbookError, match="does not answer") as refused:
        SqliteJournal(tmp_path / INCIDENT, INCIDENT, StillClock(), "a", limit_s=LIMIT_S)
    free.set()
    assert refused.value.code == "E-STORE"


def test_what_hung_is_asked_nothing_more() -> None:
    """F14: after the limit every further question is refused at once, and the late end of the work reaches nobody."""
    worker, free, done = Worker(0.3), threading.Event(), []
    with pytest.raises(HungError):
        worker.run(lambda: free.wait(30) and done.append("late"))
    assert worker.hung
    began = time.monotonic()
    with pytest.raises(HungError):
        worker.run(lambda: done.append("never"))
    assert time.monotonic() - began < 0.2
    free.set()
    until(lambda: bool(done))
    assert done == ["late"]


@only_in_ci
def test_the_limit_is_for_all_that_was_asked_since() -> None:
    """F14: beginning, reading and committing share one limit; the next event has a whole one again."""
    worker = Worker(1.0)
    worker.run(lambda: time.sleep(0.6))
    with pytest.raises(HungError):
        worker.run(lambda: time.sleep(0.9))
    again = Worker(1.0)
    again.run(lambda: time.sleep(0.6))
    again.afresh()
    assert again.run(lambda: time.sleep(0.6) or "whole") == "whole"
    again.stop()


def test_what_the_work_raises_is_raised_where_it_was_asked_for() -> None:
    """F14: an error of the disk comes out as it would without the thread."""
    with pytest.raises(FileNotFoundError):
        within(lambda: Path("/nowhere/at/all").read_bytes())
    assert within(lambda: 42) == 42
