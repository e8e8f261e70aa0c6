"""A site, and ports that answer what a test foresaw and refuse everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from runbook.model.kind import Kind
from runbook.model.machine import Host
from runbook.model.ports import World
from runbook.model.prompts import Prompt
from runbook.model.replies import KEEP_BYTES, Capture, LaptopView, Message, SshReply, Turn
from runbook.model.site import Site
from runbook.model.step import CommonKeys

T = TypeVar("T")
R = TypeVar("R")

SITE = Site.model_validate(
    {
        "site": "1",
        "name": "Test centre",
        "hosts": {
            "cti": {
                "address": "192.0.2.1",
                "title": {"en": "CTI server", "zh": "CTI服务器"},
                "ports": {"cti": "5010", "sip": "5060"},
                "ssh": {"user": "ops"},
                "services": {
                    "cti-core": {"systemd": "cti-core"},
                    "old": {"commands": {"status": ["/opt/old/ctl", "status"], "restart": ["/opt/old/ctl", "restart"]}},
                    "empty": {},
                },
                "commands": {
                    "free-disk": {"run": ["/usr/local/bin/free-disk", "--keep", "a b"], "deadline": "20s"},
                    "show-disk": {"run": ["df"], "reads": "yes"},
                    "block": {
                        "run": ["block", "$who", "--for", "$minutes"],
                        "takes": {"who": {"type": "address"}, "minutes": {"type": "integer"}},
                    },
                },
            },
            "sip": {"address": "192.0.2.2", "ports": {"sip": "5060"}},
            "web": {"address": "192.0.2.4", "name": "web.example", "ports": {"http": "80", "https": "443"}},
            "dns": {"address": "192.0.2.53", "ports": {"dns": "53"}},
        },
        "logs": {
            "cti-core": {
                "host": "cti",
                "path": "/var/log/cti/core.log",
                "finds": {"disconnects": ["link down", "连接断开"], "starts": "started"},
            },
            "sip-trace": {"host": "sip", "path": "/var/log/sip.log", "finds": {"disconnects": "BYE"}},
        },
        "files": {"dialplan": "/etc/dial plan.conf"},
        "seats": {"seat-1": {"address": "192.0.2.11"}, "seat-2": {"address": "192.0.2.12"}},
        "groups": {"public-seats": ["seat-1", "seat-2"]},
        "lines": {
            "hotline": {"title": "Hotline", "numbers": ["95000"]},
            "emergency": {"title": "Emergency lines", "numbers": ["62340001", "62340002"]},
            "unnumbered": {"title": "Other lines"},
        },
        "contacts": {
            "cs-lead": {
                "title": "Group leader",
                "people": [{"name": "First", "number": "62349001"}, {"name": "Second", "number": "62349002"}],
            },
            "carrier": {"title": "Carrier", "people": [{"name": "Desk", "number": "10000"}, {"name": "Night desk"}]},
            "leadership": {"title": "Leadership", "people": [{"name": "Chair", "number": "62349003"}]},
            "nobody": {"title": "Nobody yet"},
        },
    }
)
EMPTY = Site.model_validate({"site": "1", "name": "Empty"})


class UnforeseenError(AssertionError):
    """Something was asked for which the test did not foresee."""


class Refuses:
    """A port that the test does not expect to be used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, what: str) -> Any:
        raise UnforeseenError(f"{self._name}.{what}")


@dataclass
class Replies:
    """Stands for icmp, net, sip and ssh: gives the prepared reply (or raises it) and keeps the calls."""

    reply: object
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _give(self, *call: Any) -> Any:
        self.calls.append(call)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def ping(self, host: Host, *, count: int, timeout_s: float) -> Any:
        return self._give(host.address, count, timeout_s)

    def tcp(self, address: str, port: int, *, timeout_s: float) -> Any:
        return self._give(address, port, timeout_s)

    def talk(self, address: str, port: int, turns: Sequence[Turn], *, timeout_s: float) -> Any:
        return self._give(address, port, tuple(turns), timeout_s)

    def tls(self, host: Host, port: int, *, timeout_s: float) -> Any:
        return self._give(host.address, port, timeout_s)

    def options(self, host: Host, port: int, *, transport: str, timeout_s: float) -> Any:
        return self._give(host.address, port, transport, timeout_s)

    def register(self, host: Host, port: int, *, transport: str, timeout_s: float) -> Any:
        return self._give(host.address, port, transport, timeout_s)

    def get(self, host: Host, port: int, *, path: str, tls: bool, timeout_s: float) -> Any:
        return self._give(host.address, port, path, tls, timeout_s)

    def look_up(self, address: str, port: int, *, name: str, type_: str, timeout_s: float) -> Any:
        return self._give(address, port, name, type_, timeout_s)

    def read(self, path: str, *, last_bytes: int) -> Any:
        return self._give(path, last_bytes)

    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float, keep_bytes: int = KEEP_BYTES) -> Any:
        return self._give(host.address, tuple(argv), deadline_s)

    def close(self) -> None:
        return None


@dataclass
class Outbox:
    """Gives one prepared means after the other."""

    means: list[str | Exception]
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> str:
        self.sent.append(message)
        means = self.means.pop(0)
        if isinstance(means, Exception):
            raise means
        return means


class Phone:
    """The live telephone, or that of practice."""

    def __init__(self, *, practice: bool = False) -> None:
        self.practice = practice

    def number(self, number: str) -> str:
        return "DRILL: do not dial" if self.practice else number or "-"

    def sentence(self, sentence: str) -> str:
        return f"This is an exercise. {sentence}" if self.practice else sentence


class NoSecrets:
    """A site without secrets."""

    def value(self, name: str) -> str:
        raise UnforeseenError(f"secret {name}")

    def ready(self) -> None:
        return None

    def redacted(self, text: str) -> str:
        return text

    def redacted_bytes(self, data: bytes) -> bytes:
        return data


class Clock:
    def now(self) -> datetime:
        raise UnforeseenError("clock.now")

    def boot(self) -> tuple[str, float]:
        raise UnforeseenError("clock.boot")

    def wait(self, seconds: float) -> None:
        raise UnforeseenError("clock.wait")


class Laptop:
    def look(self) -> LaptopView:
        raise UnforeseenError("laptop.look")


@dataclass
class FakePorts:
    """`StepPorts` with a script of answers. Prompts, told lines and events are kept."""

    world: World
    site: Site = SITE
    step: CommonKeys = field(default_factory=lambda: keys())
    timeout_s: float | None = None
    answers: list[str] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    times: dict[str, datetime] = field(default_factory=dict)
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told_contacts: tuple[str, ...] = ()
    away_people: tuple[tuple[str, str], ...] = ()

    def ask(self, prompt: Prompt) -> str:
        assert prompt.name == self.step.id
        self.prompts.append(prompt)
        if not self.answers:
            raise UnforeseenError(f"asked: {prompt.question}")
        answer = self.answers.pop(0)
        if prompt.kind == "choice" and answer not in [choice.value for choice in prompt.choices]:
            raise UnforeseenError(f"{answer!r} is none of the choices of: {prompt.question}")
        return answer

    def tell(self, *lines: str) -> None:
        self.said += lines

    def record(self, event: Any) -> None:
        self.events.append(event)

    def at_once(self, run: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [run(item) for item in items]

    def since(self, what: str) -> datetime:
        return self.times[what]

    def evidence(self, step: str) -> tuple[str, ...]:
        return self.kept[step]

    def told(self) -> tuple[str, ...]:
        return self.told_contacts

    def away(self) -> tuple[tuple[str, str], ...]:
        return self.away_people

    def shown(self) -> str:
        """Everything that the person saw."""
        parts: list[str] = [*self.said]
        for prompt in self.prompts:
            parts += [*prompt.lines, prompt.question, *(choice.label for choice in prompt.choices)]
        return "\n".join(parts)


def keys(**given: Any) -> CommonKeys:
    """The common keys of a step called `it`."""
    return CommonKeys.model_validate({"id": "it", "title": "Do the thing", **given})


def ports(
    *,
    replies: Replies | None = None,
    outbox: Outbox | None = None,
    answers: Iterable[str] = (),
    practice: bool = False,
    step: CommonKeys | None = None,
    timeout_s: float | None = None,
    site: Site = SITE,
) -> FakePorts:
    """Ports on which only what is given here may be used."""
    hand: Any = replies or Refuses("world")
    post: Any = outbox or Refuses("outbox")
    world = World(
        clock=Clock(),
        icmp=hand,
        net=hand,
        sip=hand,
        http=hand,
        dns=hand,
        ssh=hand,
        files=hand,
        outbox=post,
        laptop=Laptop(),
        phone=Phone(practice=practice),
        secrets=NoSecrets(),
    )
    return FakePorts(world, site=site, answers=list(answers), step=step or keys(), timeout_s=timeout_s)


def capture(text: str) -> Capture:
    data = text.encode()
    return Capture(data, b"", len(data), sha256(data).hexdigest())


def ssh_reply(status: int | None, out: str = "", err: str = "", ended: Any = None) -> SshReply:
    return SshReply(status, ended or ("exit" if status is not None else "lost"), capture(out), capture(err), 0.25)


def kind(cls: type[Kind], **body: Any) -> Any:
    """The kind with this body; `from_` stands for `from`."""
    texts: Mapping[str, Any] = {name.rstrip("_"): value for name, value in body.items()}
    return cls.model_validate(texts)
