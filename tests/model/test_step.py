"""Conditions, thresholds, references and inputs: what a plan's values mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from runbook.model.binding import input_value, reference_values
from runbook.model.clocks import Scheme, clocks, met_by
from runbook.model.events import InputAnswered, RecoveryAnswered, StepFinished
from runbook.model.inputs import input_problem
from runbook.model.outcome import Condition, Expectation, Thresholds
from runbook.model.playbook import Input, references, replaced
from runbook.model.state import State, fold
from runbook.model.units import utc_text
from tests.engine.desk import SITE, Desk, plan

EXPECTATION: TypeAdapter[Any] = TypeAdapter(Expectation)
NOON = datetime(2026, 11, 4, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("condition", "holds", "not_"),
    [
        ({"equals": "open"}, ["open"], ["refused", "", None, 1]),
        ({"equals": "5"}, [5, 5.0, "5"], [5.5, "05", None]),
        ({"equals": "yes"}, [True, "yes"], [False, "true"]),
        ({"equals": "none"}, [None], [0, ""]),
        ({"in": ["active", "reloading"]}, ["active"], ["inactive", None]),
        ({"contains": "OK"}, ["all OK"], ["ok", None]),
        ({"below": "3"}, [2, 2.99, -1], [3, 4, None, "2", True]),
        ({"above": "3"}, [3.01], [3, None, "4"]),
        ({"at_most": "3"}, [3, 0], [3.01, None]),
        ({"at_least": "3"}, [3], [2.99, None]),
        ({"between": ["1", "3"]}, [1, 2, 3], [0.99, 3.01, None]),
        ({"at_least": "1", "below": "3"}, [1, 2.9], [0, 3]),
    ],
)
def test_conditions(condition: dict[str, Any], holds: list[Any], not_: list[Any]) -> None:
    made = Condition.model_validate(condition)
    assert [value for value in holds if not made.holds(value)] == []
    assert [value for value in not_ if made.holds(value)] == []
    assert all(key in made.said() for key in condition)


@pytest.mark.parametrize(
    ("warn", "fail", "outcomes"),
    [
        (
            "1",
            "5",
            {0: "passed", 0.99: "passed", 1: "warned", 4.99: "warned", 5: "failed", 100: "failed", None: "failed"},
        ),
        ("1", None, {0: "passed", 1: "warned", 100: "warned", None: "warned"}),
        (None, "5", {0: "passed", 4.99: "passed", 5: "failed"}),
    ],
)
def test_thresholds_count_from_their_value_on(warn: str | None, fail: str | None, outcomes: dict[Any, str]) -> None:
    made = Thresholds.model_validate({"warn": warn, "fail": fail})
    assert {value: made.outcome(value) for value in outcomes} == outcomes


def test_an_expectation_is_a_value_a_condition_or_thresholds() -> None:
    assert EXPECTATION.validate_python("open") == Condition(equals="open")
    assert EXPECTATION.validate_python({"warn": "1"}) == Thresholds(warn=1.0)
    assert EXPECTATION.validate_python({"at_least": "1"}) == Condition(at_least=1.0)


# -- references


PLAN = plan(
    """
    - id: look
      title: It answers
      ping: {host: cti, count: $inputs.times}
      next: {failed: continue}
    - id: again
      title: It answers again
      ping: {host: cti, count: $steps.look.received}
      next: {failed: continue}
    """,
    extra="inputs:\n  times: {type: integer, default: 5, ask: How often}\n  free: {type: integer, ask: How many}\n",
)


def known(*events: Any) -> State:
    desk = Desk(PLAN, inputs=events)
    return fold(desk.rows())


def test_references_are_found_wherever_they_stand_and_only_whole() -> None:
    tree = {"a": "$inputs.x", "b": ["$site.cti.address", {"c": "$steps.look.loss_pct"}], "d": "a $inputs.y", "e": "$5"}
    assert references(tree) == ["inputs.x", "site.cti.address", "steps.look.loss_pct"]


def test_a_value_is_data_and_never_looked_at_again() -> None:
    values = {"inputs.x": "$inputs.y", "inputs.y": "boom"}
    assert replaced({"a": "$inputs.x", "b": "inputs.y", "c": ["$inputs.y"]}, values) == {
        "a": "$inputs.y", "b": "inputs.y", "c": ["boom"],
    }  # fmt: skip


def test_an_inputs_value_is_its_answer_else_its_default() -> None:
    assert input_value("times", PLAN, known()) == "5"
    assert input_value("times", PLAN, known(InputAnswered("times", "9", "asked"))) == "9"
    assert input_value("free", PLAN, known()) is None
    assert input_value("nothing", PLAN, known()) is None


def test_values_of_site_and_steps_become_text() -> None:
    finished = StepFinished(
        "look", 1, "passed", "machine", "read", values={"received": 5, "loss_pct": 12.5, "rtt_avg_ms": None}
    )
    tree = ["$site.cti.address", "$steps.look.received", "$steps.look.loss_pct"]
    assert reference_values(tree, PLAN, SITE, known(finished)) == {
        "site.cti.address": "192.0.2.1", "steps.look.received": "5", "steps.look.loss_pct": "12.5",
    }  # fmt: skip


@pytest.mark.parametrize(
    "reference",
    ["$inputs.free", "$site.moon.address", "$site.cti.moon", "$steps.look.received", "$steps.look.rtt_avg_ms"],
)
def test_what_has_no_value_yet_says_which(reference: str) -> None:
    with pytest.raises(LookupError, match=reference.replace("$", r"\$")):
        reference_values([reference], PLAN, SITE, known())


# -- inputs


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("integer", ["0", "-5", "12"], ["", "1.5", "many", "1e9"]),
        ("duration", ["5m", "1h"], ["", "5", "soon"]),
        ("time", ["02:51", "2:51", "23:59"], ["24:00", "02:60", "2"]),
        ("host", ["cti"], ["moon"]),
        ("line", ["hotline"], ["moon"]),
        ("contact", ["vendor"], ["moon"]),
        ("text", ["anything"], []),
    ],
)
def test_inputs_fit_their_type(type_: Any, good: list[str], bad: list[str]) -> None:
    declared = Input.model_validate({"type": type_, "ask": "What"})
    assert [value for value in good if input_problem(declared, value, SITE)] == []
    assert [value for value in bad if not input_problem(declared, value, SITE)] == []


def test_a_choice_is_one_of_its_choices() -> None:
    declared = Input.model_validate({"type": "choice", "choices": ["slow", "fast"], "ask": "How"})
    assert input_problem(declared, "slow", None) == ""
    assert "slow, fast" in input_problem(declared, "never", None)


# -- service levels


SCHEME = Scheme.model_validate(
    {
        "scheme": "1", "id": "simple", "title": "Simple", "source": "none", "worst": "highest",
        "metrics": {"response": "Response", "recovery": "Recovery", "solution": "Solution"},
        "levels": {"4": {"title": "Four", "limits": {"solution": "1d", "response": "10m", "recovery": "1h"}}},
    }
)  # fmt: skip


def test_clocks_run_from_the_report_the_earliest_first() -> None:
    running = clocks(SCHEME, "4", NOON, {"response": NOON + timedelta(minutes=3)})
    assert [(clock.metric, clock.due - NOON) for clock in running] == [
        ("response", timedelta(minutes=10)), ("recovery", timedelta(hours=1)), ("solution", timedelta(days=1)),
    ]  # fmt: skip
    assert next(clock for clock in running if clock.met_at is None) == running[1]
    with pytest.raises(KeyError):
        clocks(SCHEME, "9", NOON, {})


@pytest.mark.parametrize(("seconds", "broken"), [(599.999, False), (600.0, False), (600.001, True)])
def test_a_limit_is_broken_after_it_and_kept_exactly_at_it(seconds: float, broken: bool) -> None:
    at = NOON + timedelta(seconds=seconds)
    for met in (None, at):
        clock = clocks(SCHEME, "4", NOON, {"response": met} if met else {})[0]
        assert clock.broken(at) is broken
        assert clock.left(at) == timedelta(seconds=600 - seconds)
    late = clocks(SCHEME, "4", NOON, {"response": NOON})[0]
    assert not late.broken(NOON + timedelta(days=9))


def test_what_the_events_say_of_limits() -> None:
    desk = Desk(PLAN)
    assert met_by(desk.state) == {"response": NOON}
    desk.minutes(30)
    desk.context.record(RecoveryAnswered("end", True))
    assert met_by(desk.state) == {"response": NOON, "recovery": NOON + timedelta(minutes=30)}
    assert utc_text(NOON) == "2026-11-04T04:00:00.000Z"
