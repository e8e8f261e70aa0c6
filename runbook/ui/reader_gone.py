"""A screen, or a program behind a pipe, that takes no more output: nothing waits for it once the program is told to end."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from types import ModuleType

termios: ModuleType | None
try:
    import termios
except ImportError:
    termios = None

_OUTPUTS = (1, 2)


def takes(descriptor: int) -> bool:
    """Whether a line can be written there now without waiting. True where the system cannot tell."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    try:
        poll.register(descriptor, select.POLLOUT)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def wait_for_nobody() -> None:
    """Send standard output and error nowhere where they take nothing now. A write that waits there goes on at once.

    For the time after a closed window or a shutdown: a stopped terminal or a pipe that nobody empties must not hold up the end.
    """
    for descriptor in _OUTPUTS:
        if takes(descriptor):
            continue
        if termios is not None:
            with suppress(OSError, termios.error):
                termios.tcflush(descriptor, termios.TCOFLUSH)
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
