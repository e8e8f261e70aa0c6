"""Branches on the screen: a table of what runs where the terminal can redraw, one line per event elsewhere."""

from __future__ import annotations

import io
import threading
import time

import pytest

from runbook.model.events import ReadingTaken, StepBegun, StepFinished
from runbook.model.playbook import Playbook
from runbook.model.prompts import Answer, Choice, Key, Prompt, Row
from runbook.model.state import State
from runbook.ui.answers import Again, key_lines, marker, understood
from runbook.ui.glyphs import cells
from runbook.ui.live_table import live_lines
from runbook.ui.plain import PlainHuman
from runbook.ui.prompts import AnswersHuman
from runbook.ui.screen import Screen
from tests.engine.desk import SITE
from tests.engine.desk import plan as loaded
from tests.ui.parts import NOW, memory_console, recorded

ROWS = [
    Row("left", "The port is open", "running", 4.2),
    Row("right", "Ask them", "waiting", 0.0),
    Row("third", "Ping", "failed", 0.0, "loss 100 %\x1b[2Jnext"),
]
WATCH = Prompt("watch", "both.running", "Under way: 2.", keys="nq")
STOPPABLE = Prompt("watch", "both.running", "Under way: 2.", (Choice("back", "stop waiting"),), keys="nq")
PLAN: Playbook = loaded("""
    - id: both
      title: Both
      together:
        left: [{id: port, title: The port is open, tcp: {host: cti, port: cti}, next: {failed: continue}}]
        right: [{id: ask-it, title: Ask it, ask: {choices: [in, out]}}]
      next: {failed: continue}
""")


# -- the table


def test_the_table_says_branch_state_seconds_step_and_value() -> None:
    assert live_lines(ROWS, 80, 10) == [
        "left   running           4 s  The port is open",
        "right  waits for you          Ask them",
        "third  × failed               Ping  loss 100 %\\u{1b}[2Jnext",
    ]


@pytest.mark.parametrize(("width", "height"), [(20, 4), (60, 6), (100, 24)])
def test_the_table_fits_whatever_there_is_to_say(width: int, height: int) -> None:
    rows = [Row(f"branch-{n}" * 5, "A long title of a step " * 4, "running", n) for n in range(200)]
    lines = live_lines(rows, width, height)
    assert len(lines) == height
    assert all(cells(line) <= width for line in lines)
    assert lines[-1] == f"... and {200 - height + 1} more"
    assert live_lines(rows, width, 0) == live_lines([], width, height) == []


# -- while only the machine works


def test_nothing_that_is_typed_answers_what_was_not_asked() -> None:
    assert isinstance(understood(WATCH, ""), Again)
    assert isinstance(understood(WATCH, "1"), Again)
    assert understood(WATCH, "n slow") == Key("n", "slow")
    assert understood(STOPPABLE, "1") == Answer("back")
    assert isinstance(understood(STOPPABLE, ""), Again)
    assert (marker(WATCH), marker(STOPPABLE)) == ("> ", "1-1 > ")
    assert key_lines(WATCH, 80) == ["n note · q pause"]


def test_a_pipe_keeps_its_lines_for_the_questions() -> None:
    console, _file = memory_console(TERM="dumb")
    human = PlainHuman(console, io.StringIO("2\n"))
    ends = time.monotonic() + 0.2
    assert human.ask(STOPPABLE, stop=lambda: time.monotonic() > ends) is None
    two = (Choice("in", "in"), Choice("out", "out"))
    assert human.ask(Prompt("choice", "ask", "Which?", two)) == Answer("out")


def test_an_answers_file_waits_for_the_machine() -> None:
    console, _file = memory_console(TERM="dumb")
    human = AnswersHuman({}, PlainHuman(console, io.StringIO("")))
    ended = threading.Event()
    threading.Timer(0.1, ended.set).start()
    assert human.ask(WATCH, stop=ended.is_set) is None
    assert ended.is_set()


# -- events of branches


@pytest.mark.parametrize(("term", "begun"), [("xterm", []), ("dumb", ["12:00:00  Begun: [2] The port is open"])])
def test_a_reading_of_a_branch_is_one_line_with_its_value(term: str, begun: list[str]) -> None:
    console, file = memory_console(TERM=term, NO_COLOR="1")
    screen = Screen(console, PLAN, SITE, None, State(), lambda: NOW)
    lane = "both/left"
    taken = ReadingTaken("port", 1, "step", "tcp", "tcp x:1", "passed", {}, "", "open, 3 ms")
    finished = StepFinished("port", 1, "passed", "machine", "read", found="open, 3 ms", lane=lane)
    for event in (StepBegun("port", 1, lane=lane), taken, finished):
        screen.on_event(recorded(event))
    lines = file.getvalue().decode().splitlines()
    shown = [line.split("  ", 1)[1].rstrip() for line in lines]
    assert shown == [
        *(line.split("  ", 1)[1] for line in begun),
        "√ passed  [2] The port is open (machine): open, 3 ms",
    ]


def test_a_person_s_step_of_a_branch_says_which_branch() -> None:
    console, file = memory_console(TERM="dumb")
    screen = Screen(console, PLAN, SITE, None, State(), lambda: NOW)
    screen.on_event(recorded(StepBegun("ask-it", 1, lane="both/right")))
    assert "Step 3 of 3 · branch: right · diagnose" in file.getvalue().decode()
    screen.on_event(recorded(StepBegun("both", 1)))
    assert "At the same time: left, right" in file.getvalue().decode()
