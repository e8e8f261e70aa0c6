"""The preflight on the screen: a row for each host as it is finished, then what must be put right."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from runbook.model.preflight import HOST_CHECKS, Finding, bad, check_word, result_word, thing
from runbook.model.text import _
from runbook.ui.console import Console
from runbook.ui.glyphs import cells

_WIDTH = 12


class PreflightTable:
    """A live table: finished hosts as rows, those still asked on a line below that is drawn anew. May be told from any thread."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        self._console, self._lock = console, threading.Lock()
        self._waiting = list(names)
        self._left = max([cells(name) for name in names] + [cells(_("host"))]) + 2

    def begin(self) -> None:
        """The head of the table."""
        if self._waiting:
            self._console.write(self._row(_("host"), [check_word(check) for check in HOST_CHECKS]), style="bold")
            self._show_waiting()

    def done(self, name: str, findings: Sequence[Finding]) -> None:
        """One host is finished."""
        results = {finding.check: result_word(finding.result) for finding in findings}
        with self._lock:
            self._waiting.remove(name)
            self._console.write(self._row(name, [results.get(check, "-") for check in HOST_CHECKS]))
            self._show_waiting()

    def _show_waiting(self) -> None:
        named = _("still asked ({count}): {names}").format(count=len(self._waiting), names=", ".join(self._waiting))
        self._console.passing(named if self._waiting else "")

    def _row(self, name: str, parts: Iterable[str]) -> str:
        return (_padded(name, self._left) + "".join(_padded(part, _WIDTH) for part in parts)).rstrip()


def summary(findings: Sequence[Finding]) -> list[str]:
    """What was found beside the table: the other parts, warnings, and in the end what must be put right."""
    lines = []
    for finding in findings:
        if finding.part != "host" and finding.result != "bad":
            lines.append(f"{_padded(result_word(finding.result), _WIDTH)}{thing(finding)}: {finding.said}")
    red = bad(findings)
    if red:
        lines += ["", _("{count} must be put right:").format(count=len(red))]
        lines += [f"  {number}. {thing(finding)}: {finding.said}" for number, finding in enumerate(red, 1)]
    else:
        lines += ["", _("Ready: nothing must be put right.")]
    return lines


def _padded(text: str, width: int) -> str:
    return text + " " * max(1, width - cells(text))
