"""The person behind a pipe, or a terminal that can only write lines."""

from __future__ import annotations

import codecs
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TextIO

from runbook.model.prompts import Answer, Gone, Key, Prompt, Reply
from runbook.model.text import _
from runbook.ui.answers import Again, key_lines, marker, understood
from runbook.ui.console import Console
from runbook.ui.human import KeyboardHuman
from runbook.ui.keyboard import throw_away_typed, unechoed

POLL_S = 0.2
WATCH_POLL_S = 0.02
SETTLE_S = 0.3
HANDED_OVER_S = 0.02
NO_ANSWER_LINES = 20
"""A pipe that has given so many lines in a row that are no answer (`yes` never ends) is taken for one that gives none."""
_LONGEST_LINE = 65_536


class PlainHuman(KeyboardHuman):
    """Asks by plain lines and reads answers line by line. The end of the input is never an answer.

    An `act` is answered only with `confirms` (practice, or a person at a keyboard without screen control).
    """

    def __init__(self, console: Console, stdin: TextIO | None = None, *, confirms: bool = False) -> None:
        super().__init__(console, stdin)
        self._confirms = confirms
        self._lines: queue.Queue[str | None] = queue.Queue(maxsize=1)
        self._reader: threading.Thread | None = None
        self._ended = False
        self._no_answers = 0
        self._at_keyboard = _is_terminal(self._stdin)

    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        """Ask; answers and keys (`n text`, `/n text`) are lines. Refused lines are answered by a sentence."""
        if prompt.kind == "act" and not self._confirms:
            self._show(prompt)
            self._console.write(_("Only a person at a terminal can confirm this. Nothing was done."))
            return Gone("not_confirmed")
        self._show(prompt)
        if prompt.keys and self._at_keyboard:
            self._console.write(*key_lines(prompt, self._console.width))
        if prompt.kind != "text":
            self._forget_typed()
        reply = self._answer(prompt, stop)
        self._open = (prompt, self._console.written) if reply is None else None
        if isinstance(reply, Answer) or (isinstance(reply, Key) and reply.letter != "q"):
            self._signals.calm()
        return reply

    def _hidden_line(self) -> str | None:
        self._forget_typed()
        with unechoed(self._stdin):
            line = self._line(None)
        return line if isinstance(line, str) else None

    def _answer(self, prompt: Prompt, stop: Callable[[], bool] | None) -> Reply | None:
        drawn = time.monotonic()
        while True:
            if self._at_keyboard:
                self._console.open_line(marker(prompt))
            line = self._line(stop, watch=prompt.kind == "watch")
            if not isinstance(line, str):
                if self._at_keyboard:
                    self._console.write("")
                return line
            if not self._at_keyboard:
                self._console.write(marker(prompt) + line)
            reply = self._too_fast(prompt, drawn) or understood(prompt, line)
            if self._gives_no_answer(prompt, reply):
                return Gone("not_answered")
            if not isinstance(reply, Again):
                return reply
            drawn = time.monotonic()
            self._console.write(reply.sentence)

    def _too_fast(self, prompt: Prompt, drawn: float) -> Again | None:
        """Why a line does not count where the world is changed: it was there before the question, or came with others."""
        if prompt.kind != "act" or not self._at_keyboard:
            return None
        if time.monotonic() - drawn < SETTLE_S:
            return Again(_("That was typed before the question was there. Type it again."))
        with suppress(queue.Empty):
            self._ended = self._lines.get(timeout=HANDED_OVER_S) is None
            self._forget_typed()
            return Again(_("Nothing was done: that came too fast to be typed by hand. Type the number, then Enter."))
        return None

    def _gives_no_answer(self, prompt: Prompt, reply: Answer | Key | Again) -> bool:
        """Whether a pipe has gone on for so long without answering that it will never."""
        if isinstance(reply, Answer):
            self._no_answers = 0 if prompt.kind != "text" else self._no_answers
            return False
        self._no_answers += not self._at_keyboard
        if self._no_answers < NO_ANSWER_LINES:
            return False
        self._no_answers = 0
        return True

    def _line(self, stop: Callable[[], bool] | None, *, watch: bool = False) -> str | Gone | Key | None:
        """The next line, or why there is none; None when `stop()` became true. A pipe's lines are the answers to come: for a
        `watch` none is taken."""
        self._start_reading()
        while True:
            if gone := self._signals.reply():
                return gone
            if stop and stop():
                return None
            if watch and not self._at_keyboard:
                threading.Event().wait(WATCH_POLL_S)
                continue
            with suppress(queue.Empty):
                line = None if self._ended else self._lines.get(timeout=POLL_S)
                self._ended = line is None
                return Gone("end_of_input") if line is None else line

    def _forget_typed(self) -> None:
        """Forget what a person typed before this question; what a pipe holds are the answers to come."""
        if not self._at_keyboard:
            return
        throw_away_typed(self._stdin)
        with suppress(queue.Empty):
            while not self._ended:
                self._ended = self._lines.get(timeout=HANDED_OVER_S) is None

    def _start_reading(self) -> None:
        # A thread of its own: nothing else can wait for a line and for `stop` on every system.
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, name="runbook-stdin", daemon=True)
            self._reader.start()

    def _read(self) -> None:
        for line in _lines(self._stdin):
            self._lines.put(line)
        self._lines.put(None)


def _is_terminal(stdin: TextIO) -> bool:
    try:
        return stdin.isatty()
    except (ValueError, AttributeError):
        return False


def _lines(stdin: TextIO) -> Iterator[str]:
    """The complete lines of `stdin`, without their ends. A last line without its end was never entered.

    Reads the descriptor itself: a thread inside `readline` would hold a lock that the ending interpreter needs.
    """
    decoder = codecs.getincrementaldecoder(getattr(stdin, "encoding", None) or "utf-8")("replace")
    pending = ""
    with suppress(OSError, ValueError, AttributeError):
        while data := _more(stdin):
            pending += data if isinstance(data, str) else decoder.decode(data)
            *lines, pending = pending.split("\n")
            pending = pending[-_LONGEST_LINE:]
            for line in lines:
                yield line.removesuffix("\r")[:_LONGEST_LINE]


def _more(stdin: TextIO) -> str | bytes:
    try:
        descriptor = stdin.fileno()
    except (OSError, ValueError, AttributeError):
        return stdin.readline()
    return os.read(descriptor, 4096)
