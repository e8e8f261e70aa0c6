"""What the person sees, word for word: the first screen, the step, the status line, and every event."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from runbook.model import events as e
from runbook.model.clocks import clocks, met_by
from runbook.model.errors import RunbookError
from runbook.model.naming import helped
from runbook.model.open_items import open_items
from runbook.model.state import fold
from runbook.model.text import speak
from runbook.ui import open_incidents
from runbook.ui.event_lines import Reader, event_lines
from runbook.ui.first_screen import first_screen
from runbook.ui.glyphs import Shown, cells
from runbook.ui.screen import Screen
from runbook.ui.status import status_line
from runbook.ui.step_screen import step_screen
from tests.ui.parts import NOW, OPENED, SCHEME, SITE, Earlier, Origins, memory_console, plan, recorded

PLAN = plan()
READER = Reader(PLAN, SITE.zone, SITE.role)
HELPED = {Earlier.id: "Restart the CTI service"}


def text(lines: list[Shown]) -> str:
    return "\n".join(line.text for line in lines)


def test_first_screen_at_80() -> None:
    """Right plan or not, the first thing, the clocks, where all comes from, what helped before, the way out."""
    shown = text(first_screen(PLAN, SITE, SCHEME, Origins(), [Earlier()], mode="lab", now=NOW, helped=HELPED))
    assert shown == FIRST_80


def test_first_screen_at_60() -> None:
    """The same in 60 columns."""
    shown = text(first_screen(PLAN, SITE, SCHEME, Origins(), [Earlier()], mode="live", now=NOW, width=60))
    assert shown == FIRST_60


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_first_screen_leaves_room_for_the_question(width: int, language: str) -> None:
    """However long the plan's sentences are, at 60 columns and more the first screen fits 24 lines with its question."""
    long = {"en": "Callers hear no welcome prompt and " * 20, "zh": "客户呼入系统后听不到欢迎语，" * 30}
    speak(language, None)
    try:
        lines = first_screen(
            plan(use_when=long, not_when=long, impact=long),
            SITE,
            SCHEME,
            Origins(),
            [Earlier()] * 3,
            mode="live",
            now=NOW,
            width=width,
        )
    finally:
        speak("en", None)
    assert all(cells(line.text) <= width for line in lines)
    assert len(lines) <= 20 or width < 60


def test_step_screen() -> None:
    """One action: number, phase, title, why, what exactly is done, and who must say yes."""
    assert text(step_screen(PLAN.steps[2], PLAN, SITE, width=60)) == STEP_60
    assert text(step_screen(PLAN.steps[1], PLAN, SITE, attempt=2)) == STEP_80


def test_status_line() -> None:
    """LAB first; who, how long since the report, what limit comes next or was missed, up to where it is saved."""
    state = fold([recorded(OPENED)])

    def line(minutes: int) -> str:
        now = NOW + timedelta(minutes=minutes)
        assert state.reported_at
        return status_line(state, now, who="technician", running=clocks(SCHEME, "4", state.reported_at, met_by(state)))

    head = "LAB · lab-20261104-cti-down-7K3M · technician · "
    assert line(0) == head + "12m since the report · Recovery in 48m · saved #1·7F3A"
    assert line(100) == head + "1h52m since the report · Recovery LATE by 52m · saved #1·7F3A"
    assert not status_line(fold([recorded(replace(OPENED, mode="live"))]), NOW).startswith("LAB")
    assert status_line(fold([recorded(replace(OPENED, mode="drill"))]), NOW).startswith("DRILL · ")


def test_a_limit_is_kept_exactly_at_it() -> None:
    """At 60:00.000 the limit is not late; a millisecond after it is."""
    state = fold([recorded(OPENED)])
    assert state.reported_at
    due = state.reported_at + timedelta(hours=1)
    running = clocks(SCHEME, "4", state.reported_at, met_by(state))
    assert "LATE" not in status_line(state, due, running=running)
    assert "LATE" in status_line(state, due + timedelta(milliseconds=1), running=running)


DEBT = [
    recorded(OPENED, 1),
    recorded(e.StepBegun("restart-cti", 1), 2),
    recorded(e.ActionIntended("restart-cti", 1, "service", "restart", "-", "host:cti", "emergency_lines"), 3),
]


def test_what_is_open_is_shown_with_its_age() -> None:
    """An open debt and an unknown act are on the status line by number, and in the list by name."""
    state = fold(DEBT)
    assert " · 2 OPEN · " in status_line(state, NOW)
    assert open_items(state, PLAN, NOW + timedelta(hours=1)) == [
        "OPEN for 1h: the hotline is on the emergency lines (since step Restart the CTI service)",
        "UNKNOWN: Restart the CTI service: nobody knows how it ended",
    ]


def test_open_incidents_are_shown_by_later_starts() -> None:
    """A later start shows the open incident: its age, its last line and what is open in it."""
    lines = open_incidents.lines("20261104-cti-down-7K3M", fold(DEBT), NOW + timedelta(minutes=5))
    assert lines[0] == "20261104-cti-down-7K3M: open for 5m"
    assert lines[1] == "  last: 02:51:07+08  Acting: restart"
    assert lines[2].startswith("  OPEN for 5m: the hotline")
    assert lines[3].startswith("  UNKNOWN: restart-cti")


def test_what_helped() -> None:
    """The step after which service was back is named."""
    state = fold([*DEBT, recorded(e.RecoveryAnswered("restart-cti", recovered=True), 4)])
    assert helped(PLAN, state) == "Restart the CTI service"
    assert helped(PLAN, fold(DEBT)) == ""


SAMPLES: dict[str, Any] = {"str": "x\x1b[2J\ny", "int": 1, "bool": True, "float": 1.5, "bool | None": None}


def sample(kind: type[e.Event]) -> e.Event:
    """An event of this kind whose every text is hostile."""
    values: dict[str, Any] = {}
    for field in fields(kind):
        named = str(field.type)
        values[field.name] = SAMPLES.get(named, {} if named.startswith("dict[") else [])
    for name in ("reported_at", "expires_at"):
        if name in values:
            values[name] = "2026-11-04T01:00:00.000Z"
    if kind is e.ReportedTimeCorrected:
        values["at"] = "2026-11-04T01:00:00.000Z"
    return kind(**values)


KINDS = [
    kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event) and kind is not e.Event
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_is_said_in_words(kind: type[e.Event]) -> None:
    """Each kind of event has its sentence; hostile text in any of its fields neither acts nor begins a line."""
    console, written = memory_console()
    event = sample(kind)
    lines = event_lines(recorded(event), READER)
    assert "another version" not in lines[0].text or kind is e.Unrecognised
    console.write(*lines)
    screen = Screen(console, PLAN, SITE, None, fold([]), lambda: NOW)
    screen.on_event(recorded(event))
    shown = written.getvalue().decode()
    assert "\x1b[2J" not in shown
    first, *others = shown.splitlines()
    assert first.endswith("m") or first.startswith(("02:51:07", "\x1b"))
    assert not any(line.startswith("y") for line in others)


GOLDEN_EVENTS = [
    (
        e.ReadingTaken("ping-cti", 1, "verify", "ping", "ping cti", "failed", {}, "", "loss 100 %\r\n[√ passed]\x1b[A"),
        [
            "02:51:07+08  read to verify the act: ping cti: × failed",
            "│ loss 100 %",
            r"│ [√ passed]\u{1b}[A",
            "│ (1 control characters were made visible)",
        ],
    ),
    (
        e.StepFinished("ping-cti", 1, "failed", "machine", "read"),
        ["02:51:07+08  × failed  [2] The CTI server answers ping (machine)"],
    ),
    (
        e.StepFinished(
            "restart-cti", 1, "passed", "person", "resolved", answer="done", reason="seen", closes="tell-lead"
        ),
        [
            "02:51:07+08  √ passed  [3] Restart the CTI service: done (person); reason: seen",
            "  Closed: what [1] The group leader knows left open.",
        ],
    ),
    (
        e.PersonTold("tell-lead", "cs-lead", "Post one", False, "phone"),
        ["02:51:07+08  Not reached: Post one (group leader), phone"],
    ),
    (
        e.StepFinished("tell-lead", 1, "failed", "person", "asked", answer="nobody"),
        ["02:51:07+08  × failed  [1] The group leader knows: nobody was reached (person)"],
    ),
    (
        e.ActionIntended("restart-cti", 1, "service", "restart", "-", "host:cti", "emergency_lines"),
        ["02:51:07+08  Acting: restart", "  Open from now on: the hotline is on the emergency lines"],
    ),
    (
        e.ApprovalGiven("restart-cti", "cs-lead", "Post one", "spoken", "restart", "-", "2026-11-03T19:51:00.000Z"),
        ["02:51:07+08  Approved by Post one (group leader), spoken, not verified; holds until 03:51+08: restart"],
    ),
    (
        e.WentTo("ping-cti", "restart-cti", "goto", "no time", ["ping-cti"]),
        ["02:51:07+08  Goes on at: [3] Restart the CTI service (1 steps in between are not taken); reason: no time"],
    ),
    (
        e.SelfChecked(False, "", None, "", None, True),
        ["02:51:07+08  ! This laptop sees nothing: check its own cable. Readings cannot be asked now."],
    ),
]


@pytest.mark.parametrize(("event", "lines"), GOLDEN_EVENTS, ids=lambda value: type(value).__name__)
def test_events_word_for_word(event: e.Event, lines: list[str]) -> None:
    """The sentences of the events that matter most."""
    assert [line.text for line in event_lines(recorded(event), READER)] == lines


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "utf-8"])
@pytest.mark.parametrize("width", [20, 60, 80])
def test_a_walk_on_every_terminal(encoding: str, width: int) -> None:
    """First screen, step, reading, outcome and ending come out on every terminal, in lines that fit."""
    console, written = memory_console(width, encoding, NO_COLOR="1", TERM="dumb")
    screen = Screen(console, PLAN, SITE, SCHEME, fold([recorded(OPENED, 1)]), lambda: NOW)
    console.write(*first_screen(PLAN, SITE, SCHEME, Origins(), mode="lab", now=NOW, width=width))
    screen.on_event(recorded(e.StepBegun("ping-cti", 1), 2))
    screen.on_event(
        recorded(e.ReadingTaken("ping-cti", 1, "step", "ping", "ping cti", "passed", {}, "", "loss 0 % 热线"), 3)
    )
    screen.on_event(recorded(e.StepFinished("ping-cti", 1, "passed", "machine", "read"), 4))
    screen.ending("paused", "key")
    shown = written.getvalue().decode(encoding)
    assert "passed" in shown
    assert "runbook resume lab-20261104-cti-down-7K3M" in " ".join(shown.split()) or width == 20
    if width >= 60:
        assert max(map(cells, shown.splitlines())) <= width


def test_the_status_line_follows_the_events() -> None:
    """The screen's own state is a fold of what it was shown."""
    console, _written = memory_console()
    screen = Screen(console, PLAN, SITE, SCHEME, fold([]), lambda: NOW)
    assert screen.status_line() == ""
    screen.on_event(recorded(OPENED))
    assert "saved #1·7F3A" in screen.status_line()
    assert "Recovery in 48m" in screen.status_line()


@pytest.mark.parametrize("how", ["recovered", "not_recovered", "aborted", "paused"])
def test_each_ending_says_what_to_type(how: str) -> None:
    """However the walk ended, what is open, up to where it is saved, and the next command are shown."""
    console, written = memory_console()
    Screen(console, PLAN, SITE, None, fold(DEBT), lambda: NOW).ending(how, "hangup")
    shown = written.getvalue().decode()
    assert "Saved up to #3·7F3A." in shown
    assert "Next: runbook resume lab-20261104-cti-down-7K3M" in shown
    assert "OPEN for" in shown


def test_a_screen_that_cannot_be_written_says_so() -> None:
    """Output that fails is E-OUTPUT, whatever the event; the state is up to date all the same."""
    console, written = memory_console()
    written.close()
    screen = Screen(console, PLAN, SITE, None, fold([]), lambda: NOW)
    with pytest.raises(RunbookError, match="E-OUTPUT"):
        screen.on_event(recorded(e.NoteAdded("x")))
    assert screen.state.last is not None


FIRST_80 = """\
LAB · SEV1 · CTI server down
Right plan when: Callers hear no welcome prompt, calls do not queue, agents
  cannot sign in.
Not when: Calls still queue and reach agents (use ivr-down).
Affected: All callers and all agents.
┏━ First ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ 1. The group leader knows                                                    ┃
┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
Clocks from the report on (if it was now): Response 10m (03:01+08) · Recovery 1h
  (03:51+08)
Plan: cti-down 1.0, 3 steps; from playbooks/call-centre/cti-down.yaml
Site: Demo; from --site demo.yaml
Last incidents of this plan:
  2026-11-04  20261104-cti-down-7K3M  recovered; helped: Restart the CTI service
Way out: q pauses at any time and nothing is lost; runbook resume goes on."""

FIRST_60 = """\
SEV1 · CTI server down
Right plan when: Callers hear no welcome prompt, calls do
  not queue, agents cannot sign in.
Not when: Calls still queue and reach agents (use ivr-down).
Affected: All callers and all agents.
┏━ First ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ 1. The group leader knows                                ┃
┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
Clocks from the report on (if it was now): Response 10m
  (03:01+08) · Recovery 1h (03:51+08)
Plan: cti-down 1.0, 3 steps; from
  playbooks/call-centre/cti-down.yaml
Site: Demo; from --site demo.yaml
Last incidents of this plan:
  2026-11-04  20261104-cti-down-7K3M  recovered
Way out: q pauses at any time and nothing is lost; runbook
  resume goes on."""

STEP_60 = """\

Step 3 of 3 · remediate
Restart the CTI service
Why: It hangs.
Will do: ssh ops@127.0.0.1: systemctl restart -- cti-core
Needs the yes of: group leader"""

STEP_80 = """\

Step 2 of 3 · diagnose · attempt 2
The CTI server answers ping
Will run: ping cti (127.0.0.1), 5 times
Expected: loss_pct: warn 1, fail 5"""
