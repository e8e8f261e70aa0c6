"""Round-trip times by the Linux kernel's own clock, and raw ICMP sockets that get no packets but their own.

A program that runs many pings at once is woken late, and would measure its own delay: 200 raw sockets, each with a copy of every
packet, once made up 236 ms on loopback. The kernel notes when a packet left and when its answer came (SO_TIMESTAMPING, Linux
Documentation/networking/timestamping.rst), and a filter keeps other pings' packets from a raw socket (filter.rst beside it).
"""

from __future__ import annotations

import ctypes
import select
import socket
import struct
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from runbook.world.clock import since_boot

_SO_TIMESTAMPING = 37
_SO_ATTACH_FILTER = 26
# RX_SOFTWARE, SOFTWARE, TX_SCHED and OPT_TSONLY of linux/net_tstamp.h. A request has left when it enters this machine's own queue:
# what it waits there is part of the way, as for every other ping.
_FLAGS = 1 << 3 | 1 << 4 | 1 << 8 | 1 << 11
_ECHO_REPLY_4, _ECHO_REPLY_6 = 0, 129
_NS_PER_MS = 1_000_000

_Instruction = tuple[int, int, int, int]
_ACCEPT: _Instruction = (0x06, 0, 0, 0xFFFFFFFF)
_REJECT: _Instruction = (0x06, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class KernelTimes:
    """An ICMP socket whose packets the kernel times. `identifier` None: the kernel itself keeps other pings' replies away."""

    sock: socket.socket
    identifier: int | None

    @classmethod
    def on(cls, sock: socket.socket | None, *, identifier: int, raw: bool) -> Self | None:
        """Prepare a new socket. None where the system has nothing of the kind."""
        if sock is None or not sys.platform.startswith("linux"):
            return None
        try:
            if raw:
                _keep_only(sock, identifier)
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPING, _FLAGS)
        except OSError:
            return None
        return cls(sock, identifier if raw else None)

    def rtt_ms(self, sequence: int, sent_s: float, timeout_s: float) -> float | None:
        """Wait for the echo reply to `sequence`; None for silence. `sent_s`: when it was sent, where the kernel does not say.

        Raises OSError when the network went away.
        """
        until = since_boot() + timeout_s
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        left_ns = round(sent_s * 1e9)
        while (left_s := until - since_boot()) > 0:
            for _fd, what in poll.poll(left_s * 1000):
                if what & select.POLLERR:
                    left_ns = self._left_ns() or left_ns
                if what & select.POLLIN:
                    data, notes, _flags, _address = self.sock.recvmsg(2048, 512)
                    if self._answers(data, sequence):
                        came_ns = _noted_ns(notes) or time.time_ns()
                        # The wall clock may be set back meanwhile.
                        return max(0.0, (came_ns - left_ns) / _NS_PER_MS)
        return None

    def _left_ns(self) -> int | None:
        """When the request left, by the kernel's note of it."""
        try:
            _data, notes, _flags, _address = self.sock.recvmsg(512, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except BlockingIOError:
            if code := self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, "") from None
            return None
        return _noted_ns(notes)

    def _answers(self, data: bytes, sequence: int) -> bool:
        six = self.sock.family == socket.AF_INET6
        # Only a raw IPv4 socket shows the IP header; its length is in the lower half of the first byte (RFC 791).
        start = 0 if six or self.identifier is None else (data[0] & 0x0F) * 4 if data else 0
        if len(data) < start + 8:
            return False
        kind, _code, _checksum, identifier, number = struct.unpack_from("!BBHHH", data, start)
        wanted = (_ECHO_REPLY_6 if six else _ECHO_REPLY_4, identifier if self.identifier is None else self.identifier)
        return (kind, identifier, number) == (*wanted, sequence)


def _noted_ns(notes: Iterable[tuple[int, int, bytes]]) -> int | None:
    """The software timestamp among a message's ancillary data, in nanoseconds of wall time."""
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPING and len(data) >= struct.calcsize("ll"):
            seconds, nanoseconds = struct.unpack_from("ll", data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds) or None
    return None


def _keep_only(sock: socket.socket, identifier: int) -> None:
    """Let only echo replies with this identifier through to a raw socket."""
    if sock.family == socket.AF_INET6:
        # The ICMPv6 header stands first: its type, then at 4 its identifier (RFC 4443 section 4.2).
        program = [(0x30, 0, 0, 0), (0x15, 0, 3, _ECHO_REPLY_6), (0x28, 0, 0, 4), (0x15, 0, 1, identifier)]
    else:
        # X is the length of the IP header in front (RFC 792 behind it).
        program = [
            (0xB1, 0, 0, 0),
            (0x50, 0, 0, 0),
            (0x15, 0, 3, _ECHO_REPLY_4),
            (0x48, 0, 0, 4),
            (0x15, 0, 1, identifier),
        ]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in (*program, _ACCEPT, _REJECT))
    held = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(code) // 8, ctypes.addressof(held)))
