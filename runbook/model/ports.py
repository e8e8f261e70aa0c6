"""What steps and engine need from the outside: small Protocols. The data that crosses them is in `replies`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from typing_extensions import TypeAliasType

from runbook.model.prompts import Prompt, Reply
from runbook.model.replies import (
    KEEP_BYTES,
    DnsReply,
    FileReply,
    HttpReply,
    Kept,
    LaptopView,
    Message,
    PingReply,
    SipReply,
    SshReply,
    TalkReply,
    TcpReply,
    TlsReply,
    Transport,
    Turn,
)

if TYPE_CHECKING:
    from runbook.model.events import Event
    from runbook.model.machine import Host
    from runbook.model.record import Recorded
    from runbook.model.redaction import Window

# -- asking the world ---------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """Wall time in UTC, and the clock since boot that goes on through suspend."""

    def now(self) -> datetime:
        """The machine's wall time, plus what `correct` was told."""
        ...

    def correct(self, seconds: float) -> None:
        """From here on `now` is this machine's wall time plus `seconds`."""
        ...

    def boot(self) -> tuple[str, float]:
        """The id of this boot, and the seconds since it (suspend included). Without a boot id: `process-` and one of this process."""
        ...

    def asleep(self) -> float:
        """How many seconds of this boot the machine was suspended; what counts is by how much it grows."""
        ...

    def wait(self, seconds: float) -> None: ...


class Icmp(Protocol):
    def ping(self, host: Host, *, count: int, timeout_s: float) -> PingReply:
        """Send `count` echo requests to `host.address`, each waited for `timeout_s`. Silence is loss. Raises CannotAskError."""
        ...


class Net(Protocol):
    def tcp(self, address: str, port: int, *, timeout_s: float) -> TcpReply:
        """Connect and close. Raises CannotAskError (does not resolve, no route, no link)."""
        ...

    def talk(self, address: str, port: int, turns: Sequence[Turn], *, timeout_s: float) -> TalkReply:
        """Connect, hold the conversation within `timeout_s` in all, and close. Bounded memory. Raises CannotAskError."""
        ...

    def tls(self, host: Host, port: int, *, timeout_s: float) -> TlsReply:
        """Connect and shake hands for the name `host.name`, or the address; nothing is sent after it. Raises CannotAskError."""
        ...


class Sip(Protocol):
    def options(self, host: Host, port: int, *, transport: Transport, timeout_s: float) -> SipReply:
        """Send OPTIONS, retransmit by T1 on UDP, and wait for a final response. Raises CannotAskError."""
        ...

    def register(self, host: Host, port: int, *, transport: Transport, timeout_s: float) -> SipReply:
        """Send REGISTER without a Contact, which asks for the bindings of `host.sip` and changes none (RFC 3261 section 10.2.3).

        A challenge is answered once where the site has the account's secret. Raises CannotAskError.
        """
        ...


class Http(Protocol):
    def get(self, host: Host, port: int, *, path: str, tls: bool, timeout_s: float) -> HttpReply:
        """One GET, everything within `timeout_s`. The account of `host.http` is used where the site has one. Raises CannotAskError."""
        ...


class Dns(Protocol):
    def look_up(self, address: str, port: int, *, name: str, type_: str, timeout_s: float) -> DnsReply:
        """Ask the server at `address` over UDP, over TCP when the answer is cut. Raises CannotAskError."""
        ...


class Files(Protocol):
    def read(self, path: str, *, last_bytes: int) -> FileReply:
        """The last bytes of a regular file of this laptop. Raises CannotAskError (`permission`) when it cannot be read."""
        ...


class Secrets(Protocol):
    """The site's secrets by name. What was given out is taken out of everything that is kept or shown."""

    def value(self, name: str) -> str:
        """The secret. Raises CannotAskError (`login`) when it is not to be had."""
        ...

    def ready(self) -> None:
        """Ask the person now, once, for the secrets that she types: what is read in the background cannot ask."""
        ...

    def redacted(self, text: str) -> str:
        """`text` without any secret that was given out, in any of its usual spellings; each becomes its name in guillemets."""
        ...

    def redacted_bytes(self, data: bytes) -> bytes: ...

    def window(self) -> Window:
        """A filter for one stream of bytes: a secret that comes in two parts is caught too."""
        ...


class Ssh(Protocol):
    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float, keep_bytes: int = KEEP_BYTES) -> SshReply:
        """Run one command, its arguments quoted one by one; of each stream the first and the last `keep_bytes` are kept.

        Raises CannotAskError while it is certain that nothing was started.
        """
        ...

    def close(self) -> None: ...


class Outbox(Protocol):
    def send(self, message: Message) -> str:
        """Send or print a notice; the means (`printed`) as the record says it. Raises CannotAskError."""
        ...


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
    http: Http
    dns: Dns
    ssh: Ssh
    files: Files
    outbox: Outbox
    laptop: Laptop
    phone: Phone
    secrets: Secrets


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


class Evidence(Protocol):
    def keep(self, name: str, data: bytes) -> Kept:
        """Store bytes by their hash, durably. `name` is only a label, never a path."""
        ...

    def read(self, sha256: str) -> bytes:
        """The bytes with this hash. Raises RunbookError E-FILE when they are not there or are not what they were."""
        ...


class Journal(Protocol):
    """The incident's append-only record. What `append` returned survives a power cut. `actor` is written into every event."""

    actor: str

    def append(self, event: Event) -> Recorded: ...

    def append_all(self, events: Sequence[Event]) -> list[Recorded]:
        """Several events that came at once, in order, with one wait for the disk."""
        ...

    def events(self) -> Iterator[Recorded]: ...


@dataclass(frozen=True, slots=True)
class PresentFacts:
    """The site file says something else than the incident does. `take()` makes its facts the incident's, and records that."""

    differences: tuple[str, ...]
    take: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Ports:
    """World + Human + Journal + Evidence: all that the engine has.

    `present_facts` looks into the site file; None: it says what the incident says, or it does not load, or nobody may be asked.
    """

    world: World
    human: Human
    journal: Journal
    evidence: Evidence
    present_facts: Callable[[], PresentFacts | None] = lambda: None


# A named type: pydantic cannot follow a plain alias into itself.
JSON = TypeAliasType("JSON", "bool | int | float | str | list[JSON] | dict[str, JSON] | None")
Values = Mapping[str, "str | int | float | bool | None"]
