"""Many questions at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 256
"""More threads than this are not begun together; the others wait for a free one."""

T = TypeVar("T")
R = TypeVar("R")


def at_once(run: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`run` for every item at the same time; the results in the items' order. The first exception is raised when all have ended."""
    if len(items) < 2:
        return [run(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(items))) as pool:
        futures = [pool.submit(run, item) for item in items]
    return [future.result() for future in futures]
