"""One SIP request and the final response to it, over UDP, TCP or TLS (RFC 3261 sections 17.1.2 and 18)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from runbook.model.errors import system_said
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, Transport
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.net import cannot_ask, connect, phase
from runbook.world.sip_message import MAX_MESSAGE_BYTES, Request, Response, framed, response

T1_S, T2_S = 0.5, 4.0
"""Round-trip estimate and the longest retransmission interval: RFC 3261 section 17.1.1.1 and table 4 (Appendix A)."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No final response, and why in a few words; `invalid`: what was wrong with what came instead."""

    reason: str
    invalid: str = ""


def _garbage(invalid: str) -> Unanswered:
    return Unanswered("invalid response", invalid)


class Channel(Protocol):
    """A way to one server. `local`: this end of it."""

    @property
    def local(self) -> tuple[str, int]: ...

    def exchange(self, request: Request) -> Response | Unanswered:
        """Send the request and wait for its final response until the channel's deadline. Raises OSError."""
        ...


@contextmanager
def channel(
    host: Host, addresses: tuple[str, ...], port: int, transport: Transport, deadline: float
) -> Iterator[tuple[str, Channel | Unanswered]]:
    """The address that is asked, and the way to it or why there is none. Raises CannotAskError, also for what is raised inside."""
    address = addresses[0]
    try:
        if transport == "udp":
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
                # Connected: the kernel drops what another address sends, and reports an ICMP port unreachable.
                sock.connect((address, port))
                yield address, _Datagrams(sock, deadline)
            return
        attempt = connect(addresses, port, deadline - since_boot())
        address = attempt.address
        if attempt.connection is None:
            yield address, Unanswered("refused" if attempt.result == "refused" else "no answer")
            return
        stream = _secured(attempt.connection, host, deadline) if transport == "tls" else attempt.connection
        if isinstance(stream, Unanswered):
            yield address, stream
            return
        with stream:
            yield address, _Stream(stream, deadline)
    except OSError as error:
        if error.errno is not None and phase(error.errno) is not None:
            raise cannot_ask(address, error.errno) from None
        sentence = _("{address}: {reason}").format(address=address, reason=system_said(error))
        raise CannotAskError("route", sentence) from None


def _secured(sock: socket.socket, host: Host, deadline: float) -> socket.socket | Unanswered:
    from runbook.world.tls import shake, verifying

    try:
        context = verifying(host)
    except CannotAskError:
        sock.close()
        raise
    shaken = shake(sock, host, context, deadline)
    if shaken.connection is not None:
        return shaken.connection
    words = {"not_trusted": f"not trusted: {shaken.why}", "not_tls": "no TLS"}
    return Unanswered(words.get(shaken.result, "no answer"))


class _Datagrams:
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self.local: tuple[str, int] = sock.getsockname()[:2]

    def exchange(self, request: Request) -> Response | Unanswered:
        """Retransmits as RFC 3261 section 17.1.2.2 (timer E) says."""
        message, silence = request.written(), Unanswered("no answer")
        interval, resend_at = T1_S, since_boot()
        while (now := since_boot()) < self._deadline:
            try:
                if now >= resend_at:
                    self._sock.send(message)
                    resend_at, interval = now + interval, min(2 * interval, T2_S)
                self._sock.settimeout(max(0.001, min(resend_at, self._deadline) - since_boot()))
                found = response(self._sock.recv(MAX_MESSAGE_BYTES))
            except TimeoutError:
                continue
            except (ConnectionRefusedError, ConnectionResetError):
                return Unanswered("port unreachable")
            except OSError as error:
                if error.errno is None or phase(error.errno) is None:
                    return Unanswered("no answer")
                raise
            if found is None or not found.answers(request):
                silence = _garbage("another transaction" if found else "no SIP response")
            elif found.status >= 200:
                return found
            else:
                interval = T2_S
        return silence


class _Stream:
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._unread = b""
        self.local: tuple[str, int] = sock.getsockname()[:2]

    def exchange(self, request: Request) -> Response | Unanswered:
        """Framed by Content-Length: RFC 3261 section 18.3."""
        silence = Unanswered("no answer")
        try:
            self._sock.settimeout(max(0.001, self._deadline - since_boot()))
            self._sock.sendall(request.written())
            while (left := self._deadline - since_boot()) > 0:
                try:
                    whole, self._unread = framed(self._unread)
                except ValueError as error:
                    return _garbage(str(error))
                if whole is None:
                    self._sock.settimeout(left)
                    received = self._sock.recv(MAX_MESSAGE_BYTES)
                    if not received:
                        return Unanswered("closed")
                    self._unread += received
                    continue
                found = response(whole)
                if found is None or not found.answers(request):
                    silence = _garbage("another transaction" if found else "no SIP response")
                elif found.status >= 200:
                    return found
        except TimeoutError:
            return silence
        except ConnectionError:
            return Unanswered("closed")
        return silence
