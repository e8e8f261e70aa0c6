"""Work in the background: jobs that only ask the world, whose results wait until the main thread takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

AT_ONCE = 256
"""More threads than this are not begun together; the others wait for a free one."""

T = TypeVar("T")
Job = tuple[str, Callable[[], T]]


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """How a job ended: with its result, or with the exception that it raised."""

    name: str
    result: T | None
    fault: Exception | None


class Background(Generic[T]):
    """At most `AT_ONCE` jobs run at the same time. Use it as a context manager: behind it, nothing that ends is taken any more.

    A thread that hangs in the world holds nobody up, not even the end of the program.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job[T] | None] = SimpleQueue()
        self._done: SimpleQueue[Done[T]] = SimpleQueue()
        self._guard = Lock()
        self._threads = self._idle = 0

    def __enter__(self) -> Background[T]:
        return self

    def __exit__(self, *_exc: object) -> None:
        for _thread in range(AT_ONCE):
            self._jobs.put(None)

    def begin(self, name: str, run: Callable[[], T]) -> None:
        """Run it as soon as a thread is free. Returns at once: a thread that finds more than its own job begins the next one."""
        self._jobs.put((name, run))
        if self._jobs.qsize() == 1:
            self._one_more()

    def taken(self, timeout_s: float = 0.0) -> list[Done[T]]:
        """What has ended since, waiting for the first for at most `timeout_s`."""
        found: list[Done[T]] = []
        try:
            if timeout_s:
                found.append(self._done.get(timeout=timeout_s))
            while True:
                found.append(self._done.get_nowait())
        except Empty:
            return found

    def _one_more(self) -> None:
        with self._guard:
            if self._idle or self._threads == AT_ONCE:
                return
            self._threads += 1
        Thread(target=self._work, name="runbook-reading", daemon=True).start()

    def _next(self) -> Job[T] | None:
        with self._guard:
            self._idle += 1
        job = self._jobs.get()
        with self._guard:
            self._idle -= 1
        return job

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if self._jobs.qsize():
                self._one_more()
            name, run = job
            try:
                self._done.put(Done(name, run(), None))
            except Exception as fault:  # noqa: BLE001 - it is raised again in the main thread
                self._done.put(Done(name, None, fault))
