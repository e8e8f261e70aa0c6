"""Hosts that break off, dawdle or vanish: the phase is named, the deadline kept, and an act whose end nobody knows is unknown."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko
import pytest

from runbook.model.events import ActionEnded, ActionIntended, ReadingTaken, StepFinished, UnknownAnswered
from runbook.model.machine import Host
from runbook.model.prompts import Key
from runbook.steps import service
from runbook.world.net import LiveNet
from runbook.world.ssh import LiveSsh
from tests import peers
from tests.acceptance.live import walk_to_restart
from tests.acceptance.program import Program
from tests.acceptance.terminal import SETTLED_S, Terminal
from tests.acceptance.test_own_link import SERVER, Room, ip, room
from tests.conftest import IN_CI
from tests.engine.desk import SITE, Desk, plan
from tests.faults.run import only_in_ci
from tests.world.broken_ssh import Behaviour, Broken, broken, listening
from tests.world.conftest import QUICK
from tests.world.test_ssh_broken import (
    closes_without_status,
    drops_the_connection,
    goes_on_for_ever,
    says_end_of_output_and_no_more,
)

__all__ = ["room"]

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 1.2
STEPS = """
- id: look
  title: The service runs
  service: {host: cti, name: core, do: status}
  next: {passed: end, failed: continue}
- id: restart
  title: Restart it
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership}
  verify: {service: {host: cti, name: core, do: status}, within: 2s, every: 1s}
"""
YES = {
    "look": "",
    "restart.approval": "approves",
    "restart.approver": "Post A",
    "restart": "confirm",
    "recovered": "yes",
}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    with peers.sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSsh]:
    """The real SSH port; every deadline is short."""
    monkeypatch.setattr(service, "ACT_TIMEOUT_S", DEADLINE_S)
    monkeypatch.setattr(service, "STATUS_TIMEOUT_S", DEADLINE_S)
    port = LiveSsh(QUICK)
    yield port
    port.close()


def desk(host: Host, ssh: LiveSsh, script: dict[str, Any]) -> Desk:
    """A walk whose host `cti` is `host`, asked over the real port."""
    cti = SITE.hosts["cti"].model_copy(update={"address": host.address, "ssh": host.ssh})
    made = Desk(plan(STEPS), {**YES, **script}, site=SITE.model_copy(update={"hosts": {**SITE.hosts, "cti": cti}}))
    made.world.ssh = ssh  # type: ignore[assignment]  # the real port in the place of the table
    made.begin()
    return made


# -- F30: no banner, a stall in the key exchange, in the login


def says_nothing(_connection: socket.socket) -> None:
    time.sleep(4)


def stalls_in_key_exchange(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-stall\r\n")
    time.sleep(4)


class StallsInLogin(Broken):
    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        time.sleep(4)
        return super().check_auth_publickey(username, key)


@contextmanager
def stalling(phase: str, sshd: peers.Sshd) -> Iterator[Host]:
    if phase == "login":
        with broken(StallsInLogin(closes_without_status), sshd) as host:
            yield host
    else:
        with listening({"banner": says_nothing, "key_exchange": stalls_in_key_exchange}[phase]) as port:
            yield sshd.host(port=str(port))


@pytest.mark.parametrize("phase", ["banner", "key_exchange", "login"] if IN_CI else ["banner"])
def test_a_server_that_stalls_turns_the_reading_into_its_manual_form(
    sshd: peers.Sshd, quick: LiveSsh, phase: str
) -> None:
    """Each phase of a connection ends by its own deadline, is named in the record, and the person reads at the console instead."""
    with stalling(phase, sshd) as host:
        made = desk(host, quick, {"look.manual": "failed", "look.found": "stopped", "restart.approval": Key("q")})
        began = time.monotonic()
        made.walk()
        assert time.monotonic() - began < 20
    first = made.events(ReadingTaken)[0]
    assert (first.step, first.phase, first.outcome) == ("look", phase, "unreachable")
    assert first.found
    look = next(event for event in made.events(StepFinished) if event.step == "look")
    assert (look.outcome, look.by, look.found) == ("failed", "person", "stopped")
    assert made.events(ActionIntended) == []


# -- F31, F32, F33: the act was sent, and its end is not known


def one_byte_a_second_for_ever(_server: Broken, channel: paramiko.Channel) -> None:
    for _n in range(20):
        channel.sendall(b"\xff")
        time.sleep(0.3)


def floods(_server: Broken, channel: paramiko.Channel) -> None:
    end = time.monotonic() + 4
    while time.monotonic() < end:
        channel.sendall(b"\x00\x1b[2J" * 6000)


def restarts(behaviour: Behaviour) -> Behaviour:
    """A host whose service is stopped, whose restart behaves in this way, and which tells its status before and after."""

    def behave(server: Broken, channel: paramiko.Channel) -> None:
        if b"restart" in server.commands[-1]:
            behaviour(server, channel)
            return
        channel.sendall(b"inactive\n")
        channel.send_exit_status(3)
        channel.close()

    return behave


ENDS: list[tuple[Behaviour, str]] = [
    (closes_without_status, "lost"),
    (drops_the_connection, "lost"),
    (goes_on_for_ever, "deadline"),
    (says_end_of_output_and_no_more, "deadline"),
    (one_byte_a_second_for_ever, "deadline"),
    (floods, "deadline"),
]


@pytest.mark.parametrize(("behaviour", "ended"), ENDS if IN_CI else ENDS[:2])
def test_an_act_whose_end_is_not_known_is_unknown_and_is_looked_at_only_when_asked(
    sshd: peers.Sshd, quick: LiveSsh, behaviour: Behaviour, ended: str
) -> None:
    """No status, a lost connection, a deadline: unknown, neither failed nor passed; the look is offered; the act was sent once."""
    server = Broken(restarts(behaviour))
    with broken(server, sshd) as host:
        made = desk(host, quick, {"restart.unknown": ["verify", Key("q")]})
        began = time.monotonic()
        made.walk()
        assert time.monotonic() - began < 30
    (act_ended,) = made.events(ActionEnded)
    assert (act_ended.ended, act_ended.found, act_ended.values["exit_status"]) == ("unknown", ended, None)
    assert [step.id for step in made.state.unknown] == ["restart"]
    assert made.events(UnknownAnswered) == []
    first, second = made.human.asked("restart.unknown")
    assert first.choices[0].value == "verify"
    assert f"Last seen: {ended}" in first.lines
    assert any(line.startswith("Now: inactive (exit 3)") for line in second.lines)
    assert sum(b"restart" in command for command in server.commands) == 1


@only_in_ci
def test_a_flood_leaves_little_evidence(sshd: peers.Sshd, quick: LiveSsh) -> None:
    """What a host that never stops writes is cut for the record, and its first lines on the screen are bounded."""
    with broken(Broken(restarts(floods)), sshd) as host:
        made = desk(host, quick, {"restart.unknown": Key("q")})
        made.walk()
    assert sum(map(len, made.evidence.kept.values())) < 2_000_000
    (asked,) = made.human.asked("restart.unknown")
    assert max(map(len, asked.lines)) < 2_000


# -- F31, end to end: the cable is cut while the restart runs

SLOW_CONTROL = 'case "$1" in\nstatus) exit 3 ;;\nrestart) sleep 30 ;;\nesac'
WITH_SHORT_DEADLINES = """
import sys
from runbook.steps import service
service.ACT_TIMEOUT_S = 3.0
from runbook.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


@only_in_ci
@pytest.mark.needs_root
@pytest.mark.parametrize("cut", ["link", "blackhole"])
def test_a_link_that_dies_during_the_restart_leaves_it_unknown(room: Room, cut: str, tmp_path: Path) -> None:
    """The cable is pulled, or a route swallows everything, while the host restarts: unknown by the deadline; resumed, it is still
    unknown and the person is asked; the host was told once."""
    room.centre.sshd.script("cti-control", SLOW_CONTROL)
    script = tmp_path / "short.py"
    script.write_text(WITH_SHORT_DEADLINES, encoding="utf-8")

    class Short(type(room.laptop)):  # type: ignore[misc]
        def argv(self, *arguments: str) -> list[str]:
            return [str(script) if word == "runbook" else word for word in super().argv(*arguments) if word != "-m"]

    laptop: Program = Short(room.laptop.home, namespace=room.laptop.namespace)
    laptop.environ["PYTHONPATH"] = str(ROOT)
    site = ("--site", str(room.centre.path), "--as", "Technician A", "--set", "grace=5s")
    at = Terminal(laptop, "start", "cti-down", *site)
    walk_to_restart(at)
    at.run(SETTLED_S)
    at.press("9", "\r")
    peers.until(lambda: room.centre.restarts() == 1, seconds=30)
    if cut == "link":
        room.laptop.cable(plugged=False)
    else:
        ip("-n", room.laptop.namespace, "route", "add", "blackhole", f"{SERVER}/32")
    at.until("UNKNOWN: this was begun at", seconds=60)
    at.until("look first:")
    at.run(SETTLED_S)
    at.child.sendintr()
    assert at.exit_code() == 5
    incident = room.laptop.only(practice=False)
    assert incident["unknown"] == ["restart-cti"]
    (ended,) = [e["body"] for e in room.laptop.events(incident["id"]) if e["kind"] == "ActionEnded"]
    assert (ended["ended"], ended["values"]["exit_status"]) == ("unknown", None)
    assert room.centre.restarts() == 1


# -- F36: names that do not resolve in time, addresses that swallow

RESOLVER = """
import socket, struct, sys, threading, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
def reply(query, rcode, records):
    header = query[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, len(records), 0, 0)
    question = query[12 : query.index(b"\\0", 12) + 5]
    return header + question + b"".join(b"\\xc0\\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in records)
def answer(query, sender):
    name = query[12 : query.index(b"\\0", 12)]
    kind = struct.unpack(">H", query[query.index(b"\\0", 12) + 1 :][:2])[0]
    if b"silent" in name:
        return
    if b"slow" in name:
        time.sleep(30)
    if b"fails" in name:
        server.sendto(reply(query, 2, []), sender)
    elif b"nobody" in name:
        server.sendto(reply(query, 3, []), sender)
    else:
        six = {b"hole": "2001:db8::1", b"silent6": "2001:db8:1::1", b"swallow": "2001:db8:1::1"}
        found = [socket.inet_pton(socket.AF_INET6, to) for word, to in six.items() if word in name] if kind == 28 else []
        four = [socket.inet_aton("127.0.0.1")] if kind == 1 and b"only" not in name else []
        server.sendto(reply(query, 0, [(28, data) for data in found] + [(1, data) for data in four]), sender)
print("ready", flush=True)
while True:
    query, sender = server.recvfrom(4096)
    threading.Thread(target=answer, args=(query, sender), daemon=True).start()
"""
ASK = """
import socket, sys, time
from runbook.model.replies import CannotAskError
from runbook.world.net import LiveNet
listener = socket.create_server(("127.0.0.1", 0))
for name in sys.argv[1:]:
    began = time.monotonic()
    try:
        reply = LiveNet().tcp(name, listener.getsockname()[1], timeout_s=1.5)
        said = f"{reply.result} {reply.address}"
    except CannotAskError as cannot:
        said = f"{cannot.phase} {cannot.detail}"
    print(name, int(time.monotonic() - began < 4), said, flush=True)
"""


@pytest.fixture
def cut_off() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A network namespace with a name server of its own, and IPv6 routes that lead nowhere; starts Python programs in it."""
    name = f"rb-names-{os.getpid()}"
    settings = Path("/etc/netns", name)
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        words = ["ip", "netns", "exec", name, sys.executable, "-c", textwrap.dedent(script), *arguments]
        running.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT))
        return running[-1]

    try:
        settings.mkdir(parents=True)
        (settings / "resolv.conf").write_text("nameserver 127.0.0.1\n", encoding="ascii")
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "link", "add", "near", "type", "veth", "peer", "name", "far")
        for end in ("near", "far"):
            ip("-n", name, "link", "set", end, "up")
        ip("-n", name, "-6", "addr", "add", "2001:db8:1::2/64", "dev", "near", "nodad")
        ip("-n", name, "-6", "neigh", "add", "2001:db8:1::1", "lladdr", "02:00:00:00:00:01", "dev", "near")
        ip("-n", name, "-6", "route", "add", "blackhole", "2001:db8::/64")
        yield start
    finally:
        for each in running:
            each.kill()
            each.wait()
            if each.stdout:
                each.stdout.close()
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
        (settings / "resolv.conf").unlink(missing_ok=True)
        settings.rmdir()


NAMES = {
    "slow.example": "resolve the name slow.example did not resolve within",
    "silent.example": "resolve the name silent.example did not resolve within",
    "fails.example": "resolve the name fails.example does not resolve (",
    "nobody.example": "resolve the name nobody.example does not resolve (",
    "good.example": "open 127.0.0.1",
    "hole.example": "open 127.0.0.1",
    "swallow.example": "open 127.0.0.1",
    "only-hole.example": "route this laptop has no route to 2001:db8::1",
    "only-swallow.example": "timed_out 2001:db8:1::1",
}


@only_in_ci
@pytest.mark.needs_root
def test_names_and_addresses_that_lead_nowhere_end_by_the_deadline(
    cut_off: Callable[..., subprocess.Popen[str]],
) -> None:
    """A resolver that is slow, silent, broken or knows nobody; IPv6 that is swallowed on this laptop or on the way: each ends within
    the reading's own time, says in which phase, and never hides an address that answers."""
    peers.program("ip")
    resolver = cut_off(RESOLVER)
    assert resolver.stdout is not None
    assert resolver.stdout.readline() == "ready\n"
    out, _err = cut_off(ASK, *NAMES).communicate(timeout=60)
    said = dict(line.split(" ", 1) for line in out.splitlines())
    assert said.keys() == NAMES.keys(), out
    for name, expected in NAMES.items():
        in_time, _blank, found = said[name].partition(" ")
        assert in_time == "1", said[name]
        assert found.startswith(expected), (name, found)


@pytest.mark.needs_root
def test_a_name_server_that_is_down_is_said_at_once(cut_off: Callable[..., subprocess.Popen[str]]) -> None:
    """Nobody listens where the names are asked: phase `resolve`, no wait."""
    peers.program("ip")
    out, _err = cut_off(ASK, "cti.example").communicate(timeout=30)
    assert out.startswith("cti.example 1 resolve the name cti.example does")


def test_a_port_that_flaps_is_measured_each_time_anew() -> None:
    """Open, refused, open again: each reading says what was there when it was taken, and remembers nothing."""
    port = peers.free_port()
    found = []
    for _turn in range(3):
        with socket.create_server(("127.0.0.1", port)):
            found.append(LiveNet().tcp("127.0.0.1", port, timeout_s=2).result)
        found.append(LiveNet().tcp("127.0.0.1", port, timeout_s=2).result)
    assert found == ["open", "refused"] * 3
