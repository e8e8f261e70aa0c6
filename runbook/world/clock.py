"""The real clock: wall time in UTC, and the clock since boot that goes on through suspend."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Event

from runbook.model.own_time import PROCESS

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOOKS_S = 1.0
"""After how long a wait looks at the clock again: a wait of the system stands still while the machine sleeps."""


class LiveClock:
    """`runbook.model.ports.Clock` over this machine's own clocks."""

    def __init__(self) -> None:
        self._corrected = timedelta()

    def now(self) -> datetime:
        """The wall time, in UTC, as `correct` left it."""
        return datetime.now(UTC) + self._corrected

    def correct(self, seconds: float) -> None:
        """From here on `now` is this machine's wall time plus `seconds`; the machine's own clock is left alone."""
        self._corrected = timedelta(seconds=seconds)

    def boot(self) -> tuple[str, float]:
        """The id of this boot and the seconds since it; times under different ids cannot be compared.

        Where the system has no boot id (all but Linux), the id is this process's own.
        """
        return _boot_id(), since_boot()

    def asleep(self) -> float:
        """Seconds of this boot that the machine was suspended; always 0 where the system does not tell (Windows)."""
        return max(0.0, since_boot() - _awake())

    def wait(self, seconds: float) -> None:
        """Do nothing for `seconds`, those in suspend included; at once when that is not positive."""
        pause_until(since_boot() + seconds)


def pause_until(due: float) -> None:
    """Do nothing until that moment since boot. Not by `time.sleep`, which stands still while the machine sleeps."""
    never = Event()
    while (left := due - since_boot()) > 0:
        never.wait(min(left, LOOKS_S))


@cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return f"{PROCESS}-{uuid.uuid4()}"


def _clock(name: str) -> Callable[[], float] | None:
    number = getattr(time, name, None)
    return None if number is None else lambda: time.clock_gettime(number)


# Linux: CLOCK_MONOTONIC stands still in suspend, CLOCK_BOOTTIME does not. macOS: `time.monotonic` and CLOCK_UPTIME_RAW stand
# still, CLOCK_MONOTONIC does not. Windows: `time.monotonic` goes on (GetTickCount64, from 3.13 QueryPerformanceCounter).
# Elsewhere whether `time.monotonic` goes on is the system's affair.
_GOES_ON, _STANDS_STILL = (
    ("CLOCK_MONOTONIC", "CLOCK_UPTIME_RAW") if sys.platform == "darwin" else ("CLOCK_BOOTTIME", "")
)

since_boot: Callable[[], float] = _clock(_GOES_ON) or time.monotonic
"""Seconds on a clock that nobody sets and that goes on through suspend: every deadline in `world` is a point on it."""
_awake: Callable[[], float] = _clock(_STANDS_STILL) or (since_boot if sys.platform == "win32" else time.monotonic)
