"""One file as it was read: a tree of text, and where each key and value stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Document:
    """One file: its tree of text, where each key and value stands, and what is wrong with it as YAML.

    `broken`: places whose sentence YAML broke; what else is said about them would only confuse.
    """

    file: str
    tree: JSON = None
    keys: Mapping[Place, Mark] = field(default_factory=dict)
    values: Mapping[Place, Mark] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    broken: frozenset[Place] = frozenset()

    def at(self, place: Place, *, key: bool = False) -> Mark:
        """Where `place` stands; the nearest known place above it when it is missing."""
        if key and place in self.keys:
            return self.keys[place]
        while place and place not in self.values:
            place = place[:-1]
        return self.values.get(place, TOP)


def settled(problems: Iterable[Problem], documents: Iterable[Document]) -> list[Problem]:
    """Each problem once, sorted; nothing more about a sentence that YAML broke than that it did."""
    known = list(documents)
    said = {problem for document in known for problem in document.problems}
    spoilt = {(document.file, document.at(place)) for document in known for place in document.broken}
    return sorted(p for p in set(problems) if p in said or (p.file, Mark(p.line, p.column)) not in spoilt)
