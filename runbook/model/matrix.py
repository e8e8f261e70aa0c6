"""The answers of a `mesh` as a table: a row for each machine that asked, a column for each target and each of its ports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answered:
    """One of several answers of a reading, as its event has it."""

    name: str
    origin: str
    outcome: str
    found: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """`cells[row][column]` is an outcome; empty where nothing is asked (from a machine to itself, a port that a target lacks)."""

    origins: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    def bands(self, most: int) -> list[Matrix]:
        """The same in several tables of at most `most` columns."""
        return [
            Matrix(self.origins, self.columns[at : at + most], tuple(row[at : at + most] for row in self.cells))
            for at in range(0, len(self.columns), most)
        ]


def answered(parts: Iterable[Mapping[str, Any]]) -> tuple[Answered, ...]:
    """The parts of a `ReadingTaken`, whatever version wrote them."""
    return tuple(
        Answered(*(str(part.get(name, default)) for name, default in _FIELDS)) for part in parts if part.get("name")
    )


_FIELDS = (("name", ""), ("origin", "here"), ("outcome", ""), ("found", ""))


def matrix(parts: Sequence[Answered]) -> Matrix:
    """Rows in the order in which they were asked; the columns of one target side by side."""
    origins = tuple(dict.fromkeys(part.origin for part in parts))
    targets = list(dict.fromkeys(part.name.partition(":")[0] for part in parts))
    names = sorted(dict.fromkeys(part.name for part in parts), key=lambda name: targets.index(name.partition(":")[0]))
    by_cell = {(part.origin, part.name): part.outcome for part in parts}
    cells = tuple(tuple(by_cell.get((origin, name), "") for name in names) for origin in origins)
    return Matrix(origins, tuple(names), cells)
