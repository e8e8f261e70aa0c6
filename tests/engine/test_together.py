"""`together`: branches that are walked at once, their questions one at a time, and the end of the whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from runbook.engine.decide import Join, Run, branch_moves, decide
from runbook.model.events import ReadingTaken, SelfChecked, StepBegun, StepFinished, WentTo
from runbook.model.playbook import Playbook
from runbook.model.prompts import Gone, Key, Prompt
from runbook.model.state import fold
from tests.engine.desk import RESTART, STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, UNDER_WAY, cannot, exited

TWO = plan("""
    - id: checks
      title: Two branches
      together:
        left:
          - id: ping-a
            title: Ping A
            ping: {host: cti, count: 2}
            next: {failed: continue}
          - id: ask-a
            title: Ask A
            ask: {choices: [in, out]}
        right:
          - id: ping-b
            title: Ping B
            ping: {host: sip, count: 2}
            next: {failed: continue}
          - id: ask-b
            title: Ask B
            when: {ping-b: failed}
            ask: {choices: [in, out], fails: out}
            next: {failed: continue}
      next: {failed: continue}
    - id: last
      title: Last
      instruct: {}
""")
REST = {"ask-a": "in", "ask-b": "out", "last": "done", "recovered": "yes"}


def desk(the_plan: Playbook = TWO, script: dict[str, Any] | None = None, *, a: Any = 2, b: Any = 2) -> Desk:
    made = Desk(the_plan, REST | (script or {}))
    made.world.icmp.on("192.0.2.1", a)
    made.world.icmp.on("192.0.2.2", b)
    return made


def probes(count: int, body: str = "tcp: {host: cti, port: cti}\n        next: {failed: continue}") -> Playbook:
    branches = "\n".join(f"    b{n}:\n      - id: t{n}\n        title: T{n}\n        {body}" for n in range(count))
    return plan(f"- id: all\n  title: All at once\n  together:\n{branches}\n  next: {{failed: continue}}\n")


# -- how it begins


def test_nothing_is_read_before_the_person_began_it() -> None:
    """Enter begins the readings: a person who only looks at the screen, and leaves, has asked nothing of the world."""
    it = desk()
    ask = it.human.ask

    def looks(prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Any:
        if prompt.name != "checks":
            return ask(prompt, stop=stop)
        for _look in range(5):
            assert stop is None or not stop()
            time.sleep(0.01)
        return Key("q")

    it.human.ask = looks  # type: ignore[method-assign]
    assert it.walk().how == "paused"
    assert it.world.icmp.calls == []


# -- how it ends


@pytest.mark.parametrize(("b", "outcome"), [(2, "passed"), (0, "failed")])
def test_it_ends_when_all_branches_have_with_the_worst_outcome(b: int, outcome: str) -> None:
    made = desk(b=b)
    assert made.walk().how == "recovered"
    taken = {"ask-b": "failed"} if b == 0 else {"ask-b": "not_taken"}
    wanted = {"ping-a": "passed", "ask-a": "passed", "ping-b": outcome, "checks": outcome, "last": "passed"}
    assert made.outcomes() == wanted | taken
    whole = next(event for event in made.events(StepFinished) if event.step == "checks")
    assert (whole.by, whole.how) == ("machine", "joined")
    assert whole.found == ("passed 2/2" if b else "failed 1/2: right; passed 1/2")


def test_its_own_next_applies_to_the_worst_outcome() -> None:
    jumping = plan("""
        - id: checks
          title: Two branches
          together:
            left: [{id: ping-a, title: A, ping: {host: cti, count: 2}, next: {failed: continue}}]
            right: [{id: ping-b, title: B, ping: {host: sip, count: 2}, next: {failed: continue}}]
          next: {failed: far}
        - id: near
          title: Near
          instruct: {}
        - id: far
          title: Far
          instruct: {}
    """)
    made = desk(jumping, {"near": "done", "far": "done"}, b=0)
    made.walk()
    assert made.outcomes()["near"] == "not_taken"
    assert made.outcomes()["far"] == "passed"


def test_events_of_a_branch_say_so_and_the_walk_stands_at_the_whole_meanwhile() -> None:
    made = desk()
    made.walk()
    lanes = {event.step: event.lane for event in made.events(StepBegun, StepFinished)}
    assert lanes["ping-a"] == lanes["ask-a"] == "checks/left"
    assert lanes["ping-b"] == "checks/right"
    assert lanes["checks"] == lanes["last"] == ""
    until = next(n for n, row in enumerate(made.rows()) if getattr(row.event, "step", "") == "ask-a")
    assert fold(made.rows()[:until]).position.step == "checks"


def test_decide_gives_one_move_for_each_branch_and_the_join_at_the_end() -> None:
    made = desk(script={"ask-a": Gone("hangup")})
    made.walk()
    rows = made.rows()
    begun = next(n for n, row in enumerate(rows, 1) if isinstance(row.event, StepBegun) and row.event.step == "checks")
    state = fold(rows[:begun])
    assert decide(TWO, state) == [Run("ping-a"), Run("ping-b")]
    made.resume(REST)
    ended = [n for n, row in enumerate(made.rows()) if getattr(row.event, "how", "") == "joined"]
    assert branch_moves(TWO, fold(made.rows()[: ended[0]]), TWO.step("checks")) == (Join("checks"),)


# -- at the same time


def test_all_readings_are_under_way_at_once_and_one_enter_begins_them() -> None:
    made = Desk(probes(40), {"recovered": "yes"})
    meet = threading.Barrier(40)

    def answered() -> str:
        meet.wait(20)
        return "open"

    made.world.net.on("192.0.2.1:5010", answered)
    made.walk()
    assert set(made.outcomes().values()) == {"passed"}
    assert [prompt.name for prompt in made.human.prompts if prompt.kind == "go"] == ["all"]


def test_readings_end_while_the_person_is_asked_and_their_branches_go_on() -> None:
    """The question of one branch stands for as long as the other branch needs for two readings in a row."""
    made = desk(
        plan("""
        - id: both
          title: Both
          together:
            people:
              - id: ask-a
                title: Ask A
                ask: {choices: [in, out]}
            machine:
              - id: ping-a
                title: A
                ping: {host: cti, count: 2}
                next: {failed: continue}
              - id: ping-b
                title: B
                ping: {host: sip, count: 2}
                next: {failed: continue}
          next: {failed: continue}
        """)
    )
    seen: list[dict[str, str]] = []
    original = made.human.ask

    def ask(prompt: Prompt, *, stop: Any = None) -> Any:
        if prompt.name == "ask-a":
            while "ping-b" not in made.outcomes():
                assert stop is not None
                assert stop() is False
        seen.append(made.outcomes())
        return original(prompt, stop=stop)

    made.human.ask = ask  # type: ignore[method-assign]
    made.walk()
    assert made.outcomes()["both"] == "passed"
    assert {"ping-a": "passed", "ping-b": "passed"} in seen


def test_one_that_cannot_be_asked_turns_into_its_manual_form_and_loses_no_other() -> None:
    made = desk(script={"ping-a.manual": "failed", "ping-a.found": "red light"}, a=cannot("permission"))
    made.walk()
    assert made.outcomes()["ping-a"] == "failed"
    assert made.outcomes()["ping-b"] == "passed"
    assert made.state.step("ping-a").by == "person"


def test_a_bug_in_one_is_raised_when_all_others_are_recorded_and_a_resume_takes_it_again() -> None:
    made = desk(a=ZeroDivisionError("a bug"), b=0)
    with pytest.raises(ZeroDivisionError):
        made.walk()
    assert made.outcomes() == {"ping-b": "failed", "ask-b": "failed"}
    made.world.icmp.on("192.0.2.1", 2)
    made.resume(REST)
    assert made.outcomes()["checks"] == "failed"
    assert [event.step for event in made.events(ReadingTaken)] == ["ping-b", "ping-a"]


def test_a_silent_reading_is_believed_once_this_laptop_was_looked_at() -> None:
    by_hand = {"ping-a.manual": "passed", "ping-a.found": "", "ping-b.manual": "failed", "ping-b.found": "-"}
    made = desk(script={"laptop": ["elsewhere", "elsewhere"], **by_hand}, a=0, b=0)
    made.human.script["checks"] = [lambda _p: (made.minutes(1), setattr(made.world.laptop, "sees", False), "")[-1]]
    made.walk()
    assert [event.sees_nothing for event in made.events(SelfChecked)] == [False, True], "one look for both"
    assert {event.phase for event in made.events(ReadingTaken)} == {"link"}
    assert [made.state.step(step).by for step in ("ping-a", "ping-b")] == ["person", "person"]


# -- acts, waits and keys inside


ACT = plan("""
    - id: both
      title: Both
      together:
        fix:
          - id: restart
            title: Restart
            service: {host: cti, name: core, do: restart}
            approval: {by: leadership}
            verify: {service: {host: cti, name: core, do: status}, within: 10s}
            next: {failed: continue}
        look:
          - id: ping-b
            title: B
            ping: {host: sip, count: 2}
            next: {failed: continue}
      next: {failed: continue}
""")


def test_an_act_in_a_branch_is_confirmed_as_ever() -> None:
    made = desk(ACT, {"restart.approval": "approves", "restart.approver": "Chief", "restart": "confirm"})
    made.world.ssh.on(STATUS, INACTIVE, ACTIVE)
    made.world.ssh.on(RESTART, exited(0))
    made.walk()
    assert made.outcomes() == {"restart": "passed", "ping-b": "passed", "both": "passed"}
    assert [prompt.act_number for prompt in made.human.asked("restart")] == [2]


WAIT = plan("""
    - id: both
      title: Both
      together:
        wait:
          - id: back
            title: It is back
            wait_for: {until: {service: {host: cti, name: core, do: status}}, limit: 30s, every: 5s}
            next: {expired: continue}
        ask:
          - id: ask-a
            title: Ask
            ask: {choices: [in, out]}
      next: {expired: continue}
""")


def test_a_wait_in_a_branch_goes_on_beside_the_questions_and_passes_when_green() -> None:
    made = desk(WAIT)
    made.world.ssh.on(STATUS, INACTIVE, INACTIVE, ACTIVE)
    made.walk()
    assert made.outcomes() == {"back": "passed", "ask-a": "passed", "both": "passed"}


def test_a_wait_in_a_branch_expires_and_can_be_given_up() -> None:
    made = desk(WAIT)
    made.world.ssh.on(STATUS, INACTIVE)
    made.walk()
    assert made.outcomes()["back"] == made.outcomes()["both"] == "expired"
    made = desk(WAIT, {"both.running": "back"})
    hang = threading.Event()
    made.world.ssh.on(STATUS, lambda: (hang.wait(20), INACTIVE)[1])
    made.walk()
    hang.set()
    assert made.outcomes()["back"] == "expired"


def test_going_to_a_later_step_leaves_all_branches_and_what_has_not_ended_is_not_taken() -> None:
    made = desk(script={"ask-a": [Key("g", "enough")], "go-to": "last"})
    read = threading.Event()
    made.world.icmp.on("192.0.2.1", lambda: (read.wait(20), 2)[1])
    made.context.listeners.append(lambda row: read.set() if getattr(row.event, "step", "") == "ask-b" else None)
    made.walk()
    assert made.outcomes()["checks"] == made.outcomes()["ask-a"] == made.outcomes()["ask-b"] == "not_taken"
    assert made.outcomes()["ping-b"] == "passed"
    (went,) = [event for event in made.events(WentTo) if event.because == "goto"]
    assert (went.origin, went.target, went.lane) == ("checks", "last", "")
    assert made.outcomes()["last"] == "passed"


@pytest.mark.parametrize(("key", "outcome"), [("s", "skipped"), ("f", "failed")])
def test_the_whole_can_be_left_while_its_readings_run(key: str, outcome: str) -> None:
    made = desk(script={"checks.running": Key(key, "no time")})
    hang = threading.Event()
    made.world.icmp.on("192.0.2.1", lambda: (hang.wait(20), 2)[1])
    made.walk()
    hang.set()
    assert made.outcomes()["checks"] == outcome
    assert made.outcomes()["ping-a"] == "not_taken"
    assert made.outcomes()["last"] == "passed"


def test_the_keys_work_while_the_readings_run() -> None:
    made = desk(
        script={"checks.running": [Key("n", "slow"), Key("h"), Key("p"), Key("o"), Key("?"), UNDER_WAY], "handover": ""}
    )
    go = threading.Event()
    made.world.icmp.on("192.0.2.1", lambda: (go.wait(20), 2)[1])
    shown = made.human.tell

    def tell(*lines: str) -> None:
        shown(*lines)
        if any("at the same time" in line or "Source" in line for line in lines):
            go.set()

    made.human.tell = tell  # type: ignore[method-assign]
    made.walk()
    assert made.outcomes()["checks"] == "passed"


def test_a_correction_goes_back_into_the_branch_even_behind_the_end_of_the_whole() -> None:
    made = desk(script={"ask-a": ["out", "in"], "last": [Key("u", "misread"), "done"]})
    made.walk()
    assert made.state.step("ask-a").answer == "in"
    assert made.state.step("ask-a").attempt == 2
    assert [event.step for event in made.events(StepFinished) if event.how == "joined"] == ["checks", "checks"]
    assert made.outcomes()["last"] == "passed"


def test_a_skip_inside_concerns_only_that_step() -> None:
    made = desk(script={"ask-a": Key("s", "later")})
    made.walk()
    assert made.outcomes()["ask-a"] == "skipped"
    assert made.outcomes()["checks"] == "passed"


# -- pause and resume


def test_a_pause_goes_on_in_the_branches_where_they_stood() -> None:
    made = desk(script={"ask-a": Gone("hangup")}, b=0)
    made.walk()
    assert made.state.stands("checks/left").step == "ask-a"
    made.resume(REST)
    begun = [event.step for event in made.events(StepBegun)]
    assert sorted(begun) == sorted(set(begun)), "no step was begun twice"
    assert made.outcomes()["checks"] == "failed"


def test_a_reading_that_was_begun_and_not_recorded_is_taken_again() -> None:
    made = desk(script={"checks.running": Gone("terminate")})
    hang = threading.Event()
    made.world.icmp.on("192.0.2.1", lambda: (hang.wait(20), 2)[1])
    assert made.walk().how == "paused"
    made.world.icmp.on("192.0.2.1", 2)
    made.resume(REST)
    hang.set()
    assert made.outcomes()["checks"] == "passed"
    assert [event.step for event in made.events(ReadingTaken)].count("ping-a") == 1


def test_a_closing_step_in_a_branch_can_be_come_back_to_from_the_end() -> None:
    made = desk(
        plan("""
        - id: open
          title: Open
          tickets: {do: open}
        - id: both
          title: Both
          together:
            close:
              - id: enter
                title: Enter
                closes: open
                tickets: {do: back_entry}
            other:
              - id: ask-a
                title: Ask
                ask: {choices: [in, out]}
        """),
        {"open": "by_hand", "enter": [Key("s", "not now"), "2", "2"], "open.debt": "close"},
    )
    made.walk()
    assert made.outcomes()["enter"] == "passed"
    assert made.state.open_debts == ()


# -- blocks


def test_a_branch_uses_a_block_and_each_of_its_steps_is_in_the_branch() -> None:
    made = desk(
        plan("""
        - id: both
          title: Both
          together:
            left:
              - id: pair
                use: {block: pair}
            right:
              - id: ping-b
                title: B
                ping: {host: sip, count: 2}
                next: {failed: continue}
          next: {failed: continue}
        """),
        {"pair/one": "left", "pair/two": "done"},
    )
    made.walk()
    assert made.outcomes() == dict.fromkeys(("pair/one", "pair/two", "ping-b", "both"), "passed")
    assert made.plan.step("pair/one").lane == "both/left"
    assert made.plan.step("both").sample.branches == {"left": ("pair/one", "pair/two"), "right": ("ping-b",)}  # type: ignore[union-attr]
