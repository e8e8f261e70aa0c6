"""Told to end, stopped, or without a reader, at any moment: the journal whole, an act in flight unknown, no answer made up."""

from __future__ import annotations

import fcntl
import os
import pty
import random
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pexpect
import pytest

from tests.acceptance.program import REPAIRED_BY_RESTART, SCOPE, Answers, Program
from tests.acceptance.terminal import SETTLED_S, Terminal
from tests.conftest import IN_CI
from tests.faults.run import at_home, begun, children, kinds_of, last, only_in_ci, through_shell, traced
from tests.peers import until

WHY = {"SIGTERM": "terminate", "SIGHUP": "hangup", "SIGINT": "interrupt", "SIGPWR": "terminate"}
ALL = list(WHY) if IN_CI else ["SIGTERM"]
ENDS_WITHIN_S = 2.0
AT_TERMINAL = (
    "start",
    "cti-down",
    "--lab-case",
    "service-stopped",
    "--as",
    "Technician A",
    "--reported",
    "now",
    "--set",
    "grace=5s",
)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    yield from at_home(tmp_path)


# -- F15, F16: told to end


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


@pytest.mark.parametrize("name", ALL)
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


@only_in_ci
@pytest.mark.parametrize("name", ["SIGTERM"])
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


@only_in_ci
@pytest.mark.parametrize("name", ["SIGPWR", "SIGINT"])
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


@only_in_ci
def test_ctrl_c_at_a_terminal_pauses_with_the_resume_line(program: Program) -> None:
    """Ctrl-C at a question is the key q: it says up to where all is saved, and how to go on."""
    at = Terminal(program, *AT_TERMINAL)
    at.until("Enter >")
    at.run(SETTLED_S)
    at.press("\r")
    at.until("Who answered?")
    at.run(SETTLED_S)
    at.child.sendintr()
    assert at.exit_code() == 5
    assert "Saved up to #" in at.text()
    assert f"runbook resume {program.only()['id']}" in at.text()


@only_in_ci
def test_a_window_that_is_closed_pauses(program: Program) -> None:
    """Closing the window ends the program by itself; the incident is paused where it stood, and resumes."""
    at = Terminal(program, *AT_TERMINAL)
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


# -- F17: Ctrl-C


def enters(at: Terminal) -> None:
    """Leave the first screen."""
    at.until("Enter >")
    at.run(SETTLED_S)
    at.press("\r")


QUESTIONS = {
    "Who answered?": "1",
    "Call the hotline from outside": "1",
    "One agent tries to sign in": "1",
    "answers ping": "",
    "service's port is open": "",
    "answers and serves calls": "",
    "CTI service is running": "",
    "Does Customer-service group leader approve?": "1",
    "Name of the person who approves": "Leader A",
    "To do it, type 9": None,
}
INTERRUPTED_AT = ("Who answered?", "answers ping", "Name of the person who approves", "To do it, type 9")


@only_in_ci
def test_ctrl_c_at_every_kind_of_question(program: Program) -> None:
    """At a choice, a reading's Enter, a name and an act's number Ctrl-C pauses: it answers nothing, and says how to go on."""
    at = Terminal(program, *AT_TERMINAL)
    enters(at)
    for question, typed in QUESTIONS.items():
        if question not in INTERRUPTED_AT:
            at.answer(question, typed or "")
            continue
        at.until(question)
        at.until(">")
        at.run(SETTLED_S)
        at.child.sendintr()
        assert at.exit_code() == 5
        assert "Saved up to #" in at.text()
        incident = program.only()
        assert (incident["paused"], incident["unknown"]) == ("key", [])
        at = Terminal(program, "resume", "--practice", "--as", "Technician A")
        if question == "Name of the person who approves":
            at.answer("Does Customer-service group leader approve?", "1")
        if typed is not None:
            at.answer(question, typed)
    at.until("To do it, type 9")
    at.child.sendintr()
    assert at.exit_code() == 5
    assert program.lab_acts("restart") == []
    assert set(kinds_of(program)).isdisjoint({"ActionIntended", "RecoveryAnswered"})


@only_in_ci
@pytest.mark.parametrize("pause_s", [0.0, 0.05])
def test_ten_ctrl_c_at_once_leave_nothing_half(program: Program, pause_s: float) -> None:
    """Ten times Ctrl-C without a break, while a reading runs: it ends with a code of its own, and the journal is whole."""
    assert program.run("lab", "up").code == 0
    running = program.popen("start", "cti-down", "--lab-case", "slow", "--answers", program.answers(SCOPE))
    try:
        until(lambda: begun(program, "ping-cti"), seconds=60)
        for _n in range(10):
            running.send_signal(signal.SIGINT)
            time.sleep(pause_s)
        out, _err = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode in (5, 130), out
    assert "Traceback" not in out
    assert kinds_of(program)[-1] == "Paused" or running.returncode == 130


@only_in_ci
@pytest.mark.parametrize("seed", range(4))
def test_ctrl_c_while_an_event_is_saved(program: Program, seed: int) -> None:
    """With a disk that takes 30 ms for each event, two Ctrl-C at a random instant: each event is there whole or not at all."""
    chance = random.Random(seed)
    slow = ("trace=fdatasync,fsync", "inject=fdatasync,fsync:delay_enter=30000")
    answers = program.answers(REPAIRED_BY_RESTART)
    with traced(program, slow, "start", "cti-down", "--lab-case", "service-stopped", "--answers", answers) as (
        tracer,
        pid,
    ):
        until(lambda: begun(program, "tell-lead"), seconds=60)
        time.sleep(chance.uniform(0, 1.0))
        for _n in range(2):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(chance.uniform(0, 0.02))
        out, _err = tracer.communicate(timeout=60)
        assert tracer.returncode in (0, 1, 5, 130), out
        assert "Traceback" not in out
    kinds = kinds_of(program)
    assert tracer.returncode != 5 or kinds[-1] == "Paused"
    assert kinds.count("ActionIntended") >= len(program.lab_acts("restart"))


# -- F18: stopped, and without a reader


@contextmanager
def shell(program: Program) -> Iterator[pexpect.spawn[str]]:
    """A shell with job control at a terminal of its own."""
    child = pexpect.spawn(
        "bash",
        ["--norc", "-i"],
        encoding="utf-8",
        dimensions=(40, 100),
        env={**program.env(), "TERM": "xterm", "PS1": "$ "},
        cwd=str(program.home.parent),
        timeout=30,
    )
    try:
        child.expect_exact("$ ")
        yield child
    finally:
        child.close(force=True)


def job(program: Program, at: pexpect.spawn[str], *arguments: str) -> None:
    """Type a command line of the program into the shell."""
    script = program.home.parent / "go"
    script.write_text("exec " + " ".join(f"'{word}'" for word in program.argv(*arguments)) + "\n", encoding="utf-8")
    at.sendline("bash go")


@only_in_ci
def test_ctrl_z_and_fg_at_a_question(program: Program) -> None:
    """Ctrl-Z gives the shell back; after `fg` the question is drawn again, its answer counts, and time went on meanwhile."""
    with shell(program) as at:
        job(program, at, *AT_TERMINAL)
        at.expect_exact("Enter >")
        time.sleep(SETTLED_S)
        at.send("\r")
        at.expect_exact("Who answered?")
        time.sleep(SETTLED_S)
        at.send("\x1a")
        at.expect_exact("Stopped")
        at.expect_exact("$ ")
        at.sendline("echo the shell is $((20 + 22))")
        at.expect_exact("the shell is 42")
        at.sendline("fg")
        at.expect_exact("saved #")
        time.sleep(SETTLED_S)
        at.send("1")
        time.sleep(0.1)
        at.send("\r")
        until(lambda: begun(program, "test-call"), seconds=20)
        at.send("\x03")
        at.expect_exact("Saved up to #")
        at.expect_exact("$ ")
        at.sendline("echo code $?")
        at.expect_exact("code 5")


@only_in_ci
def test_ctrl_z_and_fg_during_a_reading(program: Program) -> None:
    """Stopped while an answer is on its way, and continued: the reading ends by its own deadline and the next question comes."""
    assert program.run("lab", "up").code == 0
    with shell(program) as at:
        answers = program.answers({**SCOPE, "ping-cti": "", "cti-port": "", "sip-options": "", "cti-service": ""})
        job(
            program,
            at,
            "start",
            "cti-down",
            "--lab-case",
            "slow",
            "--answers",
            answers,
            "--as",
            "A",
            "--reported",
            "now",
        )
        until(lambda: begun(program, "cti-service"), seconds=60)
        at.send("\x1a")
        at.expect_exact("Stopped")
        time.sleep(3)
        at.sendline("fg")
        until(lambda: begun(program, "restart-cti"), seconds=60)
        at.send("\x03")
        at.expect_exact("Saved up to #")
    assert kinds_of(program)[-1] == "Paused"
    assert program.lab_acts("restart") == []


@contextmanager
def stopped_screen(program: Program, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """The program at a terminal: its process, and both ends. `tcflow` on the second stops the screen as Ctrl-S does."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    os.set_blocking(ours, False)
    running = subprocess.Popen(
        program.argv(*arguments),
        stdin=its,
        stdout=its,
        stderr=its,
        env={**program.env(), "TERM": "xterm"},
        cwd=program.home.parent,
        start_new_session=True,
    )
    try:
        yield running, ours, its
    finally:
        running.kill()
        running.wait()
        os.close(ours)
        os.close(its)


def drained(ours: int) -> bytes:
    """What is on the screen since it was looked at last."""
    seen = b""
    with suppress(BlockingIOError, OSError):
        while data := os.read(ours, 65536):
            seen += data
    return seen


def entered(ours: int) -> bool:
    """Press Enter as a person does who looks whether it counted; on a busy machine the first may come too soon. Always False."""
    time.sleep(SETTLED_S)
    os.write(ours, b"\r")
    time.sleep(SETTLED_S)
    drained(ours)
    return False


@only_in_ci
def test_a_stopped_screen_loses_nothing(program: Program) -> None:
    """Ctrl-S while the restart is on its way. Promised: an event is stored before it is shown, so what is waiting to be shown is
    not lost; nothing is sent a second time; what the world does goes on; when the screen takes output again the walk goes on
    from there, and a limit that ran out meanwhile has run out."""
    answers = program.answers({**REPAIRED_BY_RESTART, "restart-cti.unknown": "done"})
    with stopped_screen(
        program, "start", "cti-down", "--lab-case", "service-stopped", "--answers", answers, "--set", "grace=5s"
    ) as (running, ours, its):
        until(lambda: begun(program, "restart-cti") or not drained(ours).find(b"\0"), seconds=60)
        termios.tcflow(its, termios.TCOOFF)
        waits_for_the_screen(program)
        stored = kinds_of(program)
        time.sleep(1.0)
        assert kinds_of(program) == stored
        assert running.poll() is None
        termios.tcflow(its, termios.TCOON)
        until(lambda: drained(ours) == b"" and running.poll() is not None, seconds=60)
        assert running.returncode == 0
    assert kinds_of(program)[: len(stored)] == stored
    assert len(program.lab_acts("restart")) == 1


def waits_for_the_screen(program: Program) -> None:
    """Until nothing more is stored: the next line waits for the screen."""
    before, now = [""], kinds_of(program)
    while before != now:
        time.sleep(0.6)
        before, now = now, kinds_of(program)


@only_in_ci
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("at_prompt", [True, False], ids=lambda at: "prompt" if at else "lines")
def test_told_to_end_while_nobody_reads_the_screen(program: Program, name: str, *, at_prompt: bool) -> None:
    """A stopped screen holds no shutdown up: the incident is paused with its reason, within two seconds."""
    given = () if at_prompt else ("--answers", program.answers(REPAIRED_BY_RESTART))
    with stopped_screen(program, *AT_TERMINAL, *given) as (running, ours, its):
        until(lambda: b"Enter" in drained(ours) or begun(program, "tell-lead"), seconds=60)
        if at_prompt:
            until(lambda: entered(ours) or begun(program, "tell-lead"), seconds=60)
        termios.tcflow(its, termios.TCOOFF)
        time.sleep(1.5)
        running.send_signal(getattr(signal, name))
        sent = time.monotonic()
        assert running.wait(30) == 5
        assert time.monotonic() - sent < ENDS_WITHIN_S
    assert last(program)["body"]["why"] == WHY[name]
    assert kinds_of(program)[-1] == "Paused"


@only_in_ci
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"] if IN_CI else ["SIGTERM"])
def test_told_to_end_while_nobody_empties_the_pipe(program: Program, name: str) -> None:
    """The same behind a pipe whose other end is open and never read."""
    assert program.run("lab", "up").code == 0
    theirs, its = os.pipe()
    fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, 4096)
    running = program.popen(
        "start", "cti-down", "--lab", "--answers", program.answers(REPAIRED_BY_RESTART), stdout=its, stderr=its
    )
    os.close(its)
    try:
        until(lambda: begun(program, "tell-lead"), seconds=60)
        waits_for_the_screen(program)
        assert running.poll() is None
        running.send_signal(getattr(signal, name))
        sent = time.monotonic()
        assert running.wait(30) == 5
        assert time.monotonic() - sent < ENDS_WITHIN_S
    finally:
        running.kill()
        os.close(theirs)
    assert last(program)["body"]["why"] == WHY[name]


# -- F19: nowhere to write

GONE = ["| head -1", ">&-", ">/dev/full", ">&- 2>&-", ">/dev/full 2>/dev/full"]


@only_in_ci
@pytest.mark.parametrize("redirect", GONE)
def test_nowhere_to_write_from_the_beginning(program: Program, redirect: str) -> None:
    """Where the first screen cannot be shown nothing is begun, and exit code 6 says that the output failed."""
    given = program.answers(REPAIRED_BY_RESTART)
    done = through_shell(program, redirect, "start", "cti-down", "--lab", "--answers", given)
    assert done.returncode == 6, done
    assert "E-OUTPUT" in done.stderr or "2>" in redirect
    assert not list(program.home.glob("practice/*"))


@only_in_ci
def test_the_output_ends_in_the_middle(program: Program) -> None:
    """The reader goes away: exit code 6, the incident is paused where it stood, with the reason, and `resume` goes on."""
    given = program.answers(REPAIRED_BY_RESTART)
    done = through_shell(
        program, "| head -30", "start", "cti-down", "--lab-case", "service-stopped", "--answers", given
    )
    assert done.returncode == 6, done
    assert (last(program)["kind"], last(program)["body"]["why"]) == ("Paused", "output")
    assert program.run("resume", "--practice", "--answers", given).code == 0
    assert len(program.lab_acts("restart")) == 1


@only_in_ci
@pytest.mark.parametrize("redirect", ["2>&-", "2>/dev/full"])
def test_without_an_error_output_it_walks_on(program: Program, redirect: str) -> None:
    """Standard error that is closed or full stops nothing: what has to be said is on the screen."""
    given = program.answers(REPAIRED_BY_RESTART)
    done = through_shell(program, redirect, "start", "cti-down", "--lab", "--answers", given)
    assert done.returncode == 0, done
    assert kinds_of(program)[-1] == "StepFinished"


# -- F20: nobody answers


@pytest.mark.parametrize("redirect", ["</dev/null", "<&-", "< <(printf '1\\n1')"] if IN_CI else ["<&-"])
def test_the_end_of_input_is_never_yes(program: Program, redirect: str) -> None:
    """Without input, or with an answer that was not entered, nothing is answered: exit code 5 and the resume line."""
    done = through_shell(program, redirect, "start", "cti-down", "--lab")
    assert done.returncode == 5, done
    assert "runbook resume" in done.stdout
    assert (last(program)["kind"], last(program)["body"]["why"]) == ("Paused", "end_of_input")


@only_in_ci
@pytest.mark.parametrize("lines", [0, 3, 7, 8, 9])
def test_the_input_ends_at_a_question(program: Program, lines: int) -> None:
    """A pipe that ends at a choice, a reading, an approval, a name or an act: there it pauses, and the act is not done."""
    given = ["1", "1", "1", "", "", "", "", "1", "Leader A"][:lines]
    ran = program.run("start", "cti-down", "--lab", given="".join(f"{line}\n" for line in given))
    assert ran.code == 5, ran
    assert last(program)["body"]["why"] == "end_of_input"
    assert program.lab_acts("restart") == []
    assert "ActionIntended" not in kinds_of(program)


@only_in_ci
def test_ctrl_d_at_a_terminal_is_never_yes(program: Program) -> None:
    """The end of the terminal's input pauses, also at an act."""
    at = Terminal(program, *AT_TERMINAL)
    enters(at)
    at.until("Who answered?")
    at.run(SETTLED_S)
    at.child.sendeof()
    assert at.exit_code() == 5
    assert (last(program)["kind"], last(program)["body"]["why"]) == ("Paused", "end_of_input")


# -- F21: windows of every size

SIZES = [(5, 20), (1, 1), (0, 0), (24, 80), (5, 10), (100, 300), (3, 20), (40, 100)]


@only_in_ci
@pytest.mark.parametrize("term", ["xterm", ""])
def test_a_storm_of_window_sizes(program: Program, term: str) -> None:
    """The window changes its size two hundred times under open questions, down to nothing: each is still answered."""
    at = Terminal(program, *AT_TERMINAL, term=term)
    at.until("Enter")
    at.run(SETTLED_S)
    for name in ("", "tell-lead", "test-call"):
        for turn in range(64 if name else 8):
            at.child.setwinsize(*SIZES[turn % len(SIZES)])
            time.sleep(0.005)
        at.run(0.5)
        at.press(*("1" if name else ""), "\r")
        following = {"": "tell-lead", "tell-lead": "test-call", "test-call": "sign-in"}[name]
        until(lambda following=following: begun(program, following) or (bool(at.run(0.05)) and False), seconds=30)  # type: ignore[misc]
        at.run(SETTLED_S)
    at.child.sendintr()
    assert at.exit_code() == 5
    assert "Traceback" not in at.text()


@only_in_ci
def test_a_small_window_shows_the_whole_question(program: Program) -> None:
    """At 20 columns the question, its choices and the way out are all there, folded."""
    at = Terminal(program, *AT_TERMINAL, columns=20)
    at.child.setwinsize(5, 20)
    at.until("Enter")
    at.run(1.0)
    at.press("\r")
    until(lambda: begun(program, "tell-lead") or (bool(at.run(0.05)) and False), seconds=30)
    shown = " ".join(at.run(1.0).split())
    for words in ("Who answered?", "1 reached", "2 not reached; nobody", "q leaves"):
        assert words in shown, shown
    at.child.sendintr()
    assert at.exit_code() == 5


# -- every way to stop in the middle of an act ends in unknown


@only_in_ci
def test_every_way_to_stop_in_an_act_is_unknown(program: Program) -> None:
    """Killed in the middle of the restart: at resume the record is shown, the look is offered with the time of the last start, and
    only the person's word ends it."""
    assert program.run("lab", "up").code == 0
    given: Answers = {**REPAIRED_BY_RESTART}
    begin = ("start", "cti-down", "--lab-case", "restart-hangs", "--answers", program.answers(given))
    running = program.popen(*begin, stdout=subprocess.DEVNULL)
    try:
        until(lambda: bool(program.lab_acts("restart")), seconds=60)
    finally:
        running.kill()
        running.wait()
    assert not children(running.pid)
    answers = program.answers({"restart-cti.unknown": ["verify"]}, "look.yaml")
    ran = program.run("resume", "--practice", "--answers", answers)
    assert ran.code == 5
    for words in (
        "UNKNOWN: this was begun at",
        "Before it, at",
        "Nothing is recorded of its end",
        "Now: inactive (exit 3)",
    ):
        assert words in ran.out, ran.out
    assert program.only()["unknown"] == ["restart-cti"]
    assert len(program.lab_acts("restart")) == 1
