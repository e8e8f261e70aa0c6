"""The lab's SSH server: one key may sign in, and a fixed table of commands is answered. No process is ever started.

paramiko's `ServerInterface` refuses whatever is not granted here: shell, terminal, environment, subsystems, agent, X11 and
port forwarding in both directions.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    MSG_CHANNEL_SUCCESS,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.packet import Packetizer

from runbook.world.lab.commands import Ended

Run = Callable[[bytes], tuple[Ended, float]]
"""Runs one command line: how it ends, and how much later it says so."""


class Keys:
    """The lab's host key, and the one key that may sign in."""

    def __init__(self, folder: Path, user: str) -> None:
        self.host = paramiko.Ed25519Key.from_private_key_file(str(folder / "host_key"))
        self.user = user
        self.user_key = paramiko.Ed25519Key.from_private_key_file(str(folder / "user_key")).asbytes()


def serve(connection: socket.socket, keys: Keys, run: Run) -> None:
    """Serve one connection until it ends."""
    transport = paramiko.Transport(connection, packetizer_class=_Packetizer)
    transport.add_server_key(keys.host)
    assert isinstance(transport.packetizer, _Packetizer)
    with suppress(paramiko.SSHException, EOFError, OSError):
        transport.start_server(server=_Session(keys, run, transport.packetizer.granted))
        transport.join()
    transport.close()


class _Packetizer(Packetizer):
    """Runs what waits for a granted request only after the grant was sent; a client is lost when the answer comes first."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.granted: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def send_message(self, data: paramiko.Message) -> None:
        super().send_message(data)
        if data.asbytes()[0] == MSG_CHANNEL_SUCCESS:
            threading.Thread(target=self.granted.get(), daemon=True).start()


class _Session(paramiko.ServerInterface):
    """What one signed-in connection may ask for: a session, and in it one command."""

    def __init__(self, keys: Keys, run: Run, granted: SimpleQueue[Callable[[], None]]) -> None:
        self._keys, self._run, self._granted = keys, run, granted

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == self._keys.user and key.asbytes() == self._keys.user_key
        return AUTH_SUCCESSFUL if known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._granted.put(lambda: _answer(channel, self._run, command))
        return True


def _answer(channel: paramiko.Channel, run: Run, command: bytes) -> None:
    with channel, suppress(OSError, EOFError, paramiko.SSHException):
        ended, delay_s = run(command)
        if ended.status is None:
            while not channel.closed and channel.get_transport().is_active():
                time.sleep(0.1)
            return
        time.sleep(delay_s)
        channel.sendall(ended.stdout.encode())
        channel.sendall_stderr(ended.stderr.encode())
        channel.send_exit_status(ended.status)
