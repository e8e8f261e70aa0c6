"""The lab's sockets: one loop that opens and closes them as the state says, and one thread for every connection."""

from __future__ import annotations

import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from runbook.world.lab.answers import LONGEST
from runbook.world.lab.centre import ADDRESS

Peer = tuple[str, int]


class Gate:
    """One port of the lab: a TCP listener, and beside it a UDP socket when datagrams are answered.

    A closed gate keeps its port: its socket is bound and does not listen, so a caller is refused and nobody takes the port.
    """

    def __init__(
        self,
        port: int,
        *,
        is_open: Callable[[], bool],
        serve: Callable[[socket.socket], None],
        answer: Callable[[bytes, Peer], bytes | None] | None = None,
        delay_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.port, self.is_open, self._serve, self._answer, self._delay_s = port, is_open, serve, answer, delay_s
        self.tcp = bound(port, socket.SOCK_STREAM)
        self.udp = bound(port, socket.SOCK_DGRAM) if answer else None
        self.listening = False
        self._connections: set[socket.socket] = set()

    def open(self) -> None:
        """Take connections from now on."""
        self.tcp.listen(64)
        self.listening = True

    def shut(self) -> None:
        """Refuse connections from now on, and drop those that there are; the port stays ours."""
        self.listening = False
        self.tcp.close()
        self.tcp = bound(self.port, socket.SOCK_STREAM)
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def accept(self) -> None:
        """Serve the next connection in a thread of its own."""
        with suppress(OSError):
            connection, _peer = self.tcp.accept()
            connection.setblocking(True)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(connection)
            threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError, EOFError):
                self._serve(connection)
        finally:
            self._connections.discard(connection)

    def receive(self) -> None:
        """Answer the next datagram; a closed gate swallows it."""
        with suppress(OSError):
            assert self.udp is not None
            datagram, peer = self.udp.recvfrom(LONGEST)
            answer = self._answer(datagram, peer) if self._answer and self.listening else None
            if answer is None:
                return
            if delay_s := self._delay_s():
                threading.Timer(delay_s, self._send, (answer, peer)).start()
            else:
                self._send(answer, peer)

    def _send(self, answer: bytes, peer: Peer) -> None:
        with suppress(OSError):
            assert self.udp is not None
            self.udp.sendto(answer, peer)


def bound(port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket bound to `port` of the loopback address. Raises OSError when the port is taken."""
    sock = socket.socket(socket.AF_INET, kind)
    if sys.platform == "win32":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    elif kind == socket.SOCK_STREAM:
        # Connections of the lab before this one may still be in TIME_WAIT.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((ADDRESS, port))
    except OSError:
        sock.close()
        raise
    return sock


class Gates:
    """All gates, and the loop that serves them."""

    def __init__(self, gates: Sequence[Gate]) -> None:
        self._gates = gates
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = socket.socketpair()
        self._waiting: deque[threading.Event] = deque()
        self._ended = False
        self._selector.register(self._woken, selectors.EVENT_READ, lambda: self._woken.recv(4096))
        for gate in gates:
            if gate.udp:
                self._selector.register(gate.udp, selectors.EVENT_READ, gate.receive)

    def serve(self, next_change: Callable[[], float | None]) -> None:
        """Serve until `end`. `next_change` says when, in seconds since 1970, gates may have to open by themselves."""
        while not self._ended:
            waiting = [self._waiting.popleft() for _event in range(len(self._waiting))]
            self._adjust()
            for event in waiting:
                event.set()
            due = next_change()
            for key, _events in self._selector.select(60 if due is None else min(60.0, max(0.0, due - time.time()))):
                key.data()

    def adjust_now(self) -> None:
        """Open the gates that are to be open now and shut the others. For before the loop runs."""
        self._adjust()

    def changed(self) -> None:
        """Return when every gate is as the state says. For other threads than the loop's."""
        done = threading.Event()
        self._waiting.append(done)
        self._wake.send(b"!")
        done.wait(2)

    def end(self) -> None:
        """Make `serve` return."""
        self._ended = True
        with suppress(OSError):
            self._wake.send(b"!")

    def _adjust(self) -> None:
        for gate in self._gates:
            wanted = gate.is_open()
            if wanted == gate.listening:
                continue
            with suppress(OSError):  # tried again at the next change
                if wanted:
                    gate.open()
                    self._selector.register(gate.tcp, selectors.EVENT_READ, gate.accept)
                else:
                    self._selector.unregister(gate.tcp)
                    gate.shut()
