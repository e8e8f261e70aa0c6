"""HTTP: one GET over a connection of its own, bounded in time and memory.

No proxy, no cookie, no redirect, no compression: the reading is of this one server, and nothing of the environment changes what is
asked or where (`http_proxy` may hold a password).
"""

from __future__ import annotations

import socket
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from runbook.model.machine import Host
from runbook.model.ports import Secrets
from runbook.model.replies import CannotAskError, HttpReply
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.deadline import cut_at
from runbook.world.net import RESOLVE_S, connect, resolve

if TYPE_CHECKING:
    from http.client import HTTPResponse

KEEP_BODY_BYTES = 256 * 1024
"""How much of a body is kept, and searched."""
READ_BODY_BYTES = 1024 * 1024
"""Where reading a body ends; one that never ends is as large as this."""
LOCATION_LENGTH = 500


class LiveHttp:
    """`runbook.model.ports.Http` over real connections."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def get(self, host: Host, port: int, *, path: str, tls: bool, timeout_s: float) -> HttpReply:
        """One GET, everything within `timeout_s`, the name look-up included. Raises CannotAskError.

        A server whose certificate is not trusted is sent nothing: neither the question nor the account.
        """
        # Fetched before the time begins: it may be a person who types it.
        headers = self._headers(host, port, tls)
        began = since_boot()
        deadline = began + timeout_s
        attempt = connect(resolve(host.address, min(timeout_s, RESOLVE_S)), port, deadline - since_boot())
        nothing = HttpReply("timed_out", None, b"", 0, "", 0, None, None, "", attempt.address)
        if attempt.connection is None:
            result: Literal["refused", "timed_out"] = "refused" if attempt.result == "refused" else "timed_out"
            return replace(nothing, result=result, elapsed_s=since_boot() - began)
        sock: socket.socket = attempt.connection
        if tls:
            secured = _secured(sock, host, deadline, nothing)
            if isinstance(secured, HttpReply):
                return replace(secured, elapsed_s=since_boot() - began)
            sock, nothing = secured, replace(nothing, trusted=True)
        with sock:
            asked = _Asked(sock, attempt.address, port, began, deadline, nothing)
            return replace(asked.get(path, headers), elapsed_s=since_boot() - began)

    def _headers(self, host: Host, port: int, tls: bool) -> dict[str, str]:
        name = (host.name or host.address).partition("%")[0]
        named = f"[{name}]" if ":" in name else name
        headers = {
            "Host": named if port == (443 if tls else 80) else f"{named}:{port}",
            "Accept": "*/*",
            # Nothing is ever unpacked, so nothing small can become large.
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "runbook",
        }
        if host.http and host.http.user:
            password = self._secrets.value(host.http.secret) if host.http.secret else ""
            account = b64encode(f"{host.http.user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {account}"
        return headers


def _secured(sock: socket.socket, host: Host, deadline: float, nothing: HttpReply) -> socket.socket | HttpReply:
    """The connection after its TLS handshake; or the reply when that is how it ended."""
    from runbook.world.tls import shake, verifying

    try:
        context = verifying(host)
    except CannotAskError:
        sock.close()
        raise
    shaken = shake(sock, host, context, deadline)
    if shaken.connection is not None:
        return shaken.connection
    if shaken.result == "not_trusted":
        return replace(nothing, result="not_trusted", trusted=False, why=shaken.why)
    return replace(nothing, result="not_http" if shaken.result == "not_tls" else "timed_out", why=shaken.why)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One connected server, and the reply as far as nothing has been read yet."""

    sock: socket.socket
    address: str
    port: int
    began: float
    deadline: float
    nothing: HttpReply

    def get(self, path: str, headers: dict[str, str]) -> HttpReply:
        from http.client import HTTPConnection, HTTPException

        self.sock.settimeout(max(0.001, self.deadline - since_boot()))
        asking = HTTPConnection(self.address, self.port)
        asking.sock = self.sock
        with cut_at(self.deadline, self.sock):
            try:
                asking.request("GET", path, headers=headers)
                response = asking.getresponse()
            except UnicodeError:
                raise CannotAskError("channel", _("the path {path!r} cannot be asked for").format(path=path)) from None
            except (HTTPException, OSError, ValueError) as error:
                return self._unanswered(error)
            # A head that is cut off at the deadline looks like one that ended.
            if self._late():
                return replace(self.nothing, result="timed_out")
            first_byte_s = since_boot() - self.began
            answered = replace(
                self.nothing,
                result="answered",
                status=response.status,
                location=(response.getheader("Location") or "")[:LOCATION_LENGTH],
                first_byte_s=first_byte_s,
            )
            return self._with_body(answered, response)

    def _unanswered(self, error: Exception) -> HttpReply:
        """Silence until the deadline; or something that is not HTTP."""
        if self._late():
            return replace(self.nothing, result="timed_out")
        why = "closed" if isinstance(error, ConnectionError) else "no HTTP"
        return replace(self.nothing, result="not_http", why=why)

    def _with_body(self, answered: HttpReply, response: HTTPResponse) -> HttpReply:
        """The reply with the body as far as it came: in time, whole, or up to the limit."""
        from http.client import HTTPException

        kept, size, why = bytearray(), 0, ""
        try:
            while size < READ_BODY_BYTES and (data := response.read1(min(65536, READ_BODY_BYTES - size))):
                size += len(data)
                kept += data[: KEEP_BODY_BYTES - len(kept)]
        except (HTTPException, OSError, ValueError):
            why = "incomplete"
        whole = size >= READ_BODY_BYTES
        if response.length and not whole:
            why = "incomplete"
        # A body that only closing ends, and that is cut off at the deadline, looks like one that ended.
        late = self._late() and not whole
        result: Literal["answered", "timed_out"] = "timed_out" if late else "answered"
        return replace(answered, result=result, body=bytes(kept), size_bytes=size, why=why)

    def _late(self) -> bool:
        return since_boot() >= self.deadline - 0.01
