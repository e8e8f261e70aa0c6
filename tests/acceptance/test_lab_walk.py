"""The main job in the lab, from the first screen to the end, in both languages and both ways."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.program import REPAIRED_BY_RESTART, REPAIRED_BY_VENDOR, Program, outcomes


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_restart_over_ssh_repairs_the_service(program: Program, language: str) -> None:
    """The probe fails, the approved restart happens once over SSH, its verify passes, and the walk ends with 0."""
    ran = program.run(
        "start", "cti-down", "--lab", "--lang", language, "--answers", program.answers(REPAIRED_BY_RESTART)
    )
    assert ran.code == 0, ran.out + ran.err
    incident = program.only()
    assert incident["state"] == "recovered"
    assert incident["mode"] == "lab"
    assert incident["debts"] == []
    found = outcomes(program.events(incident["id"]))
    assert found["cti-service"] == "failed"
    assert found["restart-cti"] == "passed"
    assert found["switch-back"] == "not_taken"
    assert "switch" not in found
    assert len(program.lab_acts("restart")) == 1


def test_a_restart_that_fails_leads_over_the_emergency_lines_and_back(program: Program) -> None:
    """Switch, tickets, vendor, repair, switch-back and back-entry are walked, and nothing is left open."""
    ran = walked_with_repair(program)
    assert ran == 0
    incident = program.only()
    assert (incident["state"], incident["debts"]) == ("recovered", [])
    found = outcomes(program.events(incident["id"]))
    assert found["restart-cti"] == "failed"
    assert [found[step] for step in ("switch", "tickets", "repaired", "switch-back", "back-entry")] == ["passed"] * 5


def walked_with_repair(program: Program, *arguments: str) -> int:
    """Walk the case `restart-fails`, and repair the lab as soon as the plan waits for the vendor's repair."""
    answers = program.answers(REPAIRED_BY_VENDOR)
    started = (
        "start",
        "cti-down",
        "--lab-case",
        "restart-fails",
        "--set",
        "grace=2s",
        "--answers",
        answers,
        *arguments,
    )
    with ThreadPoolExecutor() as threads:
        walk = threads.submit(program.run, *started)
        while not walk.done():
            if any(incident["step"] == "repaired" for incident in program.incidents()):
                assert program.run("lab", "fix").code == 0
                break
            time.sleep(0.3)
        ran = walk.result()
    assert ran.code == 0, ran.out + ran.err
    return ran.code


def test_no_number_that_can_be_dialled_is_shown_or_kept_in_practice(program: Program) -> None:
    """Practice holds no telephone number: not on the screen, not in any file it leaves."""
    ran = program.run("start", "cti-down", "--lab", "--answers", program.answers(REPAIRED_BY_RESTART))
    number = re.compile(r"(?<![\w.:+-])(?:\+\d{8,15}|0\d{2,3}-?\d{7,8}|1\d{10})(?![\w.])")
    assert number.search("call 024-23456789 now")
    assert not number.search(ran.out)
    assert "DRILL: do not dial" in ran.out
    assert "This is an exercise" in ran.out
    for path in (program.home / "practice").rglob("*.yaml"):
        assert not number.search(path.read_text(encoding="utf-8")), path


def test_the_end_of_input_pauses_with_the_resume_line(program: Program) -> None:
    """No input is never a yes: exit 5, and the line that goes on."""
    ran = program.run("start", "cti-down", "--lab")
    assert ran.code == 5
    assert f"runbook resume {program.only()['id']}" in ran.out


def test_an_unknown_playbook_names_the_nearest(program: Program) -> None:
    """A mistyped id is met with the id that was meant, and nothing is begun."""
    ran = program.run("start", "cti-dwon", "--lab")
    assert ran.code == 2
    assert "cti-down" in ran.err
    assert not (program.home / "practice").exists()


def test_without_a_site_and_without_a_terminal_it_says_what_to_type(program: Program) -> None:
    """No site file: exit 2, never the lab by itself."""
    ran = program.run("start", "cti-down")
    assert ran.code == 2
    assert "--lab" in ran.err
    assert "runbook init" in ran.err
