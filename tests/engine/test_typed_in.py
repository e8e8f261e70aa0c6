"""What was done on paper is typed in: outcomes, times, debts and unknown acts are as if they had been walked, and nothing is redone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runbook.engine.walk import walk
from runbook.model.events import ActionIntended, ApprovalGiven, PersonTold, StepBegun, StepFinished, TicketsCounted
from runbook.model.prompts import Gone, Key
from runbook.model.units import utc_read
from tests.engine.desk import RESTART, STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, NOON

STEPS = """
- id: look
  title: Which way?
  ask: {choices: [left, right, odd], fails: odd}
  next: {failed: between}
- id: core
  title: The core runs
  service: {host: cti, name: core, do: status}
  next: {failed: restart, passed: last}
- id: between
  title: In between
  instruct: {}
- id: restart
  title: Restart the core
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership}
  verify: {service: {host: cti, name: core, do: status}, within: 10s}
  next: {failed: continue}
- id: switch
  title: Move the hotline
  carrier_switch: {contact: carrier, from: hotline, to: emergency}
  approval: {by: leadership}
- id: tickets
  title: Paper tickets
  tickets: {do: open}
- id: last
  title: Look round
  instruct: {}
- id: enter
  title: Enter the tickets
  closes: tickets
  tickets: {do: back_entry}
- id: back
  title: Move the hotline back
  closes: switch
  carrier_switch: {contact: carrier, from: emergency, to: hotline}
  approval: {by: leadership}
"""


def typed(step: str, how: str, at: str = "-5m", **more: Any) -> dict[str, Any]:
    """The answers with which one step is typed in."""
    name = f"typed-in.{step}"
    reason = {f"{name}.reason": more.pop("reason", "")} if how != "answer" else {}
    approver = {f"{name}.approver": more.pop("approver")} if "approver" in more else {}
    return {name: how, f"{name}.at": at, **reason, **approver, **more}


def on_paper(desk: Desk, steps: list[str], *answers: dict[str, Any], stop: bool = True) -> None:
    """Ten minutes later she types these steps in, and then, with `stop`, leaves."""
    desk.minutes(10)
    script: dict[str, Any] = {"typed-in": [*steps, Key("q") if stop else ""]}
    for given in answers:
        script |= given
    desk.human = type(desk.human)(script)
    desk.begin(resumed=True)
    walk(desk.context, paper=True)


def test_a_step_is_by_paper_at_its_time() -> None:
    """A step that is typed in has its outcome by paper, at the time when it was done, and the walk has not moved."""
    desk = Desk(plan(STEPS))
    on_paper(desk, ["3"], typed("between", "answer", between="done"))
    (finished,) = desk.events(StepFinished)
    assert (finished.step, finished.outcome, finished.by, finished.how) == ("between", "passed", "paper", "typed_in")
    known = desk.state.step("between")
    assert known.finished is not None
    assert known.finished.at == NOON + timedelta(minutes=5)
    assert known.begun_at == NOON + timedelta(minutes=5)
    assert desk.state.position.step == ""


def test_the_walk_follows_what_was_typed_in() -> None:
    """The walk goes the plan's way by the outcomes that were typed in, and stands at the first step on it without one."""
    desk = Desk(plan(STEPS))
    desk.world.ssh.on(STATUS, INACTIVE)
    on_paper(
        desk,
        ["1", "2", "4"],
        typed("look", "answer", look="left"),
        typed("core", "failed"),
        typed("restart", "passed", approver="Leader A"),
        {"switch.approval": Gone("end_of_input")},
        stop=False,
    )
    assert desk.outcomes() == {"look": "passed", "core": "failed", "between": "not_taken", "restart": "passed"}
    assert desk.state.position.step == "switch"
    assert RESTART not in desk.world.ssh.calls


def test_nothing_that_was_done_is_done_again() -> None:
    """An act that was typed in as done is not offered again, wherever the walk stood when the power went."""
    desk = Desk(plan(STEPS), {"look": "left", "restart.approval": Gone("end_of_input")})
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert desk.state.position.step == "restart"
    on_paper(
        desk,
        ["4"],
        typed("restart", "passed", approver="Leader A"),
        {"switch.approval": Gone("end_of_input")},
        stop=False,
    )
    assert desk.state.position.step == "switch"
    assert RESTART not in desk.world.ssh.calls


def test_openers_open_and_closers_close() -> None:
    """What is typed in opens its debt at the time when it was done; its closing step closes it, and is not asked for again."""
    desk = Desk(plan(STEPS))
    on_paper(
        desk,
        ["5", "6"],
        typed("switch", "passed", at="-8m", approver="Leader A", reason="Desk A confirmed"),
        typed("tickets", "answer", tickets="by_hand"),
    )
    assert [(debt.kind, debt.since) for debt in desk.state.open_debts] == [
        ("emergency_lines", NOON + timedelta(minutes=2)),
        ("manual_tickets", NOON + timedelta(minutes=5)),
    ]
    on_paper(desk, ["8"], typed("enter", "answer", enter=["3", "3"]))
    assert [event.written for event in desk.events(TicketsCounted)] == [3]
    assert [debt.kind for debt in desk.state.open_debts] == ["emergency_lines"]


def test_an_act_without_an_end_is_unknown() -> None:
    """An act that was begun on paper and whose end she does not know is asked about first, by the normal question, and opens its debt."""
    desk = Desk(plan(STEPS))
    on_paper(desk, ["5"], typed("switch", "unknown", approver=""), {"switch.unknown": Gone("end_of_input")}, stop=False)
    assert [step.id for step in desk.state.unknown] == ["switch"]
    assert [debt.kind for debt in desk.state.open_debts] == ["emergency_lines"]
    desk.resume({"switch.unknown": "done", "look": Gone("end_of_input")})
    assert desk.state.step("switch").outcome == "passed"
    assert desk.state.position.step == "look"


def test_what_an_act_rests_on_is_read_again() -> None:
    """A reading that was taken on paper is taken again by the machine before an act rests on it, however new it is."""
    desk = Desk(plan(STEPS))
    desk.world.ssh.on(STATUS, ACTIVE)
    on_paper(
        desk,
        ["1", "2", "4"],
        typed("look", "answer", look="left"),
        typed("core", "failed", at="-1m"),
        typed("restart", "passed", at="-1m", approver="Leader A"),
        {"switch.changed": "leave", "tickets": Gone("end_of_input")},
        stop=False,
    )
    assert desk.world.ssh.calls == [STATUS]
    assert desk.outcomes()["switch"] == "skipped"


def test_an_approval_on_paper_is_for_what_was_done() -> None:
    """Who approved it on paper stands in the record, and approves nothing after it."""
    desk = Desk(plan(STEPS))
    on_paper(desk, ["5"], typed("switch", "passed", approver="Leader A"))
    (given,) = desk.events(ApprovalGiven)
    assert (given.name, given.how) == ("Leader A", "paper")
    assert utc_read(given.expires_at) <= NOON + timedelta(minutes=5)
    (intent,) = desk.events(ActionIntended)
    assert intent.act_sha256 == given.act_sha256
    assert desk.events(PersonTold) == []


@pytest.mark.parametrize(
    ("typed_text", "said"),
    [("99", "no step"), ("x", "no step")],
)
def test_a_wrong_number_is_refused(typed_text: str, said: str) -> None:
    """A number that no step has is refused with a sentence, and nothing is recorded."""
    desk = Desk(plan(STEPS))
    on_paper(desk, [typed_text])
    assert any(said in line for line in desk.human.told)
    assert desk.events(StepBegun) == []


def test_a_step_has_one_outcome() -> None:
    """A step that has its outcome is not typed in a second time, and one whose end is unknown is asked about instead."""
    desk = Desk(plan(STEPS))
    on_paper(
        desk, ["3", "3", "5", "5"], typed("between", "answer", between="done"), typed("switch", "unknown", approver="")
    )
    assert len(desk.events(StepFinished)) == 1
    assert len(desk.events(ActionIntended)) == 1
    assert any("already" in line for line in desk.human.told)


def test_no_time_before_the_fault_or_to_come() -> None:
    """A time before the fault was reported is refused and asked for again."""
    desk = Desk(plan(STEPS))
    given = typed("between", "answer", between="done") | {"typed-in.between.at": ["-3h", "nonsense", "-1m"]}
    on_paper(desk, ["3"], given)
    known = desk.state.step("between")
    assert known.finished is not None
    assert known.finished.at == NOON + timedelta(minutes=9)


def test_the_form_has_every_step() -> None:
    """The list shows every step with its number and its box, ticked where something is known."""
    desk = Desk(plan(STEPS))
    on_paper(desk, ["3", "?"], typed("between", "answer", between="done"))
    told = desk.human.told
    for step in desk.plan.steps:
        assert any(line.startswith("[ ]") and line.endswith(step.title.pick()) for line in told)
    assert any(line.startswith("[x]") and "In between" in line and "12:05" in line for line in told)


BRANCHES = """
- id: both
  title: Both at once
  together:
    calls:
      - id: first
        title: Call the first
        instruct: {}
      - id: second
        title: Call the second
        instruct: {}
    desk:
      - id: third
        title: Put up the sign
        instruct: {}
- id: end-of-it
  title: Look round
  instruct: {}
"""


def test_a_step_of_a_branch_is_typed_in() -> None:
    """A step of a `together` that was done on paper is passed when its branch comes there, and the whole ends with all of them."""
    desk = Desk(plan(BRANCHES))
    first, third = desk.plan.step("first").number, desk.plan.step("third").number
    whole = desk.plan.step("both").number
    on_paper(
        desk,
        [str(whole), str(first), str(third)],
        typed("first", "answer", first="done"),
        typed("third", "answer", third="done"),
        {"second": "done", "end-of-it": Gone("end_of_input")},
        stop=False,
    )
    assert any("branches" in line for line in desk.human.told)
    assert desk.outcomes() == {"first": "passed", "third": "passed", "second": "passed", "both": "passed"}
    assert [event.step for event in desk.events(StepBegun)].count("first") == 1
    assert desk.state.position.step == "end-of-it"


def test_a_failure_on_paper_opens_the_menu() -> None:
    """A step that failed on paper, and whose plan says nothing of that, opens the failure menu when the walk comes there."""
    desk = Desk(plan(STEPS))
    on_paper(
        desk,
        ["1", "3"],
        typed("look", "answer", look="odd"),
        typed("between", "answer", between=["could_not", "no key"]),
        {"between.failure": "pause"},
        stop=False,
    )
    assert desk.human.asked("between.failure")
    assert desk.state.outcome("between") == "failed"


def test_skipped_on_paper_has_a_reason() -> None:
    """A step that was left out is typed in as skipped, with why; nothing of it opens."""
    desk = Desk(plan(STEPS))
    on_paper(desk, ["5"], typed("switch", "skipped", reason="the carrier was not needed"))
    (finished,) = desk.events(StepFinished)
    assert (finished.outcome, finished.by, finished.reason) == ("skipped", "paper", "the carrier was not needed")
    assert desk.state.debts == ()
