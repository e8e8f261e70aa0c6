"""A site file that was corrected while an incident is open: its facts are shown, taken after a choice, and hold from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests import peers
from tests.acceptance.program import Program, outcomes
from tests.acceptance.terminal import Terminal

PLAN = """\
runbook: 1
id: look
version: "1"
title: Look
severity: SEV1
use_when: a test looks
impact: none
recovered:
  ask: Is it back?
  then: end
steps:
  - id: core
    title: The core service runs
    service: {host: cti, name: core, do: status}
    next: {failed: continue}
"""


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    with peers.sshd(tmp_path_factory.mktemp("sshd") / "sshd") as found:
        yield found


class Case:
    """A plan whose host stands in the site file with a wrong port."""

    def __init__(self, folder: Path, sshd: peers.Sshd) -> None:
        self.sshd, self.site, self.plan = sshd, folder / "site.yaml", folder / "look.yaml"
        self.wrong = peers.free_port()
        self.plan.write_text(PLAN, encoding="utf-8")
        self.write(self.wrong)
        self.program = Program(folder / "home")
        self.start = ("start", str(self.plan), "--site", str(self.site), "--as", "A", "--reported", "now")

    def write(self, port: int, name: str = "Reloading", **hosts: Any) -> None:
        ssh = {
            "user": self.sshd.user,
            "port": str(port),
            "key": str(self.sshd.key),
            "host_keys": [self.sshd.host_key()],
        }
        cti = {"address": "127.0.0.1", "ssh": ssh, "services": {"core": {"commands": {"status": ["true"]}}}}
        tree = {"site": "1", "name": name, "hosts": {"cti": cti, **hosts}}
        self.site.write_text(json.dumps(tree), encoding="utf-8")

    def paused(self) -> str:
        """An incident that paused where its host could not be asked; its id."""
        ran = self.program.run(*self.start, "--answers", self.program.answers({}))
        assert ran.code == 5, ran
        return str(self.program.only(practice=False)["id"])

    def reload(self, *words: str) -> tuple[str, ...]:
        return ("site", "reload", *words, "--site", str(self.site))


@pytest.fixture
def case(tmp_path: Path, sshd: peers.Sshd) -> Case:
    return Case(tmp_path, sshd)


def test_a_pipe_only_shows_what_differs(case: Case) -> None:
    incident = case.paused()
    case.write(case.sshd.port)
    before = len(case.program.events(incident))
    ran = case.program.run(*case.reload(), given="2\n2\n")
    assert ran.code == 1
    assert f"hosts.cti.ssh.port: {case.wrong} -> {case.sshd.port}" in ran.out
    assert "Nothing was taken over" in ran.out
    assert len(case.program.events(incident)) == before


def test_facts_that_were_taken_over_hold_after_a_resume_and_the_first_ones_are_kept(case: Case) -> None:
    incident = case.paused()
    folder = case.program.home / "incidents" / incident / "plan"
    first = (folder / "site.yaml").read_bytes()
    case.write(case.sshd.port)
    at = Terminal(case.program, *case.reload(incident))
    at.until("What is to hold")
    at.answer("take the site file's present facts", "2")
    assert at.exit_code() == 0
    (event,) = [each["body"] for each in case.program.events(incident) if each["kind"] == "SiteReloaded"]
    assert event["differences"] == [f"hosts.cti.ssh.port: {case.wrong} -> {case.sshd.port}"]
    assert sha256((folder / event["file"]).read_bytes()).hexdigest() == event["sha256"]
    assert (folder / "site.yaml").read_bytes() == first
    answers = case.program.answers({"end.recovered": "yes", "recovered": "yes"})
    case.program.run("resume", incident, "--as", "A", "--answers", answers)
    assert outcomes(case.program.events(incident))["core"] == "passed"
    assert case.program.run(*case.reload(incident)).code == 0, "nothing differs any more"
    assert "present facts were taken over" in case.program.run("report", incident, "-o", "-").out
    assert "present facts were taken over" in case.program.run("log", incident).out


def test_leaving_it_changes_nothing(case: Case) -> None:
    incident = case.paused()
    case.write(case.sshd.port)
    before = len(case.program.events(incident))
    at = Terminal(case.program, *case.reload(incident))
    at.until("What is to hold")
    at.answer("take the site file's present facts", "1")
    assert at.exit_code() == 1
    assert len(case.program.events(incident)) == before


def test_a_file_that_does_not_load_or_lacks_what_the_plan_needs_or_is_of_another_centre_is_refused(case: Case) -> None:
    incident = case.paused()
    case.site.write_text("site: 1\nname: Reloading\nhosts: {cti: {}}\n", encoding="utf-8")
    assert (case.program.run(*case.reload()).code, "E-SITE-BAD" in case.program.run(*case.reload()).err) == (2, True)
    case.site.write_text("site: 1\nname: Reloading\nhosts: {ctl: {address: 127.0.0.1}}\n", encoding="utf-8")
    ran = case.program.run(*case.reload())
    assert (ran.code, "did you mean 'ctl'" in ran.err or "cti" in ran.err) == (2, True)
    case.write(case.sshd.port, name="Another centre")
    assert "E-VALUE" in case.program.run(*case.reload(incident)).err


def test_a_lab_run_has_a_site_of_its_own(case: Case) -> None:
    answers = case.program.answers({})
    assert case.program.run("start", "cti-down", "--lab", "--as", "A", "--answers", answers).code == 5
    (incident,) = case.program.incidents()
    ran = case.program.run(*case.reload(incident["id"]))
    assert ran.code == 2
    assert "a lab has a site of its own" in ran.err


def test_where_something_cannot_be_asked_the_changed_file_is_offered(case: Case) -> None:
    at = Terminal(case.program, *case.start)
    at.answer("Enter begins", "")
    at.until("The core service runs")
    at.until("Enter reads it.")
    at.until(">")
    case.write(case.sshd.port)
    at.run(0.4)
    at.press("\r")
    at.until(f"hosts.cti.ssh.port: {case.wrong} -> {case.sshd.port}")
    at.answer("take the site file's present facts", "2")
    at.until("present facts were taken over")
    at.until("Enter reads it.")
    at.until(">")
    at.run(0.4)
    at.press("\r")
    at.answer("Is it back?", "1")
    assert at.exit_code() == 0
    incident = case.program.only(practice=False)["id"]
    kinds = [each["kind"] for each in case.program.events(incident)]
    assert kinds.count("SiteReloaded") == 1
    assert outcomes(case.program.events(incident)) == {"core": "passed"}


def test_an_unchanged_file_is_not_offered(case: Case) -> None:
    at = Terminal(case.program, *case.start)
    at.answer("Enter begins", "")
    at.answer("Enter reads it.", "")
    at.until("This could not be asked")
    assert "site file has changed" not in at.text()
    at.child.close(force=True)
