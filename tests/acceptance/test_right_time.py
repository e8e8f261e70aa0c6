"""A clock that cannot be right: the person is asked once, what she says holds in every process, and Enter loses no time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from runbook.cli.opening import Left
from runbook.cli.right_time import checked, take_over
from runbook.cli.session import Keyboard
from runbook.model.events import ClockCorrected, ClockJumped
from runbook.model.prompts import Gone
from runbook.model.state import State, fold
from runbook.ui.console import console_for
from tests.engine.desk import Desk, plan
from tests.engine.fakes import NOON, Clock, Person

ZONE = ZoneInfo("Asia/Shanghai")
ONE = plan("""
- id: one
  title: One
  instruct: {}
""")


def asked(clock: Clock, *answers: Any, state: State | None = None, terminal: bool = True) -> tuple[list[Any], Person]:
    """What is recorded, and the person who was asked."""
    human = Person({"clock": list(answers)})
    at = Keyboard(console_for(), human, terminal, [])  # type: ignore[arg-type]
    return list(checked(at, clock, ZONE, state)), human


def paused(boot_id: str = "boot-1") -> Desk:
    """An incident that was paused twenty minutes after noon."""
    made = Desk(ONE, {"one": Gone("hangup")})
    made.minutes(20)
    made.walk()
    made.world.clock.boot_id = boot_id
    return made


def test_a_clock_that_may_be_right_is_not_asked_about() -> None:
    """Neither at start nor at resume: nobody is kept from her work."""
    assert asked(Clock())[0] == []
    made = paused()
    made.minutes(5)
    assert asked(made.world.clock, state=made.state)[0] == []


def test_before_the_program_was_made_it_asks_for_the_day_and_goes_on_with_it() -> None:
    """A flat battery: 1970. A time of day alone is not enough; a day and a time are, and from there on that is the time."""
    clock = Clock(datetime(1970, 1, 1, 0, 3, tzinfo=UTC))
    said, human = asked(clock, "03:12", "1999-11-04 03:12", "2026-11-04 03:12")
    assert [event.how for event in said] == ["told"]
    assert clock.now() == datetime(2026, 11, 3, 19, 12, tzinfo=UTC)
    assert clock.at.year == 1970
    assert human.told[0].startswith("It cannot be 1970-01-01 08:03:00 +08:00")
    assert any("a day and a time" in line for line in human.told)
    assert any("It cannot be 1999" in line for line in human.told)
    assert human.told[-1] == "From here on it is 2026-11-04 03:12:00 +08:00."


def test_before_the_last_event_the_time_of_day_is_enough() -> None:
    """The clock went back two hours in this boot: which day it is, the boot clock says."""
    made = paused()
    made.minutes(700)
    made.world.clock.at -= timedelta(hours=20)
    said, _human = asked(made.world.clock, "00:01", state=made.state)
    (event,) = said
    assert isinstance(event, ClockCorrected)
    assert made.world.clock.now() == datetime(2026, 11, 4, 16, 1, tzinfo=UTC)


def test_over_a_restart_the_day_is_the_one_after_the_last_event() -> None:
    """Nothing else is known: 11:30 is half an hour less than a day after noon."""
    made = paused("boot-2")
    made.world.clock.at -= timedelta(days=100)
    asked(made.world.clock, "11:30", state=made.state)
    assert made.world.clock.now() == datetime(2026, 11, 5, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(("typed", "minutes"), [("", 16), ("12:18", 17)])
def test_enter_or_the_same_time_leaves_the_clock_as_it_is(typed: str, minutes: int) -> None:
    """Restarted, and the clock before the last event: what differs by two minutes is the same. It is written down that she was asked."""
    made = paused("boot-2")
    made.world.clock.at = NOON + timedelta(minutes=minutes)
    said, _human = asked(made.world.clock, typed, state=made.state)
    assert said == [ClockCorrected(0.0, "confirmed")]
    assert made.world.clock.corrected_s == 0


def test_without_a_terminal_it_is_only_said() -> None:
    """A pipe is not asked."""
    said, human = asked(Clock(datetime(1970, 1, 1, tzinfo=UTC)), terminal=False)
    assert said == []
    assert human.prompts == []
    assert "cannot be" in human.told[0]


def test_who_leaves_there_has_begun_nothing() -> None:
    """q at this question is q."""
    with pytest.raises(Left):
        asked(Clock(datetime(1970, 1, 1, tzinfo=UTC)), Gone("interrupt"))


@pytest.mark.parametrize(
    ("happens", "corrected"),
    [
        (lambda _clock: None, 7200.0),
        # A time server has put it right: what was said would make it wrong.
        (lambda clock: setattr(clock, "at", clock.at + timedelta(hours=2)), 0.0),
        (lambda clock: setattr(clock, "boot_id", "boot-2"), 0.0),
    ],
    ids=["as it was", "set right", "another boot"],
)
def test_what_was_said_holds_in_the_next_process_of_this_boot(
    happens: Callable[[Clock], None], corrected: float
) -> None:
    """As long as nobody set the clock, and over no restart."""
    made = Desk(ONE, {"one": Gone("hangup")})
    made.world.clock.correct(7200.0)
    made.context.record(ClockCorrected(7200.0, "told"))
    made.world.clock.corrected_s = 0.0
    made.minutes(10)
    happens(made.world.clock)
    take_over(made.world.clock, fold(made.journal.events()))
    assert made.world.clock.corrected_s == corrected


def test_the_time_that_was_told_is_no_jump() -> None:
    """Paused, the clock gone back two hours, corrected at resume: the record has the correction, and times that fit."""
    made = paused()
    made.minutes(30)
    made.world.clock.at -= timedelta(hours=2)
    said, _human = asked(made.world.clock, "12:50", state=made.state)
    for event in said:
        made.context.record(event)
    assert made.events(ClockJumped) == []
    assert abs(made.rows()[-1].wall - (NOON + timedelta(minutes=50))) <= timedelta(seconds=30)
    assert abs(made.state.last.at - (NOON + timedelta(minutes=50))) <= timedelta(seconds=1)  # type: ignore[union-attr]
