"""SIP OPTIONS as bytes: building a request and reading what came back. Pure; sends nothing.

Sources: RFC 3261 sections 7 (messages), 8.1 (requests), 11 (OPTIONS), 17.1.3 (matching responses), 18.3 (framing); RFC 3581 (rport).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MAX_MESSAGE_BYTES = 65536
"""Anything longer is no answer to OPTIONS that anybody meant."""

MAGIC_COOKIE = "z9hG4bK"
"""The beginning of every branch that is unique to its transaction: RFC 3261 section 8.1.1.7."""

_SAFE = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_COMPACT = {"v": "via", "i": "call-id", "l": "content-length", "f": "from", "t": "to"}
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*\"?([^\s;,\"]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One OPTIONS request: where to, where from, and the three values by which its responses are known."""

    host: str
    port: int
    transport: Literal["udp", "tcp"]
    local_host: str
    local_port: int
    branch: str
    call_id: str
    tag: str
    cseq: int = 1


@dataclass(frozen=True, slots=True)
class Response:
    """A SIP response, as far as it is needed to match it and to say what it was."""

    status: int
    reason: str
    branch: str
    call_id: str
    cseq: str

    def answers(self, request: Request) -> bool:
        """Whether it belongs to `request`'s transaction: the top Via's branch and the CSeq method (RFC 3261 section 17.1.3), and the rest."""
        return (self.branch, self.call_id, self.cseq) == (request.branch, request.call_id, f"{request.cseq} OPTIONS")


def options(request: Request) -> bytes:
    """The request on the wire. Raises ValueError when a part could end a line or a field."""
    for part in (request.host, request.local_host, request.branch, request.call_id, request.tag):
        if not _SAFE.fullmatch(part):
            raise ValueError(f"not usable in a SIP header: {part[:100]!r}")
    host, local = bracketed(request.host), f"{bracketed(request.local_host)}:{request.local_port}"
    uri = f"sip:{host}:{request.port}" + (";transport=tcp" if request.transport == "tcp" else "")
    lines = (
        f"OPTIONS {uri} SIP/2.0",
        f"Via: SIP/2.0/{request.transport.upper()} {local};branch={request.branch};rport",
        "Max-Forwards: 70",
        f"From: <sip:runbook@{local}>;tag={request.tag}",
        f"To: <{uri}>",
        f"Call-ID: {request.call_id}",
        f"CSeq: {request.cseq} OPTIONS",
        f"Contact: <sip:runbook@{local}{';transport=tcp' if request.transport == 'tcp' else ''}>",
        "Accept: application/sdp",
        "User-Agent: runbook",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def bracketed(host: str) -> str:
    """`host` as it stands in a SIP URI: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def response(data: bytes) -> Response | None:
    """The response in `data`; None for anything else: a request, a broken or an oversized message, a missing Via, Call-ID or CSeq."""
    if len(data) > MAX_MESSAGE_BYTES:
        return None
    head = data.lstrip(b"\r\n").partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    first, *rest = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
    status_line = _STATUS_LINE.fullmatch(first)
    fields = _fields(rest)
    branch = _BRANCH.search(fields.get("via", "").partition(",")[0])
    if not (status_line and branch and fields.get("call-id") and fields.get("cseq")):
        return None
    number, _space, method = fields["cseq"].partition(" ")
    return Response(
        int(status_line[1]),
        (status_line[2] or "").strip()[:200],
        branch[1],
        fields["call-id"],
        f"{number} {method.strip().upper()}",
    )


def _fields(lines: list[str]) -> dict[str, str]:
    """The first value of each header field, by its long name in lower case."""
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if colon:
            fields.setdefault(_COMPACT.get(key, key), value.strip())
    return fields


def framed(stream: bytes) -> tuple[bytes | None, bytes]:
    """The first whole message of a TCP stream by its Content-Length (RFC 3261 section 18.3), and what follows it.

    None and the stream itself while more must be read. Raises ValueError when it can never become a message.
    """
    stream = stream.lstrip(b"\r\n")
    end = stream.find(b"\r\n\r\n")
    if end < 0:
        if len(stream) > MAX_MESSAGE_BYTES:
            raise ValueError("no end of the header")
        return None, stream
    head = re.sub(r"\r\n[ \t]+", " ", stream[:end].decode("utf-8", "replace"))
    length = _fields(head.split("\r\n")[1:]).get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,9}", length) or end + 4 + int(length) > MAX_MESSAGE_BYTES:
        raise ValueError("no usable Content-Length")
    whole = end + 4 + int(length)
    return (stream[:whole], stream[whole:]) if len(stream) >= whole else (None, stream)
