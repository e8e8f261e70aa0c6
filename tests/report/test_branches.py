"""Branches and delegated questions in the report: each step with its branch, and what nobody has answered yet."""

from __future__ import annotations

from typing import Any

from runbook.model.prompts import Key
from runbook.report.facts import facts
from runbook.report.record import Facts
from tests.engine.desk import SITE, Desk
from tests.engine.test_delegate import DONE, LATER
from tests.engine.test_delegate import desk as delegating
from tests.engine.test_together import TWO
from tests.engine.test_together import desk as branching


def told(desk: Desk, the_plan: Any) -> Facts:
    return facts(desk.rows(), the_plan, SITE, desk.rows()[-1].at)


def test_each_step_of_a_branch_stands_with_its_branch_and_the_whole_with_its_worst() -> None:
    made = branching(b=0)
    made.walk()
    found = {step.id: step for step in told(made, TWO).steps}
    assert found["ping-b"].title == "Ping B (branch right)"
    assert found["checks"].outcome == "failed"
    assert found["checks"].attempts[0].found == "failed 1/2: right; passed 1/2"
    lines = [line.what for line in told(made, TWO).timeline]
    assert any("all its branches have ended" in line for line in lines)


def test_branches_that_were_passed_over_say_why() -> None:
    made = branching(script={"checks": Key("s", "not tonight")})
    made.walk()
    found = {step.id: step for step in told(made, TWO).steps}
    assert (found["ping-a"].outcome, found["ping-a"].why) == ("not_taken", "skipped by a person: not tonight")


def test_a_question_without_an_answer_is_still_open_and_a_late_answer_ends_its_attempt() -> None:
    made = delegating(LATER)
    made.walk()
    found = told(made, LATER)
    assert any("to be answered later" in line and "The vendor looks at it" in line for line in found.still_open)
    asked = next(step for step in found.steps if step.id == "ask-them")
    assert (asked.outcome, asked.attempts[0].ended_at) == ("", None)
    assert any(person.name == "Hotline desk" for person in found.people)
    made = delegating(
        LATER, **{**DONE, "meanwhile": [Key("o"), "done"], "open-items": "ask-them", "ask-them": "broken"}
    )
    made.walk()
    found = told(made, LATER)
    asked = next(step for step in found.steps if step.id == "ask-them")
    assert (asked.outcome, asked.attempts[0].answer, asked.attempts[0].by) == ("failed", "broken", "person")
    assert not any("to be answered later" in line for line in found.still_open)
