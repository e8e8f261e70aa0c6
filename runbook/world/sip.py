"""Asking a SIP server whether it is alive: OPTIONS over UDP or TCP, and the first final response to it."""

from __future__ import annotations

import secrets
import socket
import time
from typing import Literal

from runbook.model.errors import system_said
from runbook.model.replies import CannotAskError, SipReply, Transport
from runbook.model.site import Host
from runbook.model.text import _
from runbook.world.net import cannot_ask, connect, phase, resolve
from runbook.world.sip_message import MAGIC_COOKIE, MAX_MESSAGE_BYTES, Request, Response, framed, options, response

T1_S, T2_S = 0.5, 4.0
"""Round-trip estimate and the longest retransmission interval: RFC 3261 section 17.1.1.1 and table 4 (Appendix A)."""

_GARBAGE = "invalid response"


class LiveSip:
    """`runbook.model.ports.Sip`: a client of one transaction at a time, on a socket of its own."""

    def options(self, host: Host, port: int, *, transport: Transport, timeout_s: float) -> SipReply:
        """Send OPTIONS (RFC 3261 section 11.1) and wait `timeout_s`, the name look-up included, for its final response.

        Silence is measured: `status` None, and `reason` says which (`no answer`, `port unreachable`, `refused`, `closed`,
        `invalid response`). Raises CannotAskError in phase `resolve`, `route`, `link` or `permission`.
        """
        began = time.monotonic()
        addresses = resolve(host.address, timeout_s)
        ask = _ask_udp if transport == "udp" else _ask_tcp
        return ask(host.address, addresses, port, began, began + timeout_s)

    def register(self, host: Host, port: int, *, transport: Transport, timeout_s: float) -> SipReply:
        """Not asked yet."""
        raise CannotAskError(
            "permission", _("this laptop does not allow asking {address}").format(address=host.address)
        )


def _request(host: str, port: int, transport: Literal["udp", "tcp"], sock: socket.socket) -> Request:
    local_host, local_port = sock.getsockname()[:2]
    token = secrets.token_hex
    return Request(
        host, port, transport, local_host.partition("%")[0], local_port, MAGIC_COOKIE + token(12), token(16), token(8)
    )


def _ask_udp(host: str, addresses: tuple[str, ...], port: int, began: float, deadline: float) -> SipReply:
    ip = addresses[0]

    def reply(status: int | None, reason: str) -> SipReply:
        return SipReply(status, reason, time.monotonic() - began, "udp", ip)

    try:
        with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            # Connected: the kernel drops what another address sends, and reports an ICMP port unreachable.
            sock.connect((ip, port))
            found = _exchange_udp(sock, _request(host, port, "udp", sock), deadline)
    except (ConnectionRefusedError, ConnectionResetError):
        return reply(None, "port unreachable")
    except OSError as error:
        if error.errno is None or phase(error.errno) is None:
            return reply(None, "no answer")
        raise cannot_ask(ip, error.errno) from None
    except ValueError as error:
        raise CannotAskError("resolve", str(error)) from None
    return reply(None, found) if isinstance(found, str) else reply(found.status, found.reason)


def _exchange_udp(sock: socket.socket, request: Request, deadline: float) -> Response | str:
    """The final response; or in a word why there is none. Retransmits as RFC 3261 section 17.1.2.2 (timer E) says."""
    message = options(request)
    silence = "no answer"
    interval, resend_at = T1_S, time.monotonic()
    while (now := time.monotonic()) < deadline:
        if now >= resend_at:
            sock.send(message)
            resend_at, interval = now + interval, min(2 * interval, T2_S)
        sock.settimeout(max(0.001, min(resend_at, deadline) - time.monotonic()))
        try:
            found = response(sock.recv(MAX_MESSAGE_BYTES))
        except TimeoutError:
            continue
        if found is None or not found.answers(request):
            silence = _GARBAGE
        elif found.status >= 200:
            return found
        else:
            interval = T2_S
    return silence


def _ask_tcp(host: str, addresses: tuple[str, ...], port: int, began: float, deadline: float) -> SipReply:
    attempt = connect(addresses, port, deadline - time.monotonic())

    def reply(status: int | None, reason: str) -> SipReply:
        return SipReply(status, reason, time.monotonic() - began, "tcp", attempt.address)

    if attempt.connection is None:
        return reply(None, "refused" if attempt.result == "refused" else "no answer")
    with attempt.connection as sock:
        try:
            found = _exchange_tcp(sock, _request(host, port, "tcp", sock), deadline)
        except TimeoutError:
            return reply(None, "no answer")
        except ConnectionError:
            return reply(None, "closed")
        except ValueError as error:
            raise CannotAskError("resolve", str(error)) from None
        except OSError as error:
            raise CannotAskError(
                "route", _("{address}: {reason}").format(address=attempt.address, reason=system_said(error))
            ) from None
    return reply(None, found) if isinstance(found, str) else reply(found.status, found.reason)


def _exchange_tcp(sock: socket.socket, request: Request, deadline: float) -> Response | str:
    message = options(request)
    sock.settimeout(max(0.001, deadline - time.monotonic()))
    sock.sendall(message)
    stream, silence = b"", "no answer"
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            received = sock.recv(MAX_MESSAGE_BYTES)
            if not received:
                return "closed"
            whole, stream = framed(stream + received)
            while whole is not None:
                found = response(whole)
                if found is None or not found.answers(request):
                    silence = _GARBAGE
                elif found.status >= 200:
                    return found
                whole, stream = framed(stream)
        except TimeoutError:
            break
        except ValueError:
            return _GARBAGE
    return silence
