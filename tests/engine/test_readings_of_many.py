"""Readings of several hosts in a walk: what the journal keeps of each, and when this laptop's own cable is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.events import ReadingTaken, StepFinished
from tests.engine.desk import Desk, plan
from tests.engine.fakes import exited

CTI, SIP = "192.0.2.1", "192.0.2.2"
GROUP = "ping: {hosts: [cti, sip], count: 2}"
MESH = "mesh: {to: [cti, sip]}"
FROM = "ping: {host: sip, from: cti, count: 2}"
LOST = "2 packets transmitted, 0 received, 100% packet loss"


def walked(kind: str, expect: str = "", **script: Any) -> Desk:
    expected = f"\n  expect: {expect}" if expect else ""
    the_plan = plan(f"- id: look\n  title: They answer\n  {kind}{expected}\n  next: {{failed: continue}}\n")
    given = {"laptop": "elsewhere", "look.manual": "failed", "look.found": "", "recovered": "no"}
    return Desk(the_plan, given | script)


def taken(desk: Desk) -> ReadingTaken:
    found: ReadingTaken = desk.events(ReadingTaken)[-1]
    return found


@pytest.mark.parametrize(("kind", "count"), [(GROUP, 2), (MESH, 3)])
def test_one_that_is_silent_fails_and_the_journal_has_each(kind: str, count: int) -> None:
    desk = walked(kind)
    desk.world.icmp.on(CTI, count)
    desk.world.icmp.on(SIP, 0)
    desk.walk()
    assert [(part["name"], part["outcome"]) for part in taken(desk).parts] == [("cti", "passed"), ("sip", "failed")]
    assert taken(desk).found == "failed 1/2: sip; passed 1/2"
    assert desk.human.asked("laptop") == []


@pytest.mark.parametrize(
    ("expect", "outcome"), [("{failed_count: {at_most: 1}}", "passed"), ("{loss_pct: {fail: 40}}", "failed")]
)
def test_what_is_expected_is_judged_on_the_whole_or_on_each(expect: str, outcome: str) -> None:
    desk = walked(GROUP, expect)
    desk.world.icmp.on(CTI, 2)
    desk.world.icmp.on(SIP, 0 if outcome == "passed" else 1)
    desk.walk()
    (finished,) = desk.events(StepFinished)
    assert (finished.outcome, finished.by) == (outcome, "machine")


@pytest.mark.parametrize("kind", [GROUP, MESH])
def test_when_nobody_answers_this_laptop_looks_at_itself(kind: str) -> None:
    desk = walked(kind)
    desk.world.icmp.on(CTI, 0)
    desk.world.icmp.on(SIP, 0)
    desk.human.script["look"] = [lambda _prompt: _unplug(desk)]
    desk.walk()
    assert (taken(desk).outcome, taken(desk).phase) == ("unreachable", "link")
    (finished,) = desk.events(StepFinished)
    assert (finished.outcome, finished.by) == ("failed", "person")


def test_the_silence_that_another_machine_heard_is_not_this_laptops() -> None:
    desk = walked(FROM)
    desk.world.laptop.sees = False
    desk.world.icmp.on(CTI, 5)
    words = "env LC_ALL=C ping -n -c 2 -i 0.2 -W 1 -- 192.0.2.2"
    desk.world.ssh.on(words, exited(1, LOST))
    desk.walk()
    looks = desk.world.laptop.looks
    assert (taken(desk).outcome, looks) == ("failed", 1), "only before step 1"


def _unplug(desk: Desk) -> str:
    desk.world.laptop.sees = False
    desk.minutes(1)
    return ""
