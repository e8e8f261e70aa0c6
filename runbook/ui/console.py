"""The one place that writes lines. Everything passes the safe-text gate; nothing is ever read as markup."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from runbook.model.errors import RunbookError, system_said
from runbook.ui.glyphs import Shown, carried, cells, clipped, fold
from runbook.ui.reader_gone import takes
from runbook.ui.safe_text import BAR, safe

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

WIDEST = 100


class Console:
    """Writes whole lines through a `rich` console, folded to its width, in what its encoding can carry.

    Not a terminal: lines are not folded, so that a pipe can search them. Raises RunbookError E-OUTPUT when a line cannot be written.
    """

    def __init__(self, rich: RichConsole, *, width: int | None = None) -> None:
        self._rich = rich
        self._given_width = width
        self._lock = threading.RLock()
        self._passing = ""
        self.written = 0
        self.redact: Callable[[str], str] = str
        """Takes the run's secrets out of what is shown; whoever opens a site with secrets sets it."""

    @property
    def width(self) -> int:
        """Columns to lay out for: the terminal's, at least 20, at most 100; 80 for a pipe."""
        return max(20, min(self._columns(), WIDEST)) if self._rich.is_terminal else 80

    @property
    def terminal(self) -> bool:
        """Whether a person may see each line as it is written."""
        return self._rich.is_terminal

    @property
    def encoding(self) -> str:
        return getattr(self._rich.file, "encoding", None) or "utf-8"

    def write(self, *lines: str | Shown, style: str = "", hang: str = "  ") -> None:
        """Write lines; `style` is a rich style such as `bold` for those without one, `hang` begins what a line is folded into.

        Each string is one line: what stands behind a newline in it was written by somebody else, and is marked as such.
        """
        from rich.text import Text

        with self._lock, self._faults_named():
            self._clear_passing()
            for line in lines:
                text, of_its_own = line if isinstance(line, Shown) else (line, "")
                for part in self._laid_out(text, hang):
                    self._rich.print(Text(carried(part, self.encoding), style=of_its_own or style), soft_wrap=True)
                    self.written += 1

    def open_line(self, text: str) -> None:
        """Write the beginning of a line that a person goes on with (`> `)."""
        with self._lock, self._faults_named():
            self._clear_passing()
            self._raw(carried(safe(self.redact(text)), self.encoding))

    @property
    def takes(self) -> bool:
        """Whether a line can be written now without waiting for whoever reads it."""
        with suppress(OSError, ValueError, AttributeError):
            return takes(self._rich.file.fileno())
        return True

    @property
    def redraws(self) -> bool:
        """Whether a line that was written can be taken away again."""
        return self._rich.is_terminal and not self._rich.is_dumb_terminal

    def passing(self, text: str) -> None:
        """On a terminal, show `text` as a last line that the next write, or an empty text, takes away. Elsewhere nothing."""
        if not self.redraws:
            return
        with self._lock, self._faults_named():
            self._clear_passing()
            self._passing = carried(clipped(safe(self.redact(text)).replace("\n", " "), self.width - 1), self.encoding)
            self._raw(self._passing)

    def _laid_out(self, line: str, hang: str) -> list[str]:
        first, *others = [part.expandtabs(8) for part in safe(self.redact(line)).split("\n")]
        shown = [first, *(part if part.startswith(BAR) else BAR + part for part in others)]
        if not self._rich.is_terminal:
            return shown
        # A folded line of another machine must not get to the first column either.
        return [
            part for one in shown for part in fold(one, self.width, BAR if one.startswith(BAR) else _indent(one) + hang)
        ]

    def _columns(self) -> int:
        if self._given_width:
            return self._given_width
        if self._rich.is_dumb_terminal:
            # rich takes 80 for granted there.
            with suppress(OSError, ValueError, AttributeError):
                return os.get_terminal_size(self._rich.file.fileno()).columns or 80
        return self._rich.width

    def _clear_passing(self) -> None:
        if self._passing:
            self._raw("\r" + " " * cells(self._passing) + "\r")
            self._passing = ""

    def _raw(self, text: str) -> None:
        self._rich.file.write(text)
        self._rich.file.flush()

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            # ValueError: the stream was closed.
            raise RunbookError("E-OUTPUT", reason=safe(system_said(error))) from error


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def console_for(
    file: IO[str] | None = None, *, environ: Mapping[str, str] | None = None, width: int | None = None
) -> Console:
    """A console on `file`, by default on whatever `sys.stdout` is when it writes. NO_COLOR and TERM=dumb hold."""
    from rich.console import Console as RichConsole

    class Unbroken(RichConsole):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    environ = dict(os.environ if environ is None else environ)
    if environ.get("TERM", "") in ("", "unknown") and sys.platform != "win32":
        environ["TERM"] = "dumb"
    rich = Unbroken(file=file, markup=False, emoji=False, highlight=False, _environ=environ)
    return Console(rich, width=width)
