"""Servers that do what no well-behaved one would, and a site's secrets as a test gives them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Serve = Callable[[socket.socket], None]


@contextmanager
def tcp_server(serve: Serve, *, host: str = "127.0.0.1") -> Iterator[int]:
    """A TCP server that gives each connection to `serve` in a thread of its own; its port. A client that leaves is no error."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        stop = threading.Event()
        listener.settimeout(0.1)
        threads: list[threading.Thread] = []

        def talk(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                serve(connection)

        def accept() -> None:
            while not stop.is_set():
                with suppress(TimeoutError):
                    connection, _sender = listener.accept()
                    connection.settimeout(5)
                    threads.append(threading.Thread(target=talk, args=(connection,)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stop.set()
            for thread in (accepting, *threads):
                thread.join()


def request(connection: socket.socket) -> bytes:
    """The head of an HTTP request."""
    came = b""
    while b"\r\n\r\n" not in came and (data := connection.recv(65536)):
        came += data
    return came


def reset(connection: socket.socket) -> None:
    """Break the connection off as a machine does that has crashed (RST), after the client has seen it open."""
    threading.Event().wait(0.1)
    reset_at_once(connection)


def reset_at_once(connection: socket.socket) -> None:
    """Break it off at once; whether the client sees it open before is chance."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def dawdle(connection: socket.socket, data: bytes, *, pause_s: float = 0.05) -> None:
    """Send `data` byte by byte, until the client leaves."""
    for byte in data:
        connection.sendall(bytes([byte]))
        threading.Event().wait(pause_s)


@dataclass
class Secrets:
    """Secrets by name; which were given out."""

    known: Mapping[str, str] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)

    def value(self, name: str) -> str:
        self.given.append(name)
        return self.known[name]

    def redacted(self, text: str) -> str:
        return text

    def redacted_bytes(self, data: bytes) -> bytes:
        return data
