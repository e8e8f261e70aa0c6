"""The walk as a whole: how it ends, who may end it, and what a clock or a signal does to it."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import ClockJumped, Paused, SelfChecked, StepBegun
from runbook.model.prompts import Gone
from tests.engine.desk import STATUS, Desk, plan
from tests.engine.fakes import INACTIVE

PLAN = plan("""
    - id: look
      title: It runs
      service: {host: cti, name: core, do: status}
      next: {failed: continue}
    - id: do
      title: Do it
      instruct: {}
""")
GONE = ["end_of_input", "hangup", "terminate", "interrupt", "not_answered", "not_confirmed"]


def desk(**given: Any) -> Desk:
    made = Desk(PLAN, {"do": "done", "recovered": "yes", **given})
    made.world.ssh.on(STATUS, INACTIVE)
    return made


@pytest.mark.parametrize(
    ("answer", "how", "status"), [("yes", "recovered", "recovered"), ("no", "not_recovered", "open")]
)
def test_the_last_question_says_how_it_ended(answer: str, how: str, status: str) -> None:
    made = desk(recovered=answer)
    assert (made.walk().how, made.state.status) == (how, status)


@pytest.mark.parametrize("why", GONE)
@pytest.mark.parametrize("prompt", ["look", "do", "recovered"])
def test_whoever_is_gone_pauses_and_answers_nothing(why: Any, prompt: str) -> None:
    made = desk(**{prompt: Gone(why)})
    ending = made.walk()
    assert (ending.how, ending.why) == ("paused", why)
    assert [event.why for event in made.events(Paused)] == [why]
    assert made.state.status == "open"
    assert prompt not in made.outcomes()


@pytest.mark.parametrize(
    "signal", [KeyboardInterrupt(), type("Signalled", (KeyboardInterrupt,), {"why": "terminate"})()]
)
def test_a_signal_while_the_machine_works_pauses(signal: BaseException) -> None:
    made = desk()
    made.human.script["look"] = [lambda _p: (setattr(made.human, "interrupt_busy", signal), "")[1]]
    ending = made.walk()
    assert (ending.how, ending.why) == ("paused", getattr(signal, "why", "interrupt"))
    assert isinstance(made.rows()[-1].event, Paused)
    made.resume({"do": "done", "recovered": "yes"})
    assert made.outcomes() == {"look": "failed", "do": "passed"}


def test_a_signal_while_the_walk_begins_pauses_too() -> None:
    made = desk()
    made.human.interrupt_busy = KeyboardInterrupt()
    assert made.walk().how == "paused"


def test_a_resume_goes_on_with_the_attempt_that_was_begun() -> None:
    made = desk(look=Gone("hangup"))
    made.walk()
    made.resume({"do": "done", "recovered": "yes"})
    assert [(event.step, event.attempt) for event in made.events(StepBegun)] == [("look", 1), ("do", 1)]
    assert len(made.events(SelfChecked)) == 2, "it looks at itself after a resume too"


def test_a_walk_that_ended_without_recovery_is_asked_again_by_a_resume() -> None:
    made = desk(recovered="no")
    made.walk()
    assert made.resume({"recovered": "yes"}).how == "recovered"
    assert made.resume({}).how == "recovered"


# -- the clock


@pytest.mark.parametrize(("seconds", "jumps"), [(4, 0), (-0.5, 0), (-4, 1), (6, 1), (-3600, 1), (86400, 1)])
def test_a_jump_of_the_wall_clock_is_an_event(seconds: float, jumps: int) -> None:
    made = desk()
    made.human.script["do"] = [lambda _p: (_set(made, seconds), "done")[1]]
    made.walk()
    found = made.events(ClockJumped)
    assert [event.kind for event in found] == ["wall"] * jumps
    assert not found or found[0].seconds == pytest.approx(seconds, abs=0.01)


def _set(made: Desk, seconds: float) -> None:
    boot_s = made.world.clock.boot_s
    made.minutes(seconds / 60)
    made.world.clock.boot_s = boot_s


def test_suspend_is_no_jump_and_a_reboot_is_one() -> None:
    made = desk(do=Gone("hangup"))
    made.walk()
    made.minutes(600)
    made.resume({"do": Gone("hangup")})
    assert made.events(ClockJumped) == []
    made.world.clock.boot_id, made.world.clock.boot_s = "boot-2", 30.0
    made.minutes(2)
    made.resume({"do": "done", "recovered": "yes"})
    assert [(event.kind, event.seconds) for event in made.events(ClockJumped)] == [("rebooted", 120.0)]


# -- journal first


def test_it_appends_then_believes_then_shows() -> None:
    made = desk()
    seen: list[tuple[int, int]] = []
    made.context.listeners.append(lambda row: seen.append((row.seq, made.state.last.seq if made.state.last else 0)))
    stored = made.journal.append

    def append(event: Any) -> Any:
        assert made.state.last is None or made.state.last.seq == len(made.rows())
        return stored(event)

    made.journal.append = append  # type: ignore[method-assign]
    made.walk()
    assert seen
    assert all(seq == believed for seq, believed in seen)
