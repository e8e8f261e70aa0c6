"""`delegate`: a question that was passed on, its age, and its answer at once, later, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import AnswerCorrected, DelegateAnswered, Delegated, PersonTold, StepBegun
from runbook.model.playbook import Playbook
from runbook.model.prompts import Gone, Key
from runbook.ui.status import status_line
from tests.engine.desk import Desk, plan

LATER = plan("""
    - id: ask-them
      title: The vendor looks at it
      delegate: {to: vendor, question: What was wrong, choices: [fine, broken], fails: broken}
      next: {failed: continue}
    - id: meanwhile
      title: Meanwhile
      instruct: {}
    - id: repair
      title: Repair
      when: {ask-them: broken}
      instruct: {}
""")
STANDS = plan("""
    - id: ask-them
      title: The vendor looks at it
      delegate: {to: vendor, choices: [fine, broken], fails: broken, wait: true}
      next: {failed: far}
    - id: near
      title: Near
      instruct: {}
    - id: far
      title: Far
      instruct: {}
""")
WORDS = plan("""
    - id: ask-them
      title: The vendor looks at it
      delegate: {to: vendor, question: What was wrong, wait: true}
      recovery_test: true
    - id: near
      title: Near
      instruct: {}
""")
DONE = {"meanwhile": "done", "repair": "done", "near": "done", "far": "done", "recovered": "yes"}


def desk(the_plan: Playbook, **script: Any) -> Desk:
    return Desk(
        the_plan, {"ask-them.passed-on": "reached", **DONE, **{k.replace("__", "-"): v for k, v in script.items()}}
    )


def test_without_wait_the_walk_goes_on_and_an_unmet_condition_is_not_taken() -> None:
    made = desk(LATER)
    assert made.walk().how == "recovered"
    assert made.outcomes() == {"meanwhile": "passed", "repair": "not_taken"}
    (event,) = made.events(Delegated)
    assert (event.contact, event.name, event.waits) == ("vendor", "Hotline desk", False)
    assert [told.reached for told in made.events(PersonTold)] == [True]
    assert made.state.left_for_later == ("ask-them",), "listed as open, no debt"
    assert made.state.open_debts == ()


def test_the_key_o_takes_the_answer_at_any_time_and_a_later_condition_sees_it() -> None:
    made = desk(LATER, meanwhile=[Key("o"), "done"], **{"open-items": "ask-them", "ask-them": "broken"})
    made.walk()
    assert made.outcomes() == {"ask-them": "failed", "meanwhile": "passed", "repair": "passed"}
    (answered,) = made.events(DelegateAnswered)
    assert (answered.answer, answered.outcome, answered.waited) == ("broken", "failed", False)
    assert made.state.left_for_later == ()
    assert [event.step for event in made.events(StepBegun)] == ["ask-them", "meanwhile", "repair"]


def test_its_age_stands_on_the_status_line_and_among_what_is_open() -> None:
    made = desk(LATER, meanwhile=[lambda _p: (made.minutes(12), Key("o"))[1], "done"], **{"open-items": "none"})
    made.walk()
    assert any("NO ANSWER YET for 12m" in line and "Hotline desk" in line for line in made.human.told)
    assert "1 without an answer, for 12m" in status_line(made.state, made.world.clock.now())


def test_with_wait_the_walk_stands_until_the_answer_and_next_applies() -> None:
    made = desk(STANDS, **{"ask-them": "broken"})
    made.walk()
    assert made.outcomes() == {"ask-them": "failed", "near": "not_taken", "far": "passed"}
    assert [event.waited for event in made.events(DelegateAnswered)] == [True]


def test_a_pause_while_it_waits_goes_on_with_the_answer_and_passes_nothing_on_again() -> None:
    made = desk(STANDS, **{"ask-them": Gone("hangup")})
    assert made.walk().how == "paused"
    made.minutes(30)
    made.resume({**DONE, "ask-them": "fine"})
    assert made.outcomes()["ask-them"] == "passed"
    assert len(made.events(Delegated)) == len(made.events(StepBegun)) - 2 == 1
    assert any("NO ANSWER YET for 30m" in line for line in made.human.told)


def test_an_answer_in_words_passes_and_the_recovery_question_follows() -> None:
    made = desk(WORDS, **{"ask-them": "the cable", "ask-them.recovered": "yes"})
    assert made.walk().how == "recovered"
    assert made.state.step("ask-them").answer == "the cable"
    assert made.state.step("ask-them").values == {"text": "the cable"}


def test_nobody_reached_failed() -> None:
    made = desk(STANDS, **{"ask-them.passed-on": "not_reached"})
    made.walk()
    assert made.outcomes() == {"ask-them": "failed", "near": "not_taken", "far": "passed"}
    assert made.events(Delegated) == []
    assert [told.reached for told in made.events(PersonTold)] == [False]


def test_it_can_be_skipped_and_left_while_it_waits() -> None:
    made = desk(STANDS, **{"ask-them": Key("s", "no time")})
    made.walk()
    assert made.outcomes()["ask-them"] == "skipped"
    made = desk(
        STANDS,
        **{
            "ask-them": [Key("g", "on with it"), "fine"],
            "go-to": "far",
            "far": [Key("o"), "done"],
            "open-items": "ask-them",
        },
    )
    made.walk()
    assert made.outcomes() == {"ask-them": "passed", "near": "not_taken", "far": "passed"}


def test_the_answer_can_be_given_by_the_key_o_where_the_walk_waits_for_it() -> None:
    made = desk(STANDS, **{"ask-them": [Key("o"), "fine"], "open-items": "ask-them"})
    made.walk()
    assert made.outcomes()["ask-them"] == made.outcomes()["near"] == "passed"
    assert len(made.events(DelegateAnswered)) == 1


@pytest.mark.parametrize("waits", [True, False])
def test_a_wrong_answer_is_corrected(waits: bool) -> None:
    """Where the walk waited it goes back; a late answer is only waited for again."""
    if waits:
        made = desk(STANDS, **{"ask-them": ["broken", "fine"], "far": [Key("u", "misread"), "done"]})
    else:
        made = desk(
            LATER,
            meanwhile=[Key("o"), Key("u", "misread"), Key("o"), "done"],
            **{"open-items": ["ask-them", "ask-them"], "ask-them": ["broken", "fine"]},
        )
    made.walk()
    assert made.outcomes()["ask-them"] == "passed"
    assert len(made.events(Delegated)) == 1, "it is with them already"
    assert [event.question for event in made.events(AnswerCorrected)] == ["step" if waits else "delegate"]
    assert [event.answer for event in made.events(DelegateAnswered)] == ["broken", "fine"]


def test_in_a_branch_an_answer_that_is_waited_for_holds_no_other_branch_up() -> None:
    both = plan("""
        - id: both
          title: Both
          together:
            out:
              - id: ask-them
                title: They look
                delegate: {to: vendor, choices: [fine, broken], wait: true}
            here:
              - id: one
                title: One
                instruct: {}
              - id: two
                title: Two
                instruct: {}
    """)
    made = desk(both, one="done", two="done", **{"ask-them": "fine"})
    made.walk()
    asked = [prompt.name for prompt in made.human.prompts]
    assert asked.index("ask-them") > asked.index("two")
    assert made.outcomes()["both"] == "passed"
