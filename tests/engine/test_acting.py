"""Actions: what must have happened before anything is sent, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import (
    ActionEnded,
    ActionIntended,
    ApprovalGiven,
    ApprovalRefused,
    FailureAnswered,
    PersonTold,
    ReadingTaken,
    StepBegun,
    StepFinished,
    UnknownAnswered,
)
from runbook.model.playbook import Playbook
from runbook.model.prompts import Gone, Key
from tests.engine.desk import RESTART, SINCE, SITE, STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, Killed, cannot, exited, lost

STEP = """
- id: restart
  title: Restart it
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership, or: cs-lead}
  verify: {service: {host: cti, name: core, do: status}, within: 30s, every: 10s}
%s
"""
PLAN = plan(STEP % "")
YES: dict[str, Any] = {
    "restart.approval": "approves",
    "restart.approver": "Post A",
    "restart": "confirm",
    "recovered": "yes",
}


def desk(script: dict[str, Any] | None = None, the_plan: Playbook = PLAN, **given: Any) -> Desk:
    made = Desk(the_plan, {**YES, **(script or {})}, **given)
    made.world.ssh.on(STATUS, lambda: ACTIVE if sent(made) else INACTIVE)
    made.world.ssh.on(RESTART, exited(0))
    return made


def finished(made: Desk, step: str = "restart") -> StepFinished:
    return [event for event in made.events(StepFinished) if event.step == step][-1]


def sent(made: Desk) -> int:
    return made.world.ssh.calls.count(RESTART)


# -- the order


def test_verify_approval_number_intent_act_verify_outcome() -> None:
    made = desk()
    made.walk()
    assert made.trail()[2:] == [
        "StepBegun",
        f"ssh: {STATUS}", "ReadingTaken",
        "ApprovalGiven",
        "ActionIntended",
        f"ssh: {RESTART}", "ActionEnded",
        f"ssh: {STATUS}", "ReadingTaken",
        "StepFinished",
        "RecoveryAnswered",
    ]  # fmt: skip
    assert [prompt.name for prompt in made.human.prompts][:4] == [
        "restart.approval", "restart.approver", "restart", "restart.wait",
    ]  # fmt: skip
    assert [taken.purpose for taken in made.events(ReadingTaken)] == ["before", "verify"]
    assert (finished(made).outcome, finished(made).by, finished(made).how) == ("passed", "machine", "acted")


def test_nothing_is_sent_when_the_intent_cannot_be_stored() -> None:
    made = desk()
    store = made.journal.append

    def full(event: Any) -> Any:
        if isinstance(event, ActionIntended):
            raise OSError("disk full")
        return store(event)

    made.journal.append = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        made.walk()
    assert sent(made) == 0


def test_only_the_steps_number_confirms() -> None:
    made = desk({"restart": ["", "yes", "2", "1 ", Gone("end_of_input")]})
    made.walk()
    assert sent(made) == 1
    assert len(made.human.asked("restart")) == 4
    assert all(prompt.kind == "act" and prompt.act_number == 1 for prompt in made.human.asked("restart"))


@pytest.mark.parametrize("why", ["end_of_input", "not_confirmed", "not_answered", "hangup", "terminate", "interrupt"])
@pytest.mark.parametrize("prompt", ["restart.approval", "restart.approver", "restart"])
def test_no_answer_is_never_a_yes(why: Any, prompt: str) -> None:
    made = desk({prompt: Gone(why)})
    ending = made.walk()
    assert (ending.how, ending.why) == ("paused", why)
    assert sent(made) == 0
    assert made.events(ActionIntended) == []
    assert made.outcomes() == {}


# -- is it needed?


def test_what_holds_already_is_proposed_as_not_needed() -> None:
    made = desk({"restart.not-needed": "not_needed"})
    made.world.ssh.on(STATUS, ACTIVE)
    made.walk()
    assert sent(made) == 0
    assert (finished(made).outcome, finished(made).by, finished(made).how) == ("passed", "person", "not_needed")


def test_it_can_be_done_all_the_same() -> None:
    made = desk({"restart.not-needed": "needed"})
    made.world.ssh.on(STATUS, ACTIVE)
    made.walk()
    assert sent(made) == 1
    assert finished(made).how == "acted"


# -- approval


def test_a_refusal_is_a_failure_with_its_reason_and_nobody_else_is_asked() -> None:
    made = desk({"restart.approval": "refused", "restart.approval.reason": "too late", "restart.failure": Key("q")})
    made.walk()
    assert (finished(made).outcome, finished(made).reason) == ("failed", "refused: too late")
    assert len(made.human.asked("restart.approval")) == 1
    assert sent(made) == 0


def test_the_other_role_is_asked_when_the_first_cannot_be_reached() -> None:
    made = desk({"restart.approval": ["not_reached", "approves"]})
    made.walk()
    assert [refused.why for refused in made.events(ApprovalRefused)] == ["not_reached"]
    assert [given.role for given in made.events(ApprovalGiven)] == ["cs-lead"]
    assert sent(made) == 1


def test_nobody_reached_is_a_failure() -> None:
    made = desk({"restart.approval": ["not_reached", "not_reached"], "restart.failure": Key("q")})
    made.walk()
    assert (finished(made).outcome, finished(made).reason) == ("failed", "not_reached")
    assert sent(made) == 0


@pytest.mark.parametrize(
    "name",
    ["Li Hua", "LI HUA", "li hua", " LiHua ", "Ｌｉ Ｈｕａ", "L i H u a", "Li\u3000Hua", "Li-Hua", "Li\u200bHua"],
)
def test_nobody_approves_their_own_act(name: str) -> None:
    made = desk({"restart.approver": [name, "Post A"]}, actor="Li Hua")
    made.walk()
    assert [given.name for given in made.events(ApprovalGiven)] == ["Post A"]
    assert len(made.human.asked("restart.approver")) == 2


def test_who_approved_cannot_go_on_with_it_alone() -> None:
    """The approver takes over the keyboard: somebody else has to approve now."""
    made = desk({"restart": Key("q")})
    made.walk()
    made.resume({**YES, "restart.approver": ["post a", "Post B"]}, actor="Post A")
    assert [given.name for given in made.events(ApprovalGiven)] == ["Post A", "Post B"]
    assert sent(made) == 1


def test_the_act_is_read_aloud_as_it_will_be_sent() -> None:
    made = desk()
    made.walk()
    (given,) = made.events(ApprovalGiven)
    (intended,) = made.events(ActionIntended)
    assert given.how == "spoken"
    assert given.act == intended.act
    assert given.act_sha256 == intended.act_sha256
    assert "systemctl restart -- core" in given.act
    assert any("systemctl restart -- core" in line for line in made.human.asked("restart.approval")[0].lines)
    assert given.act == "ssh ops@192.0.2.1: systemctl restart -- core"
    assert "systemctl restart -- core" in made.human.asked("restart")[0].question


@pytest.mark.parametrize(("minutes", "asked"), [(29.9, 0), (30, 1), (31, 1)])
def test_an_approval_stands_for_thirty_minutes(minutes: float, asked: int) -> None:
    made = desk({"restart": Key("q")})
    made.walk()
    made.minutes(minutes)
    made.resume(YES)
    assert len(made.human.asked("restart.approval")) == asked
    assert sent(made) == 1


def test_an_approval_is_void_when_a_byte_of_the_act_changes() -> None:
    made = desk({"restart": Key("q")})
    made.walk()
    changed = SITE.hosts["cti"].model_copy(update={"address": "192.0.2.9"})
    made.site = SITE.model_copy(update={"hosts": {**SITE.hosts, "cti": changed}})
    made.resume(YES)
    assert len(made.human.asked("restart.approval")) == 1
    first, second = made.events(ApprovalGiven)
    assert first.act_sha256 != second.act_sha256


def test_an_approval_that_expires_before_the_number_is_typed_is_asked_for_again() -> None:
    made = desk({"restart": [lambda _p: _late(made, 31), "confirm"], "restart.approval": ["approves", "approves"]})
    made.human.script["restart.approver"] = ["Post A", "Post A"]
    made.world.ssh.on(STATUS, INACTIVE, INACTIVE, ACTIVE)
    made.walk()
    assert len(made.events(ApprovalGiven)) == 2
    assert sent(made) == 1


def test_an_approval_from_before_a_pause_is_looked_at_once_more_after_the_number() -> None:
    """Everything else is fresh, but the approval was 25 minutes old when the number was asked for."""
    made = desk({"restart": Key("q")})
    made.walk()
    made.minutes(25)
    made.resume(YES | {"restart": [lambda _p: _late(made, 6), "confirm"]})
    assert len(made.events(ApprovalGiven)) == 2
    assert made.trail().index("ActionIntended") > len(made.trail()) - 1 - made.trail()[::-1].index("ApprovalGiven")
    assert sent(made) == 1


def _late(made: Desk, minutes: float) -> str:
    made.minutes(minutes)
    return "confirm"


TWO = plan("""
    - id: first
      title: Restart one
      service: {host: cti, name: core, do: restart}
      approval: {by: leadership, covers: [first, second]}
      verify: {service: {host: cti, name: core, do: status}}
    - id: second
      title: Restart the other
      service: {host: cti, name: aux, do: restart}
      approval: {by: leadership}
      verify: {service: {host: cti, name: aux, do: status}}
""")


def test_one_call_may_cover_several_acts_each_for_itself() -> None:
    made = Desk(
        TWO, {"first.approval": "approves", "first.approver": "Post A", "first": "confirm", "second": "confirm"}
    )
    for name in ("core", "aux"):
        made.world.ssh.on(f"systemctl is-active -- {name}", INACTIVE, ACTIVE)
        made.world.ssh.on(f"systemctl restart -- {name}", exited(0))
    made.human.script["recovered"] = ["yes"]
    made.walk()
    first, second = made.events(ApprovalGiven)
    assert (first.step, second.step) == ("first", "second")
    assert first.act_sha256 != second.act_sha256
    said = made.human.asked("first.approval")[0].lines[-1]
    assert first.act.partition(": ")[2] in said
    assert second.act.partition(": ")[2] in said
    assert made.outcomes() == {"first": "passed", "second": "passed"}


# -- how it ends


def test_a_verify_that_holds_late_but_in_time_passes() -> None:
    made = desk()
    made.world.ssh.on(STATUS, INACTIVE, INACTIVE, INACTIVE, ACTIVE)
    made.walk()
    assert finished(made).outcome == "passed"


def test_a_verify_that_does_not_hold_within_its_limit_is_a_failure() -> None:
    made = desk({"restart.failure": Key("q")})
    made.world.ssh.on(STATUS, INACTIVE)
    made.walk()
    assert finished(made).outcome == "failed"
    assert sent(made) == 1


def test_a_command_that_ended_with_an_error_is_judged_by_its_verify() -> None:
    made = desk()
    made.world.ssh.on(RESTART, exited(1))
    made.walk()
    assert finished(made).outcome == "warned"


def test_a_verify_that_cannot_be_read_leaves_it_unknown() -> None:
    made = desk({"restart.unknown": Key("q")})
    made.world.ssh.on(STATUS, INACTIVE, cannot("login"))
    made.walk()
    assert made.outcomes() == {}
    assert [step.id for step in made.state.unknown] == ["restart"]


def test_an_act_whose_end_is_not_known_is_unknown_and_never_sent_again() -> None:
    made = desk({"restart.unknown": Key("q")})
    made.world.ssh.on(RESTART, lost())
    made.walk()
    assert made.events(ActionEnded)[0].ended == "unknown"
    for _time in range(3):
        made.resume({"restart.unknown": Key("q")})
    assert sent(made) == 1
    assert made.outcomes() == {}


def test_enter_does_not_answer_for_an_unknown_act() -> None:
    made = desk({"restart.unknown": Key("q")})
    made.world.ssh.on(RESTART, lost())
    made.walk()
    assert [prompt.default for prompt in made.human.asked("restart.unknown")] == [None]


# -- unknown, decided by a person


def _unknown(script: dict[str, Any]) -> Desk:
    made = desk({**script, "restart.failure": Key("q")})
    made.world.ssh.on(RESTART, lost(), exited(0))
    made.world.ssh.on(SINCE, exited(0, "ActiveEnterTimestamp=Wed 2026-11-04 04:00:02 UTC\n"))
    made.walk()
    return made


def test_done_passes() -> None:
    made = _unknown({"restart.unknown": "done"})
    assert (finished(made).outcome, finished(made).by, finished(made).how) == ("passed", "person", "resolved")
    assert made.state.unknown == ()


def test_not_done_is_a_failure_and_sends_nothing() -> None:
    made = _unknown({"restart.unknown": "not_done"})
    assert (finished(made).outcome, sent(made)) == ("failed", 1)


def test_it_may_be_looked_at_first() -> None:
    """The look is read-only, recorded, and shows since when the service runs beside the time of the act; a person says how it ended."""
    made = _unknown({"restart.unknown": ["verify", "done"]})
    assert [taken.purpose for taken in made.events(ReadingTaken)] == ["before", "unknown"]
    first, second = made.human.asked("restart.unknown")
    assert first.choices[0].label.count("systemctl") == 2, "both commands are shown before they are run"
    assert [line.partition(" at ")[::2] for line in second.lines[-3:]] == [
        ("Now: active (exit 0) (passed)", ""),
        ("The service was last started", "2026-11-04 12:00:02 +08:00, by its host's clock."),
        ("This act was begun", "2026-11-04 12:00:00 +08:00, by this laptop's clock."),
    ]
    assert made.events(ReadingTaken)[-1].values["since"] == "2026-11-04T04:00:02.000Z"
    assert finished(made).by == "person"


def test_nothing_is_looked_at_unasked_and_nothing_is_concluded() -> None:
    """A service that was started right after the act was begun: still unknown, and the host was not even asked since when."""
    made = _unknown({"restart.unknown": Key("q")})
    assert SINCE not in made.world.ssh.calls
    made.resume({"restart.unknown": ["verify", Key("q")]})
    assert SINCE in made.world.ssh.calls
    assert [step.id for step in made.state.unknown] == ["restart"]
    assert (made.events(UnknownAnswered), sent(made)) == ([], 1)


@pytest.mark.parametrize("reply", [exited(0, "ActiveEnterTimestamp=\n"), exited(1), lost(), cannot()])
def test_a_host_that_does_not_tell_since_when_is_read_all_the_same(reply: object) -> None:
    """Without a start time the look says what the service's status is, and no time of ours is put in its place."""
    made = desk({"restart.unknown": ["verify", "done"]})
    made.world.ssh.on(RESTART, lost())
    made.world.ssh.on(SINCE, reply)
    made.walk()
    shown = made.human.asked("restart.unknown")[1].lines
    assert shown[-1] == "Now: active (exit 0) (passed)"
    assert finished(made).outcome == "passed"


def test_what_was_recorded_of_an_unknown_act_is_shown() -> None:
    """What was read before it, how it was last seen and the first lines of what the host said stand above the question."""
    made = desk({"restart.unknown": Key("q")})
    said = "".join(f"line {n}\n" for n in range(9)) + "x" * 5000
    made.world.ssh.on(RESTART, lost(said))
    made.walk()
    (asked,) = made.human.asked("restart.unknown")
    assert [line.partition(": ")[2] for line in asked.lines[2:4]] == ["inactive (exit 3)", "lost"]
    assert asked.lines[4].split("\n") == ["stdout:", *(f"line {n}" for n in range(5)), "..."]


def test_a_program_that_died_in_the_act_says_that_nothing_is_recorded_of_its_end() -> None:
    """Killed between intent and end: the evidence is the intent alone, and that is said."""
    whole = desk()
    whole.walk()
    made = desk()
    (made.journal.kill_at,) = (row.seq for row in whole.journal.rows if isinstance(row.event, ActionIntended))
    with pytest.raises(Killed):
        made.walk()
    made.resume({"restart.unknown": Key("q")})
    assert "Nothing is recorded of its end" in made.human.asked("restart.unknown")[0].lines[-1]


def test_going_on_with_it_unknown_is_kept_as_open() -> None:
    made = _unknown({"restart.unknown": "unknown"})
    assert finished(made).outcome == "unknown"
    assert [step.id for step in made.state.unknown] == ["restart"]


def test_redo_needs_the_typed_number() -> None:
    made = _unknown({"restart.unknown": "redo", "restart": ["confirm", "", "nonsense", Key("q")]})
    assert sent(made) == 1
    assert made.events(UnknownAnswered) == []
    assert [step.id for step in made.state.unknown] == ["restart"], "it stays unknown until the number was typed"
    made.world.ssh.on(STATUS, INACTIVE, ACTIVE)
    made.resume({"restart.unknown": "redo", "restart": ["confirm", "confirm"], "recovered": "yes"})
    assert sent(made) == 2
    assert finished(made).outcome == "passed"


def test_an_unknown_act_is_answered_for_before_the_step_can_be_tried_again() -> None:
    looping = plan(
        STEP
        % "  repeatable: {at_most: 2}\n- id: back\n  title: Again\n  ask: {choices: [no, yes], fails: yes}\n  next: {failed: restart}"
    )
    made = desk({"restart.unknown": ["unknown", Key("q")], "back": "yes"}, looping)
    made.world.ssh.on(RESTART, lost())
    made.walk()
    assert len(made.human.asked("restart.unknown")) == 2
    assert sent(made) == 1


# -- not sent


def test_what_could_not_be_sent_is_not_unknown() -> None:
    made = desk({"restart.unreachable": Key("q")})
    made.world.ssh.on(RESTART, cannot("login"))
    made.walk()
    assert made.events(ActionEnded)[0].ended == "not_sent"
    assert made.state.unknown == ()
    made.resume({"restart.unreachable": "failed", "restart.failure": Key("q")})
    assert sent(made) == 1
    assert finished(made).outcome == "failed"


def test_it_can_be_sent_again_or_done_by_hand() -> None:
    made = desk({"restart.unreachable": ["again", "by_hand"], "restart": ["confirm"] * 3, "restart.by-hand": "done"})
    made.world.ssh.on(RESTART, cannot("login"))
    made.world.ssh.on(STATUS, INACTIVE, INACTIVE, INACTIVE, ACTIVE)
    made.walk()
    assert [event.choice for event in made.events(FailureAnswered)] == ["again", "by_hand"]
    assert [event.attempt for event in made.events(StepBegun)] == [1, 2, 3]
    assert (finished(made).outcome, finished(made).by, finished(made).how) == ("passed", "person", "manual")
    assert sent(made) == 2


def test_unreachable_in_next_takes_an_act_elsewhere_too() -> None:
    the_plan = plan(STEP % "  next: {unreachable: end}\n- id: last\n  title: Last\n  instruct: {}")
    made = desk({"recovered": "no"}, the_plan)
    made.world.ssh.on(RESTART, cannot("login"))
    made.walk()
    assert made.outcomes() == {"restart": "unreachable", "last": "not_taken"}


def test_by_hand_is_confirmed_and_verified_like_any_act() -> None:
    made = desk({"restart": [Key("b"), "confirm"], "restart.by-hand": "done"})
    made.world.ssh.on(STATUS, INACTIVE, INACTIVE, ACTIVE)
    made.walk()
    assert sent(made) == 0
    assert len(made.events(ActionIntended)) == 1
    assert (finished(made).outcome, finished(made).by) == ("passed", "person")


# -- the failure menu


def test_try_again_asks_everything_again_and_sends_once_more() -> None:
    made = desk({"restart.failure": "again", "restart": ["confirm", "confirm"]})
    made.world.ssh.on(STATUS, *[INACTIVE] * 6, ACTIVE)
    made.walk()
    assert sent(made) == 2
    assert finished(made).attempt == 2


def test_abort_takes_a_reason_and_the_number_and_is_not_offered_while_something_is_unknown() -> None:
    made = desk({"restart.failure": "abort", "restart.reason": "wrong plan", "abort": "confirm"})
    made.world.ssh.on(STATUS, INACTIVE)
    assert made.walk().how == "aborted"
    assert made.state.status == "aborted"
    the_plan = plan(STEP % "- id: do\n  title: Do it\n  instruct: {}")
    made = desk({"restart.unknown": "unknown", "do": "could_not", "do.failure": Key("q")}, the_plan)
    made.human.script["do"] = ["could_not", "no hands"]
    made.world.ssh.on(RESTART, lost())
    made.walk()
    assert "abort" not in [choice.value for choice in made.human.asked("do.failure")[0].choices]


@pytest.mark.parametrize("gone", [Key("q"), Gone("end_of_input"), Gone("not_confirmed")])
def test_nothing_but_the_number_aborts(gone: Any) -> None:
    made = desk({"restart.failure": "abort", "restart.reason": "wrong plan", "abort": ["", "yes", "2", gone]})
    made.world.ssh.on(STATUS, INACTIVE)
    assert made.walk().how == "paused"
    assert made.state.status == "open"
    assert [(prompt.kind, prompt.act_number) for prompt in made.human.asked("abort")] == [("act", 1)] * 4


# -- what the act rests on


REST = """
- id: look
  title: It runs
  service: {host: cti, name: core, do: status}
  next: {failed: continue}
- id: sip
  title: The other answers
  sip: {host: sip, port: sip, method: options}
  next: {failed: continue}
- id: restart
  title: Restart it
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership}
  verify: {ping: {host: cti}, within: 1s}
%s
"""


def resting(script: dict[str, Any], the_plan: Playbook) -> Desk:
    made = Desk(the_plan, {**YES, **script})
    made.world.ssh.on(STATUS, INACTIVE)
    made.world.ssh.on(RESTART, exited(0))
    made.world.icmp.on("192.0.2.1", lambda: 5 if sent(made) else 0)
    made.world.sip.on("192.0.2.2:5060", 200)
    return made


def again(made: Desk) -> list[str]:
    return [taken.kind for taken in made.events(ReadingTaken) if taken.purpose == "again"]


def test_fresh_readings_are_not_taken_again() -> None:
    made = resting({}, plan(REST % ""))
    made.walk()
    assert again(made) == []


def test_readings_of_the_same_host_are_taken_again_after_ten_minutes() -> None:
    made = resting({"sip": [lambda _p: _enter_after(made, 11)]}, plan(REST % ""))
    made.walk()
    assert again(made) == ["service"]


def _enter_after(made: Desk, minutes: float) -> str:
    made.minutes(minutes)
    return ""


def test_readings_that_when_names_are_taken_again_after_a_resume_once() -> None:
    made = resting({"restart": Key("q")}, plan(REST % "  when: {look: failed, sip: passed}"))
    made.walk()
    made.resume({**YES, "restart": [Key("o"), Key("b"), Key("q")]})
    assert again(made) == ["service", "sip"]


def test_it_is_looked_at_again_when_the_call_took_too_long() -> None:
    made = resting({"restart": [lambda _p: _late(made, 10.1), "confirm"]}, plan(REST % ""))
    made.world.icmp.on("192.0.2.1", 0, 0, 5)
    made.walk()
    assert again(made) == ["service"]
    assert [taken.purpose for taken in made.events(ReadingTaken)].count("before") == 2


@pytest.mark.parametrize(("answer", "outcome", "acts"), [("act", "passed", 1), ("leave", "skipped", 0)])
def test_a_reading_that_changed_is_said_before_the_act(answer: str, outcome: str, acts: int) -> None:
    made = resting({"sip": [lambda _p: _enter_after(made, 11)], "restart.changed": answer}, plan(REST % ""))
    made.world.ssh.on(STATUS, INACTIVE, ACTIVE)
    made.walk()
    assert made.outcomes()["restart"] == outcome
    assert sent(made) == acts


def test_a_reading_that_was_never_taken_is_not_taken_again() -> None:
    the_plan = plan("""
        - id: which
          title: Which
          ask: {choices: [left, right]}
        - id: look
          when: {which: left}
          title: It runs
          service: {host: cti, name: core, do: status}
          next: {failed: continue}
        - id: restart
          title: Restart it
          service: {host: cti, name: core, do: restart}
          approval: {by: leadership}
          verify: {ping: {host: cti}, within: 1s}
    """)
    made = resting({"which": "right", "restart": Key("q")}, the_plan)
    made.walk()
    made.minutes(20)
    made.resume(YES)
    assert again(made) == []


SWITCH = plan("""
    - id: look
      title: It answers
      ping: {host: cti}
      next: {failed: switch}
    - id: between
      title: Between
      instruct: {}
    - id: switch
      title: Move the hotline
      carrier_switch: {contact: carrier, from: hotline, to: emergency}
      approval: {by: leadership}
    - id: back
      closes: switch
      title: Move it back
      carrier_switch: {contact: carrier, from: emergency, to: hotline}
      approval: {by: leadership}
""")


def test_the_reading_that_led_here_is_taken_again_before_the_hotline_is_moved() -> None:
    made = Desk(SWITCH, {"switch.approval": Key("q")})
    made.world.icmp.on("192.0.2.1", 0, 5)
    made.walk()
    made.resume({"switch.changed": "leave", "recovered": "yes"})
    assert again(made) == ["ping"]
    assert made.outcomes()["switch"] == "skipped"
    assert made.events(ActionIntended) == []


# -- unknown acts of another incident


CARRIED = {
    "incident": "i-0", "step": "restart", "kind": "service", "act": "Restart core", "act_sha256": "00",
    "target": "host:cti",
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "outcome", "acts"), [("done", "passed", 0), ("unknown", "skipped", 0), ("not_done", "passed", 1)]
)
def test_an_unknown_act_of_another_incident_is_answered_for_first(answer: str, outcome: str, acts: int) -> None:
    made = desk({"restart.unknown": answer}, carried=[CARRIED])
    made.walk()
    (prompt,) = made.human.asked("restart.unknown")
    assert any("i-0" in line for line in prompt.lines)
    assert (finished(made).outcome, sent(made)) == (outcome, acts)


def test_each_incident_that_left_it_unknown_is_answered_for_once() -> None:
    """Two incidents, two answers; trying again after a failure asks neither of them again."""
    made = desk({"restart.unknown": ["not_done", "not_done"]}, carried=[CARRIED, {**CARRIED, "incident": "i-9"}])
    made.human.script |= {"restart.failure": ["again"], "restart": ["confirm", "confirm"]}
    made.world.ssh.on(STATUS, *[INACTIVE] * 6, ACTIVE)
    made.walk()
    assert [answered.reason for answered in made.events(UnknownAnswered)] == ["i-0", "i-9"]
    assert sent(made) == 2


def test_an_unknown_act_elsewhere_is_nobodys_business() -> None:
    made = desk(carried=[{**CARRIED, "target": "host:sip"}])
    made.walk()
    assert sent(made) == 1


# -- spoken acts


def test_a_spoken_act_opens_its_debt_with_the_intent() -> None:
    script = {
        "look": Key("s", "no time"), "between": "done", "switch.approval": "approves", "switch.approver": "Post A",
        "switch": ["confirm", Gone("hangup")],
    }  # fmt: skip
    made = Desk(SWITCH, script)
    made.walk()
    assert made.events(PersonTold) == []
    assert [debt.kind for debt in made.state.open_debts] == ["emergency_lines"]
    assert [step.id for step in made.state.unknown] == ["switch"]
