"""The table of what runs beside the question: branch, step, state, seconds, value; as many lines as there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from runbook.model.prompts import Row
from runbook.model.text import _
from runbook.model.words import word
from runbook.ui.glyphs import cells, clipped, outcome_mark
from runbook.ui.safe_text import one_line

NAME_AT_MOST = 18


def live_lines(rows: Sequence[Row], width: int, height: int) -> list[str]:
    """At most `height` lines of at most `width` cells, the rows in their order; the last line says how many are left out."""
    if not rows or height < 1:
        return []
    shown = rows if len(rows) <= height else rows[: height - 1]
    cut = [clipped(one_line(row.branch), NAME_AT_MOST) for row in shown]
    states = [_state(row) for row in shown]
    name_width, state_width = (max(map(cells, column), default=0) for column in (cut, states))
    lines = [
        _line(row, _padded(name, name_width), _padded(state, state_width))
        for row, name, state in zip(shown, cut, states, strict=True)
    ]
    if len(shown) < len(rows):
        lines.append(_("... and {count} more").format(count=len(rows) - len(shown)))
    return [clipped(line, width) for line in lines]


def _line(row: Row, name: str, state: str) -> str:
    seconds = f"{row.seconds:4.0f} s" if row.state == "running" else "      "
    found = f"  {one_line(row.found)}" if row.found else ""
    return f"{name}  {state}  {seconds}  {one_line(row.title)}{found}"


def _state(row: Row) -> str:
    if row.state in ("running", "waiting"):
        return word(row.state, "row")
    return outcome_mark(row.state)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))
