"""`staffing`: who came, where they sit, and that everybody goes back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from runbook.model.events import StaffMoved
from runbook.steps.staffing import Staffing, names
from tests.steps.fakes import SITE, keys, kind, ports

ADD = kind(Staffing, do="add", people="cs-lead", seats="public-seats", needed="2")
RELEASE = kind(Staffing, do="release")
AWAY = (("Li", "seat-1"), ("Wang Fang", "seat-2"))


@pytest.mark.parametrize(
    ("answers", "outcome", "answer", "moved"),
    [
        (["there", "Li, Wang Fang", "seat-1，seat-2"], "passed", "there", (["Li", "Wang Fang"], ["seat-1", "seat-2"])),
        (["there", "Li、Wang  Fang", "hall"], "passed", "there", (["Li", "Wang Fang"], ["hall", "hall"])),
        (["there", " ", "Li", "seat-2"], "warned", "too_few", (["Li"], ["seat-2"])),
        (["there", "A,B,C", "seat-1, seat-2", "x,y,z"], "passed", "there", (["A", "B", "C"], ["x", "y", "z"])),
    ],
)
def test_everybody_who_came_is_written_down_with_a_place(
    answers: list[str], outcome: str, answer: str, moved: tuple[list[str], list[str]]
) -> None:
    fake = ports(answers=answers)
    result = ADD.run(fake)
    assert (result.outcome, result.answer, result.found) == (outcome, answer, f"{len(moved[0])}/2")
    assert fake.events == [StaffMoved("it", "add", *moved)]
    assert fake.answers == []


def test_when_nobody_comes_it_failed_and_nobody_is_written_down() -> None:
    fake = ports(answers=["nobody_came", "all on leave"])
    result = ADD.run(fake)
    assert (result.outcome, result.reason, fake.events) == ("failed", "all on leave", [])


def test_the_question_shows_whom_to_call_and_in_practice_no_number() -> None:
    for practice in (False, True):
        fake = ports(answers=["nobody_came", "-"], practice=practice, step=keys(say="Please send four people."))
        ADD.run(fake)
        assert "Please send four people." in fake.shown()
        assert ("62349001" in fake.shown()) is not practice
        assert "(2 are needed)" in fake.shown()


def released(away: tuple[tuple[str, str], ...], *answers: str) -> tuple[Any, Any]:
    fake = ports(answers=answers, step=keys(closes="add"))
    fake.away_people = away
    return RELEASE.run(fake), fake


def test_a_release_lists_who_has_to_go_back_and_passes_when_all_did() -> None:
    result, fake = released(AWAY, "all_back")
    assert (result.outcome, result.found) == ("passed", "2/2")
    assert fake.prompts[0].lines == ("  Li (seat-1)", "  Wang Fang (seat-2)")
    assert fake.events == [StaffMoved("it", "release", ["Li", "Wang Fang"], ["seat-1", "seat-2"])]


def test_a_release_failed_while_somebody_is_missing_and_names_them() -> None:
    result, fake = released(AWAY, "not_all_back", "Lee", "wang fang")
    assert (result.outcome, result.reason, result.found) == ("failed", "Wang Fang", "1/2")
    assert "Not on the list: Lee" in fake.shown()
    assert fake.events == [StaffMoved("it", "release", ["Li"], ["seat-1"])]
    assert result.values == {"people": 1, "away": 1}


def test_where_nobody_was_written_down_a_person_still_says_so() -> None:
    result, fake = released((), "all_back")
    assert (result.outcome, "Nobody is written down" in fake.shown()) == ("passed", True)
    result, _fake = released((), "not_all_back", "Li")
    assert (result.outcome, result.reason) == ("failed", "Li")


def test_what_is_approved_names_every_seat() -> None:
    assert ADD.exact(SITE) == "staffing add: cs-lead -> seat-1,seat-2, needed 2"
    assert ADD.plan_line(SITE) == "people of Group leader come to help, at public-seats (2 are needed)"


def test_what_a_staffing_step_leaves_open() -> None:
    moved = kind(Staffing, do="move", people="cs-lead", seats="seat-1")
    assert [ADD.opens(), moved.opens(), RELEASE.opens()] == ["borrowed_staff", "moved_agents", ""]
    assert [ADD.closes_only(), moved.closes_only(), RELEASE.closes_only()] == [False, False, True]


@pytest.mark.parametrize("body", [{"do": "add"}, {"do": "move", "people": "cs-lead"}, {"do": "add", "seats": "seat-1"}])
def test_who_and_where_are_needed_to_borrow_or_to_move(body: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        kind(Staffing, **body)


def test_what_the_site_lacks_is_said() -> None:
    wrong = kind(Staffing, do="add", people="cs-leed", seats=["seat-9"])
    assert [field for field, _sentence in wrong.problems(SITE)] == ["people", "seats"]


def test_names_in_either_script() -> None:
    assert names(" 张三、李四，Wang  Fang;; 张三 ") == ["张三", "李四", "Wang Fang"]
