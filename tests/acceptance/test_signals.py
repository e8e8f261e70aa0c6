"""Told to end from outside, at any moment: exit code 5, the journal whole, and an act in flight is unknown."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.acceptance.program import REPAIRED_BY_RESTART, SCOPE, Program
from tests.acceptance.terminal import SETTLED_S, Terminal
from tests.conftest import IN_CI
from tests.peers import until

WHY = {"SIGTERM": "terminate", "SIGHUP": "hangup", "SIGINT": "interrupt"}
SOME = list(WHY) if IN_CI else ["SIGTERM"]
ENDS_WITHIN_S = 2.0


def ended(program: Program, why: str) -> None:
    """The incident is paused with its reason, and its journal can be read to its end."""
    incident = program.only()
    assert (incident["state"], incident["paused"], incident["problem"]) == ("open", why, "")


def signalled(program: Program, name: str, case: str, begun: str) -> tuple[int, str]:
    """Start a walk in a lab case, send a signal (Ctrl-C: twice) when the lab has executed a command with the word `begun`."""
    given = program.answers(REPAIRED_BY_RESTART)
    assert program.run("lab", "up").code == 0
    running = program.popen("start", "cti-down", "--lab-case", case, "--answers", given)
    try:
        until(lambda: bool(program.lab_acts(begun)) or running.poll() is not None, seconds=60)
        assert running.poll() is None
        running.send_signal(getattr(signal, name))
        if name == "SIGINT":
            time.sleep(0.3)
            assert running.poll() is None
            running.send_signal(signal.SIGINT)
        sent = time.monotonic()
        out, _err = running.communicate(timeout=30)
        assert time.monotonic() - sent < ENDS_WITHIN_S
    finally:
        running.kill()
    assert "Traceback" not in out
    return running.returncode, out


@pytest.mark.parametrize("name", list(WHY))
def test_a_signal_during_an_act_leaves_it_unknown(program: Program, name: str) -> None:
    """The restart command never ends: told to end meanwhile, the step is unknown, and it is not sent again on resume."""
    code, out = signalled(program, name, "restart-hangs", "restart")
    assert code == 5, out
    assert "runbook resume" in out
    ended(program, WHY[name])
    assert program.only()["unknown"] == ["restart-cti"]
    ran = program.run("resume", "--practice")
    assert ran.code == 5
    assert "UNKNOWN: this was begun at" in ran.out
    assert len(program.lab_acts("restart")) == 1


@pytest.mark.parametrize("name", SOME)
def test_a_signal_during_a_reading_leaves_nothing_behind(program: Program, name: str) -> None:
    """Every answer takes two seconds: told to end meanwhile, the reading is not recorded, and is taken again on resume."""
    code, out = signalled(program, name, "slow", "is-active")
    assert code == 5, out
    ended(program, WHY[name])
    incident = program.only()
    assert (incident["step"], incident["unknown"]) == ("cti-service", [])
    ran = program.run("resume", "--practice", "--answers", program.answers({}))
    assert ran.code == 5
    assert len(program.lab_acts("is-active")) == 3
    assert program.lab_acts("restart") == []


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("at_act", [False, True], ids=["choice", "act"])
def test_a_signal_at_a_question_pauses(program: Program, name: str, *, at_act: bool) -> None:
    """At a question, also at the one before an act, the walk pauses at once and nothing is answered."""
    read_end, write_end = os.pipe()
    lines = ["1", "1", "1", "", "", "", "", "1", "Leader A"] if at_act else ["1"]
    os.write(write_end, "".join(f"{line}\n" for line in lines).encode())
    running = program.popen("start", "cti-down", "--lab", stdin=read_end)
    os.close(read_end)
    try:
        step = "restart-cti" if at_act else "test-call"
        asked = "ApprovalGiven" if at_act else "StepBegun"
        until(lambda: last_of(program) == (asked, step), seconds=60)
        time.sleep(SETTLED_S)
        running.send_signal(getattr(signal, name))
        out, _err = running.communicate(timeout=30)
    finally:
        running.kill()
        os.close(write_end)
    assert running.returncode == 5, out
    assert "Traceback" not in out
    ended(program, "key" if name == "SIGINT" else WHY[name])
    assert (program.only()["step"], program.only()["unknown"]) == (step, [])
    assert program.lab_acts("restart") == []


def last_of(program: Program) -> tuple[str, str]:
    """The last event that is in the journal, and its step."""
    if not (program.home / "practice").is_dir() or not program.incidents():
        return "", ""
    last = program.events(program.only()["id"])[-1]
    return last["kind"], last["body"].get("step", "")


def test_ctrl_c_at_a_terminal_pauses_with_the_resume_line(program: Program) -> None:
    """Ctrl-C at a question is the key q: it says up to where all is saved, and how to go on."""
    at = Terminal(
        program, "start", "cti-down", "--lab", "--as", "Technician A", "--reported", "now", "--set", "grace=5s"
    )
    at.until("Enter >")
    at.run(SETTLED_S)
    at.press("\r")
    at.until("Who answered?")
    at.run(SETTLED_S)
    at.child.sendintr()
    assert at.exit_code() == 5
    assert "Saved up to #" in at.text()
    assert f"runbook resume {program.only()['id']}" in at.text()


def test_a_window_that_is_closed_pauses(program: Program) -> None:
    """Closing the window ends the program by itself; the incident is paused where it stood, and resumes."""
    at = Terminal(
        program, "start", "cti-down", "--lab", "--as", "Technician A", "--reported", "now", "--set", "grace=5s"
    )
    at.until("Enter >")
    at.run(SETTLED_S)
    at.press("\r")
    at.until("Who answered?")
    at.child.ptyproc.fileobj.close()
    at.child.ptyproc.closed = at.child.closed = True
    gone = False

    def over() -> bool:
        nonlocal gone
        gone = gone or os.waitpid(at.child.pid, os.WNOHANG)[0] != 0
        return gone

    until(over, seconds=5)
    at.child.ptyproc.terminated = at.child.terminated = True
    incident = program.only()
    assert (incident["paused"], incident["step"]) == ("hangup", "tell-lead")
    assert program.run("resume", "--practice", "--answers", program.answers(SCOPE)).code == 5
    assert program.only()["step"] == "restart-cti"
