"""Deadlines in a machine that sleeps: a wait of the system stands still meanwhile, the clock since boot does not."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from runbook.world import clock as clocks
from runbook.world import deadline, ssh_exec
from runbook.world.clock import LiveClock, since_boot
from runbook.world.ssh import LiveSsh
from tests import peers
from tests.world.broken_ssh import Broken, broken

HOUR_S = 3600.0


class Sleep:
    """A clock since boot that the test lets go on by itself, as it does while a machine sleeps."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def __call__(self) -> float:
        return since_boot() + self.slept_s

    def soon(self, seconds: float = 0.3) -> None:
        """After a moment the machine sleeps for an hour."""

        def sleep() -> None:
            self.slept_s += HOUR_S

        threading.Timer(seconds, sleep).start()


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Sleep:
    found = Sleep()
    for module in (clocks, deadline, ssh_exec):
        monkeypatch.setattr(module, "since_boot", found)
    return found


def at_once(work: Callable[[], object]) -> bool:
    """Whether it ended in a small part of the hour for which the machine slept."""
    began = time.monotonic()
    work()
    return time.monotonic() - began < 30


def test_an_act_that_was_under_way_in_suspend_is_over_its_deadline_behind_it(sleep: Sleep, sshd: peers.Sshd) -> None:
    """The command runs on and says nothing: an hour of sleep is an hour, and nobody knows how it ended."""
    server = Broken(lambda _server, _channel: time.sleep(4))
    with broken(server, sshd) as host:
        ssh = LiveSsh({})
        sleep.soon(0.6)
        began = time.monotonic()
        reply = ssh.run(host, ["restart", "cti"], deadline_s=60)
        ssh.close()
    assert (reply.status, reply.ended) == (None, "deadline")
    assert time.monotonic() - began < 30
    assert server.commands == [b"restart cti"]


def test_a_pause_ends_with_the_sleep(sleep: Sleep) -> None:
    """What waits for a minute has waited an hour."""
    sleep.soon()
    assert at_once(lambda: LiveClock().wait(60))


def test_work_that_is_waited_for_is_given_up_behind_the_sleep(sleep: Sleep) -> None:
    """A name that does not resolve, an agent that says nothing."""
    sleep.soon()

    def waits() -> None:
        with pytest.raises(TimeoutError):
            deadline.within(60, threading.Event().wait)

    assert at_once(waits)


def test_a_reader_is_woken_behind_the_sleep(sleep: Sleep) -> None:
    """A peer that has said nothing for an hour is as one that closed."""
    ours, theirs = socket.socketpair()
    sleep.soon()

    def reads() -> None:
        with deadline.cut_at(sleep() + 60, ours):
            assert ours.recv(1) == b""

    with ours, theirs:
        assert at_once(reads)


def test_what_a_person_said_is_added_to_the_wall_clock_only() -> None:
    """The boot clock is nobody's to set, and a second correction replaces the first."""
    clock = LiveClock()
    before = clock.now(), clock.boot()[1]
    clock.correct(9000)
    clock.correct(7200)
    assert timedelta(seconds=7200) <= clock.now() - before[0] < timedelta(seconds=7300)
    assert clock.boot()[1] - before[1] < 100


@pytest.mark.needs_root
def test_how_long_the_machine_slept_is_known() -> None:
    """In a machine whose clock through suspend is an hour and a half ahead of the one that stands still."""
    script = "from runbook.world.clock import LiveClock; print(LiveClock().asleep())"
    unshare = [peers.program("unshare"), "-T", "--boottime", "5400"]
    found = [
        float(
            subprocess.run([*before, sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        )
        for before in ([], unshare)
    ]
    assert found[1] - found[0] == pytest.approx(5400, abs=60)
