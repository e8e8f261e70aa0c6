"""What the lab's SIP and HTTP servers answer, as pure functions from bytes to bytes."""

from __future__ import annotations

from collections.abc import Iterator

_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length"}
"""Short names of header fields (RFC 3261 section 7.3.3)."""

_REASONS = {200: "OK", 501: "Not Implemented", 503: "Service Unavailable"}
LONGEST = 65535


def sip_answer(request: bytes, *, serving: bool, peer: tuple[str, int]) -> bytes | None:
    """The response to one SIP request (RFC 3261 sections 8.2.6 and 18.2.1), or None for what gets none (ACK, no request at all).

    OPTIONS and REGISTER get 200, or 503 when not `serving`; any other method gets 501.
    """
    first, *rest = request.decode("utf-8", "replace").split("\r\n\r\n")[0].split("\r\n")
    line = first.split(" ")
    fields = list(_fields(rest))
    wanted = {"via", "from", "to", "call-id", "cseq"}
    if len(line) != 3 or line[2] != "SIP/2.0" or line[0] == "ACK" or not wanted <= {name for name, _value in fields}:
        return None
    status = 501 if line[0] not in ("OPTIONS", "REGISTER") else 200 if serving else 503
    answer = [f"SIP/2.0 {status} {_REASONS[status]}"]
    top = True
    for name, value in fields:
        if name == "via":
            answer.append(f"Via: {_received(value, peer) if top else value}")
            top = False
        elif name == "to":
            answer.append(f"To: {value}" if ";tag=" in value else f"To: {value};tag=lab")
        elif name in wanted:
            answer.append({"from": "From", "call-id": "Call-ID", "cseq": "CSeq"}[name] + f": {value}")
    answer += ["Allow: OPTIONS, REGISTER", "Server: runbook lab", "Content-Length: 0", "", ""]
    return "\r\n".join(answer).encode()


def _fields(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            yield _COMPACT.get(name.strip().lower(), name.strip().lower()), value.strip()


def _received(via: str, peer: tuple[str, int]) -> str:
    # RFC 3581 section 4: an empty rport is filled in, and then `received` is there as well.
    parts = [f"rport={peer[1]}" if part.strip().lower() == "rport" else part for part in via.split(";")]
    return ";".join([*parts, f"received={peer[0]}"])


def sip_requests(stream: bytes) -> tuple[list[bytes], bytes]:
    """The whole requests at the head of a TCP stream, and what follows them (RFC 3261 section 18.3)."""
    found: list[bytes] = []
    while True:
        stream = stream.lstrip(b"\r\n")
        head, end, rest = stream.partition(b"\r\n\r\n")
        if not end:
            return found, stream
        fields = dict(_fields(head.decode("utf-8", "replace").split("\r\n")[1:]))
        length = fields.get("content-length", "0")
        size = int(length) if length.isdecimal() and len(length) < 6 else 0
        if len(rest) < size:
            return found, stream
        found.append(head + end + rest[:size])
        stream = rest[size:]


def http_answer(request: bytes) -> bytes:
    """The response to one HTTP request (RFC 9112): 200 and `ok` for GET and HEAD, else 405."""
    method = request.split(b" ")[0]
    status, body = ("200 OK", b"ok\n") if method in (b"GET", b"HEAD") else ("405 Method Not Allowed", b"")
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + (b"" if method == b"HEAD" else body)
