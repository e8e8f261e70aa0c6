"""TLS as a client: one handshake, whether the peer's certificate is trusted, and until when it is valid."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from runbook.model.errors import system_said
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, TlsReply
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.net import RESOLVE_S, connect, resolve

NAME_LENGTH = 200
"""How much of a certificate's subject and issuer is kept."""

# What OpenSSL says of a peer whose first bytes are no TLS record (RFC 8446 section 5.1).
_NO_TLS = {
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "PACKET_LENGTH_TOO_SHORT",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}


@dataclass(frozen=True, slots=True)
class Shaken:
    """How a handshake ended; `connection` is there when `result` is `open`, and then the caller closes it. `why`: why it is not."""

    result: Literal["open", "not_trusted", "not_tls", "timed_out"]
    connection: ssl.SSLSocket | None
    why: str = ""


def verifying(host: Host) -> ssl.SSLContext:
    """A context that trusts `host.ca`, or this system's authorities where the site names none, and checks the name.

    Raises CannotAskError in phase `permission` when the file cannot be used.
    """
    if not host.ca:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(Path(host.ca).expanduser()))
    except (OSError, ValueError, RuntimeError) as error:
        reason = system_said(error) if isinstance(error, OSError) else str(error)
        sentence = _("the certificate file {path} cannot be used ({reason})")
        raise CannotAskError("permission", sentence.format(path=host.ca, reason=reason)) from None


def shake(sock: socket.socket, host: Host, context: ssl.SSLContext, deadline: float) -> Shaken:
    """Shake hands on a connected socket before `deadline` (since boot); the socket is closed unless it is open then.

    The name is `host.name`, else the address, as the site has it; a certificate for an IP address must hold that address.
    """
    name = (host.name or host.address).partition("%")[0]
    try:
        # `wrap_socket` takes a connection that was broken off just now for one that is still to be made, and shakes no hands.
        sock.getpeername()
        sock = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
        # The socket's timeout holds for the whole handshake, however slowly the bytes come.
        sock.settimeout(max(0.001, deadline - since_boot()))
        sock.do_handshake()
        return Shaken("open", sock)
    except TimeoutError:
        ended = Shaken("timed_out", None)
    except ssl.SSLCertVerificationError as error:
        ended = Shaken("not_trusted", None, error.verify_message)
    except ssl.SSLEOFError:
        ended = Shaken("not_tls", None, "closed")
    except ssl.SSLError as error:
        reason = error.reason or ""
        ended = Shaken("not_tls" if reason in _NO_TLS else "not_trusted", None, reason.replace("_", " ").lower())
    except (OSError, ValueError) as error:
        ended = Shaken("not_tls", None, "closed" if isinstance(error, OSError) else "no usable name")
    sock.close()
    return ended


def handshake(host: Host, port: int, timeout_s: float) -> TlsReply:
    """Connect and shake hands; when the certificate is not trusted, once more without checking it, to see until when it is valid.

    `timeout_s` holds for everything together. Nothing is sent after a handshake. Raises CannotAskError.
    """
    context = verifying(host)
    began = since_boot()
    deadline = began + timeout_s
    attempt = connect(resolve(host.address, min(timeout_s, RESOLVE_S)), port, deadline - since_boot())

    def reply(result: Literal["open", "not_tls", "refused", "timed_out"], why: str, der: bytes = b"") -> TlsReply:
        days_left, subject, issuer = _read(der)
        trusted = result == "open" and not why
        elapsed_s = since_boot() - began
        return TlsReply(result, trusted, why, days_left, subject, issuer, elapsed_s, attempt.address)

    if attempt.connection is None:
        return reply("refused" if attempt.result == "refused" else "timed_out", "")
    shaken = shake(attempt.connection, host, context, deadline)
    if shaken.connection is not None:
        with shaken.connection as secured:
            return reply("open", "", secured.getpeercert(binary_form=True) or b"")
    if shaken.result == "not_trusted":
        return reply("open", shaken.why or "not trusted", _shown(attempt.address, port, host, deadline))
    return reply("not_tls" if shaken.result == "not_tls" else "timed_out", shaken.why)


def _shown(address: str, port: int, host: Host, deadline: float) -> bytes:
    """The certificate that the peer shows to somebody who checks nothing; empty when it shows none in time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Old gear is looked at, too: nothing is sent over this connection.
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    attempt = connect((address,), port, deadline - since_boot())
    if attempt.connection is None:
        return b""
    shaken = shake(attempt.connection, host, context, deadline)
    if shaken.connection is None:
        return b""
    with shaken.connection as secured:
        return secured.getpeercert(binary_form=True) or b""


def _read(der: bytes) -> tuple[float | None, str, str]:
    """Days until the certificate expires (negative: since it has), its subject and its issuer; nothing of one that cannot be read."""
    if not der:
        return None, "", ""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        left = certificate.not_valid_after_utc - datetime.now(UTC)
        names = [name.rfc4514_string()[:NAME_LENGTH] for name in (certificate.subject, certificate.issuer)]
    except ValueError:
        return None, "", ""
    return left.total_seconds() / 86400, names[0], names[1]
