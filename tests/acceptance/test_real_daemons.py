"""The plan against a real OpenSSH server and a real SIP server, on a live site, with a person at a terminal."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import peers
from tests.acceptance.live import CallCentre, call_centre, walk_to_restart
from tests.acceptance.program import Program, outcomes
from tests.acceptance.terminal import SETTLED_S, Terminal


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    with peers.sshd(tmp_path_factory.mktemp("sshd") / "sshd") as found:
        yield found


@pytest.fixture
def live(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


@contextmanager
def sip_server(kind: str, folder: Path) -> Iterator[int]:
    """`kamailio` answers with 200, `sipp` with 503; its port."""
    with peers.kamailio(folder) if kind == "kamailio" else peers.sipp(folder, (503, "Service Unavailable")) as port:
        yield port


def started(centre: CallCentre) -> tuple[str, ...]:
    return ("start", "cti-down", "--site", str(centre.path), "--as", "Technician A", "--set", "grace=5s")


@pytest.mark.parametrize(("kind", "answer"), [("kamailio", "passed"), ("sipp", "failed")])
def test_the_plan_is_walked_against_real_daemons(
    live: Program, sshd: peers.Sshd, tmp_path: Path, kind: str, answer: str
) -> None:
    """Ping, TCP and SIP are read, sshd restarts the service once, its verify passes, and service is back."""
    with sip_server(kind, tmp_path / "sip") as port:
        centre = call_centre(tmp_path, sshd, port)
        before = centre.restarts()
        at = Terminal(live, *started(centre))
        walk_to_restart(at)
        assert centre.restarts() == before
        at.run(SETTLED_S)
        at.press("9", "\r")
        at.answer("Does an agent sign in", "1")
        at.answer("agents sign in to the softphone again", "1")
        at.until("To do it, type 24 by hand")
        at.until("type 24 >")
        at.run(SETTLED_S)
        at.press("2", "4", "\r")
        at.answer("Did you pass it on?", "1")
        for _question in range(8):
            at.answer("In your words", "-")
        assert at.exit_code() == 0
    assert "Service is back." in at.text()
    assert "LAB" not in at.text()
    assert "000-9" in at.text()
    assert centre.restarts() == before + 1
    incident = live.only(practice=False)
    assert (incident["mode"], incident["state"], incident["debts"]) == ("live", "recovered", [])
    found = outcomes(live.events(incident["id"]))
    assert found["ping-cti"] == "passed"
    assert found["cti-port"] == "failed"
    assert found["sip-options"] == answer
    assert found["cti-service"] == "failed"
    assert found["restart-cti"] == "passed"


SSH_FAULTS = ["unknown host key", "changed host key", "wrong user key", "refused port", "no such name"]


def login_for(fault: str, folder: Path) -> tuple[dict[str, Any], str]:
    """How `ssh:` is written for a fault, and the words that must be said about it."""
    other = peers.keygen(folder / "other")
    match fault:
        case "unknown host key":
            return {"host_keys": []}, "runbook site scan"
        case "changed host key":
            return {"host_keys": [peers.public_key(other)]}, "SHA256:"
        case "wrong user key":
            return {"key": str(other)}, "did not let"
        case "refused port":
            return {"port": str(peers.free_port())}, "refused"
        case _:
            return {"address": "cti.invalid"}, "cti.invalid"


@pytest.mark.parametrize("fault", SSH_FAULTS)
def test_a_host_that_lets_nobody_in_gets_the_manual_form(
    live: Program, sshd: peers.Sshd, tmp_path: Path, fault: str
) -> None:
    """What could not be asked is said with its reason, the person reads it by hand, and the incident goes on."""
    login, words = login_for(fault, tmp_path)
    centre = call_centre(tmp_path, sshd, peers.free_port(socket.SOCK_DGRAM), **login)
    count = len(sshd.executions())
    hand = {"manual": "failed", "found": "stopped"}
    answers = {
        "tell-lead": "reached",
        "test-call": "dead",
        "sign-in": "fails",
        **{
            f"{step}.{name}": said
            for step in ("ping-cti", "cti-port")
            for name, said in (("manual", "passed"), ("found", "-"))
        },
        **{f"{step}.{name}": said for step in ("sip-options", "cti-service") for name, said in hand.items()},
    }
    ran = live.run(*started(centre), "--answers", live.answers(answers))
    assert ran.code == 5, ran.out
    assert "This could not be asked" in ran.out
    assert words in ran.out
    assert "is the service cti-core running?" in ran.out
    assert "Does cs-lead approve?" in ran.out
    assert len(sshd.executions()) == count
    incident = live.only(practice=False)
    finished = [
        event["body"]
        for event in live.events(incident["id"])
        if event["kind"] == "StepFinished" and event["body"]["step"] == "cti-service"
    ]
    assert [(body["outcome"], body["by"], body["how"], body["found"]) for body in finished] == [
        ("failed", "person", "manual", "stopped")
    ]
