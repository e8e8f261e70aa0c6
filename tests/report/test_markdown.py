"""The Markdown of a whole incident, word for word, and what must be in it in every mode."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runbook import __version__
from runbook.model.playbook import Playbook
from runbook.model.text import speak
from runbook.report.facts import facts
from runbook.report.markdown import markdown
from runbook.report.record import Proof
from tests.report.incident import Story, plan, site, told, whole

GOLDEN = Path(__file__).with_name("incident.md")
"""Written by `python -m tests.report.golden` and read by a person before it is committed."""


def test_the_report_of_a_whole_incident_is_word_for_word_this() -> None:
    assert markdown(told()) == GOLDEN.read_text(encoding="utf-8").replace("VERSION", __version__)


def test_every_approval_says_that_it_was_spoken_and_not_verified() -> None:
    lines = [line for line in markdown(told()).splitlines() if "approved" in line and "Leader B" in line]
    assert len(lines) == 7
    assert all("spoken, not verified" in line for line in lines)


@pytest.mark.parametrize(("mode", "said"), [("lab", "LAB RUN"), ("drill", "DRILL")])
def test_practice_is_said_at_the_top(mode: str, said: str) -> None:
    assert f"**{said}" in "\n".join(markdown(told(whole(mode))).splitlines()[:4])
    assert said not in markdown(told())


def test_practice_shows_no_number_that_can_be_dialled() -> None:
    from runbook.model import events as ev

    for mode, times in (("live", 4), ("lab", 0)):
        story = Story()
        story.opened(mode)
        story.add(ev.NoteAdded("called 010 6234 1234\nthen 95598"))
        text = markdown(told(story.rows))
        assert len(re.findall("6234|95598", text)) == times


def test_a_damaged_journal_is_said_at_the_top() -> None:
    text = markdown(told(whole()[:20], proof=Proof("ab", 21, "hash")))
    assert "**The journal is damaged: it is proven up to event 20; from event 21 on it is not" in text
    assert "it was changed" in text


def test_plan_and_site_speak_the_persons_language() -> None:
    try:
        speak(
            "zh",
            lambda message: {"Timeline": "时间线", "spoken, not verified": "口头批准（未验证）"}.get(message, message),
        )
        text = markdown(told())
    finally:
        speak("en", None)
    for wanted in ("CTI服务器故障", "重启CTI服务", "客服班长", "## 时间线", "口头批准（未验证）"):
        assert wanted in text


def test_every_line_of_a_table_has_as_many_cells_as_its_head() -> None:
    width = 0
    for line in markdown(told()).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        if line.startswith("| ---"):
            assert cells == width
        width = cells if width == 0 or not line.startswith("|") else width
        if line.startswith("|"):
            assert cells == width, line
        else:
            width = 0


def test_what_a_mended_journal_lost_is_said_at_the_top() -> None:
    from runbook.model import events as ev

    story = Story()
    story.opened()
    story.add(ev.JournalDamaged(2, 2, "hash", "1234", "NoteAdded", '{"text":"forged"}'))
    text = markdown(told(story.rows))
    assert "**The journal was damaged and mended: what stood at event 2 could not be believed" in text
    assert "Event 2 of the journal could not be believed: it was changed; it claimed to be NoteAdded" in text
    assert "forged" not in text


def test_what_is_to_be_answered_later_is_still_open() -> None:
    story = Story()
    story.opened()
    story.step("lessons", "warned", "asked", answer="later")
    assert "- to be answered later: 13 – What should change in the plan" in markdown(told(story.rows))


def test_a_mesh_is_a_table_and_each_cell_that_is_not_good_stands_with_its_reason() -> None:
    from runbook.model import events as ev

    def part(name: str, outcome: str, found: str, origin: str = "here") -> dict[str, object]:
        return {"name": name, "origin": origin, "outcome": outcome, "found": found, "values": {}}

    parts = [part("sip", "passed", "loss 0 %"), part("sip:sip", "passed", "open")]
    parts += [part("sip:sip", "failed", "a|b refused", "db"), part("cim", "unreachable", "login: no key", "db")]
    story = Story()
    story.opened()
    story.add(ev.StepBegun("sip-cti", 1))
    story.add(ev.ReadingTaken("sip-cti", 1, "step", "mesh", "mesh: ping", "failed", {}, "", "failed 1/4", parts=parts))
    story.add(ev.StepFinished("sip-cti", 1, "failed", "machine", "read", found="failed 1/4", ran="mesh: ping"))
    lines = markdown(told(story.rows)).splitlines()
    at = lines.index("| from / to | sip | sip:sip | cim |")
    assert lines[at + 1 : at + 10] == [
        "| --- | --- | --- | --- |",
        "| this laptop | ok | ok | – |",
        "| db | – | FAILED | not asked |",
        "",
        "| From | Asked | Outcome | Found |",
        "| --- | --- | --- | --- |",
        r"| db | sip:sip | failed | a\|b refused |",
        "| db | cim | could not be asked | login: no key |",
        "",
    ]


def test_borrowed_staff_stand_with_place_time_and_approver_and_who_is_not_back_is_open() -> None:
    """CAP-037: from and to for each, and an entry that is still open is reported as unfinished."""
    from runbook.model import events as ev

    def lines(*, waived: bool = False) -> list[str]:
        story = Story()
        story.opened()
        story.add(ev.ApprovalGiven("tickets", "leadership", "Manager C", "spoken", "act", "ab", "2026-11-04T00:00:00Z"))
        story.add(ev.StepBegun("tickets", 1, "borrowed_staff"))
        story.add(ev.StaffMoved("tickets", "add", ["Li", "Wang|x"], ["seat-1", "seat-2"]))
        story.add(ev.StaffMoved("back-entry", "release", ["Li"], ["seat-1"]), after=600)
        if waived:
            story.add(ev.DebtWaived("tickets", "Post B", "stays on duty"))
        return markdown(facts(story.rows, closing(), site(), story.now)).splitlines()

    def closing() -> Playbook:
        made = plan()
        steps = [
            replace(step, keys=step.keys.model_copy(update={"closes": "tickets"})) if step.id == "back-entry" else step
            for step in made.steps
        ]
        return replace(made, steps=tuple(steps))

    rows = [line for line in lines() if "seat-" in line and line.startswith("| ") and "came to help" in line]
    li, wang = rows[:2]
    assert li.startswith("| Li | seat-1 | came to help | ")
    assert "not gone back" not in li
    assert li.endswith("| Manager C |")
    assert r"Wang\|x" in wang
    assert "**not gone back**" in wang
    assert r"- not gone back: Wang\|x (seat-2)" in lines()
    assert not [line for line in lines(waived=True) if line.startswith("- not gone back")]
    assert any("waived by Post B" in line and "seat-2" in line for line in lines(waived=True))
