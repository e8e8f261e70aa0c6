"""The keyboard below the prompt: what was typed too early is thrown away, and a terminal's own answers are no typing."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any, Protocol, TextIO

termios: ModuleType | None
try:
    import termios
except ImportError:
    termios = None

_HELD_FOR_S = 0.5
_HELD_AT_MOST = 4096
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"

# ECMA-48: control strings (DCS, OSC, SOS, PM, APC) up to their end, control sequences, single shifts.
_STRING = re.compile(r"\x1b[P\]X^_][^\x07\x1b]*(?:\x07|\x1b\\)")
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1bO[ -~]")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O|[P\]X^_][^\x07\x1b]*\x1b?)?\Z")

_FAULTS: tuple[type[Exception], ...] = (OSError, ValueError, AttributeError)
if termios is not None:
    _FAULTS += (termios.error,)


class Reader(Protocol):
    """What prompt_toolkit reads a POSIX terminal with."""

    @property
    def closed(self) -> bool: ...

    def read(self, count: int = 1024) -> str: ...


class TypedOnly:
    """A reader that lets through what was typed: text, pastes, and the sequences of known keys.

    A terminal's answers (cursor reports, device attributes, colours, titles), mouse reports and the Esc key are dropped.
    """

    def __init__(
        self, reader: Reader, known: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader, self._known, self._clock = reader, known, clock
        self._held, self._held_since = "", 0.0
        self._pasting = False

    @property
    def closed(self) -> bool:
        return self._reader.closed

    def read(self, count: int = 1024) -> str:
        return self.typed(self._reader.read(count))

    def forget(self) -> None:
        """Drop the beginning of a sequence that is still held."""
        self._held, self._pasting = "", False

    def typed(self, data: str) -> str:
        """What of `data` was typed. The beginning of a sequence is held until its rest arrives."""
        if self._clock() - self._held_since > _HELD_FOR_S:
            self._held = ""
        data, self._held = self._held + data, ""
        kept: list[str] = []
        place = 0
        while place < len(data):
            part, place = self._next(data, place)
            kept.append(part)
        return "".join(kept)

    def _next(self, data: str, place: int) -> tuple[str, int]:
        if self._pasting:
            return self._pasted(data, place)
        if data[place] != "\x1b":
            escape = data.find("\x1b", place)
            end = len(data) if escape < 0 else escape
            return data[place:end], end
        if match := _STRING.match(data, place):
            return "", match.end()
        if match := _SEQUENCE.match(data, place):
            self._pasting = match[0] == _PASTE_BEGINS
            return (match[0] if self._known(match[0]) else ""), match.end()
        if _UNFINISHED.match(data, place) and len(data) - place < _HELD_AT_MOST:
            self._held, self._held_since = data[place:], self._clock()
            return "", len(data)
        return "", place + 2

    def _pasted(self, data: str, place: int) -> tuple[str, int]:
        end = data.find(_PASTE_ENDS, place)
        if end >= 0:
            self._pasting = False
            return data[place : end + len(_PASTE_ENDS)], end + len(_PASTE_ENDS)
        for length in range(min(len(_PASTE_ENDS) - 1, len(data) - place), 0, -1):
            if _PASTE_ENDS.startswith(data[-length:]):
                self._held, self._held_since = data[-length:], self._clock()
                return data[place:-length], len(data)
        return data[place:], len(data)


def throw_away_typed(stdin: TextIO) -> None:
    """Throw away what was typed before now. Nothing happens where `stdin` is no terminal."""
    with suppress(*_FAULTS):
        if not stdin.isatty():
            return
        if sys.platform == "win32":
            import msvcrt

            while msvcrt.kbhit():
                msvcrt.getwch()
        elif termios is not None:
            termios.tcflush(stdin.fileno(), termios.TCIFLUSH)


@contextmanager
def unechoed(stdin: TextIO) -> Iterator[None]:
    """While the machine works, typed keys do not get between its lines; Ctrl-C keeps working."""
    before = _mode(stdin)
    if before is None or termios is None:
        yield
        return
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    try:
        with suppress(*_FAULTS):
            termios.tcsetattr(stdin.fileno(), termios.TCSANOW, silent)
        yield
    finally:
        with suppress(*_FAULTS):
            termios.tcsetattr(stdin.fileno(), termios.TCSANOW, before)


def hidden_line() -> str | None:
    """A line from the terminal of this process without echo; None where echo cannot be switched off, or nothing comes."""
    import getpass
    import warnings

    with warnings.catch_warnings(), suppress(EOFError, OSError, getpass.GetPassWarning):
        # Without this it would go on with echo.
        warnings.simplefilter("error", getpass.GetPassWarning)
        return getpass.getpass("")
    return None


def _mode(stdin: TextIO) -> list[Any] | None:
    with suppress(*_FAULTS):
        if termios is not None and stdin.isatty():
            mode: list[Any] = termios.tcgetattr(stdin.fileno())
            return mode
    return None
