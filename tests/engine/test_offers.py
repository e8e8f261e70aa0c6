"""Offers: due by absolute time, shown once, never taken by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from runbook.engine.beyond import AskOffer, due_offers
from runbook.engine.decide import Run, decide
from runbook.model.events import OfferAnswered, PlaybookEntered, RecoveryAnswered, StepFinished, WentTo
from runbook.model.playbook import Playbook
from runbook.model.prompts import Gone, Key, Prompt
from runbook.model.state import fold
from tests.engine.desk import STATUS, Desk, plan, playbook
from tests.engine.fakes import ACTIVE, INACTIVE, NOON, UNDER_WAY, Killed

OTHER = playbook("other", "- {id: in, entry: yes, title: In the other, instruct: {}}")
STEPS = """
    - id: look
      title: Look
      instruct: {}
    - id: ask
      title: Which
      ask: {choices: [left, right]}
    - id: write
      title: Write it down
      ask: {type: text}
    - id: last
      title: Last
      instruct: {}
"""


def offering(offer: str, steps: str = STEPS) -> Playbook:
    return plan(steps, extra=f"offers:\n  - {{title: Move the hotline, {offer}}}\n", others=(OTHER,))


JUMP = offering("after: 15m, go: {playbook: other, at: in}")
LATER = offering("after: 15m, go: last")
SINCE = offering("after: 15m, since: look, when: {ask: left}, go: last")
BESIDE = offering("after: 15m, start: other")
YES: dict[str, Any] = {
    "look": "done",
    "ask": "left",
    "write": "text",
    "last": "done",
    "other:in": "done",
    "recovered": "yes",
}


def after(made: list[Desk], minutes: float, answer: Any) -> Callable[[Prompt], Any]:
    """The person answers when so much time has passed."""

    def answering(prompt: Prompt) -> Any:
        made[0].minutes(minutes)
        return answer

    return answering


def desk(
    the_plan: Playbook, script: dict[str, Any], *, waits_at: str = "look", minutes: float = 15, answer: Any = "done"
) -> Desk:
    made: list[Desk] = []
    made.append(Desk(the_plan, {**YES, waits_at: after(made, minutes, answer), **script}))
    return made[0]


def asked(made: Desk, name: str = "offer.1") -> list[Prompt]:
    return made.human.asked(name)


def interruptible(made: Desk, name: str) -> list[bool]:
    """For each time that a question was asked: whether anything could have ended it but an answer."""
    asked = zip(made.human.prompts, made.human.interruptible, strict=True)
    return [could for prompt, could in asked if prompt.name == name]


def test_it_is_shown_between_steps_and_taken_only_by_its_number() -> None:
    made = desk(JUMP, {"offer.1": "now"})
    assert made.walk().how == "recovered"
    (prompt,) = asked(made)
    assert (prompt.kind, prompt.default) == ("choice", None)
    assert prompt.question == "Offer, due since 0s: Move the hotline"
    assert [choice.label for choice in prompt.choices] == ["do it now (go to [5] In the other)", "not now"]
    (went,) = made.events(WentTo)
    assert (went.origin, went.target, went.because, went.offer) == ("look", "other:in", "offer", "1")
    assert went.passed_over == ["ask", "write", "last"]
    assert [event.playbook for event in made.events(PlaybookEntered)] == ["other"]


@pytest.mark.parametrize(("seconds", "shown"), [(899.999, False), (900.0, True), (900.1, True)])
def test_it_is_due_exactly_at_its_time(seconds: float, shown: bool) -> None:
    made = Desk(JUMP, YES)
    now = NOON + timedelta(seconds=seconds)
    assert bool(due_offers(JUMP, made.state, now)) is shown
    assert decide(JUMP, made.state, now) == [AskOffer("1") if shown else Run("look")]
    assert decide(JUMP, made.state) == [Run("look")], "without a time nothing is offered"


def test_not_now_is_recorded_asked_once_and_still_listed_and_taken_with_the_key_g() -> None:
    made = desk(LATER, {"offer.1": "not_now", "ask": [Key("o"), Key("g", "it takes too long")], "go-to": "o1"})
    assert made.walk().how == "recovered"
    assert made.events(OfferAnswered) == [OfferAnswered("1", "not_now")]
    assert len(asked(made)) == 1
    assert "OFFER for 0s: Move the hotline (key g: o1)" in made.human.told
    (went,) = made.events(WentTo)
    assert (went.because, went.reason, went.passed_over) == ("offer", "it takes too long", ["ask", "write"])
    assert made.state.offers == {"1": "go"}


@pytest.mark.parametrize("step", ["look", "ask"])
def test_it_comes_up_while_the_person_is_at_a_prompt(step: str) -> None:
    made = desk(JUMP, {"offer.1": "now"}, waits_at=step, answer=None)
    made.walk()
    assert step not in [event.step for event in made.events(StepFinished)]
    assert step in made.events(WentTo)[0].passed_over
    assert made.outcomes()[step] == "not_taken"


def test_not_now_gives_the_question_back() -> None:
    made: list[Desk] = []
    made.append(Desk(JUMP, {**YES, "ask": [after(made, 16, None), "right"], "offer.1": "not_now"}))
    made[0].walk()
    assert made[0].state.step("ask").answer == "right"
    assert [prompt.name for prompt in made[0].human.prompts][1:4] == ["ask", "offer.1", "ask"]


def test_a_text_that_is_being_typed_is_not_interrupted_and_not_lost() -> None:
    made = desk(JUMP, {"offer.1": "now"}, waits_at="write", answer="what she typed")
    made.walk()
    assert made.state.step("write").answer == "what she typed"
    assert [prompt.name for prompt in made.human.prompts][2:4] == ["write", "offer.1"]
    assert interruptible(made, "ask") == [True]
    assert interruptible(made, "write") == [False]


def test_it_comes_up_during_a_wait_and_not_now_goes_on_waiting() -> None:
    steps = f"""
    - id: wait
      title: It comes back
      wait_for: {{until: {{service: {{host: cti, name: core, do: status}}}}, limit: 40m, every: 10s}}
      next: {{expired: continue}}
    {STEPS}"""
    the_plan = offering("after: 15m, go: last", steps)
    made = Desk(the_plan, {**YES, "offer.1": "not_now"})
    there = NOON + timedelta(minutes=20)
    made.world.ssh.on(STATUS, lambda: ACTIVE if made.world.clock.now() >= there else INACTIVE)
    made.walk()
    assert made.outcomes()["wait"] == "passed"
    assert len(asked(made)) == 1
    made = Desk(the_plan, {**YES, "offer.1": "now"})

    def slow() -> Any:
        # The test's clock runs as fast as it is read; from here on the person has time to see what is due.
        if made.world.clock.now() >= NOON + timedelta(minutes=15):
            time.sleep(0.05)
        return INACTIVE

    made.world.ssh.on(STATUS, slow)
    made.walk()
    assert made.outcomes()["wait"] == "not_taken"
    assert made.events(WentTo)[0].target == "last"


def test_an_act_that_is_under_way_is_not_left() -> None:
    steps = """
    - id: switch
      title: Move the hotline
      carrier_switch: {contact: carrier, from: hotline, to: emergency}
      approval: {by: leadership}
    - id: back
      closes: switch
      title: Move it back
      carrier_switch: {contact: carrier, from: emergency, to: hotline}
      approval: {by: leadership}
    - id: last
      title: Last
      instruct: {}
    """
    made: list[Desk] = []
    script: dict[str, Any] = {
        **YES, "switch.approval": "approves", "switch.approver": "Post A",
        "switch": ["confirm", after(made, 20, "confirmed"), "Desk", "62340001"], "offer.1": "not_now",
        "back.approval": "approves", "back.approver": "Post A", "back": ["confirm", "confirmed", "Desk", "platform_prompt"],
    }  # fmt: skip
    made.append(Desk(offering("after: 15m, go: last", steps), script))
    assert made[0].walk().how == "recovered"
    names = [prompt.name for prompt in made[0].human.prompts]
    assert names.index("offer.1") > max(number for number, name in enumerate(names) if name == "switch")
    assert interruptible(made[0], "switch") == [False] * 4
    assert interruptible(made[0], "offer.1") == [False]


def test_it_counts_from_the_end_of_its_step_and_waits_for_its_condition() -> None:
    made = desk(SINCE, {"offer.1": "now"}, waits_at="ask", answer="left")
    made.walk()
    assert [prompt.name for prompt in made.human.prompts][:3] == ["look", "ask", "offer.1"]
    made = desk(SINCE, {}, waits_at="ask", answer="right")
    made.walk()
    assert not asked(made)


def test_a_way_that_lies_behind_is_not_offered() -> None:
    made = desk(LATER, {}, waits_at="last")
    made.walk()
    assert not asked(made)


def test_nothing_is_offered_once_service_is_back() -> None:
    made = Desk(JUMP, YES)
    made.context.record(RecoveryAnswered("look", True))
    assert due_offers(JUMP, made.state, NOON + timedelta(hours=1)) == []


@pytest.mark.parametrize("gone", [Gone("end_of_input"), Gone("not_answered"), Gone("hangup"), Key("q")])
def test_without_an_answer_it_pauses_and_is_asked_again(gone: Any) -> None:
    made = desk(JUMP, {"offer.1": gone})
    assert made.walk().how == "paused"
    assert made.events(OfferAnswered, WentTo) == []
    made.resume({**YES, "offer.1": "not_now"})
    assert made.events(OfferAnswered) == [OfferAnswered("1", "not_now")]


def test_a_linked_incident_is_opened_beside_and_the_walk_goes_on_here() -> None:
    made = desk(BESIDE, {"offer.1": "now"})
    started: list[str] = []
    made.context.start = lambda name: started.append(name) or "20261104-other-AAAA"  # type: ignore[func-returns-value]
    assert made.walk().how == "recovered"
    assert started == ["other"]
    assert asked(made)[0].choices[0].label == "do it now (open a linked incident: The plan other)"
    assert made.events(OfferAnswered) == [OfferAnswered("1", "start", incident="20261104-other-AAAA")]
    assert made.outcomes() == {"look": "passed", "ask": "passed", "write": "passed", "last": "passed"}
    assert any("runbook resume 20261104-other-AAAA" in line for line in made.human.told)
    assert made.state.linked == ("20261104-other-AAAA",)
    assert fold(made.rows()).offers == {"1": "start"}


@pytest.mark.parametrize("number", range(2, 14))
def test_killed_at_any_event_it_ends_the_same(number: int) -> None:
    whole = desk(JUMP, {"offer.1": "now"})
    whole.walk()
    made = desk(JUMP, {"offer.1": "now"})
    made.journal.kill_at = number
    try:
        made.walk()
    except Killed:
        made.resume({**YES, "offer.1": "now", "look": after([made], 15, "done")})
    assert made.outcomes() == whole.outcomes()
    assert made.events(WentTo) == whole.events(WentTo)


def test_a_wait_alone_is_not_counted_as_an_answer() -> None:
    made = desk(JUMP, {"offer.1": "not_now", "ask": [UNDER_WAY, "left"]}, waits_at="look", minutes=14.9)
    made.human.script["ask"].insert(0, lambda prompt: made.minutes(1) or None)
    made.human.script["ask"].remove(UNDER_WAY)
    made.walk()
    assert [event.answer for event in made.events(OfferAnswered)] == ["not_now"]


@pytest.mark.parametrize("answer", ["now", "not_now"])
def test_it_comes_up_at_a_question_of_a_branch_and_leaves_all_of_them(answer: str) -> None:
    steps = """
    - id: both
      title: Two at once
      together:
        one:
          - {id: left, title: Left, ask: {choices: [in, out]}}
        two:
          - {id: right, title: Right, ask: {choices: [in, out]}}
    - id: last
      title: Last
      instruct: {}
    """
    the_plan = offering("after: 15m, go: {playbook: other, at: in}", steps)
    made: list[Desk] = []
    script = {**YES, "left": [after(made, 16, None), "in"], "right": "out", "offer.1": answer}
    made.append(Desk(the_plan, script))
    assert made[0].walk().how == "recovered"
    found = made[0].outcomes()
    if answer == "now":
        assert found == {
            "both": "not_taken",
            "left": "not_taken",
            "right": "not_taken",
            "last": "not_taken",
            "other:in": "passed",
        }
    else:
        assert found == {"both": "passed", "left": "passed", "right": "passed", "last": "passed"}
    assert len(asked(made[0])) == 1
