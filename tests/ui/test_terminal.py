"""A person at a real terminal: nothing is decided by a held key, a paste, or what was typed before the question appeared."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

PROGRAM = Path(__file__).with_name("asking.py")


class Terminal:
    """The program on a pty, and the screen that a person would see."""

    def __init__(self, *names: str, columns: int = 80, rows: int = 24, **environ: str) -> None:
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(PROGRAM.parents[2]), **environ}
        encoding = env.get("PYTHONIOENCODING", "utf-8")
        self.child = pexpect.spawn(
            sys.executable, [str(PROGRAM), *names], dimensions=(rows, columns), encoding=encoding, env=env, timeout=20
        )
        self.child.delaybeforesend = None
        self.screen = pyte.HistoryScreen(columns, rows, history=5000, ratio=1)
        self.screen.write_process_input = self.child.send
        self.stream = pyte.Stream(self.screen)
        self.raw = ""

    def run(self, seconds: float) -> str:
        """Let time pass; what is on the screen then."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                data = self.child.read_nonblocking(65536, min(left, 0.05))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                break
            self.raw += data
            self.stream.feed(data)
        return self.text()

    def until(self, *words: str, seconds: float = 20) -> str:
        """Wait until all the words are on the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.run(0.05)
            if all(word in text for word in words):
                return text
        raise AssertionError(f"{words} did not appear in:\n{self.text()}")

    def text(self) -> str:
        above = [
            "".join(line[column].data for column in range(self.screen.columns)) for line in self.screen.history.top
        ]
        return "\n".join(line.rstrip() for line in [*above, *self.screen.display])

    def type(self, *keys: str) -> None:
        """Press keys as a person does, one after another."""
        for key in keys:
            time.sleep(0.06)
            self.child.send(key)

    def exit_code(self) -> int:
        end = time.monotonic() + 10
        while self.child.isalive() and time.monotonic() < end:
            self.run(0.05)
        self.child.close(force=True)
        assert self.child.exitstatus is not None, f"ended by signal {self.child.signalstatus}\n{self.text()}"
        return self.child.exitstatus


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*names: str, **how: object) -> Terminal:
        opened.append(Terminal(*names, **how))  # type: ignore[arg-type]
        return opened[-1]

    yield start
    for one in opened:
        one.child.close(force=True)


def paste(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


def test_each_kind_of_question_is_answered(terminal: Callable[..., Terminal]) -> None:
    """Enter reads, a number chooses, text is text, and the step's number typed by hand acts."""
    at = terminal("go", "choice", "number", "text", "act")
    at.until("Enter >", "saved #42")
    at.run(0.35)
    at.type("\r")
    at.until("= Answer(text='')", "1-2 >")
    at.type("2", "\r")
    at.until("= Answer(text='out')", "number >")
    at.type("x", "\r")
    at.until("Type a number such as 12")
    at.type("１", "２", "\r")
    at.until("= Answer(text='12')", "TEXT")
    at.type("热", "线", "错", "\x7f", " n", "\r")
    at.until("= Answer(text='热线 n')", "type 7 >")
    at.run(0.4)
    at.type("7", "\r")
    at.until("= Answer(text='7')")
    assert at.exit_code() == 0


def test_a_letter_is_a_key_at_once(terminal: Callable[..., Terminal]) -> None:
    """A letter on an empty line acts without Enter; behind a slash it takes text along."""
    at = terminal("go", "text")
    at.until("Enter >", "s skip")
    at.type("s")
    at.until("= Key(letter='s', text='')", "/n note")
    at.type(*"/n fan", "\r")
    at.until("= Key(letter='n', text='fan')")
    assert at.exit_code() == 0


def test_the_status_line_goes_on(terminal: Callable[..., Terminal]) -> None:
    """The line below the prompt is drawn again each second."""
    at = terminal("choice")
    at.until("seconds 1")
    at.until("seconds 3")


def test_output_stands_above_an_open_prompt(terminal: Callable[..., Terminal]) -> None:
    """A line written while a question is open does not disturb what is being typed."""
    at = terminal("behind", "text")
    at.until("saved #42")
    at.type(*"half a sen")
    text = at.until("BEHIND the prompt")
    at.run(0.4)
    text = at.text()
    assert "BEHIND the prompt\n> half a sen" in text
    at.type(*"tence", "\r")
    at.until("= Answer(text='half a sentence')")


def test_a_paste_of_fifty_lines_answers_nothing(terminal: Callable[..., Terminal]) -> None:
    """Of fifty pasted lines the first is put on the line, for the person to see; it is not entered."""
    at = terminal("choice")
    at.until("saved #42")
    at.child.send(paste("1\n" * 50))
    text = at.until("49 more were dropped")
    assert "= Answer" not in text
    at.type("\r")
    at.until("= Answer(text='in')")


@pytest.mark.parametrize("line", ["7", "1", "", "s", "yes"])
def test_fifty_raw_lines_confirm_nothing(terminal: Callable[..., Terminal], line: str) -> None:
    """The same where the terminal does not mark pastes: no act is confirmed, no default is taken, no key is used."""
    at = terminal("act")
    at.until("type 7 >")
    at.run(0.4)
    at.child.send(f"{line}\r" * 50)
    assert "=" not in at.run(1.0).replace("saved #", "")
    at.type("7", "\r")
    at.until("= Answer(text='7')")


@pytest.mark.parametrize("pasted", [paste("7"), paste("7\r"), paste("7\n"), "7\r"])
def test_a_pasted_number_confirms_nothing(terminal: Callable[..., Terminal], pasted: str) -> None:
    """The number of an act counts only when it is typed by hand, and the refusal is said."""
    at = terminal("act")
    at.until("type 7 >")
    at.run(0.4)
    at.child.send(pasted)
    at.until("Nothing was done")
    at.child.send("\r")
    assert "= Answer" not in at.run(0.6)


def test_a_pasted_answer_of_raw_lines_is_one_answer(terminal: Callable[..., Terminal]) -> None:
    """Fifty raw lines answer one harmless question at most; the rest is dropped with a sentence, the act stands untouched."""
    at = terminal("choice", "default", "act")
    at.until("1-2 >")
    at.child.send("1\r7\r" * 25)
    at.until("was dropped")
    text = at.run(1.2)
    assert text.count("= Answer") == 1
    assert "ACT" not in text


def test_a_held_enter_decides_nothing(terminal: Callable[..., Terminal]) -> None:
    """Hundreds of Enters take at most one reading and one default, and never confirm."""
    at = terminal("go", "default", "default", "act")
    at.until("Enter >")
    for _press in range(200):
        at.child.send("\r")
        at.run(0.03)
    text = at.run(0.5)
    assert text.count("= Answer") <= 1
    assert "ACT" not in text
    assert "too soon" in text


def test_a_held_enter_never_acts(terminal: Callable[..., Terminal]) -> None:
    """Enter alone does nothing at all where the world would be changed."""
    at = terminal("act")
    at.until("type 7 >")
    for _press in range(60):
        at.child.send("\r")
        at.run(0.03)
    assert "= Answer" not in at.run(0.3)


def test_what_was_typed_before_the_question_is_thrown_away(terminal: Callable[..., Terminal]) -> None:
    """Keys typed before an act was drawn, and in its first moments, do not count."""
    at = terminal("go", "act")
    at.until("Enter >")
    at.run(0.4)
    at.child.send("\r")
    at.child.send("7\r7\r")
    at.until("type 7 >")
    at.child.send("7")
    time.sleep(0.05)
    at.child.send("\r")
    assert "= Answer(text='7')" not in at.run(0.8)
    at.type("7", "\r")
    at.until("= Answer(text='7')")


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
@pytest.mark.parametrize("name", ["choice", "default", "act"])
def test_what_was_typed_while_the_machine_worked_decides_nothing(
    terminal: Callable[..., Terminal], name: str, term: str
) -> None:
    """Lines typed while no question stood are not its answer, on any terminal."""
    at = terminal("work", name, TERM=term)
    at.until("looking ..." if term != "dumb" else "")
    at.run(0.5)
    at.child.send("1\r7\r\r")
    at.until("7 >" if name == "act" else "] >" if name == "default" else "1-2 >")
    assert "= Answer" not in at.run(0.7)


def test_pasted_text_uses_no_key(terminal: Callable[..., Terminal]) -> None:
    """A letter with others close behind it is text, not a key, even where a paste comes in pieces."""
    at = terminal("choice")
    at.until("saved #42")
    for piece in ("s", "cp fi", "le", "\r"):
        at.child.send(piece)
        time.sleep(0.02)
    at.until("Type a number from 1 to 2")
    assert "= Key" not in at.run(0.4)


def test_terminal_answers_are_not_typed(terminal: Callable[..., Terminal]) -> None:
    """Reports that a terminal sends by itself never become text."""
    at = terminal("text")
    at.until("saved #42")
    at.child.send("\x1b[24;80R\x1b[?62;4c\x1b]11;rgb:00/00/00\x1b\\")
    at.type("o", "k", "\x1b[>41;354;0c", "\r")
    at.until("= Answer(text='ok')")


def test_ctrl_c_once_pauses_and_twice_leaves(terminal: Callable[..., Terminal]) -> None:
    """The first Ctrl-C is the key q, the second in succession ends the session."""
    at = terminal("choice")
    at.until("saved #42")
    at.child.send("\x03")
    at.until("= Key(letter='q', text='')")
    at.run(0.3)
    at.child.send("\x03")
    at.until("= Gone(why='interrupt')")
    assert at.exit_code() == 5


def test_the_end_of_input_is_no_answer(terminal: Callable[..., Terminal]) -> None:
    """Ctrl-D on an empty line is the end of input, also where Enter would take a default."""
    at = terminal("default")
    at.until("saved #42")
    at.run(0.4)
    at.child.send("\x04")
    at.until("= Gone(why='end_of_input')")
    assert at.exit_code() == 5


@pytest.mark.parametrize(("name", "why"), [("SIGTERM", "terminate"), ("SIGHUP", "hangup")])
@pytest.mark.parametrize("doing", ["choice", "busy"])
def test_signals_end_within_two_seconds(terminal: Callable[..., Terminal], name: str, why: str, doing: str) -> None:
    """SIGTERM and SIGHUP end a question and a running work alike, within two seconds, each by its name."""
    at = terminal(doing)
    at.until("saved #42" if doing == "choice" else "restarting ...")
    sent = time.monotonic()
    at.child.kill(getattr(signal, name))
    at.until(f"'{why}'" if doing == "choice" else f"left by {why}", seconds=2)
    assert at.exit_code() == 5
    assert time.monotonic() - sent < 2


def test_a_closed_window_ends_the_program(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    """When the window is closed the program ends by itself, without a traceback."""
    at = terminal("choice", PYTHONFAULTHANDLER="1")
    at.until("saved #42")
    pid = at.child.pid
    at.child.ptyproc.fileobj.close()
    at.child.ptyproc.closed = at.child.closed = True
    end = time.monotonic() + 5
    status = 0
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            break
        time.sleep(0.05)
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise AssertionError("still running five seconds after its window was closed")
    at.child.ptyproc.terminated = at.child.terminated = True
    assert os.WIFEXITED(status)


def test_stop_ends_a_question_and_keeps_the_line_clean(terminal: Callable[..., Terminal]) -> None:
    """When the machine has its answer first, the question goes away and the next one is asked."""
    at = terminal("stop", "choice")
    at.until("= None")
    at.until("1-2 >")
    at.type("1", "\r")
    at.until("= Answer(text='in')")


def test_a_half_typed_answer_survives_the_machine(terminal: Callable[..., Terminal]) -> None:
    """What was typed when the machine came first is on the line again when the same question is asked again."""
    at = terminal("stop", "choice")
    at.until("1-2 >")
    at.type("2")
    at.until("= None")
    at.until("1-2 > 2")
    at.type("\r")
    at.until("= Answer(text='out')")


@pytest.mark.parametrize("size", [(5, 20), (2, 10), (24, 60)])
def test_a_window_of_any_size_works(terminal: Callable[..., Terminal], size: tuple[int, int]) -> None:
    """The window may shrink under an open question: it is still answered."""
    at = terminal("choice", "text")
    at.until("saved #42")
    at.child.setwinsize(*size)
    at.screen.resize(*size)
    at.run(0.4)
    at.type("1", "\r")
    at.run(0.5)
    at.type("o", "k", "\r")
    assert at.exit_code() == 0


def test_keys_stand_in_two_lines_at_sixty_columns(terminal: Callable[..., Terminal]) -> None:
    """At 60 columns the status and the keys are all there."""
    at = terminal("go", columns=60)
    text = at.until("saved #42·7F3A", "Enter do", "q pause")
    assert max(len(line) for line in text.splitlines()) <= 60


def test_a_chinese_terminal_in_gbk(terminal: Callable[..., Terminal]) -> None:
    """A GBK terminal shows the prompt and takes Chinese text."""
    at = terminal("text", PYTHONIOENCODING="gbk")
    at.until("saved #42-7F3A")
    at.type("热线", "\r")
    at.until("= Answer(text='热线')")
    assert at.exit_code() == 0


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_dumb_terminal_gets_plain_lines_and_can_act(terminal: Callable[..., Terminal], term: str) -> None:
    """Without screen control the same questions are asked line by line, a person's number counts, an earlier one does not."""
    at = terminal("choice", "act", TERM=term)
    at.until("1-2 >")
    at.child.send("2\n7\n")
    at.until("= Answer(text='out')", "type 7 >")
    assert "= Answer(text='7')" not in at.run(0.6)
    at.child.send("7\n")
    at.until("= Answer(text='7')")
    assert at.exit_code() == 0
    assert "\x1b" not in at.raw


def test_work_shows_its_seconds_and_no_typing(terminal: Callable[..., Terminal]) -> None:
    """Long work shows that it goes on; keys typed meanwhile do not get between its lines; Ctrl-C says what it will do."""
    at = terminal("busy")
    at.until("restarting ... 2 s")
    at.child.send("nonsense")
    assert "nonsense" not in at.run(0.6)
    at.child.send("\x03")
    at.until("It pauses when this is done")
    at.child.send("\x03")
    at.until("left by interrupt")
    assert at.exit_code() == 5


def test_a_stopped_program_goes_on(terminal: Callable[..., Terminal]) -> None:
    """Stopped from outside and continued, the question still stands."""
    at = terminal("choice")
    at.until("saved #42")
    at.child.kill(signal.SIGSTOP)
    at.run(0.3)
    at.child.kill(signal.SIGCONT)
    at.type("1", "\r")
    at.until("= Answer(text='in')")
