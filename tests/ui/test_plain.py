"""Behind a pipe: answers line by line, an end that is never a yes, and nothing that a file or a pipe may confirm."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from runbook.model.prompts import Answer, Gone, Key, Prompt, Reply
from runbook.ui.console import console_for
from runbook.ui.plain import NO_ANSWER_LINES, PlainHuman
from runbook.ui.prompts import AnswersHuman, human_for
from tests.ui.asking import PROMPTS

PROGRAM = Path(__file__).with_name("asking.py")


def piped(*names: str, text: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    return subprocess.run(
        [sys.executable, str(PROGRAM), *names],
        input=text,
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def replies(output: str) -> list[str]:
    return [line[2:] for line in output.splitlines() if line.startswith("= ")]


def test_each_kind_of_question_is_answered_by_a_line() -> None:
    """A pipe answers line by line, keys among them, and the transcript shows each answer behind its question."""
    done = piped("go", "choice", "number", "text", "go", text="\n3\n2\n１２\n/n fan\ns no time\n")
    assert replies(done.stdout) == [
        "Answer(text='')",
        "Answer(text='out')",
        "Answer(text='12')",
        "Key(letter='n', text='fan')",
        "Key(letter='s', text='no time')",
    ]
    assert "Type a number from 1 to 2" in done.stdout
    assert "CHOICE: the cable\n  1  plugged in\n  2  not plugged in\n1-2 > 3\n" in done.stdout
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("name", ["go", "choice", "default", "number", "text"])
@pytest.mark.parametrize("text", ["", "1", "y"])
def test_the_end_of_input_is_never_an_answer(name: str, text: str) -> None:
    """No input, or a last line without its end, answers nothing, not even a default."""
    done = piped(name, text=text)
    assert replies(done.stdout) == ["Gone(why='end_of_input')"]
    assert done.returncode == 5


def test_a_closed_input_is_the_end() -> None:
    """A program started without any standard input is told so, and shows no traceback."""
    env = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    done = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} {PROGRAM} go <&-"],
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert replies(done.stdout) == ["Gone(why='end_of_input')"]
    assert done.stderr == ""


@pytest.mark.parametrize("text", ["7\n", "\n", "yes\n" * 50, "y\n7\n"])
def test_a_pipe_confirms_nothing(text: str) -> None:
    """Whatever a pipe says, an act is not confirmed; in practice only its number confirms it."""
    assert replies(piped("act", text=text).stdout) == ["Gone(why='not_confirmed')"]
    allowed = replies(piped("confirms", "act", text=text).stdout)
    no_answer = "not_answered" if text.count("\n") >= NO_ANSWER_LINES else "end_of_input"
    assert allowed == (["Answer(text='7')"] if "7\n" in text else [f"Gone(why='{no_answer}')"])


def test_an_endless_yes_is_bounded() -> None:
    """`yes` into the program neither fills its memory nor confirms anything."""
    env = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    command = f"yes | {sys.executable} {PROGRAM} go act"
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -50"], env=env, capture_output=True, text=True, timeout=20, check=False
    )
    assert "= Answer" not in done.stdout


@pytest.mark.parametrize(("name", "why"), [("SIGTERM", "terminate"), ("SIGHUP", "hangup"), ("SIGINT", "")])
def test_signals_reach_a_blocked_reader(name: str, why: str) -> None:
    """While a pipe is silent, SIGTERM and SIGHUP end the question, and Ctrl-C is the key q; the program then ends without noise."""
    env = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    child = subprocess.Popen(
        [sys.executable, str(PROGRAM), "choice"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        text=True,
    )
    with child:
        assert child.stdout and child.stdin and child.stderr
        while "2  not" not in child.stdout.readline():
            pass
        sent = time.monotonic()
        child.send_signal(getattr(signal, name))
        reply = child.stdout.readline()
        if not why:
            assert reply == "= Key(letter='q', text='')\n"
            child.send_signal(signal.SIGINT)
            while not reply.startswith("= Gone"):
                reply = child.stdout.readline()
        assert reply == f"= Gone(why='{why or 'interrupt'}')\n"
        assert child.wait(5) == 5
        assert time.monotonic() - sent < 2
        assert child.stderr.read() == ""


def test_stop_ends_a_question_behind_a_silent_pipe() -> None:
    """Where nothing can be read, the machine's own answer still ends the question."""
    env = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])}
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), "stop"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
    ) as child:
        assert child.wait(10) == 0
        assert child.stdout and "= None" in child.stdout.read()


def plain(text: str = "", *, confirms: bool = False) -> tuple[PlainHuman, io.StringIO]:
    written = io.StringIO()
    return PlainHuman(console_for(written, environ={}), io.StringIO(text), confirms=confirms), written


def test_a_question_that_stands_is_not_printed_again() -> None:
    """Asked again with nothing written since, the question is not repeated."""
    human, written = plain()
    human._lines.put("1")
    assert human.ask(PROMPTS["choice"], stop=lambda: True) is None
    assert human.ask(PROMPTS["choice"], stop=lambda: True) is None
    assert written.getvalue().count("CHOICE") == 1


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_no_terminal_means_plain_lines(term: str) -> None:
    """Two streams that are no terminal get the plain reader, and it confirms nothing by itself."""
    human = human_for(
        console_for(io.StringIO(), environ={}), stdin=io.StringIO("7\n"), stdout=io.StringIO(), environ={"TERM": term}
    )
    assert isinstance(human, PlainHuman)
    assert human.ask(PROMPTS["act"]) == Gone("not_confirmed")


def from_file(
    answers: dict[str, list[str]], *prompts: Prompt, confirms: bool = False
) -> tuple[Sequence[Reply | None], str]:
    inner, written = plain()
    human = AnswersHuman(answers, inner, confirms=confirms)
    return [human.ask(prompt) for prompt in prompts], written.getvalue()


def test_a_file_answers_by_name_and_in_order() -> None:
    """Answers are found by the question's name, used in order, and shown with where they came from."""
    found, shown = from_file(
        {"cable": ["out", "1"], "many": ["12"], "ping": ["/s no time"]},
        PROMPTS["go"],
        PROMPTS["go"],
        PROMPTS["choice"],
        PROMPTS["choice"],
        PROMPTS["number"],
    )
    assert found == [Key("s", "no time"), Answer(""), Answer("out"), Answer("in"), Answer("12")]
    assert "1-2 > out   (from the answers file)" in shown


@pytest.mark.parametrize("answers", [{}, {"seat": []}, {"seat": ["maybe"]}, {"seat": [""]}])
def test_a_file_without_a_usable_answer_pauses(answers: dict[str, list[str]]) -> None:
    """A missing or unusable answer is none, also where Enter alone would take a default."""
    found, shown = from_file(answers, PROMPTS["default"])
    assert found == [Gone("not_answered")]
    assert "answers file" in shown


@pytest.mark.parametrize("answer", ["confirm", "7", "yes", ""])
def test_a_file_confirms_only_practice(answer: str) -> None:
    """On a live site no answers file confirms an act; in practice `confirm` or the number does."""
    assert from_file({"switch": [answer]}, PROMPTS["act"])[0] == [Gone("not_confirmed")]
    expected = Answer("7") if answer in ("confirm", "7") else Gone("not_answered")
    assert from_file({"switch": [answer]}, PROMPTS["act"], confirms=True)[0] == [expected]
    assert from_file({}, PROMPTS["act"], confirms=True)[0] == [Gone("not_answered")]
