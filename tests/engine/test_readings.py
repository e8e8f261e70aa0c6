"""Readings: asked, judged, repeated, and turned into the manual form where the question could not be asked."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import ReadingTaken, SelfChecked, StepFinished
from runbook.model.playbook import Playbook
from runbook.model.prompts import Key
from runbook.model.replies import DnsReply, HttpReply
from tests.engine.desk import RESTART, STATUS, Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, cannot, exited

CTI, SIP = "192.0.2.1", "192.0.2.2"


def pinging(more: str = "", next_: str = "{failed: continue}") -> Playbook:
    return plan(f"- id: look\n  title: It answers\n  ping: {{host: cti}}\n  next: {next_}\n{more}")


def walked(the_plan: Playbook, script: dict[str, Any] | None = None, *answered: Any) -> Desk:
    desk = Desk(the_plan, {"recovered": "yes", **(script or {})})
    desk.world.icmp.on(CTI, *(answered or (5,)))
    desk.walk()
    return desk


def finished(desk: Desk, step: str = "look") -> StepFinished:
    return [event for event in desk.events(StepFinished) if event.step == step][-1]


def test_a_reading_waits_for_enter_and_is_the_machines() -> None:
    desk = walked(pinging())
    assert [prompt.kind for prompt in desk.human.asked("look")] == ["go"]
    assert (finished(desk).outcome, finished(desk).by, finished(desk).how) == ("passed", "machine", "read")
    assert finished(desk).values["loss_pct"] == 0.0
    assert desk.trail()[2:6] == ["StepBegun", f"icmp: {CTI}", "ReadingTaken", "StepFinished"]


@pytest.mark.parametrize(
    ("expect", "answered", "outcome"),
    [
        ("{loss_pct: {warn: 1, fail: 50}}", 5, "passed"),
        ("{loss_pct: {warn: 1, fail: 50}}", 4, "warned"),
        ("{loss_pct: {warn: 20, fail: 50}}", 4, "warned"),
        ("{loss_pct: {warn: 20.1, fail: 50}}", 4, "passed"),
        ("{loss_pct: {warn: 1, fail: 60}}", 2, "failed"),
        ("{loss_pct: {fail: 60.1}}", 2, "passed"),
        ("{received: {at_least: 3}}", 3, "passed"),
        ("{received: {at_least: 3}}", 2, "failed"),
        ("{received: {at_least: 1}, loss_pct: {warn: 1}}", 4, "warned"),
        ("{rtt_avg_ms: {at_most: 10}}", 0, "failed"),
    ],
)
def test_expect_judges_the_values_and_the_worst_of_them_counts(expect: str, answered: int, outcome: str) -> None:
    the_plan = pinging(f"  expect: {expect}\n")
    desk = walked(the_plan, {}, answered)
    assert finished(desk).outcome == outcome
    assert finished(desk).expected


def test_retries_end_with_the_first_that_does_not_fail() -> None:
    the_plan = pinging("  retries: 3\n")
    desk = walked(the_plan, {}, 0, 0, 5)
    assert [taken.outcome for taken in desk.events(ReadingTaken)] == ["failed", "failed", "passed"]
    assert finished(desk).outcome == "passed"
    desk = walked(the_plan, {}, 0)
    assert len(desk.events(ReadingTaken)) == 4
    assert finished(desk).outcome == "failed"


SERVICE = """
- id: look
  title: It runs
  service: {host: cti, name: core, do: status}
  next: {failed: last%s}
- id: between
  title: Between
  instruct: {}
- id: last
  title: Last
  instruct: {}
"""


@pytest.mark.parametrize(("read", "outcome", "step"), [("passed", "passed", "between"), ("failed", "failed", "last")])
def test_what_could_not_be_asked_becomes_the_manual_form(read: str, outcome: str, step: str) -> None:
    desk = Desk(plan(SERVICE % ""), {"look.manual": read, "look.found": "the lamp", step: Key("q")})
    desk.world.ssh.on(STATUS, cannot("login"))
    desk.walk()
    done = finished(desk)
    assert (done.outcome, done.by, done.how, done.found) == (outcome, "person", "manual", "the lamp")
    assert desk.events(ReadingTaken)[0].phase == "login"
    assert "console of" in desk.human.asked("look.manual")[0].question
    assert desk.state.position.step == step


def test_the_plans_own_manual_form_is_shown_instead() -> None:
    the_plan = plan("""
        - id: look
          title: It runs
          service: {host: cti, name: core, do: status}
          manual: {do: Look at the lamp}
          next: {failed: continue}
    """)
    desk = Desk(the_plan, {"look": Key("b"), "look.manual": "passed", "look.found": "", "recovered": "yes"})
    desk.walk()
    assert "Look at the lamp" in desk.human.asked("look.manual")[0].question
    assert desk.outcomes() == {"look": "passed"}


def test_unreachable_in_next_switches_the_manual_form_off() -> None:
    desk = Desk(plan(SERVICE % ", unreachable: last"), {"last": Key("q")})
    desk.world.ssh.on(STATUS, cannot("login"))
    desk.walk()
    assert (finished(desk).outcome, finished(desk).by) == ("unreachable", "machine")
    assert desk.state.position.step == "last"


def test_evidence_of_a_reading_is_kept_and_named_by_its_hash() -> None:
    desk = Desk(plan(SERVICE % ""), {"between": Key("q")})
    desk.world.ssh.on(STATUS, ACTIVE)
    desk.walk()
    (named,) = desk.events(ReadingTaken)[0].evidence
    assert desk.evidence.kept[named["sha256"]] == b"active"


# -- a value that never came


VALUES = """
- id: first
  title: It answers
  ping: {host: cti}
  next: {failed: continue}
- id: look
  title: It answers as often again
  ping: {host: cti, count: $steps.first.received}
  next: {failed: continue%s}
- id: restart
  title: Restart it
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership}
  verify: {ping: {host: cti, count: $steps.first.received}}
"""


@pytest.mark.parametrize("key", [Key("s", "no time"), Key("b")])
def test_a_value_that_no_step_gave_makes_the_reading_a_persons(key: Key) -> None:
    script: dict[str, Any] = {
        "first": key, "first.manual": "passed", "first.found": "",
        "look.manual": "failed", "look.found": "", "restart": Key("q"), "restart.failure": Key("q"),
    }  # fmt: skip
    desk = Desk(plan(VALUES % ""), script)
    assert desk.walk().why == "key"
    assert (finished(desk).outcome, finished(desk).by) == ("failed", "person")
    question = desk.human.asked("look.manual")[0].question
    assert "It answers as often again" in question
    assert "times" not in question, "no sample may stand in the place of the value"


def test_a_value_that_does_not_fit_is_no_bug() -> None:
    desk = Desk(plan(VALUES % ", unreachable: continue"), {"restart.failure": Key("q")})
    desk.world.icmp.on(CTI, 0)
    assert desk.walk().why == "key"
    assert desk.outcomes()["look"] == "unreachable"


def test_an_act_whose_verify_has_no_value_is_not_done() -> None:
    """Nothing could say whether it worked: it failed, before approval and number."""
    script = {"first": Key("s", "no time"), "look.manual": "passed", "look.found": "", "restart.failure": Key("q")}
    desk = Desk(plan(VALUES % ""), script)
    desk.walk()
    assert finished(desk, "restart").outcome == "failed"
    assert desk.world.ssh.calls == []
    for letter in "?p":
        desk.human.script["restart.failure"] = [Key(letter), Key("q")]
        assert desk.resume().why == "key"


# -- this laptop's own cable


def test_while_this_laptop_sees_nothing_no_reading_is_failed() -> None:
    desk = Desk(pinging(), {"laptop": "elsewhere", "look.manual": "failed", "look.found": "", "recovered": "no"})
    desk.world.icmp.on(CTI, 0)
    desk.world.icmp.on(SIP, 0)
    desk.human.script["look"] = [lambda _prompt: _unplug(desk)]
    desk.walk()
    assert [taken.outcome for taken in desk.events(ReadingTaken)] == ["unreachable"]
    assert "check its own cable" in desk.human.asked("laptop")[0].question
    assert (finished(desk).outcome, finished(desk).by) == ("failed", "person")


@pytest.mark.parametrize("kind", ["http: {host: sip, port: sip}", "dns: {host: sip, port: sip, of: sip}"])
def test_the_silence_of_a_web_or_a_name_server_is_no_failure_either(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    the_plan = plan(f"- id: look\n  title: It answers\n  {kind}\n  next: {{failed: continue}}\n")
    desk = Desk(the_plan, {"laptop": "elsewhere", "look.manual": "failed", "look.found": "", "recovered": "no"})
    page = HttpReply("timed_out", None, b"", 0, "", 1.0, None, None, "", SIP)
    monkeypatch.setattr(desk.world.http, "get", lambda *_words, **_more: page, raising=False)
    monkeypatch.setattr(desk.world.dns, "look_up", lambda *_words, **_more: DnsReply(None, (), 1.0, SIP), raising=False)
    desk.world.icmp.on(CTI, 0)
    desk.human.script["look"] = [lambda _prompt: _unplug(desk)]
    desk.walk()
    assert [taken.outcome for taken in desk.events(ReadingTaken)] == ["unreachable"]
    assert (finished(desk).outcome, finished(desk).by) == ("failed", "person")


def _unplug(desk: Desk) -> str:
    desk.world.laptop.sees = False
    desk.minutes(1)
    return ""


def test_before_step_1_it_looks_at_itself_and_offers_nothing_else_until_it_sees() -> None:
    desk = Desk(pinging(), {"laptop": [lambda _p: "again", lambda _p: _plug(desk)], "recovered": "yes"})
    desk.world.laptop.sees = False
    desk.world.icmp.on(CTI, 0, 0, 5)
    desk.world.icmp.on(SIP, 0)
    desk.walk()
    assert [check.sees_nothing for check in desk.events(SelfChecked)] == [True, True, False]
    assert desk.human.prompts[0].name == "laptop"
    assert desk.outcomes() == {"look": "passed"}


def _plug(desk: Desk) -> str:
    desk.world.laptop.sees = True
    return "again"


def test_one_host_that_answers_proves_that_this_laptop_sees() -> None:
    """A gateway that drops pings, and one server that answers: the silence of the other is measured."""
    desk = Desk(pinging(), {"recovered": "no"})
    desk.world.laptop.sees = False
    desk.world.icmp.on(CTI, 0)
    desk.world.icmp.on(SIP, 5)
    desk.walk()
    assert finished(desk).outcome == "failed"
    assert desk.human.asked("laptop") == []


def test_what_may_not_be_asked_says_nothing_about_the_cable() -> None:
    """No permission for ping, no gateway known: that is not a laptop that sees nothing."""
    desk = Desk(pinging(), {"look.manual": "passed", "look.found": "", "recovered": "no"})
    desk.world.laptop.look = _blind  # type: ignore[method-assign]
    desk.world.icmp.on(CTI, cannot("permission"))
    desk.world.icmp.on(SIP, cannot("permission"))
    desk.walk()
    assert [check.sees_nothing for check in desk.events(SelfChecked)] == [False]
    assert desk.human.asked("laptop") == []


def _blind() -> Any:
    from runbook.model.replies import LaptopView

    return LaptopView(True, "", None)


def test_a_server_that_lets_nobody_in_is_looked_at_with_ones_own_cable_first() -> None:
    desk = Desk(
        plan(SERVICE % ""), {"laptop": "elsewhere", "look.manual": "failed", "look.found": "", "last": Key("q")}
    )
    desk.world.ssh.on(STATUS, cannot("connect"))
    desk.world.icmp.on(SIP, 0)
    desk.human.script["look"] = [lambda _prompt: _unplug(desk)]
    desk.walk()
    assert len(desk.human.asked("laptop")) == 1
    assert finished(desk).by == "person"


ACT = """
- id: restart
  title: Restart it
  service: {host: cti, name: core, do: restart}
  approval: {by: leadership}
  verify: {ping: {host: cti}, within: 10s}
"""


def test_while_this_laptop_sees_nothing_no_act_is_proposed() -> None:
    desk = Desk(plan(ACT), {"laptop": ["again", Key("q")]})
    desk.world.laptop.sees = False
    desk.world.icmp.on(CTI, 0)
    desk.world.icmp.on(SIP, 0)
    desk.human.script["laptop"] = ["elsewhere", "again", Key("q")]
    desk.walk()
    assert {prompt.name for prompt in desk.human.prompts} == {"laptop"}
    assert desk.world.ssh.calls == []


def test_a_verify_that_only_this_laptop_cannot_see_is_unknown_not_failed() -> None:
    script = {
        "restart.approval": "approves", "restart.approver": "Post A", "restart": "confirm", "restart.unknown": Key("q"),
    }  # fmt: skip
    desk = Desk(plan(ACT), script)
    desk.world.icmp.on(CTI, 0)
    desk.world.icmp.on(SIP, 0)
    desk.world.ssh.on(RESTART, lambda: (_unplug(desk), exited(0))[1])
    desk.walk()
    assert desk.outcomes() == {}
    assert [step.id for step in desk.state.unknown] == ["restart"]
    assert desk.events(ReadingTaken)[-1].outcome == "unreachable"
    assert INACTIVE is not ACTIVE
