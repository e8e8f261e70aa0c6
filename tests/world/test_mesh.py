"""`mesh` and `ping from:` between real machines: network namespaces on one switch, each with OpenSSH's sshd and its own ping."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from runbook.engine.at_once import at_once
from runbook.model.site import Site
from runbook.steps.mesh import Mesh
from runbook.steps.ping import Ping
from runbook.world.icmp import LiveIcmp
from runbook.world.net import LiveNet
from runbook.world.ssh import LiveSsh
from tests import peers
from tests.steps.fakes import FakePorts, kind, ports

pytestmark = pytest.mark.needs_root

T = TypeVar("T")
R = TypeVar("R")
NET = "10.213.48"
MANY = 30


def ip(*words: str) -> None:
    subprocess.run([peers.program("ip"), *words], check=True, capture_output=True)


class Together(FakePorts):
    def at_once(self, run: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return at_once(run, items)


@dataclass(frozen=True)
class Room:
    """The machines `sip` and `db` can be signed in to; `cim` cannot; `deaf` answers no ping; `h0` ... are further names of `cim`."""

    site: Site
    ssh: LiveSsh

    def ports(self) -> FakePorts:
        fake = ports(site=self.site)
        world = replace(fake.world, icmp=LiveIcmp(), net=LiveNet(), ssh=self.ssh)
        return Together(world, site=self.site)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    mark = f"{os.getpid() % 100000}"
    switch, folder = f"rbm{mark}", tmp_path_factory.mktemp("room")
    machines = {"sip": 2, "db": 3, "cim": 4, "deaf": 5}
    spaces = {name: f"rb-{name}-{mark}" for name in machines}
    with ExitStack() as stack:
        ip("link", "add", switch, "type", "bridge")
        stack.callback(subprocess.run, [peers.program("ip"), "link", "del", switch], check=False, capture_output=True)
        ip("addr", "add", f"{NET}.1/24", "dev", switch)
        ip("link", "set", switch, "up")
        for name, last in machines.items():
            ip("netns", "add", spaces[name])
            gone = [peers.program("ip"), "netns", "del", spaces[name]]
            stack.callback(subprocess.run, gone, check=False, capture_output=True)
            cable = f"rb{last}v{mark}"
            ip("link", "add", "eth0", "netns", spaces[name], "type", "veth", "peer", "name", cable)
            ip("link", "set", cable, "master", switch, "up")
            ip("-n", spaces[name], "link", "set", "lo", "up")
            ip("-n", spaces[name], "link", "set", "eth0", "up")
            for address in [last, *(range(100, 100 + MANY) if name == "cim" else ())]:
                ip("-n", spaces[name], "addr", "add", f"{NET}.{address}/24", "dev", "eth0")
        ip("netns", "exec", spaces["deaf"], "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
        yield Room(site_of(folder, machines, spaces, stack), stack.enter_context(closing(LiveSsh())))


def site_of(folder: Path, machines: dict[str, int], spaces: dict[str, str], stack: ExitStack) -> Site:
    """The site of these machines; sshd listens on two of them, with the number of sessions that it has by default."""
    hosts: dict[str, Any] = {name: {"address": f"{NET}.{last}"} for name, last in machines.items()}
    hosts |= {f"h{n}": {"address": f"{NET}.{100 + n}"} for n in range(MANY)}
    for name in ("sip", "db"):
        inside = (peers.program("ip"), "netns", "exec", spaces[name])
        address = f"{NET}.{machines[name]}"
        server = stack.enter_context(
            peers.sshd(folder / name, address=address, inside=inside, options={"MaxSessions": "10"})
        )
        login = {
            "user": server.user,
            "port": str(server.port),
            "key": str(server.key),
            "host_keys": [server.host_key()],
        }
        closed = {"database": "1521"} if name == "db" else {}
        hosts[name] |= {"ssh": login, "ports": {"ssh": str(server.port), **closed}}
    return Site.model_validate({"site": "1", "name": "Room", "hosts": hosts, "groups": {"servers": ["sip", "db"]}})


def test_each_machine_says_whom_it_reaches(room: Room) -> None:
    mesh = kind(Mesh, from_=["here", "servers"], to=["servers", "cim"], ports=["ssh", "database"])
    result = mesh.run(room.ports())
    said = {(part.origin, part.name): part.outcome for part in result.parts}
    red = {("here", "db:database"), ("sip", "db:database")}
    assert {cell for cell, outcome in said.items() if outcome != "passed"} == red
    assert len(said) == 13
    assert {part.found for part in result.parts if (part.origin, part.name) in red} == {"refused"}
    assert result.outcome == "failed"


def test_a_machine_that_answers_no_ping_is_red_from_everywhere(room: Room) -> None:
    result = kind(Mesh, from_=["here", "sip"], to=["deaf"]).run(room.ports())
    assert [(part.origin, part.outcome, part.values["loss_pct"]) for part in result.parts] == [
        ("here", "failed", 100),
        ("sip", "failed", 100),
    ]


def test_a_machine_that_lets_nobody_in_leaves_its_cells_unmeasured(room: Room) -> None:
    result = kind(Mesh, from_=["here", "cim"], to=["servers"]).run(room.ports())
    assert result.outcome == "warned"
    assert result.found == "unreachable 2/4: cim>sip, cim>db; passed 2/4"


def test_thirty_targets_go_over_one_connection_that_takes_ten_sessions(room: Room) -> None:
    result = kind(Mesh, from_="sip", to=[f"h{n}" for n in range(MANY)], count="1").run(room.ports())
    assert (result.outcome, result.values["asked_count"]) == ("passed", MANY), result.found


def test_a_group_is_pinged_from_another_machine(room: Room) -> None:
    result = kind(Ping, hosts=["db", "cim", "deaf"], from_="sip", count="3").run(room.ports())
    assert [(part.origin, part.name, part.outcome) for part in result.parts] == [
        ("sip", "db", "passed"),
        ("sip", "cim", "passed"),
        ("sip", "deaf", "failed"),
    ]
    passed = result.parts[0].values
    assert (passed["received"], passed["loss_pct"], passed["address"]) == (3, 0, f"{NET}.3")
    assert result.parts[0].found.endswith("(ping from sip)")
