"""Borrowed staff in a whole walk: approved first, open until everybody is back, by name."""

from __future__ import annotations

from typing import Any

from runbook.model.events import ApprovalGiven, StaffMoved, StepFinished
from runbook.model.open_items import open_items
from runbook.model.prompts import Gone, Key
from tests.engine.desk import Desk, plan

PLAN = plan("""
    - id: more
      title: Portal staff take calls
      staffing: {do: add, people: leadership, seats: sip, needed: 2}
      approval: {by: leadership}
      next: {failed: continue}
    - id: do
      title: Do it
      instruct: {}
    - id: home
      closes: more
      title: They go back
      staffing: {do: release}
""")


def desk(**given: Any) -> Desk:
    script: dict[str, Any] = {
        "more.approval": "approves", "more.approver": "Post A", "more": ["there", "Li, Wang", "a, b"],
        "do": "done", "home": "all_back", "recovered": "yes",
    }  # fmt: skip
    return Desk(PLAN, script | {name.replace("__", "."): value for name, value in given.items()})


def debts(made: Desk) -> list[str]:
    return [debt.kind for debt in made.state.open_debts]


def test_the_approval_is_asked_for_before_the_first_question_and_is_of_exactly_this() -> None:
    made = desk()
    assert made.walk().how == "recovered"
    (given,) = made.events(ApprovalGiven)
    assert (given.name, given.act) == ("Post A", "staffing add: leadership -> sip, needed 2")
    names = [type(row.event).__name__ for row in made.rows()]
    assert names.index("ApprovalGiven") < names.index("StaffMoved")
    asked = made.human.asked("more.approval")[0]
    assert any("come to help" in line for line in asked.lines)
    assert debts(made) == []
    assert made.state.debts[0].closed_by == "home"


def test_without_the_approval_nobody_is_asked_for_and_nothing_stays_open() -> None:
    made = desk(more__approval="refused", **{"more.approval.reason": "not tonight"})
    assert made.walk().how == "recovered"
    assert made.outcomes() == {"more": "failed", "do": "passed", "home": "not_taken"}
    (finished,) = [event for event in made.events(StepFinished) if event.step == "more"]
    assert finished.reason == "refused: not tonight"
    assert (made.events(StaffMoved), debts(made)) == ([], [])
    assert made.human.asked("more") == []


def test_from_the_first_question_on_it_is_open_and_says_who() -> None:
    made = desk(more=Gone("hangup"))
    made.walk()
    assert debts(made) == ["borrowed_staff"]
    made.resume({"more": ["there", "Li, Wang", "a, b"], "do": Key("q")})
    (line,) = open_items(made.state, made.plan, made.world.clock.now())
    assert line.endswith("borrowed staff have not gone back (since step Portal staff take calls): Li (a), Wang (b)")


def test_while_one_is_missing_it_stays_open_and_the_next_list_holds_only_that_one() -> None:
    made = desk(home=["not_all_back", "Wang", "all_back"], home__failure="again")
    assert made.walk().how == "recovered"
    first, *_others = made.human.asked("home")
    assert first.lines == ("  Li (a)", "  Wang (b)")
    assert made.human.asked("home")[-1].lines == ("  Wang (b)",)
    assert [event.people for event in made.events(StaffMoved)] == [["Li", "Wang"], ["Li"], ["Wang"]]
    assert debts(made) == []


def test_who_was_named_by_mistake_has_not_to_go_back() -> None:
    made = desk(more=["there", "Lee, Wang", "a, b", "there", "Li, Wang", "a, b"], do=[Key("u", "a wrong name"), "done"])
    assert made.walk().how == "recovered"
    assert made.human.asked("home")[0].lines == ("  Li (a)", "  Wang (b)")
