"""A walk in the lab that goes on in another playbook: its debts close there, it is killed and gone on with, the report shows both."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runbook.model.state import fold
from tests.acceptance.program import RESTORE, SWITCH, Program, outcomes
from tests.acceptance.terminal import Terminal
from tests.acceptance.test_killed import events_of, run_until_killed
from tests.conftest import IN_CI
from tests.faults.lanes import intents_of, steps_of

FRONT = """\
runbook: 1
id: front
version: "2"
title: Callers hear nothing
severity: SEV3
use_when: Always.
impact: All callers.
clocks: {scheme: s000, level: "3", from: reported}
OFFERSrecovered:
  ask: Is service back?
  then: end
steps:
  - id: by-hand
    title: The agents write tickets by hand
    tickets: {do: open}
  - id: look
    title: How is it
    ask: {choices: [good, bad], fails: bad}
    next: {failed: {playbook: cti-down, at: switch}}
  - id: left-behind
    title: Only where it was good
    instruct: {}
  - id: entered
    closes: by-hand
    title: Every ticket is entered
    tickets: {do: back_entry}
"""
ANSWERS = {
    "by-hand": "by_hand",
    "look": "bad",
    "by-hand.debt": "close",
    "entered": ["3", "3"],
    **{f"cti-down:{name}": answer for name, answer in {**SWITCH, **RESTORE}.items()},
}
AROUND = (
    "StepFinished:look", "WentTo:", "InputAnswered:", "PlaybookEntered:", "SeverityRaised:",
    "StepBegun:cti-down:switch", "ApprovalGiven:cti-down:switch", "ActionIntended:cti-down:switch",
)  # fmt: skip


def front(program: Program, offers: str = "") -> str:
    """The plan's file."""
    path = program.home.parent / "front.yaml"
    path.write_text(FRONT.replace("OFFERS", offers), encoding="utf-8")
    return str(path)


def arguments(program: Program) -> tuple[str, ...]:
    return ("start", front(program), "--lab", "--answers", program.answers(ANSWERS))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program that walked it to the end without being disturbed."""
    program = Program(tmp_path_factory.mktemp("whole") / "home")
    ran = program.run(*arguments(program))
    assert ran.code == 0, ran.out + ran.err
    yield program
    program.run("lab", "down")


def test_the_walk_goes_on_in_the_other_playbook_and_everything_is_closed(whole: Program) -> None:
    """Both plans' debts are closed, the inputs and the severity of the second are taken over, and nothing is left open."""
    incident = whole.only()
    assert (incident["state"], incident["debts"], incident["unknown"]) == ("recovered", [], [])
    assert (incident["plan"], incident["playbook"], incident["severity"]) == ("front", "cti-down", "SEV1")
    events = whole.events(incident["id"])
    found = outcomes(events)
    assert [found[step] for step in ("by-hand", "look", "entered")] == ["passed", "failed", "passed"]
    assert [found[f"cti-down:{step}"] for step in ("switch", "tickets", "switch-back", "back-entry")] == ["passed"] * 4
    (went,) = [e["body"] for e in events if e["kind"] == "WentTo" and e["body"]["target"] == "cti-down:switch"]
    assert went["passed_over"][:2] == ["left-behind", "entered"]
    assert "cti-down:restart-cti" in went["passed_over"]
    (entered,) = [e["body"] for e in events if e["kind"] == "PlaybookEntered"]
    assert (entered["playbook"], entered["version"], entered["at"]) == ("cti-down", "1.0", "cti-down:switch")
    assert [e["body"]["name"] for e in events if e["kind"] == "InputAnswered"] == ["grace"]


def test_status_log_and_report_say_where_the_walk_went_on(whole: Program) -> None:
    """Each names the playbook that was entered, the severity that rose, and the steps of both plans."""
    incident = whole.only()["id"]
    status = whole.run("status", "--practice").out
    assert "now in the playbook cti-down, severity SEV1" in status
    log = whole.run("log", incident).out
    assert "Goes on in another playbook: CTI server down (cti-down, version 1.0), at [14] Move the hotline" in log
    assert "! Severity raised from SEV3 to SEV1: the playbook cti-down has it" in log
    made = whole.run("report", incident, "--format", "md").out
    text = Path(made.strip().rpartition("The report is in ")[2]).read_text(encoding="utf-8")
    for expected in (
        "CTI server down (cti-down, version 1.0)",
        "Callers hear nothing (front, version 2)",
        "SEV3, raised to SEV1",
        "Move the hotline to the emergency analogue lines",
        "Every ticket is entered",
    ):
        assert expected in text


def test_the_incident_folder_holds_both_playbooks_and_needs_nothing_else(whole: Program) -> None:
    incident = whole.only()["id"]
    kept = sorted(
        str(p.relative_to(p.parents[0])) for p in (whole.home / "practice" / incident / "plan").rglob("*.yaml")
    )
    assert {"front.yaml", "cti-down.yaml", "vendor-hand-off.yaml", "close-out.yaml", "s000.yaml", "site.yaml"} <= set(
        kept
    )


def killed_and_resumed(folder: Path, when: str, where: str) -> tuple[Program, int, int]:
    folder.mkdir()
    program = Program(folder / "home")
    assert program.run("lab", "up").code == 0
    given = arguments(program)
    begun = run_until_killed(program, when, where, *given)
    (program.home.parent / "front.yaml").unlink()  # what is kept with the incident is enough
    resumed = run_until_killed(program, "after", "0", "resume", "--practice", "--answers", str(folder / "answers.yaml"))
    program.run("lab", "down")
    return program, begun, resumed


@pytest.mark.timeout(600)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_jump_the_walk_ends_the_same(whole: Program, tmp_path: Path, when: str) -> None:
    """Killed at an event around the jump and resumed from its folder alone, each step ends as it does undisturbed, no act twice."""
    places = AROUND if IN_CI else AROUND[1:7:2] if when == "before" else AROUND[0:8:3]
    with ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(lambda n: killed_and_resumed(tmp_path / str(n), when, places[n]), range(len(places))))
    undisturbed = events_of(whole)
    for place, (program, begun, resumed) in zip(places, runs, strict=True):
        assert (begun, resumed) == (-signal.SIGKILL, 0), place
        events = events_of(program)
        assert steps_of(events) == steps_of(undisturbed), place
        assert intents_of(events) == intents_of(undisturbed), place
        state = fold(events)
        assert (state.status, state.open_debts, state.unknown, state.playbook) == ("recovered", (), (), "cti-down"), (
            place
        )
        assert [entry.playbook for entry in state.entered] == ["cti-down"], place
        assert state.severity == "SEV1", place


def test_an_offer_opens_a_linked_incident_that_can_be_walked(program: Program) -> None:
    """The linked incident has the same site, mode and report; it names the one beside which it was opened, and resumes by itself."""
    offers = "offers:\n  - {after: 0s, title: Repair the CTI server beside this, start: cti-down}\n"
    given = program.answers({**ANSWERS, "offer.1": "now"})
    ran = program.run("start", front(program, offers), "--lab", "--answers", given)
    assert ran.code == 0, ran.out + ran.err
    first, second = sorted(program.incidents(), key=lambda incident: incident["plan"] == "cti-down")
    assert first["linked"] == [second["id"]]
    assert (second["belongs_to"], second["mode"], second["state"]) == (first["id"], "lab", "open")
    assert second["reported_at"] == first["reported_at"]
    assert f"runbook resume {second['id']}" in ran.out
    assert second["id"].startswith("lab-")
    resumed = program.run("resume", second["id"], "--answers", program.answers({"tell-lead": "reached"}))
    assert resumed.code == 5, "it goes on until an answer is missing"
    assert outcomes(program.events(second["id"]))["tell-lead"] == "passed"
    opened = json.loads(program.run("log", second["id"], "--json").out)["events"][0]["body"]
    assert opened["belongs_to"] == first["id"]


def test_a_linked_incident_is_opened_once_though_the_process_dies_before_it_is_recorded(program: Program) -> None:
    """Killed right before the answer to the offer is stored: asked again, the same linked incident is found, no second one is opened."""
    offers = "offers:\n  - {after: 0s, title: Repair the CTI server beside this, start: cti-down}\n"
    given = program.answers({**ANSWERS, "offer.1": "now"})
    ended = run_until_killed(
        program, "before", "OfferAnswered:", "start", front(program, offers), "--lab", "--answers", given
    )
    assert ended == -signal.SIGKILL
    first, second = sorted(program.incidents(), key=lambda incident: incident["plan"] == "cti-down")
    assert (first["linked"], second["belongs_to"]) == ([], first["id"])
    assert program.run("resume", first["id"], "--answers", given).code == 0
    incidents = {incident["id"]: incident for incident in program.incidents()}
    assert set(incidents) == {first["id"], second["id"]}
    assert incidents[first["id"]]["linked"] == [second["id"]]


def test_an_offer_comes_up_at_a_terminal_while_the_person_is_at_a_question(program: Program) -> None:
    """Due while a choice stands open, it is shown with its numbers; `not now` gives the question back, which takes its answer."""
    offers = "offers:\n  - {after: 1s, since: by-hand, title: Move the hotline, go: {playbook: cti-down, at: switch}}\n"
    at = Terminal(program, "start", front(program, offers), "--lab", "--as", "Technician A", "--reported", "now")
    at.until("Enter begins")
    at.run(0.5)
    at.press("\r")
    at.answer("tickets by hand", "1")
    at.until("How is it")
    at.until("Offer, due since")
    at.until("do it now (go to [14] Move the hotline")
    at.run(0.6)
    at.press("2", "\r")
    at.until("Offer: Move the hotline: not now")
    at.run(1.0)
    at.press("1", "\r")
    at.until("Only where it was good")
    at.run(0.6)
    at.press("q")
    assert at.exit_code() == 5
    found = outcomes(program.events(program.only()["id"]))
    assert found["look"] == "passed"
