"""One file as it was read: a tree of text, and where each key and value stands."""

from __future__ import annotations

from collections.abc import Iterable
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


def mark_at(text: str, index: int) -> Mark:
    """Where the letter with that number (from 0) stands."""
    return Mark(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def values_at(tree: JSON, spots: Any) -> dict[Place, int]:
    """Where each value begins, in letters from the start of its file. `spots`: that number for a text; a list for a list or map,
    its own number first, then those of its entries, or of each key and value in turn."""
    values: dict[Place, int] = {}
    waiting: list[tuple[Place, JSON, Any]] = [] if spots is None else [((), tree, spots)]
    while waiting:
        place, node, spot = waiting.pop()
        values[place] = spot[0] if isinstance(node, (dict, list)) else spot
        if isinstance(node, dict):
            parts = zip(node.items(), spot[2::2], strict=True)
            waiting.extend(((*place, key), value, below) for (key, value), below in parts)
        elif isinstance(node, list):
            entries = enumerate(zip(node, spot[1:], strict=True))
            waiting.extend(((*place, number), value, below) for number, (value, below) in entries)
    return values


@dataclass(frozen=True)
class Document:
    """One file: its tree of text, where each key and value stands, and what is wrong with it as YAML.

    `spots`: the positions as `values_at` takes them, in `text`; looked up when somebody asks, and a clean file is asked for none.
    `broken`: places whose sentence YAML broke; what else is said about them would only confuse.
    """

    file: str
    tree: JSON = None
    spots: Any = None
    problems: tuple[Problem, ...] = ()
    broken: frozenset[Place] = frozenset()
    text: str = ""

    @cached_property
    def _numbers(self) -> dict[int, dict[str, int]]:
        """By the identity of a map that was asked about: how many keys stand before each of its keys."""
        return {}

    def at(self, place: Place, *, key: bool = False) -> Mark:
        """Where `place` stands; the nearest known place above it when it is missing."""
        node, spot = self.tree, self.spots
        if spot is None:
            return TOP
        for depth, part in enumerate(place, 1):
            if isinstance(node, dict) and isinstance(part, str) and part in node:
                number = self._number(node, part)
                if key and depth == len(place):
                    return mark_at(self.text, spot[1 + 2 * number])
                node, spot = node[part], spot[2 + 2 * number]
            elif isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node):
                node, spot = node[part], spot[1 + part]
            else:
                break
        return mark_at(self.text, spot[0] if isinstance(node, (dict, list)) else spot)

    def _number(self, node: dict[str, JSON], key: str) -> int:
        if id(node) not in self._numbers:
            self._numbers[id(node)] = {name: number for number, name in enumerate(node)}
        return self._numbers[id(node)][key]


def settled(problems: Iterable[Problem], documents: Iterable[Document]) -> list[Problem]:
    """Each problem once, sorted; nothing more about a sentence that YAML broke than that it did."""
    known = list(documents)
    said = {problem for document in known for problem in document.problems}
    spoilt = {(document.file, document.at(place)) for document in known for place in document.broken}
    return sorted(p for p in set(problems) if p in said or (p.file, Mark(p.line, p.column)) not in spoilt)
