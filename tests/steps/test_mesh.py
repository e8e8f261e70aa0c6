"""`mesh`: who reaches whom, and what is said when some cannot be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import pytest
from pydantic import ValidationError

from runbook.model.machine import Host
from runbook.model.outcome import Thresholds
from runbook.model.parts import judged
from runbook.model.replies import CannotAskError, PingReply, SshReply, TcpReply
from runbook.model.site import Site
from runbook.steps.mesh import Mesh
from tests.steps.fakes import FakePorts, Replies, kind, ports, ssh_reply

T = TypeVar("T")
R = TypeVar("R")

ROOM = Site.model_validate(
    {
        "site": "1",
        "name": "Room",
        "hosts": {
            "sip": {"address": "192.0.2.2", "ports": {"sip": "5060"}, "ssh": {"user": "ops"}},
            "db": {"address": "192.0.2.3", "ports": {"database": "1521"}, "ssh": {"user": "ops"}},
            "cim": {"address": "192.0.2.4"},
        },
        "seats": {"seat-1": {"address": "192.0.2.11", "ssh": {"user": "desk"}}},
        "groups": {"servers": ["sip", "db"]},
    }
)


class Network(Replies):
    """Answers by who asks whom: `down` are (origin address, target address, port or 0)."""

    def __init__(self, *down: tuple[str, str, int], locked: Sequence[str] = ()) -> None:
        super().__init__(None)
        self.down, self.locked = down, locked

    def ping(self, host: Host, *, count: int, timeout_s: float) -> PingReply:
        self.calls.append(("here", host.address, 0))
        rtts = () if ("here", host.address, 0) in self.down else (1.0,) * count
        return PingReply(count, rtts, "icmp", host.address)

    def tcp(self, address: str, port: int, *, timeout_s: float) -> TcpReply:
        self.calls.append(("here", address, port))
        return TcpReply("refused" if ("here", address, port) in self.down else "open", 0.001, address)

    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float, keep_bytes: int = 0) -> SshReply:
        if host.address in self.locked:
            raise CannotAskError("login", "no key is accepted")
        target = next(word for word in argv if word.startswith("192.0.2."))
        port = int(argv[-1]) if argv[-1] != target else 0
        self.calls.append((host.address, target, port))
        down = (host.address, target, port) in self.down
        if port:
            return ssh_reply(1, err="bash: connect: Connection refused") if down else ssh_reply(0)
        lost = "3 packets transmitted, 0 received, 100% packet loss"
        return ssh_reply(1, lost) if down else ssh_reply(0, "64 bytes: icmp_seq=1 ttl=64 time=1.0 ms\n" * 3)


def asked(network: Replies, at: FakePorts | None = None, **body: Any) -> Any:
    return kind(Mesh, **body).run(at or ports(replies=network, site=ROOM))


def test_every_origin_asks_every_target_but_itself_and_only_the_ports_that_it_has() -> None:
    """CAP-021: each pair with its ping, and the ports beside it."""
    network = Network()
    result = asked(network, from_=["here", "servers"], to=["servers", "cim"], ports=["sip", "database"])
    assert result.outcome == "passed"
    assert sorted((part.origin, part.name) for part in result.parts) == sorted(
        [
            *(("here", name) for name in ("sip", "sip:sip", "db", "db:database", "cim")),
            *(("sip", name) for name in ("db", "db:database", "cim")),
            *(("db", name) for name in ("sip", "sip:sip", "cim")),
        ]
    )
    assert len(network.calls) == len(set(network.calls)) == 11
    assert ("192.0.2.2", "192.0.2.3", 1521) in network.calls


def test_one_red_cell_fails_and_is_named() -> None:
    network = Network(("192.0.2.2", "192.0.2.3", 1521))
    result = asked(network, from_="servers", to="servers", ports=["sip", "database"])
    assert result.outcome == "failed"
    assert result.found == "failed 1/4: sip>db:database; passed 3/4"
    assert (result.values["failed_count"], result.values["asked_count"]) == (1, 4)


def test_cells_that_could_not_be_measured_warn_with_their_list() -> None:
    result = asked(Network(locked=["192.0.2.2"]), from_=["here", "sip", "cim"], to=["db"], ports=["database"])
    assert result.outcome == "warned"
    assert result.found == "unreachable 4/6: sip>db, sip>db:database, cim>db, cim>db:database; passed 2/6"
    why = {part.origin: part.found for part in result.parts if part.outcome == "unreachable"}
    assert why == {
        "sip": "login: no key is accepted",
        "cim": "login: cim cannot be signed in to, so nothing is asked from it",
    }


def test_a_red_cell_counts_more_than_one_that_could_not_be_measured() -> None:
    network = Network(("here", "192.0.2.3", 0), locked=["192.0.2.2"])
    assert asked(network, from_=["here", "sip"], to=["db"]).outcome == "failed"


def test_nothing_measured_is_unreachable() -> None:
    assert asked(Network(locked=["192.0.2.2"]), from_="sip", to=["db"]).outcome == "unreachable"


def test_without_a_pair_nothing_passes() -> None:
    """A group may have shrunk to the one machine that asks."""
    result = asked(Network(), from_="sip", to="sip")
    assert (result.outcome, result.parts) == ("unreachable", ())


def test_what_is_expected_of_a_ping_is_not_expected_of_a_port() -> None:
    result = asked(Network(), from_="here", to="servers", ports="sip")
    assert judged(result, {"loss_pct": Thresholds(warn=1, fail=5)}).outcome == "passed"


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"to": ["sipp"]}, "to", "nearest: sip"),
        ({"to": "sip", "from": ["here", "seat-2"]}, "from", "nearest: seat-1"),
        ({"to": "servers", "ports": "databse"}, "ports", "nearest: database"),
        ({"to": "servers", "ports": "5060"}, "ports", "the number 5060"),
        ({"to": "sip", "from": "sip"}, "to", "none is asked from itself"),
    ],
)
def test_what_is_wrong_with_a_mesh(body: Any, field: str, said: str) -> None:
    ((where, sentence),) = Mesh.model_validate(body).problems(ROOM)
    assert where == field
    assert said in sentence


def test_a_port_that_only_some_targets_have_is_no_problem() -> None:
    assert kind(Mesh, to="servers", ports=["sip", "database"]).problems(ROOM) == []


@pytest.mark.parametrize("body", [{}, {"to": []}, {"to": "sip", "from": []}])
def test_a_mesh_names_both_sides(body: Any) -> None:
    with pytest.raises(ValidationError):
        Mesh.model_validate(body)
