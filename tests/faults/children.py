"""What the processes do that are killed or lose their power: small pieces of the store, each acknowledging what it did.

`LAST` is the last moment of a process: after the `at`th acknowledgement, or at a random instant. With a mount the battery is
pulled there, without one the process is killed.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from runbook.model.events import NoteAdded
from runbook.store import connection
from runbook.store.database import Database
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.world.clock import LiveClock
from tests.faults.disks import pull
from tests.store.parts import FILES, INCIDENT, ZONE, opening


def home_of(folder: str, spare: str = "") -> Home:
    """The home of a trial."""
    return Home.of({"RUNBOOK_HOME": folder, "RUNBOOK_SPARE": spare})


class Acks:
    """Says what was acknowledged, in a file that a killed process leaves; the last moment comes after the `at`th."""

    def __init__(self, path: str, at: int = 0, mount: str = "", within_s: float = 0.0) -> None:
        self._handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._at, self._mount, self._count = at, mount, 0
        self._over = threading.Event()
        if within_s:
            threading.Timer(within_s, self.end).start()

    def say(self, what: object) -> None:
        if self._over.is_set():
            threading.Event().wait()
        os.write(self._handle, f"{what}\n".encode())
        self._count += 1
        if self._count == self._at:
            self.end()

    def end(self) -> None:
        # From here on nothing is said: with the power gone no program notices the error and goes on elsewhere.
        self._over.set()
        if self._mount:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            pull(Path(self._mount))
        os.kill(os.getpid(), signal.SIGKILL)


def create(home: str, acks: str, at: int = 0, mount: str = "", within_s: float = 0.0, count: int = 1) -> int:
    """Make incidents, each with a piece of evidence."""
    said = Acks(acks, at, mount, within_s)
    for number in range(count):
        incident = home_of(home).create("cti-down", "live", FILES, LiveClock(), "a", zone=ZONE, opening=opening)
        said.say(incident.id)
        said.say(incident.evidence.keep("a", str(number).encode() * 999).sha256)
    return 0


def append(home: str, acks: str, at: int = 0, mount: str = "", within_s: float = 0.0, count: int = 3) -> int:
    """Open the only incident's journal, append, close."""
    said = Acks(acks, at, mount, within_s)
    place = home_of(home)
    with place.open(place.list()[0].id).journal(LiveClock(), "a") as journal:
        for number in range(count):
            said.say(journal.append(NoteAdded(f"{number} {time.time_ns()} " + "x" * 300)).hash)
    return 0


def move(home: str, acks: str, spare: str) -> int:
    """The same, and in the middle of it the folder is renamed away: the incident moves to the spare folder."""
    said = Acks(acks)
    place = home_of(home, spare)
    incident = place.open(place.list()[0].id)
    with incident.journal(LiveClock(), "a") as journal:
        said.say(journal.append(NoteAdded("before")).hash)
        incident.folder.rename(incident.folder.with_name("away"))
        for number in range(2):
            said.say(journal.append(NoteAdded(f"{number}")).hash)
    return 0


def write_report(path: str, size: int, acks: str, at: int = 0, mount: str = "", within_s: float = 0.0) -> int:
    """Put a new report over an old one."""
    from runbook.report.write import write

    said = Acks(acks, at, mount, within_s)
    for _ in range(3 if within_s else 1):
        write(Path(path), b"new " * size)
        said.say("written")
    return 0


# -- stores that are wrong ------------------------------------------------------------------------------------------------


class Lying(connection._Connection):
    """Says FULL, and syncs as little as `level` says."""

    level = "OFF"

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "PRAGMA synchronous = FULL":
            return super().execute(f"PRAGMA synchronous = {self.level}")
        if sql == "PRAGMA synchronous":
            return super().execute("SELECT 2")
        return super().execute(sql, *parameters)


def append_badly(level: str, folder: str, acks: str, at: int, mount: str) -> int:
    """Append to a journal of the product whose `synchronous` is OFF or NORMAL."""
    Lying.level = level
    connection._Connection = Lying  # type: ignore[misc]
    said = Acks(acks, at, mount)
    Path(folder).mkdir()
    Database.create(Path(folder, JOURNAL_NAME)).close()
    os.sync()
    with SqliteJournal(Path(folder), INCIDENT, LiveClock(), "a") as journal:
        for number in range(at):
            said.say(journal.append(NoteAdded(f"{number}")).hash)
    return 0


def append_lines(folder: str, acks: str, at: int, mount: str) -> int:
    """Append lines of JSON that nobody syncs."""
    said = Acks(acks, at, mount)
    Path(folder).mkdir()
    with Path(folder, "journal.jsonl").open("w", buffering=1) as lines:
        for number in range(at):
            print(number, file=lines)
            said.say(number)
    return 0


def write_in_place(path: str) -> int:
    """Write a report as it must not be written."""
    with Path(path).open("wb", buffering=0) as file:
        for _ in range(3):
            file.write(b"new " * 333)
    return 0
