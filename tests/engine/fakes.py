"""A world, a person, a journal and an evidence folder for walks: they answer what a test foresaw and refuse everything else.

One `log` holds, in order, every event that was appended and every question or act that left this machine.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from runbook.model.events import Event
from runbook.model.machine import Host
from runbook.model.ports import World
from runbook.model.prompts import Answer, Gone, Key, Prompt, Reply
from runbook.model.record import Recorded, body, event
from runbook.model.replies import (
    NOTHING,
    CannotAskError,
    Capture,
    Kept,
    LaptopView,
    Message,
    PingReply,
    SipReply,
    SshReply,
    TcpReply,
)
from runbook.model.units import utc_text

NOON = datetime(2026, 11, 4, 4, 0, tzinfo=UTC)
UNDER_WAY = object()
"""A scripted reply: the person only watches until the wait is over."""


class Killed(BaseException):
    """The process died right after an event was stored."""


class Clock:
    """Moved by the test and by `wait`."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at, self.boot_id, self.boot_s = at, "boot-1", 1000.0
        self.asleep_s = self.corrected_s = 0.0
        self._guard = threading.Lock()

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.corrected_s)

    def correct(self, seconds: float) -> None:
        self.corrected_s = seconds

    def asleep(self) -> float:
        return self.asleep_s

    def boot(self) -> tuple[str, float]:
        return self.boot_id, self.boot_s

    def wait(self, seconds: float) -> None:
        self.move(timedelta(seconds=seconds))

    def move(self, length: timedelta) -> None:
        with self._guard:
            self.boot_s += length.total_seconds()
            self.at += length


@dataclass
class Table:
    """Replies by what is asked, in order; the last one stays. A reply may be an exception, or a function that makes one."""

    name: str
    log: list[Any]
    replies: dict[str, list[Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def on(self, what: str, *replies: Any) -> None:
        self.replies[what] = list(replies)

    def give(self, what: str) -> Any:
        self.calls.append(what)
        self.log.append(f"{self.name}: {what}")
        if what not in self.replies:
            pytest.fail(f"{self.name} was asked for {what!r}, which the test did not foresee")
        prepared = self.replies[what]
        reply = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        reply = reply() if callable(reply) else reply
        if isinstance(reply, BaseException):
            raise reply
        return reply


class Icmp(Table):
    def ping(self, host: Host, *, count: int, timeout_s: float) -> PingReply:
        answered: int = self.give(f"{host.address}")
        return PingReply(count, (1.0,) * min(answered, count), "fake", host.address)


class Net(Table):
    def tcp(self, address: str, port: int, *, timeout_s: float) -> TcpReply:
        return TcpReply(self.give(f"{address}:{port}"), 0.01, address)


class Sip(Table):
    def options(self, host: Host, port: int, *, transport: Any, timeout_s: float) -> SipReply:
        return SipReply(self.give(f"{host.address}:{port}"), "", 0.01, transport, host.address)


class Ssh(Table):
    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float, keep_bytes: int = 0) -> SshReply:
        reply: SshReply = self.give(" ".join(argv))
        return reply

    def close(self) -> None:
        return None


class Outbox(Table):
    def send(self, message: Message) -> str:
        means: str = self.give(message.to)
        return means


class Laptop:
    """The link is up and the gateway answers, until a test says otherwise."""

    def __init__(self) -> None:
        self.sees = True
        self.looks = 0

    def look(self) -> LaptopView:
        self.looks += 1
        return LaptopView(self.sees, "192.0.2.254", self.sees)


class Phone:
    def number(self, number: str) -> str:
        return number or "-"

    def sentence(self, sentence: str) -> str:
        return sentence


class NoSecrets:
    """A site without secrets: there is nothing to take out."""

    def value(self, name: str) -> str:
        pytest.fail(f"the secret {name!r} was asked for, which the test did not foresee")

    def ready(self) -> None:
        return None

    def redacted(self, text: str) -> str:
        return text

    def redacted_bytes(self, data: bytes) -> bytes:
        return data


class FakeWorld:
    """All ports of the world, with one log."""

    def __init__(self, log: list[Any]) -> None:
        self.clock, self.laptop = Clock(), Laptop()
        self.icmp, self.net, self.sip = Icmp("icmp", log), Net("net", log), Sip("sip", log)
        self.ssh, self.outbox = Ssh("ssh", log), Outbox("outbox", log)
        self.http, self.dns, self.files = Table("http", log), Table("dns", log), Table("files", log)

    def ports(self) -> World:
        return World(
            clock=self.clock,
            icmp=self.icmp,
            net=self.net,  # type: ignore[arg-type]  # each answers only what a walk of these tests asks
            sip=self.sip,  # type: ignore[arg-type]
            http=self.http,  # type: ignore[arg-type]
            dns=self.dns,  # type: ignore[arg-type]
            ssh=self.ssh,
            files=self.files,  # type: ignore[arg-type]
            outbox=self.outbox,
            laptop=self.laptop,
            phone=Phone(),
            secrets=NoSecrets(),
        )


def exited(status: int, out: str = "") -> SshReply:
    """A command that ended by itself."""
    data = out.encode()
    written = Capture(data, b"", len(data), sha256(data).hexdigest()) if data else NOTHING
    return SshReply(status, "exit", written, NOTHING, 0.1)


def lost() -> SshReply:
    """A command whose connection was lost: nobody knows how it ended."""
    return SshReply(None, "lost", NOTHING, NOTHING, 0.1)


def cannot(phase: Any = "connect") -> CannotAskError:
    return CannotAskError(phase, "no way there")


ACTIVE, INACTIVE = exited(0, "active"), exited(3, "inactive")

Scripted = Any
"""A text (an answer, a choice's value, `confirm` for an act), a Key, a Gone, None, UNDER_WAY, or a function of the prompt that gives one."""


class Person:
    """Answers by the prompt's name, in order. Enter and watching need no script; anything else unforeseen fails the test."""

    def __init__(self, script: Mapping[str, Any] | None = None) -> None:
        self.script: dict[str, list[Scripted]] = {
            name: list(given) if isinstance(given, (list, tuple)) else [given] for name, given in (script or {}).items()
        }
        self.prompts: list[Prompt] = []
        self.interruptible: list[bool] = []
        self.told: list[str] = []
        self.busy_with: list[str] = []
        self.interrupt_busy: BaseException | None = None

    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        self.prompts.append(prompt)
        self.interruptible.append(stop is not None)
        given = self.script.get(prompt.name)
        if given:
            scripted = given.pop(0)
        elif prompt.kind == "go":
            scripted = ""
        elif prompt.kind == "watch" or (stop is not None and prompt.name.endswith(".wait")):
            scripted = UNDER_WAY
        else:
            pytest.fail(f"unexpected prompt {prompt.name}: {prompt.question} {[c.value for c in prompt.choices]}")
        while callable(scripted):
            scripted = scripted(prompt)
        return self._reply(prompt, scripted, stop)

    def _reply(self, prompt: Prompt, scripted: Scripted, stop: Callable[[], bool] | None) -> Reply | None:
        if scripted is UNDER_WAY:
            assert stop is not None
            ends = time.monotonic() + 20
            while not stop():
                assert time.monotonic() < ends, f"{prompt.name} never ended"
                time.sleep(0.0005)
            return None
        if isinstance(scripted, Key):
            assert scripted.letter in prompt.keys, f"{scripted.letter!r} does not count at {prompt.name}"
            return scripted
        if scripted is None or isinstance(scripted, Gone):
            return scripted
        if prompt.kind == "act" and scripted == "confirm":
            return Answer(str(prompt.act_number))
        if prompt.kind == "choice":
            values = [choice.value for choice in prompt.choices]
            assert scripted in values, f"{scripted!r} is none of {values} at {prompt.name}: {prompt.question}"
        return Answer(scripted)

    def tell(self, *lines: str) -> None:
        self.told += lines

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        self.busy_with.append(what)
        if self.interrupt_busy is not None:
            raising, self.interrupt_busy = self.interrupt_busy, None
            raise raising
        yield

    def asked(self, name: str) -> list[Prompt]:
        return [prompt for prompt in self.prompts if prompt.name == name]


class MemoryJournal:
    """Hashes like the real one; every event goes through JSON and back. `kill_at`: the process dies after that event."""

    def __init__(self, clock: Clock, actor: str, log: list[Any], rows: Sequence[Recorded] = ()) -> None:
        self.clock, self.actor, self.log = clock, actor, log
        self.rows: list[Recorded] = list(rows)
        self.kill_at = 0

    def append(self, event_: Event) -> Recorded:
        boot_id, boot_s = self.clock.boot()
        text = json.dumps(body(event_), allow_nan=False)
        kind = type(event_).__name__
        prev = self.rows[-1].hash if self.rows else ""
        seq = len(self.rows) + 1
        digest = sha256(f"{seq} {kind} {text} {prev}".encode()).hexdigest()
        again = event(kind, json.loads(text))
        assert again == event_, "an event must survive the journal"
        recorded = Recorded(
            "i-1", "w", seq, utc_text(self.clock.now()), boot_id, boot_s, self.actor, again, prev, digest
        )
        self.rows.append(recorded)
        self.log.append(again)
        if seq == self.kill_at:
            raise Killed
        return recorded

    def append_all(self, events: Sequence[Event]) -> list[Recorded]:
        """One by one, so that the process may die between any two of them."""
        return [self.append(event_) for event_ in events]

    def events(self) -> Iterator[Recorded]:
        return iter(list(self.rows))


class MemoryEvidence:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def keep(self, name: str, data: bytes) -> Kept:
        digest = sha256(data).hexdigest()
        self.kept[digest] = data
        return Kept(digest, name, len(data))
