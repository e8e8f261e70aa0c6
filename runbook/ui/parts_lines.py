"""What each of several hosts said, and the matrix of a `mesh`, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from runbook.model import events as e
from runbook.model.matrix import Answered, Matrix, answered, matrix
from runbook.model.origins import HERE
from runbook.model.text import _
from runbook.ui.glyphs import OUTCOME_STYLES, Shown, cells, clipped, outcome_mark, short_mark
from runbook.ui.safe_text import one_line

NARROW = 60
"""The columns that a table is laid out for where nobody says how many there are."""
ALL_SHOWN = 12
"""So many hosts are shown one by one; of more only those that did not pass."""

_WORST = ("failed", "unreachable", "warned", "passed")
_HEAD_CELLS = 24
_GAP = "  "


def parts_lines(event: e.ReadingTaken, width: int = NARROW) -> list[Shown]:
    """Nothing for a reading of one host."""
    parts = answered(event.parts)
    if not parts:
        return []
    table = _table(matrix(parts), width) if event.kind == "mesh" else []
    bad = [part for part in parts if part.outcome != "passed"]
    shown = parts if not table and len(parts) <= ALL_SHOWN else bad
    lines = [*table, *(_line(list(group)) for _same, group in groupby(shown, key=_reason))]
    if not table and (left_out := len(parts) - len(shown)):
        lines.append(Shown("  " + _("{count} more passed").format(count=left_out)))
    return lines


def _reason(part: Answered) -> tuple[str, str, str]:
    return part.origin, part.outcome, part.found


def _line(same: Sequence[Answered]) -> Shown:
    """One line for neighbours of which the same is said: a machine that lets nobody in is named once."""
    origin, outcome, found = _reason(same[0])
    names = ", ".join(one_line(part.name) for part in same)
    whole = names if origin == HERE else f"{one_line(origin)} > {names}"
    return Shown(f"  {outcome_mark(outcome)}  {whole}: {one_line(found)}", OUTCOME_STYLES.get(outcome, ""))


def _table(whole: Matrix, width: int) -> list[Shown]:
    """The matrix in as many tables, one below the other, as `width` cells ask for."""
    names = [_("this laptop") if origin == HERE else one_line(origin) for origin in whole.origins]
    labels = [clipped(name, _HEAD_CELLS) for name in [_("from / to"), *names]]
    side = max(cells(label) for label in labels)
    lines: list[Shown] = []
    at = 0
    while at < len(whole.columns):
        most = at + 1
        while most < len(whole.columns) and side + sum(_widths(whole, at, most + 1)) <= width:
            most += 1
        widths = _widths(whole, at, most)
        heads = [clipped(one_line(name), _HEAD_CELLS) for name in whole.columns[at:most]]
        lines.append(Shown(_row(labels[0], side, heads, widths), "bold"))
        for label, row in zip(labels[1:], whole.cells, strict=True):
            said = [short_mark(outcome) for outcome in row[at:most]]
            worst = next((outcome for outcome in _WORST if outcome in row[at:most]), "")
            lines.append(Shown(_row(label, side, said, widths), OUTCOME_STYLES.get(worst, "")))
        at = most
    return lines


def _widths(whole: Matrix, at: int, most: int) -> list[int]:
    """How many cells each of these columns takes, the gap before it included."""
    return [
        len(_GAP)
        + max(
            cells(clipped(one_line(whole.columns[n]), _HEAD_CELLS)),
            *(cells(short_mark(row[n])) for row in whole.cells),
        )
        for n in range(at, most)
    ]


def _row(label: str, side: int, texts: Sequence[str], widths: Sequence[int]) -> str:
    row = label + " " * (side - cells(label))
    for text, width in zip(texts, widths, strict=True):
        row += _GAP + text + " " * (width - len(_GAP) - cells(text))
    return row.rstrip()
