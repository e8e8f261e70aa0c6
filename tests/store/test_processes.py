"""Several processes, and processes that die: no number twice, no acknowledged event lost, no lock left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.model.errors import RunbookError
from runbook.model.events import NoteAdded
from runbook.store.database import Database
from runbook.store.examining import read
from runbook.store.folder import Incident
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from runbook.store.notices import Notice
from tests.store.parts import INCIDENT, StillClock, child


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / INCIDENT
    made.mkdir()
    Database.create(made / JOURNAL_NAME).close()
    return made


def test_two_processes_append_at_once(folder: Path) -> None:
    """Three processes append at the same time: every acknowledged event is there once, numbered without a gap, the chain whole."""
    script = """
journal = journal()
for n in range(100):
    recorded = journal.append(NoteAdded(f"{sys.argv[2]}.{n}"))
    print(recorded.seq, recorded.hash, flush=True)
assert len(list(journal.events())) >= 100
"""
    children = [child(script, folder, name) for name in "abc"]
    outputs = [each.communicate(timeout=60)[0] for each in children]
    assert [each.returncode for each in children] == [0, 0, 0]
    acknowledged = sorted(
        (int(seq), digest) for output in outputs for seq, digest in map(str.split, output.splitlines())
    )
    reading = read(folder / JOURNAL_NAME, INCIDENT)
    assert reading.damage is None
    assert [(r.seq, r.hash) for r in reading.events] == acknowledged
    assert len(acknowledged) == 300


CREATE = """
from zoneinfo import ZoneInfo
from runbook.store.incidents import Home
from tests.store.parts import FILES, opening
home = Home.of({"RUNBOOK_HOME": str(folder)})
for _ in range(10):
    print(home.create("cti-down", "live", FILES, RealClock(), "a", zone=ZoneInfo("UTC"), opening=opening).id, flush=True)
"""


def test_what_a_crash_left_is_swept(home: Home, begin: Callable[..., Incident]) -> None:
    """A folder that was never finished is no incident, blocks nothing, and is removed when it is old; a young one may be in the making."""
    incident = begin()
    young, old = (incident.folder.parent / name for name in (".new-aaaa", ".new-bbbb"))
    for folder in (young, old):
        (folder / "plan").mkdir(parents=True)
    os.utime(old, (time.time() - 3600,) * 2)
    assert len(home.list()) == 1
    begin()
    assert young.exists()
    assert not old.exists()


def test_two_creations_at_once(home: Home) -> None:
    """Several processes begin an incident of the same plan at once: each gets its own, none is overwritten."""
    children = [child(CREATE, home.root) for _ in range(3)]
    ids = [line for each in children for line in each.communicate(timeout=60)[0].split()]
    assert len(ids) == len(set(ids)) == 30
    assert {each.id for each in home.list()} == set(ids)


HOLD = """
from runbook.store.incidents import Home
with Home.of({"RUNBOOK_HOME": str(folder)}).find(sys.argv[2]).lock("02:51"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_runs_an_incident(home: Home, begin: Callable[..., Incident], told: list[Notice]) -> None:
    """A second run of the same incident is refused and told which process holds it; another incident is free."""
    incident, other = begin(), begin()
    process = child(HOLD, home.root, incident.id)
    assert process.stdout.readline() == "held\n"
    with pytest.raises(RunbookError) as busy, incident.lock("02:52"):
        pass
    assert busy.value.code == "E-INCIDENT-BUSY"
    assert str(process.pid) in busy.value.text()
    assert "02:51" in busy.value.text()
    with other.lock("02:52") as lock:
        assert lock.held
    process.communicate("")
    with incident.lock("02:53") as lock:
        assert lock.held
    assert not lock.held
    assert told == []


def test_who_works_beside_the_walk_is_seen(home: Home, begin: Callable[..., Incident]) -> None:
    """Each place can be held once; who runs is known by writer's name; the incident is nobody's alone until all have gone."""
    incident = begin()
    assert incident.running() == frozenset()
    with incident.alone("02:50"):
        assert incident.running() == {incident.writer}
    process = child(HOLD.replace('lock("02:51")', 'lock("02:51", place=2)'), home.root, incident.id)
    assert process.stdout.readline() == "held\n"
    assert incident.running() == {f"{incident.writer}-2"}
    with pytest.raises(RunbookError, match="E-INCIDENT-BUSY"), incident.lock("02:52", place=2):
        pass
    with pytest.raises(RunbookError) as busy, incident.alone("02:52"):
        pass
    assert str(process.pid) in busy.value.text()
    with incident.lock("02:52"):
        assert incident.running() == {incident.writer, f"{incident.writer}-2"}
    process.communicate("")
    with incident.alone("02:53"):
        pass


def test_a_lock_dies_with_its_holder(home: Home, begin: Callable[..., Incident]) -> None:
    """After kill -9 the lock is free at once, though its file and the holder's card are still there."""
    incident = begin()
    process = child(HOLD, home.root, incident.id)
    assert process.stdout.readline() == "held\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert list((home.root / "locks").glob("*.json"))
    with incident.lock("02:52") as lock:
        assert lock.held


def test_a_moved_incident_keeps_its_lock(home: Home, begin: Callable[..., Incident], clock: StillClock) -> None:
    """The lock is not in the incident's folder: when that moves to another disk, a second run is still refused."""
    incident = begin()
    with incident.lock("02:51"), incident.journal(clock, "a") as journal:
        incident.folder.rename(incident.folder.with_name("away"))
        journal.append(NoteAdded("x"))
        again = home.find(incident.id)
        assert again.folder == incident.folder == journal.folder
        with pytest.raises(RunbookError, match="E-INCIDENT-BUSY"), again.lock("02:52"):
            pass


def test_without_a_place_for_locks_it_runs_all_the_same(
    begin: Callable[..., Incident], home: Home, told: list[Notice], tmp_path: Path
) -> None:
    """Where no lock file can be made the incident is run and that is told: a lock never keeps anybody from an incident."""
    incident = begin()
    (home.root / "locks").touch()
    (tmp_path / "temporary").rmdir()
    (tmp_path / "temporary").touch()
    with incident.lock("02:51") as lock:
        assert not lock.held
    assert [notice.code for notice in told] == ["unlocked"]
