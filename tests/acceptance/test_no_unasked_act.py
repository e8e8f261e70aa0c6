"""On a live site nothing but a person's typed number acts: not a pipe, not a held key, not a paste, not a file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import peers
from tests.acceptance.live import CallCentre, call_centre, walk_to_restart
from tests.acceptance.program import REPAIRED_BY_RESTART, Program
from tests.acceptance.terminal import SETTLED_S, Terminal

PASTES = {
    "bracketed": "\x1b[200~{text}\x1b[201~",
    "raw": "{text}",
}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    with peers.sshd(tmp_path_factory.mktemp("sshd") / "sshd") as found:
        yield found


@pytest.fixture
def centre(sshd: peers.Sshd, tmp_path: Path) -> CallCentre:
    (sshd.folder / "executions").unlink(missing_ok=True)
    return call_centre(tmp_path, sshd, peers.free_port())


@pytest.fixture
def live(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def started(centre: CallCentre) -> tuple[str, ...]:
    return (
        "start",
        "cti-down",
        "--site",
        str(centre.path),
        "--as",
        "Technician A",
        "--set",
        "grace=5s",
    )


def piped(live: Program, centre: CallCentre, producer: list[str]) -> tuple[int, str]:
    """`PRODUCER | runbook start ...`: its exit code and its output."""
    with subprocess.Popen(producer, stdout=subprocess.PIPE) as source:
        running = live.popen(*started(centre), stdin=source.stdout)
        assert source.stdout is not None
        source.stdout.close()
        try:
            out, _err = running.communicate(timeout=60)
        finally:
            running.kill()
            source.kill()
    assert "Traceback" not in out
    return running.returncode, out


@pytest.mark.parametrize("words", [(), ("1",), ("9",), ("",), ("confirm",), ("/f 1",)])
def test_yes_never_acts(live: Program, centre: CallCentre, words: tuple[str, ...]) -> None:
    """`yes`, whatever it says for ever, pauses the incident with exit code 5 and sends nothing that changes anything."""
    code, out = piped(live, centre, ["yes", *words])
    assert code == 5, out[-2000:]
    assert "runbook resume" in out
    assert centre.restarts() == 0


def test_a_pipe_with_all_the_right_answers_does_not_act(live: Program, centre: CallCentre, tmp_path: Path) -> None:
    """A pipe that answers every question up to the act, and then says its number, is refused there."""
    lines = ["1", "1", "1", "", "", "", "", "1", "Leader A", "9", "9", "9"]
    script = tmp_path / "lines"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out = piped(live, centre, ["cat", str(script)])
    assert code == 5
    assert "Only a person at a terminal can confirm this" in out
    assert centre.looks() >= 1
    assert centre.restarts() == 0
    assert live.only(practice=False)["unknown"] == []


def test_an_answers_file_does_not_act(live: Program, centre: CallCentre) -> None:
    """On a live site `confirm` in an answers file confirms nothing: the incident pauses there."""
    ran = live.run(*started(centre), "--answers", live.answers(REPAIRED_BY_RESTART))
    assert ran.code == 5
    assert "An answers file cannot confirm this" in ran.out
    assert centre.looks() >= 1
    assert centre.restarts() == 0
    again = live.run("resume", "--answers", live.answers(REPAIRED_BY_RESTART))
    assert again.code == 5
    assert centre.restarts() == 0


def test_an_answers_file_at_a_terminal_does_not_act(live: Program, centre: CallCentre) -> None:
    """The same at a terminal: a file is no person, wherever it is used."""
    at = Terminal(live, *started(centre), "--answers", live.answers(REPAIRED_BY_RESTART))
    at.until("An answers file cannot confirm this")
    assert at.exit_code() == 5
    assert centre.restarts() == 0


def paused_by_q(at: Terminal) -> None:
    at.run(1.0)
    at.press("q")
    assert at.exit_code() == 5


def test_a_held_enter_from_the_first_screen_on_does_not_act(live: Program, centre: CallCentre) -> None:
    """Enter held down through every screen takes readings at most."""
    at = Terminal(live, *started(centre))
    at.answer("When was the fault reported?", "now")
    for _press in range(200):
        at.child.send("\r")
        at.run(0.03)
    assert centre.restarts() == 0
    paused_by_q(at)


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_nothing_but_the_typed_number_acts(live: Program, centre: CallCentre, term: str) -> None:
    """At the act itself: a held Enter, fifty pasted lines and a pasted number do nothing; the number typed by hand does it once."""
    at = Terminal(live, *started(centre), term=term)
    walk_to_restart(at)
    at.run(SETTLED_S)
    for _press in range(100):
        at.child.send("\r")
        at.run(0.03)
    for line in ("9", "1", "yes", ""):
        for form in PASTES.values():
            at.child.send(form.format(text=f"{line}\r" * 50))
            at.run(0.5)
    assert centre.restarts() == 0
    assert "Acting:" not in at.text()
    at.run(1.0)
    at.press("9", "\r")
    at.until("Acting:")
    at.until("Does an agent sign in")
    assert centre.restarts() == 1
    at.press("q")
    at.until("Paused") if term == "xterm-256color" else at.press("\r")
    assert at.exit_code() == 5
    assert centre.restarts() == 1


@pytest.mark.parametrize("form", list(PASTES))
def test_a_paste_at_the_first_screen_does_not_act(live: Program, centre: CallCentre, form: str) -> None:
    """Fifty lines pasted over every screen, with the right answers among them, act on nothing."""
    at = Terminal(live, *started(centre))
    at.answer("When was the fault reported?", "now")
    at.run(SETTLED_S)
    for _paste in range(8):
        at.child.send(PASTES[form].format(text="1\r\r9\rLeader A\r9\r" * 10))
        at.run(0.6)
        at.press("\r")
        at.run(0.5)
    assert centre.restarts() == 0
    at.child.sendintr()
    at.run(0.5)
    at.child.sendintr()
    assert at.exit_code() == 5
    assert centre.restarts() == 0
