"""SIP as bytes: building OPTIONS and REGISTER requests and reading what came back. Pure; sends nothing.

Sources: RFC 3261 sections 7 (messages), 8.1 (requests), 10.2 (REGISTER), 11 (OPTIONS), 17.1.3 (matching responses), 18.3 (framing);
RFC 3581 (rport).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from runbook.model.replies import Transport
from runbook.world.sip_digest import CHALLENGES

MAX_MESSAGE_BYTES = 65536
"""Anything longer is no answer to these requests that anybody meant."""

MAGIC_COOKIE = "z9hG4bK"
"""The beginning of every branch that is unique to its transaction: RFC 3261 section 8.1.1.7."""

_SAFE = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_COMPACT = {"v": "via", "i": "call-id", "l": "content-length", "f": "from", "t": "to", "m": "contact"}
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE)
_CONTACT = re.compile(r"<[^<>]*>")
_BRANCH = re.compile(r";\s*branch\s*=\s*\"?([^\s;,\"]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: where to, where from, and the three values by which its responses are known.

    `user` and `domain`: the account of a REGISTER. `authorization`: the whole header field that answers a challenge.
    """

    host: str
    port: int
    transport: Transport
    local_host: str
    local_port: int
    branch: str
    call_id: str
    tag: str
    cseq: int = 1
    method: Literal["OPTIONS", "REGISTER"] = "OPTIONS"
    user: str = ""
    domain: str = ""
    authorization: str = ""

    @property
    def uri(self) -> str:
        """The Request-URI: the server itself, or the registrar's domain (RFC 3261 section 10.2)."""
        if self.method == "REGISTER":
            return f"sip:{bracketed(self.domain)}"
        return f"sip:{bracketed(self.host)}:{self.port}{self._over}"

    @property
    def _over(self) -> str:
        return "" if self.transport == "udp" else f";transport={self.transport}"

    def written(self) -> bytes:
        """The request on the wire. Raises ValueError when a part could end a line or a field."""
        registers = self.method == "REGISTER"
        account = (self.user.replace("@", ""), self.domain) if registers else ()
        for part in (self.host, self.local_host, self.branch, self.call_id, self.tag, *account):
            if not _SAFE.fullmatch(part):
                raise ValueError(f"not usable in a SIP header: {part[:100]!r}")
        if not all(letter.isprintable() for letter in self.authorization):
            raise ValueError("not usable in a SIP header: the answer to the challenge")
        local = f"{bracketed(self.local_host)}:{self.local_port}"
        # A REGISTER without Contact asks for the bindings and changes none.
        address = f"sip:{self.user.replace('@', '%40')}@{bracketed(self.domain)}"
        sender, recipient = (address, address) if registers else (f"sip:runbook@{local}", self.uri)
        lines = (
            f"{self.method} {self.uri} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {local};branch={self.branch};rport",
            "Max-Forwards: 70",
            f"From: <{sender}>;tag={self.tag}",
            f"To: <{recipient}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} {self.method}",
            *(() if registers else (f"Contact: <sip:runbook@{local}{self._over}>", "Accept: application/sdp")),
            *((self.authorization,) if self.authorization else ()),
            "User-Agent: runbook",
            "Content-Length: 0",
        )
        return "\r\n".join((*lines, "", "")).encode()


@dataclass(frozen=True, slots=True)
class Response:
    """A SIP response, as far as it is needed to match it, to say what it was, and to answer its challenge.

    `challenges`: the fields that challenge, name in lower case and value. `bindings`: how many contacts it lists.
    """

    status: int
    reason: str
    branch: str
    call_id: str
    cseq: str
    challenges: tuple[tuple[str, str], ...] = ()
    bindings: int = 0

    def answers(self, request: Request) -> bool:
        """Whether it belongs to `request`'s transaction: the top Via's branch and the CSeq method (RFC 3261 section 17.1.3), and the rest."""
        wanted = (request.branch, request.call_id, f"{request.cseq} {request.method}")
        return (self.branch, self.call_id, self.cseq) == wanted


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
        tuple((name, value) for name, value in _each(rest) if name in CHALLENGES),
        sum(len(_CONTACT.findall(value)) or 1 for name, value in _each(rest) if name == "contact"),
    )


def _fields(lines: list[str]) -> dict[str, str]:
    """The first value of each header field, by its long name in lower case."""
    fields: dict[str, str] = {}
    for name, value in _each(lines):
        fields.setdefault(name, value)
    return fields


def _each(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Every header field: its long name in lower case, and its value."""
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if colon:
            yield _COMPACT.get(key, key), value.strip()


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
