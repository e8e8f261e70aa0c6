"""F26, F27: two people at one incident on one machine. Nothing is begun twice unasked, and no step has two executors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import REPAIRED_BY_RESTART, Program
from tests.acceptance.terminal import Terminal
from tests.conftest import IN_CI, ROOT
from tests.faults.run import only_in_ci
from tests.peers import until

ROUNDS = 200 if IN_CI else 20

MAKES = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from runbook.cli.opening import made
from runbook.model.site import Site
from runbook.store.incidents import Home
from tests.store.parts import FILES, opening

class Clock:
    def now(self): return datetime.now(UTC)
    def boot(self): return "boot-1", time.monotonic()

site = Site.model_validate({"site": "1", "name": "north"})
for line in sys.stdin:
    home = Home.of({"RUNBOOK_HOME": line.strip()})
    create = lambda: home.create("cti-down", "live", FILES, Clock(), "a", zone=ZoneInfo("UTC"), opening=opening)
    found = made(home, site, set(), create, practice=False)
    print("found " + found[0].id if isinstance(found, list) else "made " + found.id, flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


@pytest.mark.timeout(300)
def test_two_starts_at_once_make_one_incident(tmp_path: Path) -> None:
    """F26: two processes that would begin an incident in the same moment: one makes it, the other is shown it; nothing is overwritten."""
    pair = [
        subprocess.Popen(
            [sys.executable, "-c", MAKES], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for number in range(ROUNDS):
        home = tmp_path / str(number)
        for each in pair:
            each.stdin.write(f"{home}\n")
        for each in pair:
            each.stdin.flush()
        said = sorted(each.stdout.readline().split() for each in pair)
        made = [path.name for path in (home / "incidents").iterdir()]
        assert said == [["found", made[0]], ["made", made[0]]], number
        assert len(made) == 1
    for each in pair:
        each.communicate()
        assert each.returncode == 0


@only_in_ci
def test_two_starts_of_the_program(program: Program) -> None:
    """F26: `start` twice at once, nobody at a terminal: one incident is begun and walked, the other run says that it is open."""
    given = program.answers(REPAIRED_BY_RESTART)
    assert program.run("lab", "up").code == 0
    running = [
        program.popen("start", "cti-down", "--lab-case", "service-stopped", "--answers", given) for _ in range(2)
    ]
    ended = sorted((each.communicate(timeout=100)[0], each.returncode) for each in running)
    codes = sorted(code for _out, code in ended)
    assert codes == [0, 2], ended
    assert sum("E-INCIDENT-OPEN" in out for out, _code in ended) == 1
    assert len(program.incidents()) == 1
    assert len(program.lab_acts("restart")) == 1


def begun(program: Program) -> Terminal:
    """A walk at a terminal, at its first question."""
    at = Terminal(
        program, "start", "cti-down", "--lab", "--as", "Technician A", "--reported", "now", "--set", "grace=5s"
    )
    at.until("Enter >")
    at.run(0.4)
    at.press("\r")
    at.until("Who answered?")
    return at


@only_in_ci
def test_a_second_resume_follows_or_joins(program: Program) -> None:
    """F27: the second gets follow or join; beside the walk she does a step once, the walk passes it; each has a chain of her own."""
    one = begun(program)
    incident = program.only()["id"]
    refused = program.run("resume", incident)
    assert refused.code == 2
    assert "E-INCIDENT-BUSY" in refused.err
    assert f"runbook log {incident} --follow" in refused.err

    two = Terminal(program, "resume", incident, "--as", "Technician B")
    two.answer("What do you want?", "2")
    two.answer("Which step do you take?", "1")
    two.answer("no welcome prompt", "1")
    two.until("Which step do you take?")
    one.run(1.5)
    assert "[Technician B]" in one.text()
    one.press("1", "\r")
    one.until("One agent tries to sign in")
    assert "Call the hotline from outside and listen: no welcome prompt" in " ".join(one.text().split())
    two.run(1.5)
    assert "[Technician A]" in two.text()
    two.press("q")
    assert two.exit_code() == 0
    one.press("q")
    assert one.exit_code() == 5
    events = program.events(incident)
    finished = [(event["actor"], event["body"]["step"]) for event in events if event["kind"] == "StepFinished"]
    assert finished.count(("Technician B", "test-call")) == 1
    assert ("Technician A", "test-call") not in finished
    writers = {event["actor"]: event["writer"] for event in events}
    assert writers["Technician B"] == writers["Technician A"] + "-2"
    assert program.only()["problem"] == ""


@only_in_ci
def test_a_follower_changes_nothing(program: Program) -> None:
    """F27: who follows sees every event as it comes and adds none."""
    one = begun(program)
    incident = program.only()["id"]
    two = Terminal(program, "resume", incident, "--as", "Technician B")
    two.answer("What do you want?", "1")
    two.until("Incident " + incident + " opened")
    before = len(program.events(incident))
    one.press("1", "\r")
    two.until("Told: Group leader")
    two.child.sendintr()
    assert two.exit_code() == 0
    assert {event["actor"] for event in program.events(incident)} == {"Technician A"}
    assert len(program.events(incident)) > before
    one.press("q")
    one.exit_code()


@only_in_ci
def test_an_act_beside_the_walk_that_was_killed_is_unknown_to_the_walk(program: Program) -> None:
    """F27: whoever works beside the walk is killed in the middle of an act: the walk is asked how it ended, and nothing is sent again."""
    assert program.run("lab", "up").code == 0
    assert program.run("lab", "break", "restart-hangs").code == 0
    one = begun(program)
    incident = program.only()["id"]
    two = Terminal(program, "resume", incident, "--as", "Technician B")
    two.answer("What do you want?", "2")
    two.until("Which step do you take?")
    number = next(
        line.split()[0] for line in two.text().splitlines() if "Restart the CTI service" in line and "[9]" in line
    )
    two.run(0.4)
    two.press(*number, "\r")
    two.answer("before the walk comes to it?", "the leader is here")
    two.answer("approve?", "1")
    two.answer("who approves", "Group leader A")
    until(lambda: type_number(two, program), seconds=40)
    os.kill(two.child.pid, signal.SIGKILL)
    assert len(program.lab_acts("restart")) == 1
    one.press("1", "\r")
    one.until("UNKNOWN: this was begun at")
    one.press("q")
    one.exit_code()
    assert program.only()["unknown"] == ["restart-cti"]
    assert len(program.lab_acts("restart")) == 1


def type_number(at: Terminal, program: Program) -> bool:
    """Type the act's number when it is asked for; whether the command was sent."""
    if "type 9" in at.run(0.3) and not getattr(at, "typed", False):
        at.typed = True  # type: ignore[attr-defined]
        at.run(0.5)
        at.press("9", "\r")
    return bool(program.lab_acts("restart"))
