"""F44: everything at once and in any order, checked against a model: the list of what was acknowledged.

The machine's memory and disks are real folders; a kill leaves the files as they are and forgets the program. What is not here:
kills inside a system call (F02) and power cuts (F03 to F05).
"""

from __future__ import annotations

import itertools
import resource
import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from runbook.model.events import JournalDamaged, NoteAdded
from runbook.model.record import Recorded
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from runbook.store.places import Places
from tests.conftest import IN_CI
from tests.faults.lanes import SEED
from tests.store.parts import FILES, ZONE, opening

EXAMPLES, STEPS = (100, 60) if IN_CI else (12, 30)


class JumpingClock:
    """Goes where it is told, backwards too, and is another boot's when it is told."""

    def __init__(self) -> None:
        self.at, self.boot_id, self.boot_s = datetime(2026, 11, 4, 18, 51, tzinfo=UTC), "boot-1", 12.5

    def now(self) -> datetime:
        return self.at

    def boot(self) -> tuple[str, float]:
        return self.boot_id, self.boot_s

    def wait(self, seconds: float) -> None:
        raise AssertionError("the store never waits")


class Soak(RuleBasedStateMachine):
    """One incident through everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(
            tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None, prefix="runbook-soak-")
        )
        self.numbers = itertools.count(1)
        self.away = itertools.count(1)
        self.clock = JumpingClock()
        self.durable: list[str] = []
        self.in_memory: list[str] = []
        self.damaged: set[str] = set()
        self.maybe: set[str] = set()
        self.forgotten: list[object] = []

    @initialize()
    def begin(self) -> None:
        for name in ("spare1", "spare2"):
            (self.root / name).mkdir()
        self.home = Home(Places(self.root / "home", (self.root / "spare1", self.root / "spare2"), self.root / "last"))
        made = self.home.create("cti-down", "live", FILES, self.clock, "a", zone=ZONE, opening=opening)
        self.id = made.id
        self.open()

    def open(self) -> None:
        self.incident = self.home.open(self.id)
        self.journal = self.incident.journal(self.clock, "a")

    def appended(self) -> None:
        text = f"note {next(self.numbers)}."
        recorded = self.journal.append(NoteAdded(text))
        assert recorded.event == NoteAdded(text)
        if self.journal.in_memory:
            self.in_memory.append(text)
        else:
            self.durable += [*self.in_memory, text]
            self.in_memory = []

    # -- what a person does

    @rule(count=st.integers(1, 4))
    def append(self, count: int) -> None:
        for _ in range(count):
            self.appended()

    @rule()
    def close_and_resume(self) -> None:
        self.journal.close()
        self.in_memory = []
        self.open()

    # -- what happens to the program

    @rule()
    def kill_and_resume(self) -> None:
        self.forgotten.append(self.journal)
        self.in_memory = []
        self.open()

    def killed(self) -> Path:
        """The files as a kill leaves them, nobody's any more; the folder."""
        self.forgotten.append(self.journal)
        self.in_memory = []
        folder = self.home.open(self.id).folder
        old = folder.with_name(f"old{next(self.away)}")
        folder.rename(old)
        shutil.copytree(old, folder, ignore=shutil.ignore_patterns("*-shm"))
        return folder

    @rule(seconds=st.integers(-(10**9), 10**9), reboot=st.booleans())
    def clock_jumps(self, seconds: int, reboot: bool) -> None:
        self.clock.at = max(datetime(1990, 1, 1, tzinfo=UTC), self.clock.at + timedelta(seconds=seconds))
        self.clock.boot_s = abs(seconds) / 1000
        if reboot:
            self.clock.boot_id += "1"

    # -- what happens to the file

    @rule(garbage=st.binary(max_size=5000), zeros=st.booleans())
    def tail_of_garbage(self, garbage: bytes, zeros: bool) -> None:
        folder = self.killed()
        log = folder / f"{JOURNAL_NAME}-wal"
        if log.exists():
            with log.open("ab") as file:
                file.write(bytes(len(garbage)) if zeros else garbage)
        self.open()

    @precondition(lambda self: not self.in_memory)
    @rule(drawn=st.randoms(use_true_random=False))
    def torn_append(self, drawn: Random) -> None:
        """A write that the kill cut short: what it held was not acknowledged."""
        folder = self.journal.folder
        log = folder / f"{JOURNAL_NAME}-wal"
        before = log.stat().st_size if log.exists() else 0
        text = f"note {next(self.numbers)}."
        self.journal.append(NoteAdded(text))
        if self.journal.folder != folder or self.journal.in_memory or log.stat().st_size <= before:
            self.durable.append(text) if not self.journal.in_memory else self.in_memory.append(text)
            return
        self.maybe.add(text)
        self.durable.append(text)
        folder = self.killed()
        log = folder / f"{JOURNAL_NAME}-wal"
        with log.open("r+b") as file:
            file.truncate(drawn.randrange(before, log.stat().st_size))
        self.open()

    @precondition(lambda self: len(self.durable) > 1)
    @rule(drawn=st.randoms(use_true_random=False), how=st.sampled_from(["edited", "dropped"]))
    def damage(self, drawn: Random, how: str) -> None:
        """An acknowledged row is altered, or taken out of the middle."""
        folder = self.killed()
        connection = sqlite3.connect(folder / JOURNAL_NAME, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        rows = connection.execute("SELECT n, body FROM events WHERE kind = 'NoteAdded' ORDER BY n").fetchall()
        last = connection.execute("SELECT max(n) FROM events").fetchone()[0]
        rows = [row for row in rows if row[0] < last]
        if rows:
            n, body = drawn.choice(rows)
            for trigger in ("events_never_change", "events_never_go", "events_never_replaced"):
                connection.execute(f"DROP TRIGGER {trigger}")
            if how == "edited":
                connection.execute("UPDATE events SET body = replace(body, 'note', 'mote') WHERE n = ?", (n,))
            else:
                connection.execute("DELETE FROM events WHERE n = ?", (n,))
            self.damaged.add(next(text for text in self.durable if f'"{text}"' in body))
        connection.close()
        self.open()
        self.appended()

    # -- what happens to the disk

    @rule(room=st.integers(0, 3000))
    def disk_full(self, room: int) -> None:
        log = self.journal.folder / f"{JOURNAL_NAME}-wal"
        size = log.stat().st_size if log.exists() else 0
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, before[1]))
        try:
            for _ in range(3):
                self.appended()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @rule()
    def folder_taken_away(self) -> None:
        """Under a running program, which notices at its next event."""
        folder = self.journal.folder
        if folder.exists() and not self.journal.in_memory:
            old = folder.with_name(f"old{next(self.away)}")
            folder.rename(old)
            self.appended()
            if self.journal.in_memory:
                # There was no further place: it is put back, or the incident would be gone with the program.
                shutil.rmtree(folder, ignore_errors=True)
                old.rename(folder)
                # It was committed there before the program noticed, so it may be found again when that is gone.
                self.maybe.update(self.in_memory)
                self.durable += self.in_memory
                self.in_memory = []

    @rule(name=st.sampled_from(["spare1", "spare2"]))
    def stick(self, name: str) -> None:
        """Pulled out, or put in again with what it held."""
        place, pocket = self.root / name, self.root / f"{name}-pocket"
        if place.exists() and self.journal.folder.is_relative_to(place):
            return
        if place.exists():
            place.rename(pocket)
        else:
            pocket.rename(place)

    # -- what must hold

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "journal"):
            return
        self.holds(list(self.journal.events()), [*self.durable, *self.in_memory])
        if not self.journal.in_memory and (self.journal.folder / JOURNAL_NAME).exists():
            reading = self.home.open(self.id).read()
            if reading.damage is None:
                self.holds(list(reading.events), self.durable)

    def holds(self, events: list[Recorded], acknowledged: list[str]) -> None:
        assert [each.seq for each in events] == list(range(1, len(events) + 1))
        texts = [each.event.text for each in events if isinstance(each.event, NoteAdded)]
        gone = set(acknowledged) - set(texts)
        assert gone <= self.damaged | self.maybe, gone
        assert texts == [text for text in acknowledged if text not in gone]
        named = sum(isinstance(each.event, JournalDamaged) for each in events)
        assert named >= len(gone & self.damaged - self.maybe)
        for text in gone & self.maybe:
            # It was never acknowledged, and it is not there: forget it.
            self.maybe.discard(text)
            self.durable.remove(text)

    def teardown(self) -> None:
        for each in (*self.forgotten, getattr(self, "journal", None)):
            if each is not None:
                each.close()  # type: ignore[attr-defined]
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.mark.timeout(900)
def test_everything_at_once() -> None:
    """F44: after any sequence of kills, damage, full disks, lost folders, sticks and clock jumps, every acknowledged event is there once,
    in order, chain whole, or named as damaged."""
    print(f"RUNBOOK_SEED={SEED}")
    run_state_machine_as_test(
        seed(SEED)(Soak),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
