"""The person's port: which keyboard is used, and answers that come from a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TextIO

from runbook.model.ports import Human
from runbook.model.prompts import Answer, Gone, Key, Prompt, Reply
from runbook.model.text import _
from runbook.ui.answers import Again, from_file, marker, question_lines
from runbook.ui.console import Console
from runbook.ui.human import KeyboardHuman
from runbook.ui.plain import PlainHuman


class AnswersHuman:
    """Answers by `Prompt.name` from an answers file; a `go` needs no entry, an act only counts with `confirms` (practice).

    Several answers of one name are used in order. A missing or unusable answer is `Gone("not_answered")`, never a guess.
    """

    def __init__(self, answers: Mapping[str, Sequence[str]], inner: Human, *, confirms: bool = False) -> None:
        self._answers = {name: list(given) for name, given in answers.items()}
        self._inner = inner
        self._confirms = confirms

    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        """The file's answer, shown together with its question. `stop` is not waited for."""
        given = self._answers.get(prompt.name)
        if prompt.kind == "watch" and not given:
            return self._inner.ask(prompt, stop=stop)
        self._inner.tell(*question_lines(prompt))
        if prompt.kind == "act" and not self._confirms:
            self._inner.tell(_("An answers file cannot confirm this. Nothing was done."))
            return Gone("not_confirmed")
        if not given:
            if prompt.kind == "go":
                return Answer("")
            self._inner.tell(_("The answers file has no answer left for {name!r}.").format(name=prompt.name))
            return Gone("not_answered")
        answer = given.pop(0)
        reply = from_file(prompt, answer)
        if isinstance(reply, Again):
            self._inner.tell(
                _("The answers file says {found!r} for {name!r}. {expected}").format(
                    found=answer, name=prompt.name, expected=reply.sentence
                )
            )
            return Gone("not_answered")
        shown = f"/{reply.letter} {reply.text}".rstrip() if isinstance(reply, Key) else answer
        self._inner.tell(_("{marker}{answer}   (from the answers file)").format(marker=marker(prompt), answer=shown))
        return reply

    def tell(self, *lines: str) -> None:
        self._inner.tell(*lines)

    def busy(self, what: str) -> AbstractContextManager[None]:
        return self._inner.busy(what)


def human_for(
    console: Console,
    *,
    status: Callable[[], str] = str,
    confirms: bool = False,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> KeyboardHuman:
    """The keyboard for these streams: a prompt line with the status below it where the terminal can, plain lines elsewhere.

    `console` must write to whatever `sys.stdout` is (`console_for()`), so that lines can appear above an open prompt.
    """
    stdin, stdout = stdin or sys.stdin, stdout or sys.stdout
    environ = os.environ if environ is None else environ
    both = _terminal(stdin) and _terminal(stdout)
    able = environ.get("TERM", "") not in ("", "dumb", "unknown") or sys.platform == "win32"
    if both and able:
        from runbook.ui.terminal import TerminalHuman

        return TerminalHuman(console, status=status, stdin=stdin, stdout=stdout, environ=environ)
    # With both ends at a terminal a person sees the question and types the number: that is no pipe.
    return PlainHuman(console, stdin, confirms=confirms or both)


def _terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
