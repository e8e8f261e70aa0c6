"""How wide the columns of a table are: each as wide as its words need, what is left over by how much text it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width

LINE_CELLS = 122
"""About how many narrow characters stand on a line of the page."""
LONGEST_WORD_CELLS = 20
SHORT_CELLS = 28
"""Columns that need no more than this are not broken into lines."""
PADDING_CELLS = 2
LABELS = [0.22, 0.78]
"""Tables of labels and values stand one below the other and look alike."""


def widths(table: dict[str, Any]) -> list[float]:
    """The columns' widths as parts of the page's width; they add up to 1."""
    columns = list(zip(table["head"], *table["rows"], strict=True))
    texts = [["".join(run.get("text", " ") for run in cell) for cell in column] for column in columns]
    if any(not text for column in texts for text in column):
        return _parts([1.0] * len(columns))
    wanted = [max(min(_cells(text), 4 * LINE_CELLS) for text in column) + PADDING_CELLS for column in texts]
    if len(columns) == 2 and wanted[0] <= LABELS[0] * LINE_CELLS:
        return LABELS
    if sum(wanted) <= LINE_CELLS:
        return _parts(wanted)
    least = [_least(column, want) for column, want in zip(texts, wanted, strict=True)]
    spare = max(LINE_CELLS - sum(least), 0)
    more = [(want - need) ** 0.5 for want, need in zip(wanted, least, strict=True)]
    total = sum(more) or 1.0
    return _parts([need + spare * part / total for need, part in zip(least, more, strict=True)])


def lines(table: dict[str, Any], parts: list[float]) -> int:
    """About how many lines the table takes, rather more than less."""
    rows = [table["head"], *table["rows"]]
    return sum(max(_broken(cell, part) for cell, part in zip(row, parts, strict=True)) for row in rows)


def _broken(cell: list[dict[str, Any]], part: float) -> int:
    room = max(part * LINE_CELLS - PADDING_CELLS, 1)
    return int(1.3 * _cells("".join(run.get("text", " ") for run in cell)) / room) + 1 if cell else 3


def _least(column: list[str], want: int) -> int:
    if want <= SHORT_CELLS:
        return want
    return max(min(_longest_word(text), LONGEST_WORD_CELLS) for text in column) + PADDING_CELLS


def _parts(cells: Sequence[float]) -> list[float]:
    whole = sum(cells) or 1
    return [round(part / whole, 4) for part in cells]


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _longest_word(text: str) -> int:
    # Chinese breaks anywhere: only runs of narrow letters hold together.
    words = "".join(" " if east_asian_width(letter) in "WF" else letter for letter in text).split()
    return max((len(word) for word in words), default=0)
