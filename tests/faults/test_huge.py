"""F41: an incident of three days with 100,000 events and 500 attachments is gone on with, reported and shown like any other."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from runbook.model.state import State, after, fold
from runbook.store.examining import read
from runbook.store.folder import Incident
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from runbook.store.snapshot import Snapshot
from tests.bench.huge_incident import PROMPT, made, run

FULL = os.environ.get("RUNBOOK_CI") == "1"
EVENTS, ATTACHMENTS = (100_000, 500) if FULL else (3_000, 50)
RESUME_MB = 350 if FULL else 150
REPORTS = {"report.md": 400, "report.pdf": 600} if FULL else {"report.md": 150}
"""Generous: the benchmark has the measured figures."""
RUNBOOK = (sys.executable, "-m", "runbook")

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from its status"),
]


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the huge incident, made once."""
    return made(tmp_path_factory.mktemp("huge"), EVENTS, ATTACHMENTS)


def opened(incident: Path) -> Incident:
    """The incident as a new process finds it."""
    home = Home.of({"RUNBOOK_HOME": str(incident.parents[1])})
    return home.open(incident.name)


def count(incident: Path) -> int:
    with Snapshot(incident / JOURNAL_NAME) as snapshot:
        return snapshot.count()


def test_resume_goes_on_in_bounded_memory(incident: Path) -> None:
    """The first question comes, in a process whose memory is bounded, and what it wrote stands behind all that was there."""
    before = count(incident)
    _seconds, megabytes, code = run(
        incident.parents[2], *RUNBOOK, "resume", incident.name, "--as", "Technician A", until=PROMPT
    )
    assert code == 5
    assert megabytes < RESUME_MB
    reading = opened(incident).read()
    assert reading.damage is None
    assert len(reading.events) == count(incident) > before


def test_every_row_is_looked_at(incident: Path, tmp_path: Path) -> None:
    """However long the journal is, one changed field in its middle is found: nothing is believed because it was read once."""
    path = tmp_path / JOURNAL_NAME
    path.write_bytes((incident / JOURNAL_NAME).read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER events_never_change")
    connection.execute(
        "UPDATE events SET body = replace(body, 'carrier', 'carrjer') WHERE n = ?", (EVENTS // 2 // 10 * 10,)
    )
    connection.execute("UPDATE events SET actor = 'Somebody else' WHERE n = ?", (EVENTS // 2,))
    connection.commit()
    connection.close()
    damage = read(path, incident.name).damage
    assert damage is not None
    assert (damage.number, damage.reason) == (EVENTS // 2, "hash")


def test_what_was_read_is_not_read_again(incident: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading once more takes only what was added since, and gives what a first reading gives."""
    one = opened(incident)
    first = one.read()
    asked: list[int] = []
    plain = Snapshot.after

    def after_number(self: Snapshot, number: int) -> object:
        asked.append(number)
        return plain(self, number)

    monkeypatch.setattr(Snapshot, "after", after_number)
    again = one.read()
    assert again == first
    assert min(asked) >= len(first.events) - 1
    assert one.state() == fold(first.events)


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    """A file that does not go on from what was proven is proven from its first row on."""
    incident = made(tmp_path, 60, 1)
    one = opened(incident)
    assert len(one.read().events) == 60
    connection = sqlite3.connect(incident / JOURNAL_NAME)
    connection.execute("DROP TRIGGER events_never_change")
    connection.execute("UPDATE events SET actor = 'Somebody else' WHERE n >= 30")
    connection.commit()
    connection.close()
    reading = one.read()
    assert len(reading.events) == 29
    assert reading.damage is not None and reading.damage.reason == "hash"


def test_one_by_one_and_at_once_give_one_state(incident: Path) -> None:
    """The state after each event in turn is the state of the whole fold, and of a fold that goes on from its middle."""
    events = opened(incident).read().events[:3_000]
    state = State()
    for recorded in events:
        state = after(state, recorded)
    assert state == fold(events)
    assert state == fold(events[1_000:], fold(events[:1_000]))


def test_equal_readings_are_remembered_once(incident: Path) -> None:
    """A step that asks the same for days keeps the last of equal readings, so that the fold of a long wait stays short."""
    state = opened(incident).state()
    assert max(len(step.readings) for step in state.steps.values()) == 1


def test_the_report_says_what_it_leaves_out(incident: Path) -> None:
    """The report is short enough to be read, in bounded memory; it says how much it leaves out and which command shows it."""
    folder = incident.parents[2]
    for name, most in REPORTS.items():
        _seconds, megabytes, code = run(folder, *RUNBOOK, "report", incident.name, "-o", name)
        assert (name, code) == (name, 0)
        assert megabytes < most
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert f"runbook log {incident.name} shows every event" in text
    assert text.count("photo-") >= ATTACHMENTS


def test_status_and_log_show_it(incident: Path) -> None:
    """The other readers of the journal come to their end in bounded memory."""
    for command in (["status"], ["log", incident.name]):
        _seconds, megabytes, code = run(incident.parents[2], *RUNBOOK, *command)
        assert (command, code) == (command, 0)
        assert megabytes < RESUME_MB
