"""Branches that are walked at once, against real sockets and a real sshd, at a pipe and at a terminal, and killed in the middle."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests import peers
from tests.acceptance.live import call_centre
from tests.acceptance.program import Program, outcomes
from tests.acceptance.terminal import Terminal

KILLER = Path(__file__).with_name("killed_at.py")
HEAD = {
    "runbook": "1",
    "id": "at-once",
    "version": "1",
    "title": "At once",
    "severity": "SEV5",
    "use_when": "Always.",
    "impact": "Nobody.",
    "recovered": {"ask": "Is it back?", "then": "end"},
}
GO_ON = {"failed": "continue"}


def step(name: str, **keys: Any) -> dict[str, Any]:
    return {"id": name, "title": f"Step {name}", **keys}


def written(folder: Path, *steps: dict[str, Any]) -> str:
    path = folder / "at-once.yaml"
    path.write_text(json.dumps({**HEAD, "steps": list(steps)}), encoding="utf-8")
    return str(path)


@contextmanager
def listeners(count: int) -> Iterator[list[int]]:
    """Sockets of 127.0.0.1 that accept whoever comes; their ports."""
    servers = [socket.create_server(("127.0.0.1", 0), backlog=16) for _n in range(count)]
    ending = threading.Event()

    def accept(server: socket.socket) -> None:
        server.settimeout(0.2)
        while not ending.is_set():
            with suppress(OSError):
                server.accept()[0].close()

    threads = [threading.Thread(target=accept, args=(server,), daemon=True) for server in servers[:8]]
    for thread in threads:
        thread.start()
    try:
        yield [server.getsockname()[1] for server in servers]
    finally:
        ending.set()
        for thread in threads:
            thread.join()
        for server in servers:
            server.close()


def site_of(folder: Path, ports: list[int]) -> str:
    tree = {
        "site": "1",
        "name": "Ports",
        "hosts": {"all": {"address": "127.0.0.1", "ports": {f"p{n}": str(port) for n, port in enumerate(ports)}}},
        "contacts": {"vendor": {"title": "Vendor", "people": [{"name": "Desk", "number": "000-1"}]}},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    return str(path)


def probes(count: int) -> dict[str, Any]:
    branches = {f"b{n}": [step(f"t{n}", tcp={"host": "all", "port": f"p{n}"}, next=GO_ON)] for n in range(count)}
    return step("all", together=branches, next=GO_ON)


@pytest.fixture
def live(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def test_two_hundred_ports_are_probed_at_once_and_each_has_its_line(live: Program, tmp_path: Path) -> None:
    with listeners(199) as ports:
        plan, site = written(tmp_path, probes(200)), site_of(tmp_path, [*ports, peers.free_port()])
        given = live.answers({"recovered": "no"})
        ran = live.run("start", plan, "--site", site, "--as", "T", "--reported", "now", "--answers", given)
    assert ran.code == 1, ran.out
    incident = live.only(practice=False)
    found = outcomes(live.events(incident["id"]))
    assert [found[f"t{n}"] for n in (0, 198, 199)] == ["passed", "passed", "failed"]
    assert found["all"] == "failed"
    assert "failed 1/200: b199; passed 199/200" in json.dumps(live.events(incident["id"]))
    assert sum(f"Step t{n}" in ran.out for n in range(200)) == 200
    report = live.run("report", incident["id"], "--format", "md", "-o", "-")
    assert report.code == 0
    assert "Step t199" in report.out


def test_a_pipe_s_lines_are_answers_and_readings_take_none_of_them(live: Program, tmp_path: Path) -> None:
    with listeners(2) as ports:
        branches = {
            "machine": [step("t0", tcp={"host": "all", "port": "p0"}, next=GO_ON)],
            "people": [step("ask", ask={"choices": ["in", "out"]}), step("do", instruct={})],
        }
        plan = written(tmp_path, step("both", together=branches, next=GO_ON), step("last", instruct={}))
        site = site_of(tmp_path, ports)
        ran = live.run("start", plan, "--site", site, "--as", "T", "--reported", "now", given="\n2\n1\n1\n1\n")
    assert ran.code == 0, ran.out
    events = live.events(live.only(practice=False)["id"])
    assert outcomes(events) == dict.fromkeys(("t0", "ask", "do", "both", "last"), "passed")
    (answered,) = [e["body"] for e in events if e["kind"] == "StepFinished" and e["body"]["step"] == "ask"]
    assert (answered["answer"], answered["lane"]) == ("out", "both/people")


def test_a_branch_over_ssh_runs_beside_the_question_of_another(live: Program, tmp_path: Path) -> None:
    """At a terminal: the answer is half typed while the readings of a real sshd end above it; nothing typed is lost."""
    with peers.sshd(tmp_path / "sshd") as sshd, listeners(1) as ports:
        centre = call_centre(tmp_path, sshd, ports[0])
        status = {"service": {"host": "cti", "name": "cti-core", "do": "status"}, "next": GO_ON}
        branches = {
            "ssh": [step(f"look-{n}", **status) for n in range(3)],
            "people": [step("words", ask={"type": "text"})],
        }
        plan = written(tmp_path, step("both", together=branches, next=GO_ON))
        at = Terminal(live, "start", plan, "--site", str(centre.path), "--as", "T", "--reported", "now")
        at.answer("Enter begins", "")
        at.answer("Enter begins the readings", "")
        at.until("In your words")
        at.run(0.4)
        at.press(*"half of ")
        at.until("Step look-2")
        at.press(*"it", "\r")
        at.answer("Is it back?", "2")
        assert at.exit_code() == 1
        assert centre.looks() == 3
    events = live.events(live.only(practice=False)["id"])
    (answered,) = [e["body"] for e in events if e["kind"] == "StepFinished" and e["body"]["step"] == "words"]
    assert answered["answer"] == "half of it"
    assert outcomes(events)["both"] == "failed"


def test_at_a_terminal_a_table_shows_what_runs_and_the_keys_work_meanwhile(live: Program, tmp_path: Path) -> None:
    with peers.sshd(tmp_path / "sshd") as sshd, listeners(1) as ports:
        centre = call_centre(tmp_path, sshd, ports[0])
        slow = sshd.script("slow", "sleep 4; echo active")
        tree = json.loads(centre.path.read_text(encoding="utf-8"))
        tree["hosts"]["cti"]["services"]["cti-core"]["commands"]["status"] = [slow]
        centre.path.write_text(json.dumps(tree), encoding="utf-8")
        branches = {
            "slow": [step("look", service={"host": "cti", "name": "cti-core", "do": "status"}, next=GO_ON)],
            "quick": [step("port", tcp={"host": "sip", "port": "sip"}, next=GO_ON)],
        }
        plan = written(tmp_path, step("both", together=branches, next=GO_ON))
        at = Terminal(live, "start", plan, "--site", str(centre.path), "--as", "T", "--reported", "now")
        at.answer("Enter begins", "")
        at.answer("Enter begins the readings", "")
        at.until("Nothing to do until a branch needs you")
        at.until("running")
        assert "Step look" in at.run(0.5)
        at.press(*"n slow tonight", "\r")
        at.until("Step both: slow tonight")
        at.answer("Is it back?", "2")
        assert at.exit_code() == 1
    events = live.events(live.only(practice=False)["id"])
    assert outcomes(events) == {"look": "passed", "port": "passed", "both": "passed"}
    order = [e["kind"] + ":" + e["body"].get("step", "") for e in events]
    assert order.index("NoteAdded:both") < order.index("StepFinished:look")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "where", ["StepBegun:both", "StepBegun:t0", "StepFinished:t0", "StepFinished:ask", "StepFinished:both"]
)
def test_killed_in_the_middle_it_goes_on_in_its_branches(live: Program, tmp_path: Path, when: str, where: str) -> None:
    with listeners(2) as ports:
        branches = {
            "machine": [step("t0", tcp={"host": "all", "port": "p0"}, next=GO_ON)],
            "people": [step("ask", ask={"choices": ["in", "out"]}), step("do", instruct={})],
        }
        plan = written(tmp_path, step("both", together=branches, next=GO_ON))
        given = live.answers({"ask": "in", "do": "done", "recovered": "yes"})
        arguments = ["start", plan, "--site", site_of(tmp_path, ports), "--as", "T", "--reported", "now"]
        killed = subprocess.run(
            [sys.executable, str(KILLER), when, where, *arguments, "--answers", given],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=live.env(),
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stdout
        ran = live.run("resume", "--as", "T", "--answers", given)
    assert ran.code == 0, ran.out
    events = live.events(live.only(practice=False)["id"])
    assert outcomes(events) == dict.fromkeys(("t0", "ask", "do", "both"), "passed")
    finished = [e["body"]["step"] for e in events if e["kind"] == "StepFinished"]
    assert sorted(finished) == sorted(set(finished))
