"""One walk through several playbooks: where it enters, what is passed over, asked, closed, and where it ends."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from runbook.engine.between import passed_over
from runbook.engine.beyond import EnterPlaybook
from runbook.engine.decide import Go, Run, SettleDebt, decide
from runbook.loader.playbooks import load_snapshot
from runbook.loader.site_kept import site_text_of
from runbook.model.events import (
    InputAnswered,
    PlaybookEntered,
    SeverityRaised,
    StepBegun,
    StepFinished,
    WentTo,
)
from runbook.model.naming import question_of
from runbook.model.playbook import Playbook
from runbook.model.prompts import Gone, Key
from runbook.model.state import fold
from tests.engine.desk import SITE, Desk, plan, playbook
from tests.engine.fakes import Killed

OTHER = playbook(
    "other",
    """
    - id: before
      title: Not taken on the way in
      instruct: {}
    - id: switch
      entry: yes
      title: Move the hotline
      carrier_switch: {contact: carrier, from: hotline, to: emergency}
      approval: {by: leadership}
    - id: back
      closes: switch
      title: Move it back
      carrier_switch: {contact: carrier, from: emergency, to: hotline}
      approval: {by: leadership}
    - id: last
      title: Last of the other
      when: {switch: passed, inputs.loud: loudly}
      instruct: {}
      recovery_test: yes
    - id: never
      title: After service is back
      instruct: {}
    """,
    extra="""
    inputs:
      wait: {type: duration, default: 7m, ask: How long there}
      loud: {type: choice, choices: [loudly, quietly], ask: How loud}
      shared: {type: host, ask: Which}
    """,
    severity="SEV1",
)
THIRD = playbook("third", "- {id: in, entry: yes, title: In the third, instruct: {}}")
PLAN = plan(
    """
    - id: tickets
      title: Write by hand
      tickets: {do: open}
    - id: look
      title: How is it
      ask: {choices: [good, bad], fails: bad}
      next: {failed: {playbook: other, at: switch}}
    - id: also
      title: Once more
      ask: {choices: [good, bad], fails: bad}
      next: {failed: {playbook: third, at: in}}
    - id: entry
      closes: tickets
      title: Enter them
      tickets: {do: back_entry}
    """,
    extra="""
    inputs:
      shared: {type: host, default: cti, ask: Which one}
    """,
    others=(OTHER, THIRD),
)
SCRIPT: dict[str, Any] = {
    "tickets": "by_hand", "look": "bad", "inputs.loud": "loudly",
    "other:switch.approval": "approves", "other:switch.approver": "Post A", "other:switch": ["confirm", "confirmed", "Desk", "62340001"],
    "other:back.approval": "approves", "other:back.approver": "Post A", "other:back": ["confirm", "confirmed", "Desk", "platform_prompt"],
    "other:last": "done", "other:last.recovered": "yes", "tickets.debt": "close", "entry": ["2", "2"],
}  # fmt: skip


def desk(the_plan: Playbook = PLAN, **given: Any) -> Desk:
    """`other__look__approval` stands for the prompt `other:look.approval`."""
    named = {name.replace("other__", "other:").replace("__", "."): value for name, value in given.items()}
    script = SCRIPT | named
    return Desk(the_plan, script, inputs=(InputAnswered("shared", "sip", "asked"),))


def test_the_steps_of_every_playbook_stand_behind_the_plans_own() -> None:
    ids = [step.id for step in PLAN.steps]
    assert ids == [
        "tickets",
        "look",
        "also",
        "entry",
        "other:before",
        "other:switch",
        "other:back",
        "other:last",
        "other:never",
        "third:in",
    ]
    assert [step.number for step in PLAN.steps] == list(range(1, 11))
    assert PLAN.step("other:back").keys.closes == "other:switch"
    assert PLAN.step("other:last").keys.when == {"other:switch": ("passed",), "inputs.loud": ("loudly",)}
    assert PLAN.header_of("other").recovered.then == "end"
    assert [step.id for step in PLAN.own] == ids[:4]


def test_a_walk_goes_on_in_the_other_playbook_and_debts_of_both_are_closed() -> None:
    made = desk()
    assert made.walk().how == "recovered"
    assert made.outcomes() == {
        "tickets": "passed", "look": "failed", "also": "not_taken", "other:before": "not_taken", "other:switch": "passed",
        "other:back": "passed", "other:last": "passed", "entry": "passed", "other:never": "not_taken",
    }  # fmt: skip
    assert {debt.step: debt.closed_by for debt in made.state.debts} == {
        "tickets": "entry",
        "other:switch": "other:back",
    }
    assert made.state.open_debts == ()


def test_what_is_passed_over_is_the_rest_of_the_one_and_the_beginning_of_the_other() -> None:
    made = desk(other__switch__approval=Gone("hangup"))
    made.walk()
    (went,) = made.events(WentTo)
    assert (went.origin, went.target, went.because) == ("look", "other:switch", "next")
    assert went.passed_over == ["also", "entry", "other:before"]
    assert passed_over(PLAN, made.state, "other:switch", "end") == ("other:back", "other:last", "other:never")


def test_it_is_entered_once_with_its_version_and_its_step() -> None:
    made = desk()
    made.walk()
    assert made.events(PlaybookEntered) == [PlaybookEntered("other", "1", {"": "The plan other"}, "other:switch")]
    assert made.state.playbook == "other"
    assert made.state.playbooks == ("", "other")


def test_inputs_of_one_name_go_on_defaults_are_taken_and_the_others_are_asked_for() -> None:
    made = desk()
    made.walk()
    answered = made.events(InputAnswered)[1:]
    assert [(event.name, event.value, event.how) for event in answered] == [
        ("loud", "loudly", "asked"),
        ("wait", "7m", "default"),
    ]
    assert made.state.inputs["shared"] == "sip"
    assert question_of(PLAN, "loud") == "How loud"


def test_a_pause_while_an_input_is_asked_for_loses_nothing() -> None:
    made = desk(inputs__loud=Gone("hangup"))
    assert made.walk().how == "paused"
    assert decide(PLAN, made.state) == [EnterPlaybook("other")]
    assert made.resume(SCRIPT).how == "recovered"
    assert len(made.events(PlaybookEntered)) == 1


def test_a_worse_playbook_raises_the_severity_once_and_it_never_falls() -> None:
    made = desk(look="good", also="bad", **{"third:in": "done", "recovered": "yes"})
    made.walk()
    assert made.events(SeverityRaised) == []
    made = desk()
    made.walk()
    assert made.events(SeverityRaised) == [SeverityRaised("SEV1", "SEV3", "playbook", "other")]
    assert made.state.severity == "SEV1"


def test_the_other_playbooks_own_test_of_success_is_asked_there() -> None:
    made = desk(other__last__recovered="no", other__never="done", recovered="yes", tickets__debt="close")
    made.walk()
    assert [prompt.question for prompt in made.human.asked("recovered")] == ["Is service back?"]
    assert made.outcomes()["other:never"] == "passed"


def test_the_line_never_runs_on_into_another_playbook() -> None:
    made = desk(look="good", also="good", recovered="yes", entry=["1", "1"])
    assert made.walk().how == "recovered"
    assert not [step for step in made.outcomes() if ":" in step]


def test_a_debt_of_the_first_playbook_holds_the_end_of_the_other() -> None:
    made = desk(tickets__debt=Key("q"))
    made.walk()
    assert decide(PLAN, made.state) == [SettleDebt("tickets")]
    assert made.state.playbook == "other"


def test_the_keys_g_and_u_stay_in_the_playbook_that_is_walked() -> None:
    made = desk(other__last=[Key("g"), "done"], **{"go-to": "", "other:last.recovered": "no", "other:never": Key("q")})
    made.walk()
    (listed,) = made.human.asked("go-to")
    assert [line.split()[0] for line in listed.lines] == ["9"]
    made.resume(
        {"other:never": [Key("u", "it was not"), Key("q")], "other:last.recovered": "yes", "tickets.debt": "pause"}
    )
    assert made.state.status == "recovered"


def test_an_unknown_act_of_the_other_playbook_is_answered_for_there() -> None:
    made = desk(other__switch=["confirm", Gone("hangup")])
    made.walk()
    assert [step.id for step in made.state.unknown] == ["other:switch"]
    made.resume(SCRIPT | {"other:switch.unknown": "done", "tickets.debt": "close"})
    assert made.outcomes()["other:switch"] == "passed"
    assert [event.step for event in made.events(StepBegun)].count("other:switch") == 1


@pytest.mark.parametrize("number", range(3, 40))
def test_killed_at_any_event_the_walk_ends_the_same(number: int) -> None:
    whole = desk()
    whole.walk()
    made = desk()
    made.journal.kill_at = number
    try:
        made.walk()
    except Killed:
        made.resume(SCRIPT | {"other:switch.unknown": "done", "other:back.unknown": "done"})
    assert made.outcomes() == whole.outcomes()
    assert made.state.open_debts == ()
    for kind in (PlaybookEntered, SeverityRaised, WentTo):
        assert [asdict(e) for e in made.events(kind)] == [asdict(e) for e in whole.events(kind)]
    finished = [event.step for event in made.events(StepFinished)]
    assert len(finished) == len(set(finished)), "nothing was walked twice"


def test_what_is_kept_gives_the_same_walk_again() -> None:
    kept = {**PLAN.files, "site.yaml": site_text_of(SITE, PLAN)}
    assert set(kept) >= {"playbooks/plan.yaml", "playbooks/other.yaml", "playbooks/third.yaml"}
    again, site = load_snapshot(kept, "plan")
    assert (again.steps, again.header, dict(again.others)) == (PLAN.steps, PLAN.header, dict(PLAN.others))
    assert site.lines == SITE.lines


def test_a_target_right_behind_the_last_own_step_is_a_jump_all_the_same() -> None:
    the_plan = plan(
        "- {id: look, title: Look, ask: {choices: [good, bad], fails: bad}, next: {failed: {playbook: third, at: in}}}",
        others=(THIRD,),
    )
    made = Desk(the_plan, {"look": "bad", "third:in": Key("q")})
    made.walk()
    assert [event.target for event in made.events(WentTo)] == ["third:in"]
    assert decide(the_plan, fold(made.rows())) == [Run("third:in")]
    assert made.events(PlaybookEntered)


def test_a_chain_of_three_is_ordered_so_that_every_way_leads_onwards() -> None:
    ask = "- {{id: in, entry: yes, title: T, ask: {{choices: [good, bad], fails: bad}}, next: {{failed: {{playbook: {to}, at: in}}}}}}"
    one, two = playbook("one", ask.format(to="two")), playbook("two", "- {id: in, entry: yes, title: T, instruct: {}}")
    the_plan = plan(
        """
        - id: a
          title: A
          ask: {choices: [good, bad], fails: bad}
          next: {failed: {playbook: two, at: in}}
        - id: b
          title: B
          ask: {choices: [good, bad], fails: bad}
          next: {failed: {playbook: one, at: in}}
        """,
        others=(one, two),
    )
    assert [step.id for step in the_plan.steps] == ["a", "b", "one:in", "two:in"]
    made = Desk(the_plan, {"a": "good", "b": "bad", "one:in": "bad", "two:in": "done", "recovered": "yes"})
    assert made.walk().how == "recovered"
    assert [(event.origin, event.target) for event in made.events(WentTo)] == [("b", "one:in"), ("one:in", "two:in")]


def test_a_jump_is_one_move_of_the_plan() -> None:
    made = desk(look=Key("q"))
    made.walk()
    failed = StepFinished("look", 1, "failed", "person", "asked")
    made.context.record(failed)
    assert decide(PLAN, made.state) == [Go("look", "other:switch", "next", ("also", "entry", "other:before"))]
