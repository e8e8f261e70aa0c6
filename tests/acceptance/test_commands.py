"""The commands around a walk: what is open, what happened, notes, closing; their exit codes and their JSON."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.program import REPAIRED_BY_RESTART, SCOPE, Program


@pytest.fixture
def paused(program: Program) -> str:
    """The id of an incident that pauses at the restart's approval."""
    ran = program.run("start", "cti-down", "--lab", "--answers", program.answers(SCOPE))
    assert ran.code == 5, ran.out + ran.err
    found: str = program.only()["id"]
    return found


def test_status_shows_what_is_open_and_where_it_stands(program: Program, paused: str) -> None:
    """One object with a schema and one list; the step, the clocks and the head are in it."""
    found = json.loads(program.run("status", paused, "--json").out)
    assert found["schema"] == 1
    (incident,) = found["incidents"]
    assert (incident["id"], incident["state"], incident["step"]) == (paused, "open", "restart-cti")
    assert {clock["metric"] for clock in incident["clocks"]} >= {"response", "recovery", "patch"}
    assert paused in program.run("status", "--practice").out
    assert "no incident" in program.run("status").out.lower()


def test_the_log_counts_its_events_without_a_gap(program: Program, paused: str) -> None:
    """`log --json` lists every event with its number; `log` says each in words."""
    events = program.events(paused)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["kind"] == "IncidentOpened"
    assert f"#{len(events)}" in program.run("log", paused).out


def test_a_note_is_saved_with_its_time_and_its_file(program: Program, paused: str) -> None:
    """What was written on paper is typed in later, with its own time; a file is kept by its hash."""
    evidence = program.home.parent / "photo.txt"
    evidence.write_text("the board's lights", encoding="utf-8")
    ran = program.run(
        "note", paused, "the board is dark", "--at", "00:01", "--step", "ping-cti", "--file", str(evidence)
    )
    assert ran.code == 0, ran.err
    note = program.events(paused)[-1]["body"]
    assert (note["text"], note["step"], note["evidence"][0]["name"]) == ("the board is dark", "ping-cti", "photo.txt")
    assert note["at"].endswith("Z")
    assert (program.home / "practice" / paused / "evidence" / note["evidence"][0]["sha256"]).is_file()
    assert program.run("note", paused).code == 2
    assert program.run("note", paused, "late", "--at", "25:99").code == 2


def test_the_time_of_the_report_is_corrected_as_an_event(program: Program, paused: str) -> None:
    """The clocks count from the corrected time; the first one stays in the record; the reason is needed."""
    before = program.only()["reported_at"]
    assert program.run("note", paused, "--reported", "-2h").code == 2
    assert program.run("note", paused, "the log shows it", "--reported", "-2h").code == 0
    event = program.events(paused)[-1]
    assert (event["kind"], event["body"]["was"], event["body"]["reason"]) == (
        "ReportedTimeCorrected",
        before,
        "the log shows it",
    )
    assert program.only()["reported_at"] == event["body"]["at"] < before
    assert "LATE" in program.run("status", paused, "--clocks").out


def test_an_incident_is_closed_only_when_service_is_back(program: Program, paused: str) -> None:
    """Refused with the list while it is open, done once the walk is at its end, and not twice."""
    refused = program.run("close", paused)
    assert refused.code == 1
    assert "E-DEBTS-OPEN" in refused.err
    assert program.run("resume", paused, "--answers", program.answers(REPAIRED_BY_RESTART)).code == 0
    assert program.run("close", paused).code == 0
    again = program.run("close", paused)
    assert again.code == 2
    assert "E-INCIDENT-ENDED" in again.err
    assert program.only()["state"] == "closed"


def test_a_part_that_was_left_for_later_is_needed_before_the_end(program: Program) -> None:
    """Enter alone leaves a part of the close-out for later: closing names it, a note to its step answers it."""
    answers = {**REPAIRED_BY_RESTART, "close-out/cause": ""}
    assert program.run("start", "cti-down", "--lab", "--answers", program.answers(answers)).code == 0
    incident = program.only()["id"]
    refused = program.run("close", incident)
    assert refused.code == 1
    assert f"runbook note {incident} TEXT --step close-out/cause" in refused.out
    assert program.run("note", incident, "a full disk", "--step", "close-out/cause").code == 0
    assert program.run("close", incident).code == 0


def test_an_abort_takes_the_typed_number_and_nothing_else(program: Program, paused: str) -> None:
    """The end of input and a wrong number abort nothing; the right number does, with exit 4."""
    number = len(program.events(paused))
    assert program.run("close", paused, "--abort", "started by mistake").code == 5
    assert program.run("close", paused, "--abort", "started by mistake", given=f"{number + 1}\n").code == 5
    assert program.run("close", paused, "--abort", "started by mistake", given=f"{number}\n").code == 4
    assert program.only()["state"] == "aborted"


def test_an_unknown_incident_names_the_nearest(program: Program, paused: str) -> None:
    """Every command that takes an incident says which one may have been meant, exit 2."""
    for command in ("status", "log", "resume", "close", "report"):
        ran = program.run(command, "lab-20200101-cti-down-ZZZZ")
        assert ran.code == 2, ran
        assert paused in ran.err


def test_nothing_to_resume_is_said(program: Program) -> None:
    """`resume` without an open incident: exit 2 and what to type."""
    ran = program.run("resume")
    assert ran.code == 2
    assert "E-NOTHING-OPEN" in ran.err


def test_the_overview_says_what_can_be_typed(program: Program) -> None:
    """`runbook` alone is an answer, not an error."""
    ran = program.run()
    assert ran.code == 0
    assert "runbook start cti-down --lab" in ran.out
