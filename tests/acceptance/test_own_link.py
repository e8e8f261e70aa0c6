"""The laptop's own link is cut: the program says so, and blames and moves nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import peers
from tests.acceptance.live import CallCentre, call_centre
from tests.acceptance.program import REPAIRED_BY_VENDOR, Program, Ran, outcomes

pytestmark = pytest.mark.needs_root

SERVER, LAPTOP = "10.213.47.1", "10.213.47.2"


def ip(*words: str) -> None:
    subprocess.run([peers.program("ip"), *words], check=True, capture_output=True)


@dataclass
class Laptop(Program):
    """A machine of its own: the program runs in a network namespace with one cable to the servers."""

    namespace: str = ""

    def argv(self, *arguments: str) -> list[str]:
        return [peers.program("ip"), "netns", "exec", self.namespace, *super().argv(*arguments)]

    def cable(self, *, plugged: bool) -> None:
        ip("-n", self.namespace, "link", "set", "laptop", "up" if plugged else "down")
        if plugged:
            # The route went away with the link, as it does on a machine that nobody configures anew.
            ip("-n", self.namespace, "route", "replace", "default", "via", SERVER)


@dataclass(frozen=True)
class Room:
    laptop: Laptop
    centre: CallCentre


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Two namespaces and a cable: the laptop in one; a gateway, a real sshd and a real SIP server in the other."""
    names = [f"rb-{end}-{os.getpid()}" for end in ("laptop", "server")]
    laptop, server = names
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "laptop", "netns", laptop, "type", "veth", "peer", "name", "server", "netns", server)
        ip("-n", laptop, "addr", "add", f"{LAPTOP}/24", "dev", "laptop")
        ip("-n", server, "addr", "add", f"{SERVER}/24", "dev", "server")
        ip("-n", server, "link", "set", "server", "up")
        person = Laptop(tmp_path / "home", namespace=laptop)
        person.cable(plugged=True)
        inside = (peers.program("ip"), "netns", "exec", server)
        with peers.sshd(tmp_path / "sshd", address=SERVER, inside=inside) as sshd:
            yield Room(person, call_centre(tmp_path, sshd, 5060, sip_address=SERVER, address=SERVER))
    finally:
        for name in names:
            subprocess.run([peers.program("ip"), "netns", "del", name], check=False, capture_output=True)


def started(room: Room, answers: str, *first: str) -> Ran:
    site = ("--site", str(room.centre.path), "--as", "Technician A", "--set", "grace=5s")
    return room.laptop.run("start", "cti-down", *site, *first, "--answers", answers)


def nothing_was_blamed(room: Room, ran: Ran) -> None:
    """No reading `failed`, no act proposed, none sent."""
    assert "Does leadership approve?" not in ran.out
    assert "This changes the world" not in ran.out
    assert room.centre.restarts() == 0
    events = room.laptop.events(room.laptop.only(practice=False)["id"])
    assert not [e for e in events if e["kind"] in ("ActionIntended", "ApprovalGiven")]
    assert not [e for e in events if e["kind"] == "ReadingTaken" and e["body"]["outcome"] == "failed"]
    assert "failed" not in outcomes(events).values()


def test_with_its_own_cable_out_the_laptop_blames_nobody(room: Room) -> None:
    """With the link down from the start it says that this laptop sees nothing, and stops there; with the link up it goes on."""
    room.laptop.cable(plugged=False)
    ran = started(room, room.laptop.answers(REPAIRED_BY_VENDOR))
    assert ran.code == 5, ran.out + ran.err
    assert "This laptop sees nothing: check its own cable." in ran.out
    assert "Step 1 of" not in ran.out
    nothing_was_blamed(room, ran)

    room.laptop.cable(plugged=True)
    ran = room.laptop.run("resume", "--answers", room.laptop.answers(REPAIRED_BY_VENDOR))
    assert ran.code == 5
    assert "This laptop sees nothing" not in ran.out
    found = outcomes(room.laptop.events(room.laptop.only(practice=False)["id"]))
    assert found["ping-cti"] == "passed"
    assert found["cti-service"] == "failed"
    assert "type 9" in ran.out
    assert room.centre.restarts() == 0


def test_a_person_who_reads_elsewhere_is_asked_by_hand(room: Room) -> None:
    """Going on without a link, each reading is `unreachable` and becomes its manual form: no silence is taken for a fault."""
    room.laptop.cable(plugged=False)
    elsewhere = {"laptop": ["elsewhere"] * 9, "tell-lead": "reached", "test-call": "dead", "sign-in": "fails"}
    ran = started(room, room.laptop.answers(elsewhere))
    assert ran.code == 5, ran.out + ran.err
    assert "This could not be asked" in ran.out
    nothing_was_blamed(room, ran)
    events = room.laptop.events(room.laptop.only(practice=False)["id"])
    taken = [event["body"] for event in events if event["kind"] == "ReadingTaken"]
    assert [(body["step"], body["outcome"]) for body in taken] == [("ping-cti", "unreachable")]


def test_a_cable_pulled_in_the_middle_moves_no_hotline(room: Room) -> None:
    """The link goes down after the first steps: the silent ping is this laptop's, so no switch is proposed."""
    people = {"tell-lead": "reached", "test-call": "dead", "sign-in": "fails"}
    first = started(room, room.laptop.answers({"tell-lead": "reached", "test-call": "dead"}))
    assert first.code == 5
    room.laptop.cable(plugged=False)
    given = {**people, "laptop": ["elsewhere", "again"]}
    ran = room.laptop.run("resume", "--answers", room.laptop.answers(given))
    assert ran.code == 5, ran.out
    assert "This laptop sees nothing: check its own cable." in ran.out
    nothing_was_blamed(room, ran)
