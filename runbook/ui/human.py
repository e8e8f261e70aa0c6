"""What every person's port shares: telling, showing work, and the signals that end a session."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self, TextIO

from runbook.model.errors import RunbookError
from runbook.model.prompts import Prompt, Reply
from runbook.model.text import _
from runbook.ui.answers import question_lines
from runbook.ui.console import Console
from runbook.ui.keyboard import unechoed
from runbook.ui.signals import Signals

SHOWN_AFTER_S = 0.4
SAID_AGAIN_AFTER_S = 60.0


class KeyboardHuman(ABC):
    """Base of the two keyboards. Use it as a context manager: inside, SIGINT, SIGTERM and SIGHUP become replies.

    `busy` raises `Signalled` when one of them arrives while the machine works.
    """

    def __init__(self, console: Console, stdin: TextIO | None = None) -> None:
        self._console = console
        self._stdin = stdin or sys.stdin
        self._signals = Signals(self._pause_noticed)
        self._open: tuple[Prompt, int] | None = None
        self._asking_secret = threading.Event()

    def __enter__(self) -> Self:
        self._signals.install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._signals.restore()

    @abstractmethod
    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        """Ask until there is a usable reply; None when `stop()` became true first."""

    def tell(self, *lines: str) -> None:
        """Show lines; each is one line, whatever it holds."""
        self._console.write(*lines)

    def secret(self, question: str) -> str | None:
        """A line that is not echoed, kept or repeated; None when nobody is at a terminal, or nothing was typed."""
        if not (_terminal(self._stdin) and self._console.terminal):
            return None
        self._asking_secret.set()
        try:
            self._console.passing("")
            self._console.write(question, style="bold")
            self._console.open_line("> ")
            typed = self._hidden_line()
            self._console.write("")
        finally:
            self._asking_secret.clear()
        return typed or None

    @abstractmethod
    def _hidden_line(self) -> str | None:
        """The next line that is typed, without echo."""

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show what the machine works on, with the seconds, until the block ends."""
        done = threading.Event()
        shower = threading.Thread(target=self._show_work, args=(what, done), daemon=True)
        with self._signals.working(), unechoed(self._stdin):
            shower.start()
            try:
                yield
            finally:
                done.set()
                shower.join(1)
                self._console.passing("")

    def _show_work(self, what: str, done: threading.Event) -> None:
        began = time.monotonic()
        said_at = 0.0
        wait = SHOWN_AFTER_S
        # Output that fails here fails again, and is reported, where the next line is written.
        with suppress(RunbookError):
            while not done.wait(wait):
                # A thread that waits for the screen would hold up whoever writes next.
                if self._asking_secret.is_set() or not self._console.takes:
                    continue
                seconds = int(time.monotonic() - began)
                line = _("{what} ... {seconds} s").format(what=what, seconds=seconds)
                if self._console.redraws:
                    self._console.passing(line)
                elif not said_at or time.monotonic() - said_at > SAID_AGAIN_AFTER_S:
                    said_at = time.monotonic()
                    self._console.write(line)
                wait = 1.0 if self._console.redraws else 5.0

    def _pause_noticed(self) -> None:
        with suppress(RunbookError):
            self._console.write(_("It pauses when this is done. Ctrl-C once more leaves at once."))

    def _show(self, prompt: Prompt) -> None:
        """Print the question, unless it is still the last thing on the screen."""
        if self._open == (prompt, self._console.written):
            return
        question = question_lines(prompt)
        asked = len(prompt.lines)
        if asked:
            self._console.write(*question[:asked])
        self._console.write(*question[asked:], style="bold")


def _terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (ValueError, AttributeError):
        return False
