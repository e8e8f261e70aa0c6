"""`wait_for`: absolute deadlines, whatever is in flight, and the keys that work meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runbook.model.events import ReadingTaken, RecoveryAnswered, SelfChecked, StepFinished
from runbook.model.playbook import Playbook
from runbook.model.prompts import Gone, Key
from tests.engine.desk import STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, NOON, UNDER_WAY, cannot


def waiting(body: str, more: str = "", before: str = "") -> Playbook:
    return plan(f"""{before}
- id: wait
  title: It comes back
  wait_for: {{until: {{service: {{host: cti, name: core, do: status}}}}, {body}}}
  next: {{expired: last}}
{more}
- id: between
  title: Between
  instruct: {{}}
- id: last
  title: Last
  instruct: {{}}
""")


FIVE = waiting("limit: 5m, every: 5s")
YES: dict[str, Any] = {"between": "done", "last": "done", "recovered": "yes"}


def green_at(desk: Desk, minutes: float) -> None:
    """The service runs from this moment on, counted from noon."""
    there = NOON + timedelta(minutes=minutes)
    desk.world.ssh.on(STATUS, lambda: ACTIVE if desk.world.clock.now() >= there else INACTIVE)


def finished(desk: Desk, step: str = "wait") -> StepFinished:
    return [event for event in desk.events(StepFinished) if event.step == step][-1]


def test_green_before_the_limit_passes_and_is_read_every_so_often() -> None:
    desk = Desk(FIVE, YES)
    green_at(desk, 1)
    desk.walk()
    assert (finished(desk).outcome, finished(desk).by) == ("passed", "machine")
    assert len(desk.world.ssh.calls) == 13
    assert desk.world.clock.now() == NOON + timedelta(minutes=1)
    assert [taken.purpose for taken in desk.events(ReadingTaken)] == ["wait"]


def in_flight(desk: Desk, until_s: float) -> None:
    """A reading that is asked at once and answers green only at this moment."""

    def slow() -> Any:
        desk.world.clock.move(NOON + timedelta(seconds=until_s) - desk.world.clock.now())
        return ACTIVE

    desk.world.ssh.on(STATUS, slow)


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(299.9, "passed"), (299.999, "passed"), (300.0, "expired"), (300.1, "expired")]
)
def test_just_before_the_limit_passes_and_at_it_expires_whatever_is_in_flight(seconds: float, outcome: str) -> None:
    desk = Desk(FIVE, YES)
    in_flight(desk, seconds)
    desk.walk()
    assert desk.outcomes()["wait"] == outcome
    assert desk.outcomes()["between"] == ("passed" if outcome == "passed" else "not_taken")


def test_never_green_expires_at_the_limit_and_not_before() -> None:
    desk = Desk(FIVE, YES)
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert finished(desk).outcome == "expired"
    assert desk.world.clock.now() == NOON + timedelta(minutes=5)


def test_a_reading_that_cannot_be_asked_is_not_green_and_does_not_end_the_wait() -> None:
    desk = Desk(FIVE, YES)
    desk.world.ssh.on(STATUS, cannot("login"), cannot("login"), ACTIVE)
    desk.walk()
    assert finished(desk).outcome == "passed"


CALL = """
- id: call
  title: They know
  call: {contact: vendor}
- id: look
  title: Which
  ask: {choices: [left, right]}
"""
SINCE = waiting("limit: 5m, since: call", before=CALL)


@pytest.mark.parametrize(("late", "outcome"), [(4.9, "passed"), (5.0, "expired")])
def test_the_limit_counts_from_the_end_of_since(late: float, outcome: str) -> None:
    desk = Desk(SINCE, {"call": "reached", "look": [lambda _p: (desk.minutes(late), "left")[1]], **YES})
    desk.world.ssh.on(STATUS, ACTIVE)
    desk.walk()
    assert finished(desk).outcome == outcome


def test_since_a_step_that_was_never_finished_is_its_own_start() -> None:
    desk = Desk(SINCE, {"call": [Key("g")], "go-to": "look", "go-to.reason": "why", **YES})
    desk.human.script["look"] = [lambda _p: (desk.minutes(6), "left")[1]]
    desk.world.ssh.on(STATUS, ACTIVE)
    desk.walk()
    assert finished(desk).outcome == "passed"


def test_since_a_block_is_the_end_of_its_last_step() -> None:
    the_plan = waiting("limit: 5m, since: pair", before="- id: pair\n  use: {block: pair}")
    desk = Desk(the_plan, {"pair/one": "left", "pair/two": [lambda _p: (desk.minutes(6), "done")[1]], **YES})
    desk.world.ssh.on(STATUS, ACTIVE)
    desk.walk()
    assert finished(desk).outcome == "passed"


@pytest.mark.parametrize(("away", "outcome"), [(3.9, "passed"), (4, "expired"), (60, "expired")])
def test_a_resume_counts_from_the_same_absolute_deadline(away: float, outcome: str) -> None:
    desk = Desk(FIVE, {"wait.wait": lambda _p: (desk.minutes(1), Key("q"))[1]})
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.world.clock.wait = lambda seconds: None  # type: ignore[method-assign]
    assert desk.walk().why == "key"
    desk.minutes(away)
    del desk.world.clock.wait  # type: ignore[misc]
    desk.world.ssh.on(STATUS, ACTIVE)
    desk.resume(dict(YES))
    assert finished(desk).outcome == outcome


def test_stop_waiting_goes_on_as_expired() -> None:
    desk = Desk(FIVE, {"wait.wait": "stop", **YES})
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert finished(desk).outcome == "expired"
    assert desk.outcomes()["between"] == "not_taken"


# -- and: recovered


RECOVERED = waiting("and: recovered, limit: 5m, every: 5s")


def test_green_alone_is_not_enough_when_a_person_must_say_yes() -> None:
    script = {**YES, "wait.recovered": ["no", "yes"], "wait.again": "again"}
    desk = Desk(RECOVERED, script)
    green_at(desk, 1)
    desk.walk()
    assert [answer.recovered for answer in desk.events(RecoveryAnswered)] == [False, True], "both answers are kept"
    assert (finished(desk).outcome, finished(desk).by) == ("passed", "person")
    assert desk.state.status == "recovered"


def test_green_and_no_and_no_more_waiting_is_expired() -> None:
    desk = Desk(RECOVERED, {**YES, "wait.recovered": "no", "wait.again": "stop"})
    green_at(desk, 0)
    desk.walk()
    assert finished(desk).outcome == "expired"


def test_it_expires_while_the_person_thinks() -> None:
    desk = Desk(RECOVERED, {**YES, "wait.recovered": "no", "wait.again": [lambda _p: (desk.minutes(5), UNDER_WAY)[1]]})
    green_at(desk, 0)
    desk.walk()
    assert finished(desk).outcome == "expired"


def test_a_yes_that_stands_is_not_asked_for_again_after_a_crash() -> None:
    desk = Desk(RECOVERED, {"wait.recovered": "yes"})
    green_at(desk, 0)
    desk.context.listeners.append(lambda row: _die_after(row.event, RecoveryAnswered))
    with pytest.raises(ZeroDivisionError):
        desk.walk()
    desk.resume({"last": "done", "between": "done"})
    assert finished(desk).outcome == "passed"


def _die_after(event: object, kind: type) -> None:
    if isinstance(event, kind):
        raise ZeroDivisionError


def test_a_wrong_no_is_taken_back_and_the_wait_goes_on() -> None:
    script = {**YES, "wait.recovered": ["no", "yes"], "wait.again": Key("u", "wrong number")}
    desk = Desk(RECOVERED, script)
    green_at(desk, 0)
    desk.walk()
    assert finished(desk).outcome == "passed"


# -- hold


HOLD = waiting("limit: 5m, every: 30s, hold: 10m")


def test_hold_keeps_watching_after_green() -> None:
    desk = Desk(HOLD, YES)
    green_at(desk, 4)
    desk.walk()
    assert finished(desk).outcome == "passed"
    assert desk.world.clock.now() == NOON + timedelta(minutes=14)


def test_red_again_during_the_hold_and_after_the_limit_expires() -> None:
    desk = Desk(HOLD, YES)
    red = NOON + timedelta(minutes=8)
    desk.world.ssh.on(STATUS, lambda: INACTIVE if desk.world.clock.now() >= red else ACTIVE)
    desk.walk()
    assert finished(desk).outcome == "expired"
    assert desk.world.clock.now() == red


def test_red_again_before_the_limit_waits_on() -> None:
    desk = Desk(HOLD, YES)
    red, green = NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)
    desk.world.ssh.on(STATUS, lambda: INACTIVE if red <= desk.world.clock.now() < green else ACTIVE)
    desk.walk()
    assert finished(desk).outcome == "passed"
    assert desk.world.clock.now() == green + timedelta(minutes=10)


def test_a_mistake_of_the_program_is_not_taken_for_an_outcome() -> None:
    """It is raised where the person waits, not printed by a thread while the wait goes on to expire."""
    desk = Desk(FIVE, YES)
    desk.world.ssh.on(STATUS, ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        desk.walk()
    assert desk.outcomes() == {}


# -- keys, and nobody there


@pytest.mark.parametrize("letter", list("npo!h?"))
def test_the_keys_work_while_it_waits(letter: str) -> None:
    desk = Desk(FIVE, {"wait.wait": [Key(letter, "text"), UNDER_WAY], **YES})
    desk.world.ssh.on(STATUS, INACTIVE, ACTIVE)
    desk.walk()
    assert finished(desk).outcome == "passed"


def test_skip_by_hand_and_go_to_leave_the_wait() -> None:
    desk = Desk(FIVE, {"wait.wait": Key("s", "no time"), **YES})
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert (finished(desk).outcome, finished(desk).reason) == ("skipped", "no time")
    desk = Desk(FIVE, {"wait.wait": Key("b"), "wait.manual": "failed", "wait.found": "red", **YES})
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert (finished(desk).outcome, finished(desk).by) == ("expired", "person")
    desk = Desk(FIVE, {"wait.wait": Key("g"), "go-to": "3", "go-to.reason": "why", **YES})
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert desk.outcomes() == {"wait": "not_taken", "between": "not_taken", "last": "passed"}


def test_by_hand_does_not_make_a_yes_of_a_no() -> None:
    script = {**YES, "wait.wait": Key("b"), "wait.manual": "passed", "wait.found": "", "wait.recovered": "no"}
    desk = Desk(RECOVERED, script)
    desk.world.ssh.on(STATUS, INACTIVE)
    desk.walk()
    assert finished(desk).outcome == "expired"


@pytest.mark.parametrize("why", ["end_of_input", "hangup", "terminate", "interrupt", "not_confirmed"])
def test_a_wait_that_nobody_attends_pauses(why: Any) -> None:
    desk = Desk(FIVE, {"wait.wait": Gone(why)})
    desk.world.ssh.on(STATUS, INACTIVE)
    assert desk.walk().why == why
    assert desk.outcomes() == {}


def test_an_answers_file_waits_on_alone() -> None:
    desk = Desk(FIVE, {"wait.wait": Gone("not_answered"), **YES})
    green_at(desk, 2)
    desk.walk()
    assert finished(desk).outcome == "passed"


def test_what_only_this_laptop_cannot_see_has_not_expired() -> None:
    """The cable is out when the limit is over: the person reads elsewhere, and that is the outcome."""
    the_plan = plan("""
        - id: wait
          title: It answers
          wait_for: {until: {ping: {host: cti}}, limit: 1m}
          next: {expired: continue}
        - id: last
          title: Last
          instruct: {}
    """)
    desk = Desk(the_plan, {"laptop": "elsewhere", "wait.manual": "passed", "wait.found": "green", **YES})
    desk.world.icmp.on("192.0.2.1", 0)
    desk.world.icmp.on("192.0.2.2", 0)
    desk.context.listeners.append(
        lambda row: setattr(desk.world.laptop, "sees", False) if isinstance(row.event, SelfChecked) else None
    )
    desk.walk()
    assert (finished(desk).outcome, finished(desk).by) == ("passed", "person")
