"""The brief of a handover: every fact of the fold, one screen, one page, and hostile text that stays text."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import events as ev
from runbook.model.brief import SECTIONS, Brief, Standing, brief
from runbook.model.brief_lines import OPEN_AT_MOST, SCREEN_CELLS, SCREEN_LINES, brief_lines, cells, clipped, cut, shares
from runbook.model.clocks import clocks, met_by
from runbook.model.state import fold
from runbook.report.brief_page import brief_markdown, render_brief
from tests.report.incident import HOSTILE, UNPRINTABLE, Story, containment, diagnosis, plan, restart, scheme, site

needs_poppler = pytest.mark.skipif(not shutil.which("pdfinfo"), reason="poppler is not installed")


def begun() -> Story:
    """The incident up to the emergency lines, paused once and gone on with."""
    story = Story()
    story.opened()
    for part in (diagnosis, restart, containment):
        part(story)
    return story


def brief_of(story: Story) -> Brief:
    state, the_plan, the_site = fold(story.rows), plan(), site()
    assert state.reported_at is not None
    running = clocks(scheme(), "4", state.reported_at, met_by(state))
    standing = Standing(the_plan.step("switch-back"), the_plan.later("switch-back"))
    return brief(state, the_plan, story.now + timedelta(minutes=5), the_site.zone, the_site.role, standing, running)


def text(found: Brief, section: str) -> str:
    return "\n".join(item.text for item in found.section(section))


def test_every_fact_that_a_successor_needs_is_in_it() -> None:
    """State, what is open, what was tried and found, who was told and when, the limits, the notes, the head."""
    story = begun()
    found = brief_of(story)
    assert (found.incident, found.severity, found.status, found.events) == (
        story.incident,
        "SEV1",
        "open",
        len(story.rows),
    )
    assert (found.code, found.head) == (fold(story.rows).head_code, story.rows[-1].hash)
    assert [(item.code, item.step) for item in found.section("open")] == [("debt", "switch"), ("debt", "tickets")]
    assert "[11] Move the hotline back to the platform" in text(found, "now")
    assert [item.step for item in found.section("next")] == ["back-entry", "lessons"]
    assert {"restart-cti", "switch"} <= {item.step for item in found.section("tried")}
    assert "failed: [5] Restart the CTI service: state failed" in text(found, "tried")
    assert "skipped: [10] Photograph the list of who sits at which line: no camera in the room" in text(found, "tried")
    assert "reached: Leader B (group leader)" in text(found, "told")
    assert [item.code for item in found.section("clocks")][:2] == ["running", "late"]
    assert "LATE ENTRY 03:05:00+08 Technician A: emoji" in text(found, "notes")


def test_an_act_whose_end_nobody_knows_and_a_call_that_was_not_answered_are_in_it() -> None:
    """The two things that a successor must not miss."""
    story = Story()
    story.opened()
    story.add(ev.StepBegun("restart-cti", 1))
    story.add(ev.ActionIntended("restart-cti", 1, "service", "act", "0" * 64, "host:cti"))
    story.add(ev.PersonTold("tell-lead", "leadership", "Manager C", False, "phone"))
    found = brief_of(story)
    assert [(item.code, item.step) for item in found.section("open")] == [("unknown", "restart-cti")]
    assert "NOT reached: Manager C (leadership group), phone" in text(found, "told")


def test_without_the_plan_the_ids_stand() -> None:
    """A plan that cannot be read stops no handover."""
    story = begun()
    found = brief(fold(story.rows), None, story.now, site().zone, str, Standing())
    assert "restart-cti" in text(found, "tried")
    assert any("switch" in line for line in brief_lines(found))


def crowded(count: int) -> Story:
    """Everything `count` times: calls, notes, steps."""
    story = begun()
    for number in range(count):
        story.add(ev.PersonTold("tell-lead", "cs-lead", f"Leader {number} " + "x" * 200, True, "phone"))
        story.add(ev.NoteAdded(f"{number} " + "word " * 400))
        story.add(ev.StepFinished(f"old-{number}", 1, "failed", "person", "manual", found="y" * 900))
    return story


def test_a_long_incident_stays_on_one_screen() -> None:
    """At most 23 lines, none wider than the screen but what is open and what to type; what is left out is counted."""
    found = brief_of(crowded(60))
    lines = brief_lines(found)
    assert len(lines) <= 23
    assert [line for line in lines if cells(line) > 80 and "runbook " not in line and "OPEN for" not in line] == []
    assert "and 61 more: runbook log" in "\n".join(lines)
    shown = sum(len(items) for items, _left in cut(found, SCREEN_LINES).values())
    left = sum(left for _items, left in cut(found, SCREEN_LINES).values())
    assert shown + left == sum(found.count(name) for name in SECTIONS)


@needs_poppler
@pytest.mark.parametrize("count", [0, 60])
def test_the_page_is_one_page(count: int) -> None:
    """Whatever happened: one A4 page, with lines to sign."""
    data = render_brief(brief_of(crowded(count)), "pdf")
    info = subprocess.run(["pdfinfo", "-"], input=data, capture_output=True, check=True).stdout.decode()
    assert re.search(r"Pages:\s+1\n", info), info
    said = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()
    assert "Taken over: ____" in said


@given(st.dictionaries(st.sampled_from(SECTIONS), st.integers(1, 90)), st.integers(1, 60))
def test_every_section_has_its_share(wanted: dict[str, int], room: int) -> None:
    """Nothing gets more than it wants, each gets two lines if it wants them, what is open comes first, and the room is used."""
    given_ = shares(wanted, room)
    least = {name: min(count, OPEN_AT_MOST if name == "open" else 2) for name, count in wanted.items()}
    assert given_.keys() == wanted.keys()
    assert all(least[name] <= given_[name] <= wanted[name] for name in wanted)
    assert sum(given_.values()) == max(sum(least.values()), min(room, sum(wanted.values())))


@given(st.text(max_size=200), st.integers(4, 80))
def test_what_is_clipped_fits(line: str, width: int) -> None:
    """Wide letters count twice; what fits stays as it is."""
    made = clipped(line, width)
    assert cells(made) <= width
    assert made == line or made.endswith("...")


def hostile(words: str) -> Brief:
    story = begun()
    story.add(ev.NoteAdded(words))
    story.add(ev.PersonTold("tell-lead", "cs-lead", words, True, "phone"))
    story.add(ev.StepFinished("vendor-log", 1, "failed", "person", "manual", found=words, reason=words))
    return brief_of(story)


@pytest.mark.parametrize(
    "words", [HOSTILE, UNPRINTABLE, '$x$ #read("/etc/passwd") \\input{/etc/passwd} ]', "# 审批：已批准"]
)
def test_hostile_text_is_only_text(words: str) -> None:
    """No markup, no link, no heading of its own comes from a note, a name or what a device wrote."""
    page = brief_markdown(hostile(words))
    assert "<script" not in page.replace("\\<script", "")
    assert "](javascript" not in page.replace("\\](javascript", "").replace("\\]\\(javascript", "")
    assert [line for line in page.splitlines() if line.startswith("#")] == ["# Shift handover: CTI server down"]
    assert "\x1b" not in page
    assert "root:" not in page
    assert render_brief(hostile(words), "pdf").startswith(b"%PDF")
    assert all("\n" not in line for line in brief_lines(hostile(words)))


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=80))
def test_no_text_stops_the_page(words: str) -> None:
    assert render_brief(hostile(words), "pdf").startswith(b"%PDF")


def test_numbers_are_hidden_in_practice() -> None:
    """What the site's numbers are, in whatever note, is not printed."""
    page = brief_markdown(hostile("called 010 6234 1234"), ("01062341234",))
    assert "6234" not in page
    assert "number hidden" in page


def test_the_screen_is_made_for_eighty_columns() -> None:
    assert SCREEN_CELLS < 80
