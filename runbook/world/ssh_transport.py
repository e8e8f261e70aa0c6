"""One SSH connection: opened phase by phase, each with its own deadline, and refused unless the site file holds the host's key.

Sources: RFC 4253 (transport), RFC 4252 (login), RFC 4254 (channels).
"""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import paramiko
from paramiko.common import MSG_CHANNEL_FAILURE, MSG_CHANNEL_REQUEST
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from runbook.model.replies import CannotAskError, Phase
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.deadline import within
from runbook.world.net import connect, is_address, resolve
from runbook.world.ssh_keys import WEAK, PublicKey

# Without a handler of ours Python prints paramiko's errors, tracebacks among them, on the screen.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

KEEPALIVE_S = 10
OPEN_FAILED_CONNECT = 2
"""SSH_OPEN_CONNECT_FAILED: RFC 4254 section 5.1."""
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that each phase of a connection may take."""

    resolve_s: float = 5.0
    connect_s: float = 5.0
    banner_s: float = 10.0
    key_exchange_s: float = 10.0
    login_s: float = 15.0
    channel_s: float = 10.0


class Packets(Packetizer):
    """The packets of one connection, watched for three facts that paramiko's channels do not tell.

    `sent`: remote channels to which an `exec` request has gone out whole. `refused`: our channels on which the host
    refused a request. `signals`: our channels whose command was killed, and by which signal.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.sent: set[int] = set()
        self.refused: set[int] = set()
        self.signals: dict[int, str] = {}

    def send_message(self, data: paramiko.Message) -> None:
        """Send one packet; raises EOFError when the connection did not take it whole."""
        super().send_message(data)
        if data.asbytes()[0] == MSG_CHANNEL_REQUEST:
            channel, kind, _rest = _channel_request(data.asbytes()[1:])
            if kind == "exec":
                self.sent.add(channel)

    def read_message(self) -> tuple[int, paramiko.Message]:
        """The next packet: its type, and its content behind the type."""
        kind, message = super().read_message()
        if kind == MSG_CHANNEL_FAILURE:
            self.refused.add(paramiko.Message(message.asbytes()).get_int())
        elif kind == MSG_CHANNEL_REQUEST:
            channel, name, rest = _channel_request(message.asbytes())
            if name == "exit-signal":
                self.signals[channel] = rest.get_binary()[:20].decode("ascii", "replace")
        return kind, message


def _channel_request(content: bytes) -> tuple[int, str, paramiko.Message]:
    """Channel, name and type-specific data of an SSH_MSG_CHANNEL_REQUEST, behind its type byte: RFC 4254 section 5.4."""
    message = paramiko.Message(content)
    channel, name = message.get_int(), message.get_binary().decode("ascii", "replace")
    message.get_boolean()
    return channel, name, message


class Client(paramiko.Transport):
    """A paramiko transport that offers exactly the host-key algorithms it was given: no certificates, no other types."""

    def __init__(
        self,
        sock: socket.socket | paramiko.Channel,
        algorithms: Sequence[str],
        *,
        legacy: bool,
        through: Client | None = None,
    ) -> None:
        super().__init__(sock, disabled_algorithms={} if legacy else WEAK, packetizer_class=Packets)
        self._algorithms = tuple(algorithms)
        self._socket = sock
        self._through = through
        # A key renewal that does not end must not hold a command's deadline up for paramiko's 30 seconds.
        self.clear_to_send_timeout = 5.0

    @property
    def preferred_keys(self) -> Sequence[str]:
        """The host-key algorithms to offer."""
        return self._algorithms

    @property
    def packets(self) -> Packets:
        """What went over this connection."""
        assert isinstance(self.packetizer, Packets)
        return self.packetizer

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        # paramiko's handshake timer would otherwise keep the program alive after a handshake that failed.
        self.packetizer.complete_handshake()
        super().close()
        self._socket.close()
        if self._through is not None:
            self._through.close()

    def abort(self) -> None:
        """Close, and drop what still waits to be sent: a command must not run when the link is back an hour later."""
        if self._through is not None:
            self._through.abort()
        if isinstance(self._socket, socket.socket):
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self.close()


def open_client(
    address: str,
    port: int,
    algorithms: Sequence[str],
    deadlines: Deadlines,
    *,
    legacy: bool = False,
    through: tuple[str, Client] | None = None,
) -> tuple[Client, PublicKey]:
    """A connection after its key exchange, not logged in, and the host key that it showed. The caller judges the key.

    `through`: a jump host's address and its connection, logged in, which ends with the new one.
    Raises CannotAskError in phase `resolve`, `route`, `link`, `permission`, `connect`, `banner` or `key_exchange`, and
    NoCommonHostKeyError when the host has none of `algorithms`.
    """
    jump = through[1] if through else None
    sock = _forwarded(address, port, deadlines, *through) if through else _connected(address, port, deadlines)
    client = Client(sock, algorithms, legacy=legacy, through=jump)
    try:
        return client, _negotiated(client, deadlines)
    except BaseException:
        client.close()
        raise


class NoCommonHostKeyError(Exception):
    """The host has no key of the types that were offered."""


def _connected(address: str, port: int, deadlines: Deadlines) -> socket.socket:
    attempt = connect(resolve(address, deadlines.resolve_s), port, deadlines.connect_s)
    if attempt.connection is None:
        sentences = {
            "refused": _("{address} port {port} refuses connections"),
            "timed_out": _("{address} port {port} does not answer within {seconds:.0f} s"),
        }
        sentence = sentences[attempt.result].format(address=attempt.address, port=port, seconds=deadlines.connect_s)
        raise CannotAskError("connect", sentence)
    attempt.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    attempt.connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return attempt.connection


def _forwarded(address: str, port: int, deadlines: Deadlines, jump: str, through: Client) -> paramiko.Channel:
    """A connection that the jump host opens (`direct-tcpip`: RFC 4254 section 7.2); it also resolves the name."""
    names = {"address": address, "port": port, "jump": jump}
    if not is_address(address):
        raise CannotAskError("resolve", _("{address!r} is no host name or IP address").format(address=address[:100]))
    try:
        # paramiko's own deadline is a wall time, which may be set back meanwhile.
        there, here, seconds = (address, port), ("127.0.0.1", 0), deadlines.connect_s
        return within(seconds + 1, lambda: through.open_channel("direct-tcpip", there, here, timeout=seconds))
    except paramiko.ChannelException as error:
        names["reason"] = said(error)
        if error.code == OPEN_FAILED_CONNECT:
            sentence = _("{jump} could not connect to {address} port {port} ({reason})")
            raise CannotAskError("connect", sentence.format_map(names)) from None
        sentence = _("{jump} does not pass connections on to {address} port {port} ({reason})")
        raise CannotAskError("channel", sentence.format_map(names)) from None
    except (paramiko.SSHException, EOFError, OSError):
        sentence = _("{jump} did not connect to {address} port {port} within {seconds:.0f} s")
        names["seconds"] = deadlines.connect_s
        raise CannotAskError("connect", sentence.format_map(names)) from None


def _negotiated(client: Client, deadlines: Deadlines) -> PublicKey:
    done = threading.Event()
    # The deadlines are watched here; paramiko's own, which hold per line and per read, must not come first.
    client.banner_timeout = client.handshake_timeout = deadlines.banner_s + deadlines.key_exchange_s + 1
    client.start_client(event=done)
    _wait(client, "banner", deadlines.banner_s, lambda: bool(client.remote_version) or done.is_set(), done)
    _wait(client, "key_exchange", deadlines.key_exchange_s, lambda: client.initial_kex_done, done)
    key = client.get_remote_server_key()
    return PublicKey(key.get_name(), key.get_base64())


def _wait(client: Client, phase: Phase, seconds: float, ready: Callable[[], bool], event: threading.Event) -> None:
    deadline = since_boot() + seconds
    while not (client.is_active() and ready()):
        if not client.is_active():
            error = client.get_exception()
            if isinstance(error, IncompatiblePeer) and "no acceptable host key" in str(error):
                raise NoCommonHostKeyError
            sentence = _("the SSH server ended the connection ({reason})")
            raise CannotAskError(phase, sentence.format(reason=said(error) or _("no reason given")))
        if since_boot() >= deadline:
            raise CannotAskError(
                phase, _("the SSH server did not go on within {seconds:.0f} s").format(seconds=seconds)
            )
        event.wait(0.02)


def said(error: object) -> str:
    """An error of paramiko in at most 200 characters; may hold the host's own words."""
    return str(error)[:200] if error is not None else ""
