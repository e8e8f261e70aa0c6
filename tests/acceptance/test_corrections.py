"""A wrong answer corrected, and the way straight to the carrier switch: walked, recorded, and seen in both reports."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import peers
from tests.acceptance.program import RESTORE, SWITCH, Answers, Program, outcomes

STRAIGHT_TO_THE_SWITCH: Answers = {
    **SWITCH,
    **RESTORE,
    "tell-lead": "reached",
    "test-call": ["queues", "dead"],
    "other-plan": "/u the test call went to another number",
    "sign-in": "fails",
    "ping-cti": "/g the leadership group wants the lines moved at once",
    "go-to": "switch",
    "vendor/case-number": "case 4711",
    "repaired": "/s the service was repaired by hand meanwhile",
    "repaired.wait": "/s the service was repaired by hand meanwhile",
    "repaired.reason": "the service was repaired by hand meanwhile",
    "recovered": "yes",
}


def test_a_corrected_answer_and_a_go_to_stand_in_both_reports(program: Program) -> None:
    """`u` takes the walk back to the answer, `g` straight to the switch; both reports say both, with their reasons."""
    ran = program.run("start", "cti-down", "--lab", "--answers", program.answers(STRAIGHT_TO_THE_SWITCH))
    assert ran.code == 0, ran.out + ran.err
    incident = program.only()["id"]
    events = program.events(incident)
    found = outcomes(events)
    assert found["switch"] == found["switch-back"] == "passed"
    assert "restart-cti" not in found
    assert not program.lab_acts("restart")
    (corrected,) = [event["body"] for event in events if event["kind"] == "AnswerCorrected"]
    assert (corrected["step"], corrected["was"]) == ("test-call", "queues")
    (went,) = [event["body"] for event in events if event["kind"] == "WentTo" and event["body"]["because"] == "goto"]
    assert (went["target"], "restart-cti" in went["passed_over"]) == ("switch", True)

    markdown = program.home.parent / "report.md"
    pdf = program.home.parent / "report.pdf"
    assert program.run("report", incident, "-o", str(markdown)).code == 0
    assert program.run("report", incident, "--format", "pdf", "-o", str(pdf)).code == 0
    for text in (_plain(markdown.read_text(encoding="utf-8")), _plain(_text_of(pdf))):
        assert "the test call went to another number" in text
        assert "the leadership group wants the lines moved at once" in text
        assert "spoken, not verified" in text
        assert "case 4711" in text


def _text_of(pdf: Path) -> str:
    return subprocess.run(
        [peers.program("pdftotext"), "-layout", pdf, "-"], capture_output=True, check=True
    ).stdout.decode()


def _plain(text: str) -> str:
    """One line, without Markdown's escapes; a sentence that a table cell folds is put together by its words."""
    return " ".join(text.replace("\\", "").split())
