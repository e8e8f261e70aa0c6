"""Names, addresses and TCP connections, each with a deadline.

Silence and refusal are measured values. Only what kept the question from being asked raises CannotAskError: a name that does
not resolve, no route, no link, no permission.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import selectors
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from runbook.model.errors import system_said
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, TalkReply, TcpReply, TlsReply, Turn
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.deadline import within

RESOLVE_S = 5.0
"""A name that takes longer does not resolve, as far as a technician is concerned."""

_ADDRESS = re.compile(r"[A-Za-z0-9:][A-Za-z0-9._:-]{0,252}")
_NO_ROUTE = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_NO_LINK = {errno.ENETDOWN}
_NO_PERMISSION = {errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_REFUSED = {errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED}
_IN_PROGRESS = {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS)}


class LiveNet:
    """`runbook.model.ports.Net` over this machine's own TCP."""

    def tcp(self, address: str, port: int, *, timeout_s: float) -> TcpReply:
        """Connect to `address` and close; `timeout_s` holds for the name look-up and the connection together.

        Raises CannotAskError in phase `resolve`, `route`, `link` or `permission`.
        """
        began = since_boot()
        addresses = resolve(address, min(timeout_s, RESOLVE_S))
        attempt = connect(addresses, port, timeout_s - (since_boot() - began))
        if attempt.connection is not None:
            attempt.connection.close()
        return TcpReply(attempt.result, attempt.elapsed_s, attempt.address)

    def talk(self, address: str, port: int, turns: Sequence[Turn], *, timeout_s: float) -> TalkReply:
        """Connect, hold the conversation within `timeout_s` in all, and close. Raises CannotAskError."""
        from runbook.world.talk import conversation

        return conversation(address, port, turns, timeout_s)

    def tls(self, host: Host, port: int, *, timeout_s: float) -> TlsReply:
        """Connect and shake hands within `timeout_s` in all. Raises CannotAskError, in phase `permission` for a useless `ca`."""
        from runbook.world.tls import handshake

        return handshake(host, port, timeout_s)


def is_address(address: str) -> bool:
    """Whether `address` is shaped like a host name or an IP address: nothing that could be read as an option or a command."""
    return _ADDRESS.fullmatch(address) is not None


def resolve(address: str, deadline_s: float = RESOLVE_S) -> tuple[str, ...]:
    """The IP addresses of `address`, IPv4 first; itself, without asking anybody, when it is one.

    Raises CannotAskError in phase `resolve`; an address that could be read as an option or a command is refused.
    """
    if not is_address(address):
        raise CannotAskError("resolve", _("{address!r} is no host name or IP address").format(address=address[:100]))
    with suppress(ValueError):
        return (str(ipaddress.ip_address(address)),)
    try:
        found = within(deadline_s, lambda: socket.getaddrinfo(address, None, type=socket.SOCK_STREAM))
    except TimeoutError:
        sentence = _("the name {address} did not resolve within {seconds:.0f} s")
        raise CannotAskError("resolve", sentence.format(address=address, seconds=deadline_s)) from None
    except (OSError, UnicodeError) as error:
        sentence = _("the name {address} does not resolve ({reason})")
        raise CannotAskError("resolve", sentence.format(address=address, reason=_reason(error))) from None
    by_family = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in by_family))


@dataclass(frozen=True, slots=True)
class Attempt:
    """How connecting ended; `connection` is there when `result` is `open`, and then the caller closes it."""

    result: Literal["open", "refused", "timed_out"]
    connection: socket.socket | None
    address: str
    elapsed_s: float


def connect(addresses: Sequence[str], port: int, timeout_s: float) -> Attempt:
    """Connect to all `addresses` at once, so that one which swallows packets does not hide one which answers.

    Open when one opens; else refused when one refuses; else timed out (a neighbour that answers no ARP is silent, too).
    Raises CannotAskError when not one of them could be tried.
    """
    began = since_boot()
    selector = selectors.DefaultSelector()
    pending: dict[socket.socket, str] = {}
    ended: list[tuple[str, int]] = []

    def attempt(
        result: Literal["open", "refused", "timed_out"], address: str, sock: socket.socket | None = None
    ) -> Attempt:
        return Attempt(result, sock, address, since_boot() - began)

    try:
        for address in addresses:
            try:
                sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            except OSError as error:  # a system without IPv6, or out of sockets
                ended.append((address, error.errno or errno.EAFNOSUPPORT))
                continue
            sock.setblocking(False)
            code = sock.connect_ex((address, port))
            if code and code not in _IN_PROGRESS:
                sock.close()
                ended.append((address, code))
                continue
            pending[sock] = address
            selector.register(sock, selectors.EVENT_WRITE)
        while pending and (left := timeout_s - (since_boot() - began)) > 0:
            for key, _events in selector.select(left):
                assert isinstance(key.fileobj, socket.socket)
                sock, address = key.fileobj, pending.pop(key.fileobj)
                selector.unregister(sock)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not code:
                    return attempt("open", address, sock)
                sock.close()
                ended.append((address, code))
    finally:
        selector.close()
        for sock in pending:
            sock.close()
    refused = [address for address, code in ended if code in _REFUSED]
    silent = [*pending.values(), *(address for address, code in ended if phase(code) is None and code not in _REFUSED)]
    if refused:
        return attempt("refused", refused[0])
    if silent:
        return attempt("timed_out", silent[0])
    address, code = ended[0]
    raise cannot_ask(address, code)


def phase(code: int) -> Literal["route", "link", "permission"] | None:
    """In which phase an error number of the system kept the question from being asked; None: it is an answer, or silence."""
    for codes, name in ((_NO_ROUTE, "route"), (_NO_LINK, "link"), (_NO_PERMISSION, "permission")):
        if code in codes:
            return name  # type: ignore[return-value]  # a literal of the table above
    return None


def cannot_ask(address: str, code: int) -> CannotAskError:
    """The error for an error number that has a `phase`."""
    sentence = {
        "route": _("this laptop has no route to {address}"),
        "link": _("this laptop's network is down; {address} was not asked"),
        "permission": _("this laptop does not allow asking {address}"),
    }
    name = phase(code) or "route"
    return CannotAskError(name, sentence[name].format(address=address))


def _reason(error: OSError | UnicodeError) -> str:
    return system_said(error)[:200]
