"""Many questions at the same time: all the answers in order, one fault at the end, and nobody waits for what hangs after a signal."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from runbook.engine.at_once import at_once


def test_the_answers_come_in_the_order_of_the_questions() -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.02 * (5 - number))
        return number * number

    assert at_once(slow_first, range(5)) == [0, 1, 4, 9, 16]


def test_all_are_asked_at_the_same_time() -> None:
    """Each waits until the last one is there: one after the other would never end."""
    together = threading.Barrier(40, timeout=10)
    assert sorted(at_once(lambda _n: together.wait(), range(40))) == list(range(40))


def test_a_fault_is_raised_when_all_have_ended() -> None:
    ended: list[int] = []

    def third_fails(number: int) -> int:
        if number == 2:
            raise LookupError(number)
        time.sleep(0.05)
        ended.append(number)
        return number

    with pytest.raises(LookupError):
        at_once(third_fails, range(5))
    assert sorted(ended) == [0, 1, 3, 4]


def test_a_signal_does_not_wait_for_what_hangs() -> None:
    """Ctrl-C, a closed window, a shutdown: the program says what is true and ends, whatever a host still owes."""
    release = threading.Event()
    timer = threading.Timer(0.2, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        at_once(lambda _n: release.wait(30), range(3))
    assert time.monotonic() - began < 5, "it waited for the questions that hang"
    release.set()
