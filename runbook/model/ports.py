"""What steps and engine need from the outside: small Protocols, and the frozen data that crosses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from typing_extensions import TypeAliasType

from runbook.model.prompts import Prompt, Reply

if TYPE_CHECKING:
    from runbook.model.events import Event
    from runbook.model.record import Recorded
    from runbook.model.site import Host

# -- asking the world ---------------------------------------------------------------------------------------------------

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


class Clock(Protocol):
    """Wall time in UTC, and the clock since boot that goes on through suspend."""

    def now(self) -> datetime: ...

    def boot(self) -> tuple[str, float]:
        """The id of this boot, and the seconds since it (suspend included)."""
        ...

    def wait(self, seconds: float) -> None: ...


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


class Icmp(Protocol):
    def ping(self, host: Host, *, count: int, timeout_s: float) -> PingReply:
        """Send `count` echo requests to `host.address`, each waited for `timeout_s`. Silence is loss. Raises CannotAskError."""
        ...


@dataclass(frozen=True, slots=True)
class TcpReply:
    """One connection attempt: three different results (CAP-020)."""

    result: Literal["open", "refused", "timed_out"]
    elapsed_s: float
    address: str


class Net(Protocol):
    def tcp(self, address: str, port: int, *, timeout_s: float) -> TcpReply:
        """Connect and close. Raises CannotAskError (does not resolve, no route, no link)."""
        ...


@dataclass(frozen=True, slots=True)
class SipReply:
    """The final response to one SIP request (RFC 3261): `status` None when nothing answered within the deadline."""

    status: int | None
    reason: str
    elapsed_s: float
    transport: Literal["udp", "tcp"]
    address: str


class Sip(Protocol):
    def options(self, address: str, port: int, *, transport: Literal["udp", "tcp"], timeout_s: float) -> SipReply:
        """Send OPTIONS, retransmit by T1 on UDP, and wait for a final response. Raises CannotAskError."""
        ...


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


class Ssh(Protocol):
    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float) -> SshReply:
        """Run one command, its arguments quoted one by one. Raises CannotAskError while it is certain that nothing was started."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Message:
    to: str
    subject: str
    body: str


class Outbox(Protocol):
    def send(self, message: Message) -> str:
        """Send or print a notice; the means (`printed`) as the record says it. Raises CannotAskError."""
        ...


@dataclass(frozen=True, slots=True)
class LaptopView:
    """What this laptop sees of itself: is a network link up, and does its own gateway answer (None: could not be found out)?"""

    link: bool
    gateway: str
    gateway_answers: bool | None


class Laptop(Protocol):
    def look(self) -> LaptopView:
        """Look at this machine's own links and gateway. Never raises, ends within three seconds."""
        ...


class Phone(Protocol):
    """How a telephone call looks from here. Practice swaps it: no number that can be dialled, and every sentence says so."""

    def number(self, number: str) -> str:
        """What to dial: the number itself (`-` when the site has none); in practice "DRILL: do not dial; the instructor or the script answers"."""
        ...

    def sentence(self, sentence: str) -> str:
        """What to say: the sentence itself; in practice it begins with "This is an exercise"."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """Everything that can be asked or changed outside. `live(site)`, `lab(folder)` and `rehearsal(script)` each return one."""

    clock: Clock
    icmp: Icmp
    net: Net
    sip: Sip
    ssh: Ssh
    outbox: Outbox
    laptop: Laptop
    phone: Phone


# -- asking the person --------------------------------------------------------------------------------------------------


class Human(Protocol):
    """The person at the keyboard. Implemented in `ui`; a fake answers in unit tests."""

    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        """Ask until there is a usable reply: numbers out of range are refused and asked again. None: `stop()` became true first."""
        ...

    def tell(self, *lines: str) -> None:
        """Show lines that are no event: a refusal of what was typed, a list that was asked for. Passed through the safe-text gate."""
        ...

    def busy(self, what: str) -> AbstractContextManager[None]:
        """Show that the machine works on `what`, with the seconds, until the block ends."""
        ...


# -- keeping ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """One piece of evidence in the incident's folder."""

    sha256: str
    name: str
    size_bytes: int


class Evidence(Protocol):
    def keep(self, name: str, data: bytes) -> Kept:
        """Store bytes by their hash, durably. `name` is only a label, never a path."""
        ...


class Journal(Protocol):
    """The incident's append-only record. What `append` returned survives a power cut."""

    def append(self, event: Event) -> Recorded: ...

    def events(self) -> Iterator[Recorded]: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """World + Human + Journal + Evidence: all that the engine has."""

    world: World
    human: Human
    journal: Journal
    evidence: Evidence


# A named type: pydantic cannot follow a plain alias into itself.
JSON = TypeAliasType("JSON", "bool | int | float | str | list[JSON] | dict[str, JSON] | None")
Values = Mapping[str, "str | int | float | bool | None"]
