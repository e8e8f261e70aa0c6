"""Whatever is done to the wall clock, deadlines come when they are due: neither early nor late nor twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runbook.model.clocks import Clock, Scheme, clocks, met_by
from runbook.model.events import ClockJumped, StepBegun, StepFinished
from runbook.model.open_items import open_items
from runbook.model.prompts import Gone, Prompt
from runbook.model.state import fold
from runbook.ui.status import status_line
from tests.engine.desk import STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, NOON, Killed
from tests.engine.test_acting import desk as acting
from tests.engine.test_offers import LATER, asked
from tests.engine.test_waiting import FIVE, YES, finished

JUMPS = [timedelta(hours=-2), timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC) - NOON, timedelta(days=365 * 14)]
jumps = pytest.mark.parametrize("jump", JUMPS, ids=str)
SCHEME = Scheme.model_validate(
    {
        "scheme": "1",
        "id": "s",
        "title": "A scheme",
        "source": "-",
        "worst": "lowest",
        "metrics": {"recovery": "Recovery"},
        "levels": {"1": {"title": "One", "limits": {"recovery": "1h"}}},
    }
)


def set_clock(made: Desk, jump: timedelta) -> None:
    """Somebody, or a time server, sets the wall clock."""
    made.world.clock.at += jump


def then(made: Desk, act: Callable[[], Any], answer: Any) -> Callable[[Prompt], Any]:
    """The person answers, and meanwhile something happens."""

    def answering(_prompt: Prompt) -> Any:
        act()
        return answer

    return answering


# -- waits


@jumps
def test_a_wait_lasts_as_long_as_it_should(jump: timedelta) -> None:
    """The clock jumps while it waits: it expires after five real minutes, and the jump is an event."""
    made = Desk(FIVE, YES)
    began = made.world.clock.boot_s
    looks = 0

    def look() -> Any:
        nonlocal looks
        looks += 1
        if looks == 10:
            set_clock(made, jump)
        return INACTIVE

    made.world.ssh.on(STATUS, look)
    made.walk()
    assert finished(made).outcome == "expired"
    assert made.world.clock.boot_s - began == pytest.approx(300, abs=1)
    assert [round(event.seconds) for event in made.events(ClockJumped)] == [round(jump.total_seconds())]


@jumps
def test_a_wait_goes_on_after_a_resume_with_what_was_left(jump: timedelta) -> None:
    """Begun, jumped, killed, resumed from the journal alone: the limit still ends five minutes after its begin."""
    made = Desk(FIVE, YES)
    began = made.world.clock.boot_s
    made.world.ssh.on(STATUS, INACTIVE)
    made.journal.kill_at = len(made.rows()) + 2
    with pytest.raises(Killed):
        made.walk()
    assert isinstance(made.rows()[-1].event, StepBegun)
    made.minutes(2)
    set_clock(made, jump)
    made.resume(YES)
    assert finished(made).outcome == "expired"
    assert made.world.clock.boot_s - began == pytest.approx(300, abs=1)


@jumps
def test_green_before_the_limit_is_green_whatever_the_wall_says(jump: timedelta) -> None:
    """A second before its limit it comes back, on a clock that was set meanwhile."""
    made = Desk(FIVE, YES)
    began = made.world.clock.boot_s
    made.world.ssh.on(STATUS, lambda: ACTIVE if made.world.clock.boot_s - began >= 295 else INACTIVE)
    set_clock(made, jump)
    made.walk()
    assert finished(made).outcome == "passed"


# -- offers, approvals, readings


@jumps
@pytest.mark.parametrize(("minutes", "times"), [(14.5, 0), (15.5, 1), (600, 1)])
def test_an_offer_comes_when_it_is_due_and_once(jump: timedelta, minutes: float, times: int) -> None:
    """A jump neither makes it due nor takes it away; and jumping back does not bring it a second time."""
    made = Desk(LATER, {"look": Gone("hangup")})
    made.walk()
    made.minutes(minutes)
    set_clock(made, jump)
    made.resume({"look": Gone("hangup"), "offer.1": "not_now"})
    shown = len(asked(made))
    set_clock(made, -jump)
    made.resume({"look": Gone("hangup"), "offer.1": "not_now"})
    assert (shown, len(asked(made))) == (times, 0)


@jumps
@pytest.mark.parametrize(("minutes", "times"), [(29, 1), (31, 2)])
def test_an_approval_stands_for_thirty_real_minutes(jump: timedelta, minutes: float, times: int) -> None:
    """The clock cannot be turned back to keep one alive, and none is lost because it was put right."""
    made = acting()

    def late(_prompt: Prompt) -> str:
        made.minutes(minutes)
        set_clock(made, jump)
        return "confirm"

    made.human.script["restart"] = [late, "confirm"]
    made.human.script["restart.approval"] = ["approves", "approves"]
    made.human.script["restart.approver"] = ["Post A", "Post A"]
    made.walk()
    assert len(made.human.asked("restart.approval")) == times
    assert made.outcomes()["restart"] == "passed"


RESTS = plan("""
- id: look
  title: Look
  ping: {host: cti}
  expect: {loss_pct: {fail: 5}}
  next: {failed: continue}
- id: pause
  title: Pause
  instruct: {}
- id: act
  title: Act
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership}
  verify: {service: {host: cti, name: core, do: status}, within: 30s}
""")


@jumps
@pytest.mark.parametrize(("minutes", "looks"), [(9, 1), (11, 2)])
def test_a_reading_is_stale_after_ten_real_minutes(jump: timedelta, minutes: float, looks: int) -> None:
    """It is taken again before the act when it is too old, and only then."""
    made = Desk(RESTS, {"act.approval": Gone("hangup")})
    made.human.script["pause"] = [then(made, lambda: (made.minutes(minutes), set_clock(made, jump)), "done")]
    made.world.ssh.on(STATUS, INACTIVE)
    made.world.icmp.on("192.0.2.1", 5)
    made.walk()
    assert len(made.world.icmp.calls) == looks


# -- what is shown


def limits(made: Desk) -> list[Clock]:
    assert made.state.reported_at is not None
    return clocks(SCHEME, "1", made.state.reported_at, met_by(made.state))


ONE = plan("""
- id: one
  title: One
  instruct: {}
""")


@jumps
def test_a_clock_of_the_service_level_neither_jumps_nor_runs_backwards(jump: timedelta) -> None:
    """Elapsed and left on the status line, live between two events, after the next one, and from the journal alone."""
    made = Desk(ONE, {"one": [Gone("hangup")]})
    made.minutes(20)
    made.walk()
    set_clock(made, jump)
    made.minutes(10)
    for state in (made.state, fold(made.journal.events())):
        line = status_line(state, state.now(made.world.clock), running=limits(made))
        assert "30m since the report" in line
        assert "Recovery in 30m" in line
    made.resume({"one": Gone("hangup")})
    made.minutes(31)
    line = status_line(made.state, made.context.now(), running=limits(made))
    assert "1h1m since the report" in line
    assert "Recovery LATE by 1m" in line


# -- the events


def moved(made: Desk) -> list[tuple[str, float]]:
    return [(event.kind, round(event.seconds)) for event in made.events(ClockJumped)]


def test_suspend_in_a_prompt_is_an_event_and_counts() -> None:
    """The machine sleeps for an hour and a half while a question stands: said once, and the time has passed."""
    made = Desk(ONE, {"recovered": "yes"})

    def sleep() -> None:
        made.minutes(90)
        made.world.clock.asleep_s += 5400

    made.human.script["one"] = [then(made, sleep, "done")]
    made.walk()
    assert moved(made) == [("suspended", 5400)]
    assert made.state.recovered_at == NOON + timedelta(minutes=90)


def test_a_sleep_with_a_clock_that_is_wrong_behind_it_is_two_events() -> None:
    """Both are said, the sleep first; only the sleep has lasted."""
    made = Desk(ONE, {"recovered": "yes"})

    def sleep() -> None:
        made.minutes(90)
        made.world.clock.asleep_s += 5400
        set_clock(made, timedelta(hours=-3))

    made.human.script["one"] = [then(made, sleep, "done")]
    made.walk()
    assert moved(made) == [("suspended", 5400), ("wall", -10800)]
    assert made.state.recovered_at == NOON + timedelta(minutes=90)


def test_where_the_system_has_no_id_of_a_boot_nothing_is_said_of_a_restart() -> None:
    """Another process is all that is known there; the wall clock counts, and is marked as doubtful."""
    made = Desk(ONE, {"one": Gone("hangup")})
    made.walk()
    made.world.clock.boot_id, made.world.clock.boot_s = "process-1", 5.0
    made.minutes(3)
    made.resume({"one": "done", "recovered": "yes"})
    assert moved(made) == []
    assert "~3m since the report" in status_line(made.state, made.context.now())


@jumps
def test_over_a_restart_with_a_wrong_clock_nothing_is_negative(jump: timedelta) -> None:
    """A restart is an event with what the clocks say of it; no length of the incident is below zero."""
    made = Desk(ONE, {"one": Gone("hangup")})
    made.minutes(10)
    made.walk()
    made.world.clock.boot_id, made.world.clock.boot_s = "boot-2", 30.0
    set_clock(made, jump)
    made.resume({"one": "done", "recovered": "yes"})
    assert moved(made) == [("rebooted", round(jump.total_seconds()))]
    rows = list(made.journal.events())
    state = fold(rows)
    assert state.recovered_at is not None
    assert state.recovered_at - NOON >= timedelta(minutes=10)
    assert not any("-" in line.split(":")[0] for line in open_items(state, None, state.now(made.world.clock)))
    assert "since the report" in status_line(state, state.now(made.world.clock)).replace("~", "")
    assert finished_at(made) >= NOON + timedelta(minutes=10)


def finished_at(made: Desk) -> datetime:
    found = made.state.step("one").finished
    assert found is not None
    assert isinstance(found.event, StepFinished)
    return found.at
