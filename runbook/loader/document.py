"""One file as it was read: a tree of text, and where each key and value stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runbook.model.errors import Problem
from runbook.model.ports import JSON

Place = tuple[str | int, ...]
"""Where a value stands in its file: keys and positions (from 0) from the top down."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A position in a file, counted from 1."""

    line: int
    column: int


TOP = Mark(1, 1)


def places(tree: JSON, spots: Any) -> tuple[dict[Place, Mark], dict[Place, Mark]]:
    """Where each key and each value stands. `spots`: a parser's mark for a text; a list for a list or map, its own mark
    first, then those of its entries, or of each key and value in turn."""
    keys: dict[Place, Mark] = {}
    values: dict[Place, Mark] = {}
    waiting: list[tuple[Place, JSON, Any]] = [] if spots is None else [((), tree, spots)]
    while waiting:
        place, node, spot = waiting.pop()
        own = spot[0] if isinstance(node, (dict, list)) else spot
        values[place] = Mark(own.line + 1, own.column + 1)
        if isinstance(node, dict):
            for key, mark, below in zip(node, spot[1::2], spot[2::2], strict=False):
                keys[(*place, key)] = Mark(mark.line + 1, mark.column + 1)
                waiting.append(((*place, key), node[key], below))
        elif isinstance(node, list):
            waiting.extend(
                ((*place, number), entry, below)
                for number, (entry, below) in enumerate(zip(node, spot[1:], strict=True))
            )
    return keys, values


@dataclass(frozen=True)
class Document:
    """One file: its tree of text, where each key and value stands, and what is wrong with it as YAML.

    `spots`: the positions as `places` takes them, which are worked out when somebody asks: a clean file is asked for none.
    `broken`: places whose sentence YAML broke; what else is said about them would only confuse.
    """

    file: str
    tree: JSON = None
    spots: Any = None
    problems: tuple[Problem, ...] = ()
    broken: frozenset[Place] = frozenset()

    @cached_property
    def _places(self) -> tuple[Mapping[Place, Mark], Mapping[Place, Mark]]:
        return places(self.tree, self.spots)

    def at(self, place: Place, *, key: bool = False) -> Mark:
        """Where `place` stands; the nearest known place above it when it is missing."""
        keys, values = self._places
        if key and place in keys:
            return keys[place]
        while place and place not in values:
            place = place[:-1]
        return values.get(place, TOP)


def settled(problems: Iterable[Problem], documents: Iterable[Document]) -> list[Problem]:
    """Each problem once, sorted; nothing more about a sentence that YAML broke than that it did."""
    known = list(documents)
    said = {problem for document in known for problem in document.problems}
    spoilt = {(document.file, document.at(place)) for document in known for place in document.broken}
    return sorted(p for p in set(problems) if p in said or (p.file, Mark(p.line, p.column)) not in spoilt)
