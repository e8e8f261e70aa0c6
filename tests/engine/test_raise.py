"""Severity rises when a plan's condition comes to hold: at once, once, and it never falls."""

from __future__ import annotations

from typing import Any

from runbook.model.events import SeverityRaised, StepFinished
from runbook.model.prompts import Key
from tests.engine.desk import Desk, plan, playbook

PLAN = plan(
    """
    - id: how-many
      title: How many agents cannot sign in
      ask:
        type: integer
        cases: {few: {below: 2}, many: {at_least: 2}}
    - id: between
      when: {how-many: few}
      title: Between
      instruct: {}
    - id: last
      title: Last
      instruct: {}
    """,
    extra="raise: {to: SEV1, when: {how-many: many}}\n",
)
YES: dict[str, Any] = {"between": "done", "last": "done", "recovered": "yes"}


def test_it_rises_right_after_the_outcome_that_makes_the_condition_hold() -> None:
    made = Desk(PLAN, {**YES, "how-many": "5"})
    made.walk()
    assert made.events(SeverityRaised) == [SeverityRaised("SEV1", "SEV3", "condition", "how-many: many/passed")]
    trail = made.trail()
    assert trail[trail.index("SeverityRaised") - 1] == "StepFinished"
    assert made.state.severity == "SEV1"


def test_it_stays_as_it_was_opened_while_the_condition_does_not_hold() -> None:
    made = Desk(PLAN, {**YES, "how-many": "1"})
    made.walk()
    assert made.events(SeverityRaised) == []
    assert made.state.severity == "SEV3"


def test_a_step_that_was_not_reached_decides_nothing() -> None:
    the_plan = plan(
        "- {id: first, title: First, instruct: {}}\n- {id: other, title: Other, instruct: {}}",
        extra="raise: {to: SEV2, when: {other: not_taken}}\n",
    )
    made = Desk(the_plan, {"first": Key("q")})
    made.walk()
    assert made.events(SeverityRaised) == []
    made.resume({"first": [Key("g", "why")], "go-to": "other", "other": "done", "recovered": "yes"})
    assert made.events(SeverityRaised) == []


def test_a_milder_playbook_that_is_entered_does_not_let_it_fall() -> None:
    milder = playbook("milder", "- {id: in, entry: yes, title: In, instruct: {}}", severity="SEV2")
    the_plan = plan(
        """
        - id: how-many
          title: How many
          ask: {choices: [few, many], fails: many}
          next: {failed: {playbook: milder, at: in}}
        """,
        extra="raise: {to: SEV1, when: {how-many: many}}\n",
        others=(milder,),
    )
    made = Desk(the_plan, {"how-many": "many", "milder:in": "done", "recovered": "yes"})
    made.walk()
    assert [event.to for event in made.events(SeverityRaised)] == ["SEV1"]
    assert (made.state.severity, made.state.playbook) == ("SEV1", "milder")


def test_a_corrected_answer_does_not_let_it_fall_nor_rise_twice() -> None:
    made = Desk(
        PLAN,
        {**YES, "how-many": ["5", "1", "7"], "between": [Key("u", "miscounted")], "last": [Key("u", "one"), "done"]},
    )
    made.walk()
    assert len(made.events(SeverityRaised)) == 1
    assert made.state.severity == "SEV1"
    assert [event.answer for event in made.events(StepFinished) if event.step == "how-many"] == ["many", "few", "many"]
