"""Work on a disk that may never answer: done by a thread that can be left behind, waited for only so long."""

from __future__ import annotations

import errno
import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from runbook.store.connection import UNREADABLE
from runbook.store.database import Database
from runbook.store.rows import Row

LIMIT_S = 8.0
"""How long a person waits for a disk before it is given up. Longer than another process may hold the file (`BUSY_S`)."""
SLICE_S = 0.25
ROWS_AT_ONCE = 512

T = TypeVar("T")


class HungError(TimeoutError):
    """The disk did not answer within the limit. What was asked of it may still happen, at any time."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "no answer")


class _Job:
    """One piece of work and what became of it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.result: object = None
        self.problem: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def do(self) -> None:
        try:
            self.result = self.work()
        except BaseException as problem:  # noqa: BLE001 - whatever it is, it is raised where it was asked for
            self.problem = problem
        self.done.release()


class Worker:
    """Does one thing after another, in a thread that does not keep the program from ending.

    After a `HungError` it is `hung` for good: it does nothing more, and the thread is left to the disk.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.hung = False
        self._limit_s, self._left_s = limit_s, limit_s
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def afresh(self) -> None:
        """What comes next may take the whole limit again; without this the limit is for everything since the last time."""
        self._left_s = self._limit_s

    def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, and whatever it raises. Raises HungError when the limit is over, and at once when `hung`."""
        if self.hung:
            raise HungError
        if self._thread is None:
            self._thread = threading.Thread(target=_loop, args=(self._jobs,), daemon=True, name="runbook-disk")
            self._thread.start()
        job = _Job(work)
        self._jobs.put(job)
        # In slices: a program that was stopped for an hour (Ctrl-Z, a frozen machine) has waited for one of them.
        while not job.done.acquire(timeout=min(SLICE_S, max(self._left_s, 0.001))):
            self._left_s -= SLICE_S
            if self._left_s <= 0:
                self.hung = True
                self._jobs.put(None)
                raise HungError
        if job.problem is not None:
            raise job.problem
        return job.result  # type: ignore[return-value]

    def stop(self) -> None:
        """The thread ends when it has done what it was asked for."""
        self._jobs.put(None)

    def __del__(self) -> None:
        self.stop()


def _loop(jobs: queue.SimpleQueue[_Job | None]) -> None:
    # A function, not a method: a worker that nobody holds any more takes its thread with it.
    while (job := jobs.get()) is not None:
        job.do()
        del job


def within(work: Callable[[], T], limit_s: float = LIMIT_S) -> T:
    """The result of `work` if it comes within the limit. Raises HungError, then `work` goes on unseen, and whatever it raises."""
    worker = Worker(limit_s)
    try:
        return worker.run(work)
    finally:
        worker.stop()


class WatchedDatabase:
    """A journal file, each use of which ends within a limit (HungError). The limit counts from `begin`.

    A file that hung is never touched again, not even closed. Work that it finishes late is harmless: the row that it then
    holds is the one that was stored elsewhere, with the same number and hash.
    """

    def __init__(self, opened: Callable[[], Database], limit_s: float = LIMIT_S) -> None:
        """Raises what `opened` raises, and HungError."""
        self._worker = Worker(limit_s)
        try:
            self.file = self._worker.run(opened)
        except BaseException:
            self._worker.stop()
            raise

    def begin(self) -> tuple[int, str]:
        """As `Database.begin`."""
        self._worker.afresh()
        return self._worker.run(self._begin)

    def add(self, rows: Iterable[Row]) -> list[int]:
        """As `Database.add`."""
        return self._worker.run(lambda: self.file.add(rows))

    def end(self) -> None:
        """As `Database.end`."""
        with suppress(HungError):
            self._worker.run(self.file.end)

    def after(self, number: int) -> Iterator[tuple[int, Row]]:
        """As `Database.after`."""
        if not self.file.begun:
            self._worker.afresh()
        found = self.file.after(number)
        while True:
            some, problem = self._worker.run(lambda: _some(found))
            yield from some
            if problem is not None:
                raise problem
            if len(some) < ROWS_AT_ONCE:
                return

    def fit(self) -> bool:
        """As `Database.fit`."""
        self._worker.afresh()
        return self._worker.run(self.file.fit)

    def let_be(self) -> None:
        """As `Database.let_be`."""
        with suppress(HungError):
            self._worker.run(self.file.let_be)
        self._worker.stop()

    def close(self) -> None:
        """As `Database.close`; a file that hung is left open."""
        self._worker.afresh()
        with suppress(HungError):
            self._worker.run(self.file.close)
        self._worker.stop()

    def _begin(self) -> tuple[int, str]:
        try:
            return self.file.begin()
        finally:
            if self._worker.hung:
                # Late: nobody waits any more, and the right to append is not kept from others.
                self.file.end()


def _some(found: Iterator[tuple[int, Row]]) -> tuple[list[tuple[int, Row]], Exception | None]:
    some: list[tuple[int, Row]] = []
    try:
        some.extend(itertools.islice(found, ROWS_AT_ONCE))
    except UNREADABLE as problem:
        return some, problem
    return some, None
