"""Debts: opened with the intent, closed by the closing step or by a written waiver, and never walked away from."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import DebtWaived, StepFinished, TicketsCounted
from runbook.model.prompts import Gone, Key
from tests.engine.desk import Desk, plan

PLAN = plan("""
    - id: switch
      title: Move the hotline
      carrier_switch: {contact: carrier, from: hotline, to: emergency}
      approval: {by: leadership}
    - id: tickets
      title: Write by hand
      tickets: {do: open}
    - id: do
      title: Do it
      instruct: {}
    - id: back
      closes: switch
      title: Move it back
      carrier_switch: {contact: carrier, from: emergency, to: hotline}
      approval: {by: leadership}
    - id: entry
      closes: tickets
      title: Enter them
      tickets: {do: back_entry}
    - id: last
      title: Last
      instruct: {}
""")
MOVED: list[Any] = ["confirm", "confirmed", "Desk", "62340001"]
BACK: list[Any] = ["confirm", "confirmed", "Desk", "platform_prompt"]


def desk(**given: Any) -> Desk:
    script: dict[str, Any] = {
        "switch.approval": "approves", "switch.approver": "Post A", "switch": MOVED,
        "tickets": "by_hand", "do": "done",
        "back.approval": "approves", "back.approver": "Post A", "back": BACK,
        "entry": ["2", "2"], "last": "done", "recovered": "yes",
    }  # fmt: skip
    return Desk(PLAN, script | {name.replace("__", "."): value for name, value in given.items()})


def debts(made: Desk) -> list[str]:
    return [debt.kind for debt in made.state.open_debts]


def test_opened_and_closed() -> None:
    made = desk()
    assert made.walk().how == "recovered"
    assert debts(made) == []
    assert {debt.closed_by for debt in made.state.debts} == {"back", "entry"}


@pytest.mark.parametrize("answers", [["confirmed", "Desk", "nothing"], ["refused", "Desk: no"], ["nobody"]])
def test_a_switch_that_failed_leaves_its_debt_open(answers: list[str]) -> None:
    made = desk(switch=["confirm", *answers], switch__failure=Key("q"), switch__unreachable="failed")
    made.walk()
    assert made.outcomes() == {"switch": "failed"}
    assert debts(made) == ["emergency_lines"]
    assert "abort" not in [choice.value for choice in made.human.asked("switch.failure")[0].choices]
    assert any("emergency lines" in line for line in made.human.asked("switch.failure")[0].lines)


def test_an_opener_of_people_opens_before_they_answer() -> None:
    made = desk(tickets=Gone("hangup"))
    made.walk()
    assert debts(made) == ["emergency_lines", "manual_tickets"]
    made.resume({"tickets": Key("s", "no paper"), "do": Key("q")})
    assert debts(made) == ["emergency_lines", "manual_tickets"]


def test_the_test_call_has_to_hear_the_platform_before_the_debt_is_closed() -> None:
    made = desk(back=["confirm", "confirmed", "Desk", "62340001"], back__failure=Key("q"))
    made.walk()
    assert made.outcomes()["back"] == "failed"
    assert "emergency_lines" in debts(made)


def test_a_missing_ticket_keeps_the_debt_open() -> None:
    made = desk(entry=["12", "9", "7, 8, 9"], entry__failure=["skip"], entry__reason="later", tickets__debt="pause")
    assert made.walk().how == "paused"
    assert debts(made) == ["manual_tickets"]
    assert made.events(TicketsCounted)[0].missing == ["7", "8", "9"]


def test_at_the_end_the_closing_step_can_be_done_now_and_nothing_else_is_walked_again() -> None:
    made = desk(entry=[Key("s", "later"), "2", "2"], tickets__debt="close")
    assert made.walk().how == "recovered"
    assert debts(made) == []
    assert [event.step for event in made.events(StepFinished)].count("last") == 1


def test_a_waiver_needs_a_name_a_reason_and_the_typed_number() -> None:
    script: dict[str, Any] = {
        "entry": [Key("s", "later")], "tickets.debt": "waive",
        "tickets.waiver-name": ["", "Post B"], "tickets.waiver-reason": ["", "lost in the fire"],
        "tickets": ["by_hand", "", "3", "confirm"],
    }  # fmt: skip
    made = desk(**script)
    assert made.walk().how == "recovered"
    assert made.events(DebtWaived) == [DebtWaived("tickets", "Post B", "lost in the fire")]
    act = made.human.asked("tickets")[-1]
    assert (act.kind, act.act_number) == ("act", 2)


@pytest.mark.parametrize("prompt", ["tickets.debt", "tickets.waiver-name", "tickets.waiver-reason", "tickets"])
@pytest.mark.parametrize("gone", [Gone("end_of_input"), Gone("not_confirmed"), Key("q")])
def test_no_waiver_without_a_person(prompt: str, gone: Any) -> None:
    script: dict[str, Any] = {
        "entry": Key("s", "later"), "tickets.debt": "waive", "tickets.waiver-name": "Post B",
        "tickets.waiver-reason": "why", "tickets": ["by_hand", "confirm"],
    }  # fmt: skip
    script[prompt] = ["by_hand", gone] if prompt == "tickets" else gone
    made = desk(**script)
    assert made.walk().how == "paused"
    assert debts(made) == ["manual_tickets"]
    assert made.state.status == "open"


def test_abort_is_not_offered_while_anything_is_open() -> None:
    made = desk(do=["could_not", "no hands"], do__failure=Key("q"))
    made.walk()
    (menu,) = made.human.asked("do.failure")
    assert [choice.value for choice in menu.choices] == ["again", "by_hand", "skip", "escalate", "pause"]
    assert len(menu.lines) == 2


def test_recovered_does_not_end_the_walk_over_a_debt() -> None:
    the_plan = plan("""
        - id: tickets
          title: Write by hand
          tickets: {do: open}
          recovery_test: true
        - id: entry
          closes: tickets
          title: Enter them
          tickets: {do: back_entry}
    """)
    made = Desk(
        the_plan, {"tickets": "by_hand", "tickets.recovered": "yes", "tickets.debt": "close", "entry": ["1", "1"]}
    )
    assert made.walk().how == "recovered"
    assert debts(made) == []
