"""`runbook explain WORD`: an error code, a step kind, a key of every step, or a topic."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from runbook.model.errors import EXIT_GOOD, RunbookError
from runbook.model.text import _


def _words(incomplete: str = "") -> list[str]:
    from runbook.cli.explanations import known

    return [word for word in known() if word.startswith(incomplete)]


def command(
    word: Annotated[
        str, typer.Argument(metavar="WORD", help=_("A code, a kind, a key or a topic."), autocompletion=_words)
    ] = "topics",
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Explain an error code, a step kind, a key or a topic."""
    from runbook.cli.explanations import explained, known
    from runbook.loader.validation import meant

    lines = explained(word)
    if lines is None:
        expected = _("a code, a kind, a key or a topic{hint}").format(hint=meant(word, known()))
        raise RunbookError("E-VALUE", where="explain", expected=expected, found=word, next="runbook explain topics")
    if as_json:
        print(json.dumps({"schema": 1, "word": word, "lines": lines}, ensure_ascii=False))
        return EXIT_GOOD
    print("\n".join(lines))
    return EXIT_GOOD
