"""Many questions at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, cast

from runbook.engine.background import Background, Done

T = TypeVar("T")
R = TypeVar("R")

_LOOK_S = 1.0
"""How long one look for answers lasts at most: a signal is served in between."""


def at_once(run: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`run` for every item at the same time; the results in the items' order. The first exception is raised when all have ended.

    A signal ends the waiting at once: what still asks the world is left alone, and holds nobody up.
    """
    if len(items) < 2:
        return [run(item) for item in items]
    ended: dict[str, Done[R]] = {}
    with Background[R]() as background:
        for number, item in enumerate(items):
            background.begin(str(number), partial(run, item))
        while len(ended) < len(items):
            ended |= {done.name: done for done in background.taken(_LOOK_S)}
    found = [ended[str(number)] for number in range(len(items))]
    for done in found:
        if done.fault is not None:
            raise done.fault
    return [cast("R", done.result) for done in found]
