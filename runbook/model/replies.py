"""What the world answers: frozen data that crosses the ports, and the one error for a question that could not be asked."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Phase = Literal[
    "resolve", "link", "route", "permission", "connect", "banner", "key_exchange", "host_key", "login", "channel"
]


class CannotAskError(Exception):
    """The question could not be asked: nothing was sent that could have changed anything. The step becomes `unreachable`.

    `phase` is where it ended; `detail` is for people, may hold remote bytes, and goes through the safe-text gate.
    `code` names an entry of the error registry where there is one (host keys).
    """

    def __init__(self, phase: Phase, detail: str, *, code: str = "") -> None:
        super().__init__(f"{phase}: {detail}")
        self.phase, self.detail, self.code = phase, detail, code


@dataclass(frozen=True, slots=True)
class PingReply:
    """`sent` echo requests, the round-trip times of those answered, and by what means (`icmp`, `system ping`, `ping (lab)`)."""

    sent: int
    rtts_ms: tuple[float, ...]
    means: str
    address: str

    @property
    def loss_pct(self) -> float:
        return 100.0 * (self.sent - len(self.rtts_ms)) / self.sent

    @property
    def jitter_ms(self) -> float | None:
        """The mean difference between neighbouring round-trip times; None with fewer than two."""
        pairs = list(pairwise(self.rtts_ms))
        return sum(abs(after - before) for before, after in pairs) / len(pairs) if pairs else None


@dataclass(frozen=True, slots=True)
class TcpReply:
    """One connection attempt: three different results (CAP-020)."""

    result: Literal["open", "refused", "timed_out"]
    elapsed_s: float
    address: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation over TCP: what is sent (with CR LF; empty: nothing), then what must be received (empty: nothing)."""

    send: str = ""
    expect: str = ""


@dataclass(frozen=True, slots=True)
class TalkReply:
    """A conversation over TCP: how many turns were kept, and all that came (bounded, never trusted).

    `said`: every turn was kept. `other`: the peer said something else, nothing in time, or closed.
    """

    result: Literal["said", "other", "refused", "timed_out"]
    turns_kept: int
    received: Capture
    elapsed_s: float
    address: str


@dataclass(frozen=True, slots=True)
class TlsReply:
    """One TLS handshake. `not_tls`: the port is open and speaks something else. `why`: why the certificate is not trusted.

    `days_left` is negative once the certificate has expired; None when no certificate was shown.
    """

    result: Literal["open", "not_tls", "refused", "timed_out"]
    trusted: bool
    why: str
    days_left: float | None
    subject: str
    issuer: str
    elapsed_s: float
    address: str


Transport = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True, slots=True)
class SipReply:
    """The final response to one SIP request (RFC 3261): `status` None when nothing answered within the deadline.

    `invalid`: something answered that is no response to the request (RFC 3261 section 17.1.3). `bindings`: how many contacts the
    response lists; those of the account when it is the 2xx to a REGISTER.
    """

    status: int | None
    reason: str
    elapsed_s: float
    transport: Transport
    address: str
    invalid: str = ""
    bindings: int = 0


@dataclass(frozen=True, slots=True)
class HttpReply:
    """The answer to one GET (RFC 9110). `status` None: silence, or what came is not HTTP. `body`: its first 256 KiB, undecoded.

    `size_bytes`: how much of the body came, at most 1 MiB. `timed_out` with a status: the body had not ended in time. Redirects are
    answers, never followed. `trusted`: whether the certificate was (None without TLS); `why`: why not, or what was wrong otherwise
    (`closed`, `no HTTP`, `incomplete`).
    """

    result: Literal["answered", "refused", "timed_out", "not_http", "not_trusted"]
    status: int | None
    body: bytes
    size_bytes: int
    location: str
    elapsed_s: float
    first_byte_s: float | None
    trusted: bool | None
    why: str
    address: str


@dataclass(frozen=True, slots=True)
class DnsReply:
    """The answer to one DNS question (RFC 1035): `rcode` None for silence; `answers` are the records' texts of the asked type."""

    rcode: str | None
    answers: tuple[str, ...]
    elapsed_s: float
    address: str


@dataclass(frozen=True, slots=True)
class FileReply:
    """The end of a file of this laptop: at most what was asked for, of `size_bytes` in all."""

    data: bytes
    size_bytes: int


KEEP_BYTES = 65536
"""How much of the beginning, and of the end, of what a remote command writes is kept."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What a remote command wrote on one stream: its head and tail, its whole size and SHA-256. Never trusted."""

    head: bytes
    tail: bytes
    size_bytes: int
    sha256: str

    def text(self) -> str:
        """Head and tail as text, what lies between named; undecodable bytes are replaced."""
        left_out = self.size_bytes - len(self.head) - len(self.tail)
        middle = f"\n[... {left_out} bytes ...]\n" if left_out > 0 else ""
        return self.head.decode("utf-8", "replace") + middle + self.tail.decode("utf-8", "replace")


NOTHING = Capture(b"", b"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


@dataclass(frozen=True, slots=True)
class SshReply:
    """How one remote command ended. `status` is None when nobody knows (`ended` is `lost` or `deadline`): never a failure, never a success."""

    status: int | None
    ended: Literal["exit", "signal", "lost", "deadline"]
    stdout: Capture
    stderr: Capture
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Message:
    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class LaptopView:
    """What this laptop sees of itself: is a network link up, and does its own gateway answer (None: could not be found out)?"""

    link: bool
    gateway: str
    gateway_answers: bool | None


@dataclass(frozen=True, slots=True)
class Kept:
    """One piece of evidence in the incident's folder."""

    sha256: str
    name: str
    size_bytes: int
