"""A journal that nobody can read any more is not the end: the record is begun anew from the plan, and what was done is typed in."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from tests.acceptance.program import SCOPE, Answers, Program
from tests.acceptance.terminal import Terminal

TYPED_IN: Answers = {
    "lost": "anew",
    "reported": "-50m",
    "typed-in": ["1", "9", "13", ""],
    "typed-in.tell-lead": "answer",
    "typed-in.tell-lead.at": "-40m",
    "tell-lead": "reached",
    "typed-in.restart-cti": "unknown",
    "typed-in.restart-cti.at": "-30m",
    "typed-in.restart-cti.reason": "",
    "typed-in.restart-cti.approver": "Group leader A",
    "typed-in.tickets": "answer",
    "typed-in.tickets.at": "-20m",
    "tickets": "by_hand",
    "restart-cti.unknown": "done",
}


@pytest.fixture
def lost(program: Program) -> Path:
    """The folder of an incident that pauses at the restart, its journal overwritten with noise."""
    ran = program.run("start", "cti-down", "--lab", "--as", "Technician A", "--answers", program.answers(SCOPE))
    assert ran.code == 5, ran.out + ran.err
    (folder,) = (program.home / "practice").iterdir()
    journal = folder / "journal.db"
    journal.write_bytes(random.Random(4).randbytes(journal.stat().st_size))
    return folder


def test_no_command_is_a_dead_end(program: Program, lost: Path) -> None:
    """Every command about the incident says what to type, nothing is overwritten, and a pipe begins nothing anew."""
    noise = (lost / "journal.db").read_bytes()
    for arguments in (["log"], ["report"], ["note", "x"], ["close"]):
        command, *more = arguments
        ran = program.run(command, lost.name, *more)
        assert ran.code == 6, (arguments, ran)
        assert f"runbook resume {lost.name}" in ran.err
    assert f"runbook resume {lost.name}" in program.run("status", "--practice").out
    started = program.run("start", "cti-down", "--lab", "--answers", program.answers({"tell-lead": "reached"}))
    assert f"runbook resume {lost.name}" in started.out
    piped = program.run("resume", lost.name)
    assert piped.code == 2
    assert "E-JOURNAL-LOST" in piped.err
    assert [path.name for path in lost.glob("journal*")] == ["journal.db"]
    assert (lost / "journal.db").read_bytes() == noise


def test_it_is_begun_anew_and_typed_in(program: Program, lost: Path) -> None:
    """After the questions the walk goes on at the first step that has no outcome; the damaged file is kept and named by its hash."""
    noise = (lost / "journal.db").read_bytes()
    ran = program.run("resume", lost.name, "--as", "Technician A", "--answers", program.answers(TYPED_IN))
    assert ran.code == 5, ran.out + ran.err
    assert "[ ]  9  Restart the CTI service" in ran.out
    kept = lost / "journal-damaged-1.db"
    assert kept.read_bytes() == noise
    events = program.events(lost.name)
    was = events[0]["body"]["reopened_from"]
    assert (was["file"], was["sha256"]) == (kept.name, hashlib.sha256(noise).hexdigest())
    found = program.only()
    assert found["step"] == "test-call"
    assert [debt["kind"] for debt in found["debts"]] == ["manual_tickets"]
    assert found["unknown"] == []
    by = {e["body"]["step"]: e["body"]["by"] for e in events if e["kind"] == "StepFinished"}
    assert by == {"tell-lead": "paper", "restart-cti": "person", "tickets": "paper"}
    assert not program.lab_acts("restart")


def test_the_report_says_what_was_lost(program: Program, lost: Path) -> None:
    """The report says that the record was lost, names the kept file, and marks the steps that were typed in."""
    program.run("resume", lost.name, "--answers", program.answers(TYPED_IN))
    report = program.run("report", lost.name, "-o", "-").out
    assert "was lost" in report
    assert "journal-damaged-1.db" in report
    assert "2 step(s) were done on paper and typed in later" in report
    assert "done on paper, typed in later" in report
    assert "本事件的记录曾丢失" in program.run("report", lost.name, "--lang", "zh", "-o", "-").out


def test_the_same_list_after_a_pause(program: Program) -> None:
    """`resume --paper` takes what was done by the paper form while the power was out, and the walk goes on behind it."""
    program.run("start", "cti-down", "--lab", "--answers", program.answers({"tell-lead": "reached"}))
    (folder,) = (program.home / "practice").iterdir()
    assert program.only()["step"] == "test-call"
    given = {"typed-in": ["2", ""], "typed-in.test-call": "answer", "typed-in.test-call.at": "now", "test-call": "dead"}
    ran = program.run("resume", folder.name, "--paper", "--answers", program.answers(given))
    assert ran.code == 5, ran.out + ran.err
    assert program.only()["step"] == "sign-in"


def test_at_a_terminal_she_is_asked(program: Program, lost: Path) -> None:
    """At a terminal she reads what is lost, says to begin anew, and sees the list with boxes; leaving keeps everything."""
    left = Terminal(program, "resume", lost.name)
    left.answer("What now?", "2")
    assert left.exit_code() == 130
    assert [path.name for path in lost.glob("journal*")] == ["journal.db"]
    terminal = Terminal(program, "resume", lost.name, columns=80)
    terminal.answer("What now?", "1")
    terminal.answer("Who are you?", "Technician A")
    terminal.answer("When was the fault reported?", "-30m")
    terminal.until("[5m] >")
    terminal.run(1.5)
    terminal.press("\r")
    terminal.until("[ ]  1  The group leader knows")
    terminal.answer("there is no more):", "5")
    terminal.answer("not this step", "1")
    terminal.answer("When?", "-10m")
    terminal.answer("A word on it", "answers at once")
    terminal.until("(paper, ")
    terminal.answer("there is no more):", "q")
    terminal.until("no step 'q'")
    terminal.answer("there is no more):", "/q")
    assert terminal.exit_code() == 5
