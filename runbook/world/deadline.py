"""What cannot be given a deadline (name look-up, the SSH agent, a peer that sends one byte a second), given one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from runbook.world.clock import LOOKS_S, since_boot

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, or what it raised. Raises TimeoutError after `seconds`; `work` then ends unheard in its own thread."""
    results: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            results.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - handed over to the caller's thread
            results.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    due = since_boot() + max(seconds, 0.001)
    while True:
        try:
            result, error = results.get(timeout=min(max(due - since_boot(), 0.001), LOOKS_S))
            break
        except Empty:
            if since_boot() >= due:
                raise TimeoutError from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # None only when T is


@contextmanager
def cut_at(deadline: float, sock: socket.socket) -> Iterator[None]:
    """Inside the block, whoever reads from `sock` is woken at `deadline` (since boot) as if the peer had closed, however it dawdles."""

    over = threading.Event()

    def cut() -> None:
        while (left := deadline - since_boot()) > 0:
            if over.wait(min(left, LOOKS_S)):
                return
        with suppress(OSError):
            # Not the method of a TLS socket, which would take its state away from under the reader.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    threading.Thread(target=cut, daemon=True).start()
    try:
        yield
    finally:
        over.set()
