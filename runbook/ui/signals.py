"""What ends a person's session from outside: a closed window, a shutdown, Ctrl-C. Caught only in the main thread."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, Literal

from runbook.model.prompts import Gone, Key
from runbook.ui.reader_gone import wait_for_nobody

Why = Literal["hangup", "terminate", "interrupt"]


class Signalled(KeyboardInterrupt):
    """A signal arrived while the machine worked: an act that was begun has an unknown end. `why` as in `Gone`."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


class Signals:
    """Signals as data: each becomes the next reply, or `Signalled` inside `working()`, never anything inside a save.

    Ctrl-C once is the key q, twice in succession is `Gone("interrupt")`.
    """

    def __init__(self, noticed: Callable[[], None] = lambda: None) -> None:
        self._why: Why | None = None
        self._interrupts = 0
        self._interrupted = False
        self._at_work = 0
        self._noticed = noticed
        self._before: dict[int, Any] = {}

    def install(self) -> None:
        """Take the signals, where this is the main thread and the system has them."""
        if threading.current_thread() is not threading.main_thread():
            return
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPWR", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number is not None and number not in self._before:
                with suppress(OSError, ValueError):
                    self._before[number] = signal.signal(number, self._arrived)

    def restore(self) -> None:
        """Give the signals back to whoever had them; after an end by Ctrl-C a further one no longer changes how the program ends."""
        while self._before:
            number, handler = self._before.popitem()
            if (
                number == signal.SIGINT
                and (self._interrupted or self._interrupts)
                and handler is signal.default_int_handler
            ):
                handler = signal.SIG_IGN
            with suppress(OSError, ValueError, TypeError):
                signal.signal(number, handler)

    def reply(self) -> Gone | Key | None:
        """What a signal that arrived says in place of an answer; None when none did."""
        if self._why:
            return Gone(self._why)
        if self._interrupts:
            twice, self._interrupts = self._interrupts > 1, 0
            return Gone("interrupt") if twice else self.interrupt()
        return None

    def interrupt(self) -> Gone | Key:
        """Ctrl-C was typed: the key q, or the end when it was typed just before too."""
        if self._interrupted:
            return Gone("interrupt")
        self._interrupted = True
        return Key("q")

    def calm(self) -> None:
        """Something else was answered: the next Ctrl-C is a first one again."""
        self._interrupted = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """While the machine works in the main thread, a signal ends it at once (the second one, for Ctrl-C)."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._at_work += 1
        try:
            self._leave_if_told()
            yield
        finally:
            self._at_work -= 1

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGHUP", None):
            self._why = "hangup"
        elif number == signal.SIGINT:
            self._interrupts += 1
        else:
            self._why = self._why or "terminate"
        if self._why:
            wait_for_nobody()
        if self._at_work:
            self._leave_if_told()
            self._noticed()
        elif self._interrupts > 3:
            # Neither a question nor work: something of ours hangs, and the person wants out.
            raise Signalled("interrupt")

    def _leave_if_told(self) -> None:
        if self._why:
            raise Signalled(self._why)
        if self._interrupts > 1:
            raise Signalled("interrupt")
