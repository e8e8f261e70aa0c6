"""The problems of a file while they are found: at most as many as anybody reads, because each costs time to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from runbook.model.errors import Problem
from runbook.model.text import _

PROBLEMS_LIMIT = 100


class EnoughError(Exception):
    """There are more problems than are listed."""


def many(file: str) -> Problem:
    """What is said after the last problem that is listed."""
    sentence = _("expected at most {limit} mistakes, found more: only some are listed").format(limit=PROBLEMS_LIMIT)
    return Problem(file, 1, 1, "E-MANY", _("the file"), sentence)


class Found(list[Problem]):
    """A list that raises EnoughError once it holds more than `PROBLEMS_LIMIT` different problems."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        super().__init__(problems)
        self._different = set(self)

    def append(self, problem: Problem) -> None:
        super().append(problem)
        self._different.add(problem)
        if len(self._different) > PROBLEMS_LIMIT:
            raise EnoughError

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.append(problem)

    def __iadd__(self, problems: Iterable[Problem]) -> Self:  # type: ignore[override,misc]
        self.extend(problems)
        return self
