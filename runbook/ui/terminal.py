"""The person at a terminal: one line to type in, the status and the keys below it, output above it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from runbook.model.errors import RunbookError
from runbook.model.prompts import Answer, Gone, Key, Prompt, Reply
from runbook.ui.answers import key_lines, marker
from runbook.ui.console import Console
from runbook.ui.glyphs import carried, clipped, fold
from runbook.ui.human import KeyboardHuman
from runbook.ui.keyboard import TypedOnly, hidden_line, throw_away_typed
from runbook.ui.live_table import live_lines
from runbook.ui.pace import Pace
from runbook.ui.prompt_line import PromptLine
from runbook.ui.safe_text import one_line

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.buffer import Buffer

HANGUP_FOLLOWS_S = 0.1
ASKED_ROWS = 6


class TerminalHuman(KeyboardHuman):
    """Asks at a prompt line. `status` is called every second for the line below it.

    Enter held down, a paste and what was typed before the question appeared decide nothing; an `act` takes only its number,
    typed by hand.
    """

    def __init__(
        self,
        console: Console,
        *,
        status: Callable[[], str],
        stdin: TextIO,
        stdout: TextIO,
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(console, stdin)
        from prompt_toolkit.input import create_input
        from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
        from prompt_toolkit.output import ColorDepth, create_output

        self.status = status
        self.pace = Pace()
        self.plain = bool(environ.get("NO_COLOR"))
        self._depth = ColorDepth.DEPTH_1_BIT if self.plain else None
        self._input = create_input(stdin)
        self._output = create_output(stdout)
        # Where nothing is asked of the terminal, nothing that looks like its answer is one.
        if hasattr(self._output, "enable_cpr"):
            self._output.enable_cpr = False
        self._typed: TypedOnly | None = None
        if hasattr(self._input, "stdin_reader"):
            known = {key for key in ANSI_SEQUENCES if not key.endswith("R")}
            self._typed = TypedOnly(self._input.stdin_reader, known.__contains__)
            self._input.stdin_reader = self._typed
        self._unfinished: tuple[str, str, str] | None = None

    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        """Ask at the prompt line. Raises RunbookError E-OUTPUT when the terminal takes no output and was not closed."""
        from prompt_toolkit.patch_stdout import patch_stdout

        if gone := self._signals.reply():
            return gone
        same = self._open is not None and self._open[0] == prompt
        if prompt.kind != "text" and not same:
            self._forget_typed()
        self._show(prompt)
        if prompt.kind == "act":
            self._forget_typed()
        line = PromptLine(self, prompt, stop, self._draft(prompt))
        try:
            # The proxy's thread knows only the default session: one of our own would print over the open line.
            with patch_stdout(raw=True):
                reply = line.run()
        except (EOFError, OSError) as error:
            reply = self._closed(error)
        self._keep_draft(prompt, line.text if reply is None else "")
        self._open = (prompt, self._console.written) if reply is None else None
        if line.notice:
            self._forget_typed()
            self._console.write(line.notice)
        if isinstance(reply, Answer) or (isinstance(reply, Key) and not line.interrupted):
            self._signals.calm()
        return reply

    def _hidden_line(self) -> str | None:
        self._forget_typed()
        return hidden_line()

    def interrupted(self) -> Gone | Key:
        """What Ctrl-C says now."""
        return self._signals.interrupt()

    def signalled(self) -> Gone | Key | None:
        """What a signal said meanwhile."""
        return self._signals.reply()

    def below(self, prompt: Prompt) -> str:
        """What stands below the line: the status, then the keys; fewer lines where the window is low."""
        size = self._output.get_size()
        width = max(size.columns, 10)
        status = one_line(self._console.redact(self.status()))
        lines = fold(status, width)[:2] if size.rows >= 10 else [clipped(status, width)]
        if size.rows >= 8 and prompt.keys:
            lines += [clipped(line, width) for line in key_lines(prompt, width)]
        return "\n".join(carried(line, self._console.encoding) for line in lines if line)

    def beside(self, prompt: Prompt) -> list[str]:
        """What runs beside the question, above the line: half the window at most, less where something is asked."""
        if prompt.live is None:
            return []
        size = self._output.get_size()
        height = size.rows // 2 if prompt.kind == "watch" else min(size.rows // 4, ASKED_ROWS)
        lines = live_lines(prompt.live(), max(size.columns - 1, 10), height)
        return [carried(self._console.redact(line), self._console.encoding) for line in lines]

    def application(self, line: PromptLine, bindings: Any, buffer: Buffer) -> Application[Reply | None]:
        """The line and what is below it, ready to run."""
        from prompt_toolkit.application import Application
        from prompt_toolkit.filters import Condition, is_done
        from prompt_toolkit.layout import ConditionalContainer, HSplit, Layout, Window
        from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
        from prompt_toolkit.layout.processors import BeforeInput
        from prompt_toolkit.styles import Style

        before = carried(marker(line.prompt), self._console.encoding)
        typed = Window(BufferControl(buffer, [BeforeInput(before)]), height=1, dont_extend_height=True)
        below = Window(
            FormattedTextControl(lambda: self.below(line.prompt)), style="class:below", dont_extend_height=True
        )
        table = Window(
            FormattedTextControl(lambda: "\n".join(self.beside(line.prompt))), dont_extend_height=True, wrap_lines=False
        )
        has_table = Condition(lambda: bool(line.prompt.live))
        return Application(
            Layout(
                HSplit(
                    [ConditionalContainer(table, has_table & ~is_done), typed, ConditionalContainer(below, ~is_done)]
                )
            ),
            key_bindings=bindings,
            style=Style([("below", "" if self.plain else "reverse")]),
            color_depth=self._depth,
            refresh_interval=1.0,
            input=self._input,
            output=self._output,
        )

    def _forget_typed(self) -> None:
        from prompt_toolkit.input.typeahead import clear_typeahead

        throw_away_typed(self._stdin)
        clear_typeahead(self._input)
        if self._typed:
            self._typed.forget()

    def _draft(self, prompt: Prompt) -> str:
        draft, self._unfinished = self._unfinished, None
        return draft[2] if draft and draft[:2] == (prompt.kind, prompt.name) and prompt.kind != "act" else ""

    def _keep_draft(self, prompt: Prompt, text: str) -> None:
        self._unfinished = (prompt.kind, prompt.name, text) if text else None

    def _closed(self, error: Exception) -> Reply:
        # A closed window ends the input first and sends its signal a moment later.
        time.sleep(HANGUP_FOLLOWS_S)
        if gone := self._signals.reply():
            return gone
        if isinstance(error, EOFError):
            return Gone("end_of_input")
        raise RunbookError("E-OUTPUT", reason=one_line(getattr(error, "strerror", None) or str(error))) from error
