"""What may run next: a plan and the events so far in, the moves out. No port is touched."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from runbook.engine.between import passed_over
from runbook.engine.decide import (
    AskFailure,
    AskRecovered,
    Go,
    Move,
    PassBy,
    ResolveUnknown,
    Run,
    SettleDebt,
    condition_unmet,
    decide,
)
from runbook.model.events import (
    ActionEnded,
    ActionIntended,
    AnswerCorrected,
    DebtWaived,
    Event,
    FailureAnswered,
    IncidentAborted,
    IncidentClosed,
    InputAnswered,
    RecoveryAnswered,
    Resumed,
    StepBegun,
    StepFinished,
    UnknownAnswered,
    WentTo,
)
from runbook.model.playbook import Playbook
from runbook.model.record import Recorded
from runbook.model.state import State, fold
from runbook.model.units import utc_text
from tests.engine.desk import opened, plan
from tests.engine.fakes import NOON


def state(*events: Event) -> State:
    rows = [
        Recorded("i-1", "w", seq, utc_text(NOON), "b", float(seq), "T", event, "", "")
        for seq, event in enumerate((opened(), *events), 1)
    ]
    return fold(rows)


def begun(step: str, attempt: int = 1) -> StepBegun:
    return StepBegun(step, attempt)


def ended(step: str, outcome: str, answer: str = "", **given: Any) -> StepFinished:
    return StepFinished(step, 1, outcome, given.pop("by", "person"), "asked", answer=answer, **given)


def ran(step: str, outcome: str, answer: str = "", **given: Any) -> tuple[Event, ...]:
    return begun(step), ended(step, outcome, answer, **given)


def intended(step: str, opens: str = "") -> ActionIntended:
    return ActionIntended(step, 1, "service", "Restart", "00", "host:cti", opens)


def act_ended(step: str, how: str) -> ActionEnded:
    return ActionEnded(step, 1, how, {}, "")


THREE = plan("""
    - id: look
      title: It answers
      ping: {host: cti}
      next: {failed: last, unreachable: end, warned: continue}
    - id: do
      title: Do it
      instruct: {}
    - id: last
      title: Do the last
      instruct: {}
      next: {failed: end}
""")


def test_it_begins_at_the_first_line() -> None:
    assert decide(THREE, state()) == [Run("look")]


@pytest.mark.parametrize("outcome", ["passed", "warned", "not_taken", "skipped", "unknown"])
def test_these_outcomes_go_to_the_next_line(outcome: str) -> None:
    assert decide(THREE, state(*ran("look", outcome))) == [Run("do")]


def test_failed_goes_where_next_says() -> None:
    assert decide(THREE, state(*ran("look", "failed"))) == [Go("look", "last", "next", ("do",))]


def test_unreachable_goes_where_next_says() -> None:
    assert decide(THREE, state(*ran("look", "unreachable"))) == [Go("look", "end", "next", ("do", "last"))]


def test_end_is_a_target_and_asks_for_recovery() -> None:
    events = (*ran("look", "passed"), *ran("do", "passed"), *ran("last", "failed"))
    assert decide(THREE, state(*events)) == [Go("last", "end", "next", ())]
    assert decide(THREE, state(*events, WentTo("last", "end", "next"))) == [AskRecovered("end")]


def test_passed_may_be_sent_elsewhere() -> None:
    the_plan = plan("""
        - id: look
          title: It answers
          ping: {host: cti}
          next: {passed: last, failed: continue}
        - id: do
          title: Do it
          instruct: {}
        - id: last
          title: Last
          instruct: {}
    """)
    assert decide(the_plan, state(*ran("look", "passed"))) == [Go("look", "last", "next", ("do",))]
    assert decide(the_plan, state(*ran("look", "failed"))) == [Run("do")]


def test_a_jump_to_the_very_next_line_is_no_jump() -> None:
    the_plan = plan("""
        - id: look
          title: It answers
          ping: {host: cti}
          next: {failed: do}
        - id: do
          title: Do it
          instruct: {}
    """)
    assert decide(the_plan, state(*ran("look", "failed"))) == [Run("do")]


def test_only_a_failure_without_next_opens_the_menu_until_it_is_skipped() -> None:
    failed = (*ran("look", "passed"), *ran("do", "failed"))
    assert decide(THREE, state(*failed)) == [AskFailure("do")]
    for choice in ("escalate", "pause"):
        assert decide(THREE, state(*failed, FailureAnswered("do", 1, choice))) == [AskFailure("do")]
    assert decide(THREE, state(*failed, FailureAnswered("do", 1, "skip", "why"))) == [Run("last")]
    for choice in ("again", "by_hand"):
        assert decide(THREE, state(*failed, FailureAnswered("do", 1, choice))) == [Run("do")]


def test_a_step_that_was_begun_and_has_no_outcome_runs_on() -> None:
    assert decide(THREE, state(begun("look"))) == [Run("look")]


# -- when


WHEN = plan(
    """
    - id: one
      title: Which
      ask: {choices: [left, right]}
    - id: two
      title: Which other
      ask: {choices: [up, down]}
    - id: both
      when: {one: left, two: [up, passed], inputs.how: [slow, fast]}
      title: Do it
      instruct: {}
    - id: last
      when: {one: [failed, not_taken]}
      title: Last
      instruct: {}
    """,
    extra="inputs:\n  how: {type: choice, choices: [slow, fast, never], default: slow, ask: How}\n",
)


@pytest.mark.parametrize(
    ("one", "two", "how", "unmet"),
    [
        ("left", "up", None, ""),
        ("left", "down", "fast", ""),
        ("right", "up", None, "one: passed/right"),
        ("left", "up", "never", "inputs.how: never"),
    ],
)
def test_every_condition_must_hold(one: str, two: str, how: str | None, unmet: str) -> None:
    known = state(
        *([InputAnswered("how", how, "asked")] if how else []), *ran("one", "passed", one), *ran("two", "passed", two)
    )
    assert decide(WHEN, known) == ([PassBy("both", unmet)] if unmet else [Run("both")])


def test_a_step_without_an_outcome_counts_as_not_taken() -> None:
    assert condition_unmet(WHEN, state(), WHEN.step("last")) == ""
    assert condition_unmet(WHEN, state(*ran("one", "passed", "left")), WHEN.step("last")) == "one: left/passed"
    assert condition_unmet(WHEN, state(*ran("one", "failed", "left")), WHEN.step("last")) == ""


def test_a_person_who_goes_there_is_not_asked_for_conditions() -> None:
    assert decide(WHEN, state(WentTo("one", "both", "goto", "I know it"))) == [Run("both")]
    assert decide(WHEN, state(WentTo("one", "both", "next"))) == [PassBy("both", "one: not_taken")]


# -- recovered


RECOVERED = plan(
    """
    - id: fix
      title: Fix it
      instruct: {}
      recovery_test: true
      next: {failed: continue}
    - id: more
      title: Do more
      instruct: {}
      recovery_test: true
    - id: back
      title: Tell all
      instruct: {}
    """,
    then="back",
)


@pytest.mark.parametrize("outcome", ["passed", "warned"])
def test_recovered_is_asked_after_what_went_well(outcome: str) -> None:
    assert decide(RECOVERED, state(*ran("fix", outcome))) == [AskRecovered("fix")]


@pytest.mark.parametrize("outcome", ["failed", "skipped", "not_taken", "unknown"])
def test_recovered_is_not_asked_after_anything_else(outcome: str) -> None:
    assert decide(RECOVERED, state(*ran("fix", outcome))) == [Run("more")]


def test_yes_goes_to_then_and_no_to_the_next_line() -> None:
    fixed = ran("fix", "passed")
    assert decide(RECOVERED, state(*fixed, RecoveryAnswered("fix", True))) == [
        Go("fix", "back", "recovered", ("more",))
    ]
    assert decide(RECOVERED, state(*fixed, RecoveryAnswered("fix", False))) == [Run("more")]


def test_then_may_be_the_end() -> None:
    the_plan = plan("- id: fix\n  title: Fix it\n  instruct: {}\n  recovery_test: true\n")
    fixed = (*ran("fix", "passed"), RecoveryAnswered("fix", True))
    assert decide(the_plan, state(*fixed)) == [Go("fix", "end", "recovered", ())]
    assert decide(the_plan, state(*fixed, WentTo("fix", "end", "recovered"))) == []


def test_it_is_not_asked_again_once_service_is_back() -> None:
    events = (*ran("fix", "passed"), RecoveryAnswered("fix", True), *ran("more", "passed"))
    assert decide(RECOVERED, state(*events)) == [Run("back")]
    assert decide(RECOVERED, state(*events, *ran("back", "passed"))) == []


def test_the_end_asks_once_and_a_later_session_again() -> None:
    events = (*ran("fix", "failed"), *ran("more", "skipped"), *ran("back", "passed"))
    assert decide(RECOVERED, state(*events)) == [AskRecovered("end")]
    assert decide(RECOVERED, state(*events, RecoveryAnswered("end", False))) == []
    assert decide(RECOVERED, state(*events, RecoveryAnswered("end", False), Resumed("m", "0"))) == [AskRecovered("end")]
    assert decide(RECOVERED, state(*events, RecoveryAnswered("end", True))) == []


def test_a_yes_never_leads_back() -> None:
    """A wait behind `then` that ends with a yes goes on; what was walked is not walked again."""
    the_plan = plan(
        """
        - id: back
          title: Tell all
          instruct: {}
        - id: wait
          title: It holds
          wait_for: {until: {ping: {host: cti}}, and: recovered, limit: 1m}
          next: {expired: continue}
        - id: last
          title: Last
          instruct: {}
        """,
        then="back",
    )
    events = (*ran("back", "passed"), begun("wait"), RecoveryAnswered("wait", True), ended("wait", "passed"))
    assert decide(the_plan, state(*events)) == [Run("last")]


# -- back


AGAIN = plan("""
    - id: other
      title: Which
      ask: {choices: [left, right]}
    - id: wait
      when: {other: [left, right]}
      title: It comes back
      repeatable: {at_most: 2}
      ping: {host: cti}
      next: {failed: continue, passed: last}
    - id: call
      title: Call again
      call: {contact: vendor}
      next: {passed: wait, failed: wait}
    - id: last
      title: Last
      instruct: {}
""")


def _round(outcome: str = "failed") -> tuple[Event, ...]:
    return (*ran("wait", outcome), *ran("call", "passed"))


def test_back_is_only_as_often_as_repeatable_says() -> None:
    events: tuple[Event, ...] = ran("other", "passed", "left")
    for _turn in range(2):
        events += _round()
        assert decide(AGAIN, state(*events)) == [Go("call", "wait", "next", ())]
        events += (WentTo("call", "wait", "next"),)
        assert decide(AGAIN, state(*events)) == [Run("wait")]
    assert decide(AGAIN, state(*events, *_round())) == [Run("last")]


def test_trying_again_by_the_failure_menu_does_not_use_up_the_repeats() -> None:
    events = (*ran("other", "passed", "left"), *ran("wait", "failed"), begun("wait", 2), ended("wait", "failed"))
    assert decide(AGAIN, state(*events, begun("wait", 3), ended("wait", "failed"), *ran("call", "passed"))) == [
        Go("call", "wait", "next", ())
    ]


def test_a_step_that_is_passed_by_is_counted_too() -> None:
    """Else a plan whose repeated step is never taken would go round for ever."""
    events: tuple[Event, ...] = ran("other", "skipped")
    rounds = 0
    while True:
        events += (ended("wait", "not_taken", by="machine"), *ran("call", "passed"))
        moves = decide(AGAIN, state(*events))
        if moves == [Run("last")]:
            break
        assert moves == [Go("call", "wait", "next", ())]
        rounds += 1
        events += (WentTo("call", "wait", "next"),)
        assert decide(AGAIN, state(*events)) == [PassBy("wait", "other: skipped")]
    assert rounds == 2


# -- unknown


ACTS = plan("""
    - id: restart
      title: Restart it
      service: {host: cti, name: core, do: restart}
      approval: {by: leadership}
      verify: {service: {host: cti, name: core, do: status}}
      next: {failed: continue}
    - id: last
      title: Last
      instruct: {}
""")


def test_an_act_whose_end_nobody_knows_comes_first() -> None:
    assert decide(ACTS, state(begun("restart"), intended("restart"))) == [ResolveUnknown("restart")]
    for how in ("unknown", "done", "error"):
        events = (begun("restart"), intended("restart"), act_ended("restart", how))
        assert decide(ACTS, state(*events)) == [ResolveUnknown("restart")]


def test_what_was_never_sent_is_not_unknown() -> None:
    known = state(begun("restart"), intended("restart"), act_ended("restart", "not_sent"))
    assert decide(ACTS, known) == [Run("restart")]
    assert known.unknown == ()


def test_redo_runs_it_again_and_nothing_else_does() -> None:
    events = (begun("restart"), intended("restart"))
    assert decide(ACTS, state(*events, UnknownAnswered("restart", 1, "redo"))) == [Run("restart")]
    assert decide(ACTS, state(*events, UnknownAnswered("restart", 1, "not_done"))) == [ResolveUnknown("restart")]
    known = state(*events, UnknownAnswered("restart", 1, "unknown"), ended("restart", "unknown"))
    assert decide(ACTS, known) == [Run("last")]
    assert [step.id for step in known.unknown] == ["restart"]


def test_an_act_that_stayed_unknown_is_answered_before_a_new_attempt_can_do_it() -> None:
    events = (begun("restart"), intended("restart"), ended("restart", "unknown"), begun("restart", 2))
    assert decide(ACTS, state(*events)) == [ResolveUnknown("restart")]


def test_a_wrong_answer_about_an_act_makes_its_end_unknown_and_does_not_do_it_again() -> None:
    events = (begun("restart"), intended("restart"), act_ended("restart", "done"), ended("restart", "failed"))
    wrong = AnswerCorrected("restart", 1, 5, "failed", "misread", walk_goes_back=True)
    assert decide(ACTS, state(*events, wrong)) == [ResolveUnknown("restart")]


def test_a_wrong_answer_after_an_act_changes_no_outcome_and_no_place() -> None:
    events = (*ran("restart", "passed"), begun("last"))
    before, corrected = state(*events), AnswerCorrected("restart", 1, 3, "passed", "misread", walk_goes_back=False)
    known = state(*events, corrected)
    assert (known.position, known.steps) == (before.position, before.steps)
    assert decide(ACTS, known) == [Run("last")]


# -- debts


DEBTS = plan("""
    - id: switch
      title: Move the hotline
      carrier_switch: {contact: carrier, from: hotline, to: emergency}
      approval: {by: leadership}
    - id: tickets
      title: Write by hand
      tickets: {do: open}
    - id: back
      when: {switch: failed}
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
OPEN = (begun("switch"), intended("switch", "emergency_lines"))


@pytest.mark.parametrize("outcome", ["passed", "failed", "unknown", "skipped"])
def test_a_closing_step_is_taken_exactly_while_its_debt_is_open(outcome: str) -> None:
    """Whatever its `when` says, and however the opener ended."""
    events = (*OPEN, ended("switch", outcome), ended("tickets", "skipped"))
    if outcome == "failed":
        events = (*events[:3], FailureAnswered("switch", 1, "skip", "why"), ended("tickets", "skipped"))
    assert decide(DEBTS, state(*events)) == [Run("back")]
    assert decide(DEBTS, state(*events, DebtWaived("switch", "Post A", "why"))) == [PassBy("back", "switch: closed")]


def test_without_a_debt_the_closing_step_is_not_taken_even_when_a_person_goes_there() -> None:
    events = (ended("switch", "not_taken"), ended("tickets", "not_taken"))
    assert decide(DEBTS, state(*events)) == [PassBy("back", "switch: closed")]
    assert decide(DEBTS, state(*events, WentTo("tickets", "back", "goto"))) == [PassBy("back", "switch: closed")]


def test_the_end_is_not_the_end_while_something_is_open() -> None:
    end = (*OPEN, ended("switch", "passed"), WentTo("switch", "end", "goto", "", ["tickets", "back", "entry", "last"]))
    assert decide(DEBTS, state(*end)) == [SettleDebt("switch")]
    assert decide(DEBTS, state(*end, DebtWaived("switch", "Post A", "why"))) == [AskRecovered("end")]
    back = (*end, WentTo("end", "back", "goto"))
    assert decide(DEBTS, state(*back)) == [Run("back")]
    closed = (*back, begun("back"), ended("back", "passed", closes="switch"))
    assert decide(DEBTS, state(*closed)) == [AskRecovered("end")], "what was walked is not walked again"
    assert decide(DEBTS, state(*back, begun("back"), ended("back", "skipped"))) == [SettleDebt("switch")]


def test_a_debt_opens_with_the_intent_and_is_closed_by_its_closing_step_alone() -> None:
    assert [debt.kind for debt in state(*OPEN).open_debts] == ["emergency_lines"]
    assert state(*OPEN, ended("switch", "failed")).debt("switch") is not None
    assert state(*OPEN, ended("back", "failed")).debt("switch") is not None
    assert state(*OPEN, ended("back", "passed", closes="switch")).debt("switch") is None


# -- blocks, ends, lists


BLOCKS = plan("""
    - id: first
      title: Which
      ask: {choices: [left, right], fails: right}
      next: {failed: pair}
    - id: do
      title: Do it
      instruct: {}
    - id: pair
      use: {block: pair}
    - id: last
      when: {pair: left}
      title: Last
      instruct: {}
""")


def test_a_block_is_reached_by_its_first_step() -> None:
    assert decide(BLOCKS, state(*ran("first", "failed"))) == [Go("first", "pair/one", "next", ("do",))]
    assert decide(BLOCKS, state(*ran("pair/one", "passed", "left"))) == [Run("pair/two")]


def test_a_condition_on_a_block_is_one_on_its_first_step() -> None:
    assert decide(BLOCKS, state(*ran("pair/one", "passed", "left"), *ran("pair/two", "passed"))) == [Run("last")]
    right = (*ran("pair/one", "passed", "right"), *ran("pair/two", "passed"))
    assert decide(BLOCKS, state(*right)) == [PassBy("last", "pair: passed/right")]


@pytest.mark.parametrize("event", [IncidentAborted("T", "why"), IncidentClosed()])
def test_nothing_runs_in_an_incident_that_has_ended(event: Event) -> None:
    assert decide(THREE, state(begun("do"), event)) == []
    assert decide(ACTS, state(begun("restart"), intended("restart"), event)) == []


def test_what_has_an_outcome_of_its_own_is_not_passed_over() -> None:
    known = state(*ran("do", "passed"))
    assert passed_over(THREE, known, "", "end") == ("look", "last")
    assert passed_over(THREE, known, "end", "do") == ("look",)


def test_an_outcome_is_not_overwritten_by_what_an_event_says_was_passed_over() -> None:
    known = state(*ran("look", "failed"), WentTo("look", "last", "goto", "why", ["look", "do"]))
    assert (known.outcome("look"), known.outcome("do")) == ("failed", "not_taken")


@pytest.mark.parametrize("the_plan", [THREE, WHEN, RECOVERED, AGAIN, ACTS, DEBTS, BLOCKS])
def test_it_decides_the_same_twice_and_changes_nothing(the_plan: Playbook) -> None:
    known = state(begun(the_plan.steps[0].id))
    before = repr(known)
    moves: list[list[Move]] = [decide(the_plan, known) for _time in range(3)]
    assert all(one == other for one, other in pairwise(moves))
    assert repr(known) == before
