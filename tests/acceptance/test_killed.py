"""Killed at any moment and gone on with: nothing that was begun is begun again unasked, and nothing that is open is forgotten."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from runbook.model.record import Recorded
from runbook.store.incidents import Home
from runbook.world.lab.control import Control, LabGoneError
from tests.acceptance.program import REPAIRED_BY_RESTART, REPAIRED_BY_VENDOR, Program, Ran, outcomes
from tests.peers import until

KILLER = Path(__file__).with_name("killed_at.py")
REPAIR_WHEN_SEEN = ("know of the switch", "The CTI service runs again and calls work")
"""Steps behind the restart: from there on the lab may be whole again."""


def events_of(program: Program, incident: str = "") -> list[Recorded]:
    """The events of an incident, or of the only one, verified."""
    (name,) = [incident] if incident else [path.name for path in (program.home / "practice").iterdir()]
    reading = Home.of({"RUNBOOK_HOME": str(program.home)}).open(name).read()
    assert reading.damage is None
    return list(reading.events)


def run_until_killed(program: Program, when: str, where: str, *arguments: str) -> int:
    """`runbook ARGUMENTS`, killed at an event (`killed_at.py`); its end. The lab is repaired when the walk waits for that."""
    command = [sys.executable, str(KILLER), when, where, *arguments]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=program.env(),
        cwd=program.home.parent,
    ) as running:
        assert running.stdout is not None
        overdue = threading.Timer(60, running.kill)
        overdue.start()
        said = []
        for line in running.stdout:
            said.append(line)
            if any(title in line for title in REPAIR_WHEN_SEEN):
                with suppress(LabGoneError):
                    Control(program.home / "lab").ask("fix")
        overdue.cancel()
        assert "Traceback" not in "".join(said), "".join(said)
    return running.returncode


def killed_while(program: Program, condition: Callable[[], bool], *arguments: str) -> None:
    """Start `runbook ARGUMENTS` and kill it as soon as `condition()` holds."""
    running = program.popen(*arguments, stdout=subprocess.DEVNULL)
    try:
        until(lambda: condition() or running.poll() is not None, seconds=60)
        assert running.poll() is None, "it ended by itself"
    finally:
        running.kill()
    assert running.wait() == -signal.SIGKILL


# -- the restart ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["restart-hangs", "slow"])
def restarting(request: pytest.FixtureRequest, program: Program) -> Program:
    """A program that was killed while the restart command ran: sent once, its end unknown."""
    given = program.answers(REPAIRED_BY_RESTART)
    assert program.run("lab", "up").code == 0
    killed_while(
        program,
        lambda: bool(program.lab_acts("restart")),
        *("start", "cti-down", "--lab-case", request.param, "--answers", given),
    )
    assert len(program.lab_acts("restart")) == 1
    return program


def unknown_in(ran: Ran) -> None:
    assert "UNKNOWN: this was begun at" in ran.out
    assert "systemctl restart -- cti-core" in ran.out
    assert "look first: ssh" in ran.out


def test_a_restart_that_was_killed_is_unknown_and_is_not_sent_again(restarting: Program) -> None:
    """After the kill the step is unknown and its verify is offered; only `do it again` with the typed number sends it again."""
    program = restarting
    assert program.only()["unknown"] == ["restart-cti"]

    ran = program.run("resume", "--practice")
    assert ran.code == 5
    unknown_in(ran)
    ran = program.run("resume", "--practice", "--answers", program.answers({"restart-cti.unknown": "verify"}))
    assert ran.code == 5
    assert "Now: " in ran.out
    assert program.only()["unknown"] == ["restart-cti"]

    ran = program.run("resume", "--practice", "--answers", program.answers({"restart-cti.unknown": ["redo"]}))
    assert ran.code == 5
    assert "type 9" in ran.out
    assert program.only()["unknown"] == ["restart-cti"]
    assert len(program.lab_acts("restart")) == 1

    assert program.run("lab", "break", "service-stopped").code == 0
    again = {**REPAIRED_BY_RESTART, "restart-cti.unknown": "redo", "restart-cti": ["confirm", "confirm"]}
    ran = program.run("resume", "--practice", "--answers", program.answers(again))
    assert ran.code == 0, ran.out
    assert len(program.lab_acts("restart")) == 2
    answers = [
        event["body"]["answer"] for event in program.events(program.only()["id"]) if event["kind"] == "UnknownAnswered"
    ]
    assert answers == ["redo"]


@pytest.mark.parametrize("restarting", ["restart-hangs"], indirect=True)
def test_a_new_incident_does_not_repeat_an_act_whose_end_is_unknown(restarting: Program) -> None:
    """`start --new` carries the open unknown, shows it, and stops at the same act until a person has answered for it."""
    program = restarting
    first = program.only()["id"]
    given = {**REPAIRED_BY_RESTART}
    del given["restart-cti.unknown"]
    ran = program.run("start", "cti-down", "--lab", "--new", "--answers", program.answers(given))
    assert ran.code == 5
    assert f"UNKNOWN in incident {first}" in ran.out
    assert "look first: ssh" in ran.out
    (second,) = [incident for incident in program.incidents() if incident["id"] != first]
    carried = program.events(second["id"])[0]["body"]["carried"]
    assert [(act["incident"], act["step"]) for act in carried] == [(first, "restart-cti")]
    assert second["step"] == "restart-cti"
    assert len(program.lab_acts("restart")) == 1

    answered = program.answers({**given, "restart-cti.unknown": ["verify", "unknown"]})
    ran = program.run("resume", second["id"], "--answers", answered)
    assert len(program.lab_acts("restart")) == 1
    assert ran.code == 5
    assert outcomes(program.events(second["id"]))["restart-cti"] == "skipped"


# -- the carrier ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def switching(program: Program) -> Program:
    """A program that was killed after the number of the carrier call was typed, before the carrier said anything."""
    given = program.answers(REPAIRED_BY_VENDOR)
    assert program.run("lab", "up").code == 0
    arguments = ("start", "cti-down", "--lab-case", "restart-fails", "--set", "grace=2s", "--answers", given)
    assert run_until_killed(program, "after", "ActionIntended:switch", *arguments) == -signal.SIGKILL
    return program


def test_a_carrier_call_that_was_killed_leaves_the_debt_open(switching: Program) -> None:
    """The emergency lines are open from the intent on: closing is refused with the list, `status`, `resume` and `start` show it first."""
    program = switching
    incident = program.only()
    assert [debt["kind"] for debt in incident["debts"]] == ["emergency_lines"]
    assert incident["unknown"] == ["switch"]
    debt, unknown = "the hotline is on the emergency lines", "nobody knows how it ended"

    closed = program.run("close", incident["id"])
    assert closed.code == 1
    assert "E-DEBTS-OPEN" in closed.err
    assert debt in closed.out
    assert unknown in closed.out
    assert program.only()["state"] == "open"

    status = program.run("status", "--practice").out
    assert "OPEN for" in status
    assert status.index(debt) < status.index(unknown)

    resumed = program.run("resume", "--practice").out
    assert resumed.index(debt) < resumed.index("UNKNOWN: this was begun at") < resumed.index("How did it end?")

    started = program.run("start", "cti-down", "--lab")
    assert started.code == 2
    assert "E-INCIDENT-OPEN" in started.err
    assert debt in started.out
    started = program.run("start", "cti-down", "--lab", "--new")
    assert started.out.index(debt) < started.out.index("Step 1 of")


def test_no_abort_is_offered_while_the_hotline_may_be_moved(switching: Program) -> None:
    """Said to be `not done`, the switch failed; its failure menu shows the debt and offers every way out but abort."""
    program = switching
    given = {"switch.unknown": "not_done", "switch.failure": "abort"}
    ran = program.run("resume", "--practice", "--answers", program.answers(given))
    assert ran.code == 5
    menu = ran.out[ran.out.index("failed. What now?") :]
    assert "skip, with a reason" in menu
    assert "abort" not in menu.partition("The answers file")[0]
    assert "OPEN for" in ran.out[: ran.out.index("failed. What now?")].rpartition("UNKNOWN")[2]
    assert program.only()["state"] == "open"
    assert len(program.only()["debts"]) == 1
