"""The real clock: wall time in UTC, and the clock since boot that goes on through suspend."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LiveClock:
    """`runbook.model.ports.Clock` over this machine's own clocks."""

    def now(self) -> datetime:
        """The wall time, in UTC."""
        return datetime.now(UTC)

    def boot(self) -> tuple[str, float]:
        """The id of this boot and the seconds since it; times under different ids cannot be compared.

        Where the system has no boot id (all but Linux), the id is this process's own: the monotonic clock of another
        process may have begun elsewhere, and may stand still while the machine sleeps.
        """
        return _boot_id(), _since_boot()

    def wait(self, seconds: float) -> None:
        """Do nothing for `seconds`; at once when that is not positive."""
        if seconds > 0:
            time.sleep(seconds)


@cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return f"process-{uuid.uuid4()}"


def _since_boot() -> float:
    # Linux's CLOCK_MONOTONIC stands still in suspend; CLOCK_BOOTTIME does not.
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
