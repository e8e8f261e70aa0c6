"""A shift handover with the real program: the brief, the offer, and the second person's own name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.acceptance.program import SCOPE, Program
from tests.acceptance.terminal import Terminal


def left_by_a(program: Program) -> str:
    ran = program.run("start", "cti-down", "--lab", "--as", "Technician A", "--answers", program.answers(SCOPE))
    assert ran.code == 5, ran.out + ran.err
    found: str = program.only()["id"]
    return found


@pytest.fixture
def paused(program: Program) -> str:
    """The id of an incident that Technician A left at the restart's approval."""
    return left_by_a(program)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, str]]:
    """The same for the tests that only read it, and offer it to somebody."""
    made = Program(tmp_path_factory.mktemp("handover") / "home")
    yield made, left_by_a(made)
    made.run("lab", "down")


def test_the_brief_is_the_state_on_one_screen(shared: tuple[Program, str]) -> None:
    """Every fact that a successor needs, on at most 23 lines; shown without --to it records nothing."""
    program, paused = shared
    before = len(program.events(paused))
    ran = program.run("handover", paused)
    assert ran.code == 0, ran
    lines = ran.out.splitlines()
    assert len(lines) <= 23
    for wanted in (paused, "SEV1", "reported ", "Now ", "[9] Restart the CTI service", "Then ", "Ruled out", "[5]",
                   "Findings", "[8]", "reached: ", "Limits", "more: runbook ", f"runbook resume {paused}"):  # fmt: skip
        assert wanted in ran.out, wanted
    assert program.events(paused)[-1]["hash"] in ran.out
    assert len(program.events(paused)) == before


def test_off_a_terminal_it_is_offered_and_nothing_is_signed(program: Program, paused: str) -> None:
    """Exit 5 with what to type; the offer says for whom and up to which event; a pipe's answer signs nothing."""
    before, head = len(program.events(paused)), program.events(paused)[-1]["hash"]
    ran = program.run("handover", paused, "--to", "Technician B", "--as", "Technician A", given="Technician B\n")
    assert ran.code == 5, ran
    assert f'runbook resume {paused} --as "Technician B"' in ran.out
    (offered,) = program.events(paused)[before:]
    assert (offered["kind"], offered["actor"]) == ("HandoverOffered", "Technician A")
    assert offered["body"] == {"to": "Technician B", "step": "restart-cti", "head": head}
    assert program.only()["offered_to"] == ["Technician B"]
    assert "Handover offered to Technician B" in program.run("log", paused).out


def test_json_is_one_object_with_everything(shared: tuple[Program, str]) -> None:
    """`--json` cuts nothing and asks nothing, also with --to."""
    program, paused = shared
    ran = program.run("handover", paused, "--to", "B", "--json", "--as", "A")
    assert ran.code == 5
    found = json.loads(ran.out)
    assert (found["schema"], found["incident"], found["who"], found["to"]) == (1, paused, "A", "B")
    sections = {item["section"] for item in found["items"]}
    assert sections == {"now", "next", "clocks", "found", "ruled_out", "told"}
    later = [item["step"] for item in found["items"] if item["section"] == "next"]
    assert len(later) > 10
    assert "switch-back" not in later, "nothing to close is open"
    assert re.fullmatch("[0-9a-f]{64}", found["head"])


@pytest.mark.parametrize("name", ["Technician A", "technician a", "Ｔechnician　Ａ", "TECHNICIAN\u200b A"])
def test_nobody_hands_over_to_herself(shared: tuple[Program, str], name: str) -> None:
    """Case, width and what cannot be seen make no other person; nothing is recorded."""
    program, paused = shared
    before = len(program.events(paused))
    ran = program.run("handover", paused, "--to", name, "--as", "Technician A")
    assert ran.code == 2
    assert "E-VALUE" in ran.err
    assert len(program.events(paused)) == before


def test_an_incident_that_has_ended_is_not_handed_over(program: Program, paused: str) -> None:
    """The brief is shown all the same; an offer is refused."""
    number = len(program.events(paused))
    assert program.run("close", paused, "--abort", "an exercise", given=f"{number}\n").code == 4
    assert program.run("handover", paused).code == 0
    ran = program.run("handover", paused, "--to", "Technician B")
    assert (ran.code, "E-INCIDENT-ENDED" in ran.err) == (2, True)


def test_the_page_is_written_where_it_is_asked_for(shared: tuple[Program, str]) -> None:
    """Markdown to the standard output with nothing beside it, PDF by the ending of the file."""
    program, paused = shared
    ran = program.run("handover", paused, "-o", "-", "--to", "B", "--as", "A")
    assert ran.code == 5
    assert ran.out.startswith("# Shift handover: CTI server down\n")
    assert "From A to B" in ran.out
    assert ran.out.rstrip().endswith(f"runbook resume {paused}")
    page = program.home.parent / "brief.pdf"
    assert program.run("handover", paused, "-o", str(page)).code == 0
    assert page.read_bytes().startswith(b"%PDF-")


def test_she_signs_on_where_it_is_offered(program: Program, paused: str) -> None:
    """At a terminal she types her own name; a stranger's is refused; who is remembered is she."""
    screen = Terminal(program, "handover", paused, "--to", "Technician B", "--as", "Technician A")
    screen.answer("Technician B: type your own name", "Technician C")
    screen.answer("You typed Technician C", "ＴＥＣＨＮＩＣＩＡＮ b")
    screen.until("Technician B has signed on")
    assert screen.exit_code() == 0
    offered, signed = program.events(paused)[-2:]
    assert (offered["actor"], signed["actor"]) == ("Technician A", "Technician B")
    assert signed["body"] == {"name": "Technician B", "from_": "Technician A", "how": "keyboard"}
    assert program.run("note", paused, "by whom").code == 0
    assert program.events(paused)[-1]["actor"] == "Technician B"
    assert program.only()["signed_on"] == "Technician B"
    assert program.run("report", paused).code == 0
    report = (program.home.parent / f"{paused}-report.md").read_text(encoding="utf-8")
    assert "took over from Technician A" in report
    assert "Technician B signed on and takes over from Technician A" in report


def test_on_going_on_she_sees_the_brief_first_and_is_asked_to_sign_on(program: Program, paused: str) -> None:
    """What was offered waits for her name at the next resume; from the sign-on the status line and the events carry her name."""
    assert program.run("handover", paused, "--to", "Technician B", "--as", "Technician A").code == 5
    screen = Terminal(program, "resume", paused, "--as", "technician b")
    screen.until("HANDOVER")
    screen.answer("type your own name", "technician B")
    screen.until("signed on and takes over from Technician A")
    screen.until("Gone on with")
    screen.until(" · Technician B · ")
    screen.press("q")
    assert screen.exit_code() == 5
    kinds = [event["kind"] for event in program.events(paused)]
    assert kinds.index("SignedOn") < kinds.index("Resumed")
    assert program.events(paused)[-1]["actor"] == "Technician B", "as the offer spells it"
    assert program.only()["offered_to"] == []


def test_the_key_h_hands_over_within_the_walk(program: Program) -> None:
    """`h` shows the same brief, records the offer, and after the sign-on the rest of the walk is hers."""
    screen = Terminal(
        program, "start", "cti-down", "--lab", "--as", "Technician A", "--reported", "now", "--set", "grace=5m"
    )
    screen.answer("Enter begins", "")
    screen.until("Who answered?")
    screen.until(">")
    screen.run(0.5)
    screen.press("h")
    screen.until("HANDOVER")
    screen.answer("To whom?", "Technician B")
    screen.answer("type your own name", "Technician B")
    screen.until("signed on and takes over")
    screen.until(">")
    screen.run(0.5)
    screen.press("q")
    assert screen.exit_code() == 5
    found = [(event["kind"], event["actor"]) for event in program.events(program.only()["id"])][-3:]
    assert found == [("HandoverOffered", "Technician A"), ("SignedOn", "Technician B"), ("Paused", "Technician B")]


def test_it_works_while_the_walk_runs_in_another_terminal(program: Program) -> None:
    """The offer is appended beside a running walk, which goes on and pauses as ever; the journal stays whole."""
    screen = Terminal(
        program, "start", "cti-down", "--lab", "--as", "Technician A", "--reported", "now", "--set", "grace=5m"
    )
    screen.answer("Enter begins", "")
    screen.until("Who answered?")
    screen.until(">")
    incident = program.only()["id"]
    assert program.run("handover", incident, "--to", "Technician B", "--as", "Technician A").code == 5
    screen.run(0.5)
    screen.press("q")
    assert screen.exit_code() == 5
    kinds = [event["kind"] for event in program.events(incident)]
    assert kinds[-2:] == ["HandoverOffered", "Paused"]
    assert "damaged" not in program.run("log", incident).out
