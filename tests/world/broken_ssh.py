"""SSH servers that break off where no real one does, one per phase; each counts the commands that it was sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import paramiko

from runbook.model.machine import Host
from tests import peers

Behaviour = Callable[["Broken", paramiko.Channel], None]


class Broken(paramiko.ServerInterface):
    """Lets every key in, counts `exec` requests, and then does what `behaviour` says."""

    def __init__(self, behaviour: Behaviour, *, takes_exec: bool = True, channels: bool = True) -> None:
        self.behaviour, self.takes_exec, self.channels = behaviour, takes_exec, channels
        self.commands: list[bytes] = []
        self.connections = 0
        self.transport: paramiko.Transport | None = None

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return 0 if self.channels else 1

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command)
        if self.takes_exec:
            threading.Thread(target=self._behave, args=(channel,), daemon=True).start()
        return self.takes_exec

    def _behave(self, channel: paramiko.Channel) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            self.behaviour(self, channel)


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that gives every connection to `serve`, in a thread of its own; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connections: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _sender = listener.accept()
                    connections.append(connection)
                    threading.Thread(target=_quietly, args=(serve, connection), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(2)
            for connection in connections:
                connection.close()


def _quietly(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    # ValueError: a socket that the test has closed meanwhile.
    with suppress(OSError, EOFError, ValueError, paramiko.SSHException):
        serve(connection)


@contextmanager
def broken(server: Broken, sshd: peers.Sshd) -> Iterator[Host]:
    """`server` with the host key of `sshd`, as a host of a site file."""
    key = paramiko.PKey.from_path(sshd.folder / "host_ed25519")

    def serve(connection: socket.socket) -> None:
        server.connections += 1
        transport = paramiko.Transport(connection)
        server.transport = transport
        transport.add_server_key(key)
        transport.start_server(server=server)
        while transport.is_active():
            time.sleep(0.02)

    with listening(serve) as port:
        try:
            yield sshd.host(port=str(port))
        finally:
            if server.transport is not None:
                server.transport.close()
                server.transport.packetizer.complete_handshake()
