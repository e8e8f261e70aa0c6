"""The facts are a pure fold: what the events say, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runbook.model import events as ev
from runbook.model import record
from runbook.model.errors import RunbookError
from runbook.model.record import Recorded
from runbook.report.facts import facts
from runbook.report.record import Proof
from tests.report.incident import WHO, Story, plan, scheme, site, told, whole


def test_an_ended_incident_does_not_depend_on_when_it_is_reported() -> None:
    rows = whole()
    first, later = (
        facts(rows, plan(), site(), rows[-1].at + timedelta(hours=hours), scheme=scheme()) for hours in (1, 9000)
    )
    assert first.timeline == later.timeline
    assert first.clocks == later.clocks
    assert first.as_of == later.as_of == rows[-1].at


def test_an_open_incident_is_told_as_of_now_and_never_before_its_last_event() -> None:
    rows = whole(close=False)
    assert told(rows).as_of == rows[-1].at + timedelta(hours=1)
    assert facts(rows, plan(), site(), rows[0].at).as_of == rows[-1].at


def test_the_time_on_the_emergency_lines_counts_from_the_intent_to_the_closing_step() -> None:
    (lines,) = told().emergency
    assert (lines.step, lines.closed_by, lines.waived_by) == ("switch", "switch-back", "")
    assert lines.length == timedelta(minutes=23, seconds=8)


def test_an_open_debt_and_missing_tickets_are_still_open() -> None:
    found = told(whole(close=False))
    assert [what.split(":")[0] for what in found.still_open] == [
        "manual tickets are not all entered, since 2026-11-04 03",
        "1 manual ticket(s) not yet entered",
        "the incident is not closed",
    ]
    assert found.debts[1].until is None


def test_a_waiver_is_a_deviation_with_its_name_and_closes_the_debt() -> None:
    story = Story(rows=whole(close=False))
    story.now = story.rows[-1].at
    story.add(ev.DebtWaived("tickets", "Manager C", "the paper was lost"))
    found = told(story.rows)
    assert found.debts[1].waived_by == "Manager C"
    assert found.deviations[-1].kind == "waiver"
    assert found.deviations[-1].reason == "the paper was lost"


def test_every_deviation_is_there_with_its_reason() -> None:
    assert [(each.kind, each.step, each.reason) for each in told().deviations] == [
        ("correction", "agents", "pressed the wrong number"),
        ("goto", "grace", "the leader wants the hotline answered now"),
        ("skip", "photo", "no camera in the room"),
    ]


def test_the_walk_on_from_the_end_to_a_closing_step_is_no_deviation() -> None:
    story = Story()
    story.opened()
    story.add(ev.WentTo("end", "switch-back", "goto"))
    assert told(story.rows).deviations == ()


def test_an_act_that_was_cut_off_is_unknown_until_a_person_decides() -> None:
    (act,) = told().unknown
    assert (act.step, act.ended, act.answer, act.answered_by) == ("restart-cti", "", "done", WHO)
    rows = whole()
    cut = next(place for place, row in enumerate(rows) if isinstance(row.event, ev.Resumed))
    (undecided,) = told(rows[: cut + 1]).unknown
    assert undecided.answer == ""
    assert (
        told(rows[: cut + 1]).still_open[0].startswith("nobody knows how this act ended: 5 – Restart the CTI service")
    )


def test_a_corrected_answer_stays_visible_beside_the_right_one() -> None:
    wrong, right = told().steps[3].attempts
    assert (wrong.answer, wrong.corrected) == ("yes", "pressed the wrong number")
    assert (right.answer, right.corrected) == ("no", "")


def test_equal_readings_in_a_row_are_one_that_says_how_many() -> None:
    (look,) = told().steps[5].attempts[0].looks
    assert (look.purpose, look.times) == ("wait", 12)
    assert sum("12 times" in line.what for line in told().timeline) == 1


def test_every_step_says_how_it_went_or_why_it_did_not() -> None:
    found = told(whole(close=False)).steps
    assert [step.outcome for step in found] == [
        *("passed", "passed", "failed", "failed", "failed", "expired", "not_taken", "passed", "passed"),
        *("skipped", "passed", "", "not_reached"),
    ]
    why = {step.id: step.why for step in found if step.why}
    assert set(why) == {"vendor-log", "photo", "lessons"}
    assert "the leader wants" in why["vendor-log"]


def test_limits_are_kept_over_running_or_without_a_time() -> None:
    assert [(each.title, each.standing) for each in told().clocks] == [
        ("Response", "kept"),
        ("Recovery plan", "not_recorded"),
        ("Fault recovered", "kept"),
        ("Patch", "not_recorded"),
    ]
    rows = whole(close=False)
    back = next(place for place, row in enumerate(rows) if isinstance(row.event, ev.RecoveryAnswered))
    late = facts(rows[:back], plan(), site(), rows[0].at + timedelta(hours=2), scheme=scheme())
    assert [each.standing for each in late.clocks] == ["kept", "not_recorded", "over", "running"]


def test_a_plan_without_its_table_of_limits_has_no_clocks() -> None:
    assert told(scheme=None).clocks == ()


def test_people_are_named_once_with_all_that_they_did() -> None:
    people = {person.name: person.parts for person in told().people}
    assert people[WHO] == ("at the keyboard",)
    assert people["Leader B"] == ("told as group leader", "approved as group leader (spoken, not verified)")


def test_what_this_version_does_not_know_is_named() -> None:
    story = Story()
    story.opened()
    story.add(ev.Unrecognised("MoonRose", {"x": 1}))
    assert told(story.rows).timeline[-1].what.endswith("MoonRose")


def test_the_head_is_of_the_last_event_unless_the_proof_says_otherwise() -> None:
    rows = whole()
    assert told(rows).proof == Proof(rows[-1].hash)
    assert told(rows, proof=Proof("ab", 7, "hash")).proof.broken_at == 7


@pytest.mark.parametrize("rows", [[], whole()[1:]])
def test_without_its_opening_there_is_no_report(rows: list[Recorded]) -> None:
    with pytest.raises(RunbookError, match="E-FORM"):
        facts(rows, plan(), site(), whole()[0].at)


def test_every_kind_of_event_has_a_sentence_or_is_meant_to_have_none() -> None:
    from runbook.report.sentences import _LINES

    silent = {"StepBegun", "OthersSeen"}
    assert {kind.__name__ for kind in _LINES} - {"Unrecognised"} == set(record.kinds()) - silent


def test_an_act_whose_check_could_not_be_read_is_unknown_although_it_said_done() -> None:
    story = Story()
    story.opened()
    story.add(ev.StepBegun("restart-cti", 1))
    story.add(ev.ActionIntended("restart-cti", 1, "service", "restart", "a" * 64, "host:cti"))
    story.add(ev.ActionEnded("restart-cti", 1, "done", {}, "exit 0"))
    (act,) = told(story.rows).unknown
    assert (act.ended, act.answer) == ("done", "")


def test_why_a_step_was_not_taken_is_said_in_words() -> None:
    story = Story()
    story.opened()
    story.step("tell-lead", "not_taken", "condition", by="machine", reason="agents: failed/no")
    story.step("ping-cti", "not_taken", "condition", by="machine", reason="inputs.grace: 5m")
    story.step("sip-cti", "not_taken", "condition", by="machine", reason="elsewhere: closed")
    assert [step.why.split(": ", 1)[1] for step in told(story.rows).steps[:3]] == [
        "4 – Can any agent sign in: failed, no",
        "How long may the CTI service take to come back? 5m",
        "elsewhere: closed",
    ]
