"""Only what a person typed, and when, gets to the prompt."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES

from runbook.model.prompts import Gone, Key, Prompt
from runbook.ui.keyboard import TypedOnly
from runbook.ui.pace import Pace
from runbook.ui.signals import Signalled, Signals

KNOWN = {key for key in ANSI_SEQUENCES if not key.endswith("R")}.__contains__


class Silent:
    closed = False

    def read(self, count: int = 1024) -> str:
        return ""


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


ANSWERS = [
    "\x1b[24;80R",
    "\x1b[?62;4c",
    "\x1b[>41;354;0c",
    "\x1b[?1;2$y",
    "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "\x1b]52;c;cm0gLXJmIC8K\x07",
    "\x1bP>|xterm(354)\x1b\\",
    "\x1b[<0;10;10M",
    "\x1b_Gi=1;OK\x1b\\",
    "\x1b[8;24;80t",
]


@pytest.fixture(autouse=True)
def _interrupts_again() -> Iterator[None]:
    """After an end by Ctrl-C a program ignores a further one; the tests do not."""
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("answer", ANSWERS, ids=[ascii(answer) for answer in ANSWERS])
def test_a_terminals_answer_is_no_typing(answer: str) -> None:
    """Reports of the cursor, the device, colours, the clipboard and the mouse are dropped, however they are cut up."""
    for cut in range(len(answer)):
        typed = TypedOnly(Silent(), KNOWN)
        assert typed.typed("1" + answer[:cut]) + typed.typed(answer[cut:] + "2") == "12"


@pytest.mark.parametrize("keys", ["hello 热线", "\x1b[A", "\x1bOH", "\r", "\x03", "\x1b[200~a\x1b[24;80Rb\x1b[201~"])
def test_typed_keys_pass(keys: str) -> None:
    """Text, arrows, Enter, Ctrl-C and whole pastes pass as they are, however they are cut up."""
    for cut in range(len(keys)):
        typed = TypedOnly(Silent(), KNOWN)
        assert typed.typed(keys[:cut]) + typed.typed(keys[cut:]) == keys


def test_an_escape_key_swallows_nothing_later() -> None:
    """A lone Esc is forgotten: the next key counts."""
    clock = Time()
    typed = TypedOnly(Silent(), KNOWN, clock)
    assert typed.typed("\x1b") == ""
    clock.now += 1
    assert typed.typed("7") == "7"


@given(st.lists(st.text(st.sampled_from("\x1b[]P_\\0;R~c2 x\x07"), max_size=12), max_size=6))
def test_no_input_stops_the_reader(parts: list[str]) -> None:
    """Any mixture of sequences and halves ends, and leaves no bare escape behind outside a paste."""
    typed = TypedOnly(Silent(), KNOWN)
    for part in parts:
        typed.typed(part)
    assert len(typed._held) <= 4096


def _sent(*numbers: int) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)


GO, CHOICE, ACT = (Prompt(kind, "s", "?", act_number=7) for kind in ("go", "choice", "act"))


def test_a_held_enter_decides_once_at_most() -> None:
    """Enter repeated by the keyboard, after its usual pause, takes at most the first of many defaults."""
    pace, taken = Pace(), 0
    presses = [0.0, *(0.66 + 0.03 * n for n in range(300))]
    pace.begin(-1.0)
    for now in presses:
        if pace.entered(CHOICE, "", now) == "take":
            taken += 1
            pace.begin(now)
    assert taken == 1


def test_a_person_may_press_enter_each_second() -> None:
    """Enter pressed once a second counts each time."""
    pace = Pace()
    for second in range(1, 10):
        pace.begin(second - 0.5)
        assert pace.entered(CHOICE if second % 2 else GO, "", float(second)) == "take"


def test_typed_text_counts_at_once_and_a_fast_number_does_not() -> None:
    """A typed choice needs no pause; a number that comes together with its Enter was not typed by hand."""
    pace = Pace()
    pace.begin(10.0)
    pace.key = 10.5
    assert pace.entered(CHOICE, "1", 10.501) == "take"
    pace.key = 11.0
    assert pace.entered(ACT, "7", 11.001) == "not_by_hand"
    assert pace.entered(ACT, "7", 11.2) == "take"
    pace.begin(12.0)
    assert pace.settling(ACT, 12.29)
    assert not pace.settling(ACT, 12.31)
    assert not pace.settling(CHOICE, 12.0)


@pytest.mark.parametrize(("name", "why"), [("SIGTERM", "terminate"), ("SIGHUP", "hangup")])
def test_a_signal_while_nothing_is_asked_waits_for_the_next_question(name: str, why: str) -> None:
    """Between questions (a save may be under way) a signal only leaves its mark; work that begins then ends at once."""
    before = signal.getsignal(getattr(signal, name))
    signals = Signals()
    signals.install()
    try:
        os.kill(os.getpid(), getattr(signal, name))
        assert signals.reply() == Gone(why)  # type: ignore[arg-type]
        with pytest.raises(Signalled) as caught, signals.working():
            raise AssertionError("work began after the signal")
        assert caught.value.why == why
    finally:
        signals.restore()
    assert signal.getsignal(getattr(signal, name)) is before


def test_a_signal_ends_work_at_once() -> None:
    """SIGTERM while the machine works leaves the work, so that the program ends within its two seconds."""
    signals = Signals()
    signals.install()
    try:
        with pytest.raises(Signalled), signals.working():
            _sent(signal.SIGTERM)
    finally:
        signals.restore()


def test_ctrl_c_twice_is_out_and_once_is_a_pause() -> None:
    """Ctrl-C is the key q; the second in succession leaves; another answer in between makes it a first one again."""
    noticed: list[None] = []
    signals = Signals(lambda: noticed.append(None))
    signals.install()
    try:
        with signals.working():
            os.kill(os.getpid(), signal.SIGINT)
        assert len(noticed) == 1
        assert signals.reply() == Key("q")
        assert signals.reply() is None
        assert signals.interrupt() == Gone("interrupt")
        signals.calm()
        assert signals.interrupt() == Key("q")
        with pytest.raises(Signalled), signals.working():
            _sent(signal.SIGINT, signal.SIGINT)
    finally:
        signals.restore()
