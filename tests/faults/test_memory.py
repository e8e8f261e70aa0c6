"""Memory runs out while the report is made: it fails alone, with a code; the journal is whole and the incident goes on."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.conftest import IN_CI
from tests.faults.run import at_home, kept, only_in_ci
from tests.faults.test_upgrade import ANSWERS, restored
from tests.peers import until

MEGABYTES = (60, 110, 125, 150, 260, 400) if IN_CI else (125,)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    yield from at_home(tmp_path)


def goes_on(program: Program) -> None:
    """The incident is walked to its end, and its report is made once there is memory again."""
    assert program.run("resume", "--answers", program.answers(ANSWERS)).code == 0
    incident = program.only(practice=False)["id"]
    assert program.run("report", incident, "--format", "pdf", "-o", "report.pdf").code == 0
    assert (program.home.parent / "report.pdf").read_bytes().startswith(b"%PDF")


@only_in_ci
def test_a_report_without_memory_fails_alone(program: Program) -> None:
    """With less and less address space the report is made, or refused with E-MEMORY and exit code 6; never half, never with a
    traceback; an older report stays what it was, and the incident goes on."""
    restored(program)
    incident = program.only(practice=False)["id"]
    before = kept(program)
    report = program.home.parent / "report.pdf"
    report.write_bytes(b"an older report")
    codes = []
    for megabytes in MEGABYTES:
        limit = megabytes << 20
        done = subprocess.run(
            program.argv("report", incident, "--format", "pdf", "-o", str(report)),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=program.env(),
            cwd=program.home.parent,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
            timeout=120,
            check=False,
        )
        codes.append(done.returncode)
        assert done.returncode in (0, 6), (megabytes, done)
        assert done.returncode == 0 or done.stderr.startswith("E-MEMORY"), (megabytes, done)
        assert "Traceback" not in done.stderr
        assert report.read_bytes() == b"an older report" or done.returncode == 0
    assert 6 in codes, "no limit was too low: this test tests nothing"
    assert kept(program) == before
    if IN_CI:
        goes_on(program)


@only_in_ci
def test_a_report_that_the_system_kills_changes_nothing(program: Program) -> None:
    """Killed at random instants, as by the system when memory ran out: no half file at the report's name, nothing else changed."""
    restored(program)
    incident = program.only(practice=False)["id"]
    before = kept(program)
    report = program.home.parent / "report.pdf"
    chance = random.Random(20261130)
    for _turn in range(6):
        running = program.popen("report", incident, "--format", "pdf", "-o", str(report), stdout=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.1, 1.2))
        running.send_signal(signal.SIGKILL)
        running.wait(30)
        assert not report.exists() or report.read_bytes().rstrip().endswith(b"%%EOF")
        assert kept(program) == before
    goes_on(program)


@only_in_ci
def test_a_walk_without_memory_keeps_what_was_saved(program: Program) -> None:
    """The walk itself may run out of memory: what it had acknowledged is there, and the next `resume` asks about the act first."""
    restored(program)
    stored = [row.hash for row in kept(program).events]
    for megabytes in (40, 44, 52, 56, 60, 64) if IN_CI else (60,):
        limit = megabytes << 20
        running = program.popen(
            "resume",
            "--answers",
            program.answers({}, "none.yaml"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )
        until(lambda running=running: running.poll() is not None, seconds=60)
        assert running.returncode in (5, 6), (megabytes, running.returncode)
    reading = kept(program)
    assert reading.damage is None
    assert [row.hash for row in reading.events][: len(stored)] == stored
    assert program.only(practice=False)["unknown"] == ["restart"]
