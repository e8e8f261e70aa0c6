"""instruct, ask, call and tickets: what people answer and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runbook.model.cases import fitting, uncovered
from runbook.model.events import PersonTold, TicketsCounted
from runbook.model.outcome import Condition
from runbook.model.text import speak
from runbook.steps.ask import Ask
from runbook.steps.call import Call
from runbook.steps.instruct import Instruct
from runbook.steps.tickets import Tickets, numbers
from tests.steps.fakes import SITE, keys, kind, ports


def test_an_instruction_is_done_or_could_not_be() -> None:
    done = kind(Instruct).run(ports(answers=["done"]))
    assert (done.outcome, done.answer, done.reason) == ("passed", "done", "")
    failed = kind(Instruct).run(ports(answers=["could_not", "no key"]))
    assert (failed.outcome, failed.answer, failed.reason) == ("failed", "could_not", "no key")


def test_an_instruction_shows_what_to_say_to_others() -> None:
    fake = ports(answers=["done"], step=keys(say="Please sit here."))
    kind(Instruct).run(fake)
    assert fake.prompts[0].lines == ("Say: Please sit here.",)
    fake = ports(answers=["done"], step=keys(say="Please sit here."), practice=True)
    kind(Instruct).run(fake)
    assert fake.prompts[0].lines == ("Say: This is an exercise. Please sit here.",)


# -- ask ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "outcome"), [("in", "passed"), ("out", "failed")])
def test_a_choice_passes_unless_the_plan_says_that_it_fails(answer: str, outcome: str) -> None:
    result = kind(Ask, choices=["in", "out"], fails="out").run(ports(answers=[answer]))
    assert (result.outcome, result.answer) == (outcome, answer)


def test_choices_are_shown_by_their_sentence_in_the_person_s_language() -> None:
    asked = kind(Ask, choices=["plugged-in", {"out": {"en": "pulled out", "zh": "被拔出"}}])
    for language, labels in (("en", ["plugged in", "pulled out"]), ("zh", ["plugged in", "被拔出"])):
        speak(language, None)
        try:
            fake = ports(answers=["out"])
            asked.run(fake)
        finally:
            speak("en", None)
        assert [choice.label for choice in fake.prompts[0].choices] == labels


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": ["a"], "type": "text"},
        {"type": "text", "cases": {"a": {"at_least": "0"}}},
        {"choices": ["a"], "unit": "seats"},
        {"type": "integer", "later": "yes"},
        {"type": "float"},
        {"choices": [{"a": "x", "b": "y"}]},
        {"choices": ["Not an id"]},
        {"choices": [["a"]]},
        {"type": "checklist"},
        {"type": "text", "items": ["a"]},
        {"choices": ["a"], "items": ["b"]},
        {"type": "checklist", "items": ["a"], "cases": {"a": {"at_least": "0"}}},
    ],
)
def test_a_question_has_exactly_one_form(body: Any) -> None:
    with pytest.raises(ValidationError):
        kind(Ask, **body)


def test_a_number_becomes_its_case() -> None:
    cases = {"few": {"below": "2"}, "many": {"at_least": "2"}}
    for text, case, outcome in (
        ("0", "few", "passed"),
        ("1", "few", "passed"),
        ("2", "many", "failed"),
        ("99", "many", "failed"),
    ):
        result = kind(Ask, type="integer", cases=cases, fails=["many"]).run(ports(answers=[text]))
        assert (result.answer, result.outcome, result.values) == (case, outcome, {"number": int(text)})


def test_a_number_is_asked_again_until_it_is_one() -> None:
    fake = ports(answers=["", "many", "-1", "2.5", "9" * 16, "7"])
    result = kind(Ask, type="integer", unit="seats").run(fake)
    assert (result.answer, result.values) == ("7", {"number": 7})
    assert len(fake.said) == 5
    assert "seats" in fake.prompts[0].question


def test_a_number_that_a_bound_case_leaves_out_is_asked_again() -> None:
    fake = ports(answers=["5", "0"])
    result = kind(Ask, type="integer", cases={"none": {"equals": "0"}}).run(fake)
    assert result.answer == "none"
    assert fake.said == ["This plan has no single case for 5."]


def test_a_decimal_number_is_asked_with_its_unit_and_may_be_negative() -> None:
    cases = {"dark": {"below": "-27.5"}, "lit": {"at_least": "-27.5"}}
    asked = kind(Ask, type="number", unit="dBm", cases=cases, fails="dark")
    for text, case, outcome in (("-27.6", "dark", "failed"), ("-27.5", "lit", "passed"), ("3", "lit", "passed")):
        fake = ports(answers=[text])
        result = asked.run(fake)
        assert (result.answer, result.outcome, result.values) == (case, outcome, {"number": float(text)})
        assert "dBm" in fake.prompts[0].question
    fake = ports(answers=["1e3", "nan", "", "2.50"])
    assert kind(Ask, type="number").run(fake).answer == "2.5"
    assert len(fake.said) == 3


def test_a_checklist_passes_only_when_each_item_is_ticked_and_names_what_is_not() -> None:
    asked = kind(Ask, type="checklist", items=["fuse", {"power": "The power lamp is green"}])
    fake = ports(answers=["ticked", "ticked"])
    result = asked.run(fake)
    assert (result.outcome, result.answer, result.found) == ("passed", "all_ticked", "2/2")
    assert [prompt.question for prompt in fake.prompts] == ["1 of 2: fuse", "2 of 2: The power lamp is green"]
    result = asked.run(ports(answers=["ticked", "open"]))
    assert (result.outcome, result.answer, result.found) == ("failed", "not_all_ticked", "1/2; open: power")
    assert result.values == {"ticked": 1, "open": "power"}


def test_a_text_may_be_left_for_later_only_where_the_plan_says_so() -> None:
    later = kind(Ask, type="text", later="yes")
    fake = ports(answers=[""])
    result = later.run(fake)
    assert (result.outcome, result.answer, result.values) == ("warned", "later", {"text": ""})
    assert fake.prompts[0].default == ""
    assert later.run(ports(answers=["disk full"])).values == {"text": "disk full"}
    fake = ports(answers=["a fuse"])
    assert kind(Ask, type="text").run(fake).answer == "a fuse"
    assert fake.prompts[0].default is None


NOT_TEXT = "a case of a number has no `contains` and no `matches`"


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"choices": ["a", "a"]}, [("choices", "the choice a stands twice")]),
        ({"choices": ["a"], "fails": ["b"]}, [("fails", "expected a choice or a case of this question, found b")]),
        (
            {"type": "integer", "cases": {"one": {"equals": "1"}, "many": {"at_least": "2"}}},
            [("cases", "no case for the number 0")],
        ),
        (
            {"type": "integer", "cases": {"few": {"at_most": "2"}, "many": {"at_least": "2"}}},
            [("cases", "the number 2 fits several cases: few, many")],
        ),
        ({"type": "integer", "cases": {"few": {"below": "2.5"}, "many": {"above": "2.5"}}}, []),
        (
            {"type": "integer", "cases": {"x": {"in": ["0", "1"]}, "y": {"between": ["2", "9"]}, "z": {"above": "9"}}},
            [],
        ),
        ({"type": "integer", "cases": {"all": {"at_least": "0"}}}, []),
        (
            {"type": "integer", "cases": {"x": {"equals": "nan"}, "y": {"in": ["inf", "a"]}}},
            [("cases", "no case for the numbers at_least 0")],
        ),
        (
            {"type": "integer", "cases": {"few": {"below": "3"}, "many": {"above": "7"}}},
            [("cases", "no case for the numbers at_least 3, at_most 7")],
        ),
        ({"type": "integer", "cases": {"all": {"matches": "5"}}}, [("cases", NOT_TEXT)]),
        ({"type": "number", "cases": {"x": {"any": [{"contains": "5"}]}}}, [("cases", NOT_TEXT)]),
        ({"type": "number", "cases": {"low": {"below": "2.5"}, "high": {"at_least": "2.5"}}}, []),
        (
            {"type": "number", "cases": {"low": {"below": "2.5"}, "high": {"above": "2.5"}}},
            [("cases", "no case for the number 2.5")],
        ),
        (
            {"type": "number", "cases": {"low": {"at_most": "2"}, "high": {"at_least": "3"}}},
            [("cases", "no case for the numbers above 2, below 3")],
        ),
        (
            {"type": "number", "cases": {"some": {"between": ["0", "9"]}, "high": {"above": "9"}}},
            [("cases", "no case for the numbers below 0")],
        ),
        (
            {"type": "number", "cases": {"low": {"at_most": "2"}, "more": {"above": "1.5"}}},
            [("cases", "the numbers above 1.5, at_most 2 fit several cases: low, more")],
        ),
        ({"type": "checklist", "items": ["a", "a"]}, [("items", "the choice a stands twice")]),
        (
            {"type": "checklist", "items": ["a"], "fails": ["a"]},
            [("fails", "expected a choice or a case of this question, found a")],
        ),
    ],
)
def test_what_is_wrong_with_a_question(body: Any, problems: Any) -> None:
    assert kind(Ask, **body).problems(None) == problems


BOUND = st.integers(-3, 12).map(lambda n: n / 2)
CONDITION = st.one_of(
    st.builds(lambda n: {"equals": str(n)}, st.integers(0, 6)),
    st.builds(lambda key, n: {key: str(n)}, st.sampled_from(["below", "above", "at_most", "at_least"]), BOUND),
    st.builds(lambda a, b: {"between": [str(min(a, b)), str(max(a, b))]}, BOUND, BOUND),
    st.builds(lambda ns: {"in": [str(n) for n in ns]}, st.lists(st.integers(0, 6), min_size=1, max_size=3)),
)


@given(st.dictionaries(st.sampled_from("abcd"), CONDITION, min_size=1))
def test_cases_have_no_problem_exactly_when_every_number_fits_one(bodies: Any) -> None:
    cases = {name: Condition.model_validate(body) for name, body in bodies.items()}
    fits = [len(fitting(cases, number)) for number in range(40)]
    assert (uncovered(cases, whole=True) == []) == (set(fits) == {1})


@given(st.dictionaries(st.sampled_from("abcd"), CONDITION, min_size=1))
def test_cases_of_decimals_have_no_problem_exactly_when_every_number_fits_one(bodies: Any) -> None:
    cases = {name: Condition.model_validate(body) for name, body in bodies.items()}
    # Every bound is a multiple of a half, so each stretch between two of them holds a multiple of a quarter.
    fits = [len(fitting(cases, number / 4)) for number in range(-40, 80)]
    assert (uncovered(cases, whole=False) == []) == (set(fits) == {1})


# -- call ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome", "values"),
    [
        (["reached"], "passed", {"reached": "First", "tried": 1}),
        (["not_reached", "reached"], "passed", {"reached": "Second", "tried": 2}),
        (["not_reached", "not_reached"], "failed", {"reached": None, "tried": 2}),
    ],
)
def test_a_call_goes_along_the_backup_order(answers: list[str], outcome: str, values: Any) -> None:
    fake = ports(answers=answers)
    result = kind(Call, contact="cs-lead").run(fake)
    assert (result.outcome, result.values) == (outcome, values)
    assert fake.events == [
        PersonTold("it", "cs-lead", name, answer == "reached", "phone")
        for name, answer in zip(("First", "Second"), answers, strict=False)
    ]
    assert "next: Second" in fake.prompts[0].choices[1].label


def test_a_call_shows_the_number_and_the_sentence_and_practice_does_not() -> None:
    fake = ports(answers=["reached"])
    kind(Call, contact="cs-lead").run(fake)
    assert fake.prompts[0].lines == ("Call: Group leader, First", "Number: 62349001", "Say: Do the thing")
    fake = ports(answers=["not_reached", "not_reached"], practice=True)
    kind(Call, contact="cs-lead").run(fake)
    assert "6234" not in fake.shown()
    assert "Say: This is an exercise. Do the thing" in fake.shown()


def test_a_contact_without_people_is_called_by_its_role() -> None:
    fake = ports(answers=["reached"])
    assert kind(Call, contact="nobody").run(fake).values["reached"] == "Nobody yet"
    assert kind(Call, contact="nobody").plan_line(SITE) == "call Nobody yet: Nobody yet"


# -- tickets ------------------------------------------------------------------------------------------------------------


def test_tickets_are_opened_or_that_is_not_possible() -> None:
    assert kind(Tickets, do="open").run(ports(answers=["by_hand"])).outcome == "passed"
    failed = kind(Tickets, do="open").run(ports(answers=["not_possible", "no paper"]))
    assert (failed.outcome, failed.reason) == ("failed", "no paper")


@pytest.mark.parametrize(
    ("answers", "outcome", "counted"),
    [
        (["12", "12"], "passed", (12, 12, [])),
        (["0", "0"], "passed", (0, 0, [])),
        (["12", "10", "7, 9"], "failed", (12, 10, ["7", "9"])),
        (["12", "10", "7，9、11"], "failed", (12, 10, ["7", "9", "11"])),
        (["12", "10", ""], "failed", (12, 10, [])),
        (["many", "12", "x", "12"], "passed", (12, 12, [])),
        (["2", "3", "3", "3"], "passed", (3, 3, [])),
    ],
)
def test_back_entry_passes_only_when_every_ticket_is_entered(answers: list[str], outcome: str, counted: Any) -> None:
    fake = ports(answers=answers)
    result = kind(Tickets, do="back_entry").run(fake)
    assert (result.outcome, result.values) == (outcome, {"written": counted[0], "entered": counted[1]})
    assert fake.events == [TicketsCounted("it", *counted)]
    assert fake.answers == []


def test_ticket_numbers_in_either_script() -> None:
    assert numbers(" 7, 9;11 、13，15\n") == ["7", "9", "11", "13", "15"]
