"""Whatever happens, nothing is done twice: random plans, random people, and a process that dies after any event."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.model.events import ActionEnded, UnknownAnswered
from runbook.model.playbook import Playbook
from runbook.model.prompts import Key, Prompt, Reply
from runbook.model.state import fold
from tests.engine.desk import Desk, plan
from tests.engine.fakes import ACTIVE, INACTIVE, UNDER_WAY, Killed, Person, cannot, exited, lost

SERVICES = ("core", "s0", "s1", "s2", "s3", "s4")
BODIES = {
    "ask": "ask: {choices: [left, right]}",
    "instruct": "instruct: {}",
    "ping": "ping: {host: cti}\n  next: {failed: continue}",
    "read": "service: {host: cti, name: core, do: status}\n  next: {failed: continue}",
    "wait": "wait_for: {until: {service: {host: cti, name: core, do: status}}, limit: 30s}\n  next: {expired: continue}",
    "switch": (
        "carrier_switch: {contact: carrier, from: hotline, to: emergency}\n  approval: {by: leadership}\n"
        "- id: b-ID\n  title: Back\n  closes: ID\n"
        "  carrier_switch: {contact: carrier, from: emergency, to: hotline}\n  approval: {by: leadership}"
    ),
    "tickets": "tickets: {do: open}\n- id: e-ID\n  title: Enter\n  closes: ID\n  tickets: {do: back_entry}",
    "restart": (
        "service: {host: cti, name: SERVICE, do: restart}\n  approval: {by: leadership, or: cs-lead}\n"
        "  verify: {service: {host: cti, name: SERVICE, do: status}, within: 10s}\n  next: {failed: continue}"
    ),
}
TESTED = ("instruct", "restart")


@st.composite
def plans(draw: st.DrawFn) -> str:
    """The steps of a small plan. Which service it restarts is written in each act's name."""
    kinds = draw(st.lists(st.sampled_from(sorted(BODIES)), min_size=1, max_size=4))
    text, asks = "", list[str]()
    for number, kind in enumerate(kinds):
        name = f"s{number}"
        text += f"- id: {name}\n  title: Step {number}\n"
        if asks and draw(st.booleans()):
            text += f"  when: {{{asks[-1]}: [{draw(st.sampled_from(['left', 'right', 'not_taken']))}]}}\n"
        if kind in TESTED and draw(st.booleans()):
            text += "  recovery_test: true\n"
        text += "  " + BODIES[kind].replace("ID", name).replace("SERVICE", name) + "\n"
        asks += [name] if kind == "ask" else []
    return text


class Policy(Person):
    """Answers by the prompt's name and a seed, so a resumed walk is answered as the one that was never stopped."""

    def __init__(self, seed: int, truth: Callable[[str], str], last: str) -> None:
        super().__init__()
        self.seed, self.truth, self.last = seed, truth, last

    def drawn(self, name: str, among: int) -> int:
        return zlib.crc32(f"{self.seed} {name}".encode()) % among

    def ask(self, prompt: Prompt, *, stop: Callable[[], bool] | None = None) -> Reply | None:
        self.prompts.append(prompt)
        assert len(self.prompts) < 500, f"it goes round: {[p.name for p in self.prompts[-6:]]}"
        return self._reply(prompt, self._said(prompt, stop), stop)

    def _said(self, prompt: Prompt, stop: Callable[[], bool] | None) -> Any:
        name, values = prompt.name, [choice.value for choice in prompt.choices]
        special = {
            ".failure": "skip", ".debt": "waive", ".changed": "act", ".not-needed": "not_needed",
            ".unreachable": ["failed", "by_hand"][self.drawn(name, 2)], ".by-hand": "done",
        }  # fmt: skip
        for ending, answer in special.items():
            if name.endswith(ending):
                return answer
        if name.endswith(".unknown"):
            return self.truth(name.removesuffix(".unknown"))
        if name.endswith((".wait", ".running")):
            return UNDER_WAY
        if prompt.kind == "act":
            return self._leaves(prompt) or "confirm"
        if prompt.kind == "go":
            return self._leaves(prompt) or ""
        if name.endswith(".approval") and self.drawn(name, 4):
            return "approves"
        if prompt.kind == "choice":
            return self._leaves(prompt) or values[self.drawn(name, len(values))]
        if prompt.kind == "number":
            return "3"
        return {"go-to": self.last}.get(name, "Somebody")

    def _leaves(self, prompt: Prompt) -> Key | None:
        """Now and then a key that leaves the step, the same one each time it is asked."""
        key = {0: "s", 1: "f", 2: "g", 3: "b"}.get(self.drawn(prompt.name + "?", 24))
        if key == "b" and (prompt.kind == "choice" or any("By hand" in line for line in prompt.lines)):
            return None
        if key == "g" and (prompt.name.partition(".")[0] == self.last or prompt.name == "recovered"):
            return None
        return Key(key, "why") if key and key in prompt.keys else None


class Centre:
    """A world with a memory: what was sent to it, and what runs since."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.sent: dict[str, int] = {}

    def drawn(self, name: str, among: int) -> int:
        return zlib.crc32(f"centre {self.seed} {name}".encode()) % among

    def works(self, service: str) -> bool:
        return self.drawn(service, 2) == 0

    def restart(self, service: str) -> Any:
        how = self.drawn(service + "?", 4)
        if how == 3:
            return cannot("login")
        self.sent[service] = self.sent.get(service, 0) + 1
        return lost() if how == 2 else exited(0)

    def status(self, service: str) -> Any:
        return ACTIVE if self.sent.get(service) and self.works(service) else INACTIVE


def truth(desk: Desk, centre: Centre, name: str) -> str:
    """What a person finds out about an act whose end nobody knows: what its outcome would have been, or that nothing was sent."""
    step, known = desk.plan.step(name), desk.state.step(name)
    ended = known.act_ended.event if known.act_ended else None
    if step.kind == "service":
        if centre.sent.get(name):
            return "done" if centre.works(name) else "not_done"
        return "redo"
    if not isinstance(ended, ActionEnded):
        return "redo"
    if ended.ended == "unknown" or "test_call" not in ended.values:
        return "done"
    heard = ended.values["test_call"]
    right = heard == "platform_prompt" if step.keys.closes else heard not in ("platform_prompt", "nothing")
    return "done" if right and ended.ended == "done" else "not_done"


def centre_desk(the_plan: Playbook, seed: int) -> tuple[Desk, Centre]:
    centre = Centre(seed)
    desk = Desk(the_plan)
    for service in SERVICES:
        desk.world.ssh.on(f"systemctl is-active -- {service}", lambda service=service: centre.status(service))
        desk.world.ssh.on(f"systemctl show -p ActiveEnterTimestamp -- {service}", exited(0))
        desk.world.ssh.on(f"systemctl restart -- {service}", lambda service=service: centre.restart(service))
    desk.world.icmp.on("192.0.2.1", centre.drawn("ping", 6))
    desk.human = Policy(seed, lambda step: truth(desk, centre, step), the_plan.steps[-1].id)
    desk.begin()
    return desk, centre


def walk_to_the_end(the_plan: Playbook, seed: int, kills: list[int]) -> tuple[Desk, Centre]:
    """Walk; die after each of these events; go on each time in a new process."""
    desk, centre = centre_desk(the_plan, seed)
    for turn, kill in enumerate([*kills, 0]):
        try:
            if turn:
                desk.begin(resumed=True)
            desk.journal.kill_at = kill
            desk.walk()
            break
        except Killed:
            desk.journal.kill_at = 0
    return desk, centre


def sent_too_often(desk: Desk, centre: Centre) -> list[str]:
    """The acts that reached the world more often than a person asked for."""
    redone = [event.step for event in desk.events(UnknownAnswered) if event.answer == "redo"]
    return [step for step, times in centre.sent.items() if times > 1 + redone.count(step)]


def settled(outcomes: dict[str, str]) -> dict[str, str]:
    """Outcomes, with what only says how an act was done left out."""
    return {step: {"warned": "passed"}.get(outcome, outcome) for step, outcome in outcomes.items()}


QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(plans(), st.integers(0, 10_000), st.lists(st.integers(2, 60), max_size=3).map(sorted))
def test_killed_anywhere_nothing_is_sent_twice_and_it_ends_the_same(steps: str, seed: int, kills: list[int]) -> None:
    the_plan = plan(steps)
    whole, _ = walk_to_the_end(the_plan, seed, [])
    killed, centre = walk_to_the_end(the_plan, seed, kills)
    assert sent_too_often(killed, centre) == []
    assert settled(killed.outcomes()) == settled(whole.outcomes())
    assert killed.state.status == whole.state.status
    assert {debt.step: debt.open for debt in killed.state.debts} == {debt.step: debt.open for debt in whole.state.debts}


RICH = "".join(
    f"- id: s{number}\n  title: Step {number}\n  " + BODIES[kind].replace("ID", f"s{number}").replace("SERVICE", f"s{number}") + "\n"
    for number, kind in enumerate(["ping", "restart", "switch", "restart", "wait"])
)  # fmt: skip


@pytest.mark.parametrize("seed", [2, 3, 6, 10, 11])
def test_killed_at_every_event_of_the_run_in_turn(seed: int) -> None:
    the_plan = plan(RICH)
    whole, _ = walk_to_the_end(the_plan, seed, [])
    for kill in range(2, len(whole.rows()) + 1):
        killed, centre = walk_to_the_end(the_plan, seed, [kill])
        assert sent_too_often(killed, centre) == [], kill
        assert settled(killed.outcomes()) == settled(whole.outcomes()), kill


@QUICK
@given(plans(), st.integers(0, 10_000), st.data())
def test_the_state_is_a_pure_fold_of_the_events_in_order(steps: str, seed: int, data: st.DataObject) -> None:
    desk, _ = walk_to_the_end(plan(steps), seed, data.draw(st.lists(st.integers(2, 40), max_size=1)))
    rows = desk.rows()
    cut = data.draw(st.integers(0, len(rows)))
    first = fold(rows[:cut])
    before = repr(first)
    assert fold(rows[cut:], first) == fold(rows) == desk.state
    assert repr(first) == before, "folding on changes no earlier state"


@QUICK
@given(plans(), st.integers(0, 10_000))
def test_no_intent_without_approval_and_no_act_without_intent(steps: str, seed: int) -> None:
    """On every walk: what is sent was intended just before, and an act that needs approval has one for its bytes."""
    the_plan = plan(steps)
    desk, _ = walk_to_the_end(the_plan, seed, [])
    for number, item in enumerate(desk.log):
        if isinstance(item, str) and "restart" in item:
            assert type(desk.log[number - 1]).__name__ == "ActionIntended"
        if type(item).__name__ == "ActionIntended" and the_plan.step(item.step).keys.approval:
            given_ = [e for e in desk.log[:number] if type(e).__name__ == "ApprovalGiven" and e.step == item.step]
            assert given_
            assert given_[-1].act_sha256 == item.act_sha256


BRANCHES = """
- id: both
  title: Both at once
  together:
    read:
      - id: look
        title: Look
        ping: {host: cti}
        next: {failed: continue}
      - id: back
        title: Back
        wait_for: {until: {service: {host: cti, name: core, do: status}}, limit: 30s}
        next: {expired: continue}
    fix:
      - id: s1
        title: Restart s1
        service: {host: cti, name: s1, do: restart}
        approval: {by: leadership, or: cs-lead}
        verify: {service: {host: cti, name: s1, do: status}, within: 10s}
        next: {failed: continue}
      - id: which
        title: Which
        ask: {choices: [left, right]}
    call:
      - id: told
        title: Told
        instruct: {}
      - id: s2
        title: Restart s2
        service: {host: cti, name: s2, do: restart}
        approval: {by: leadership, or: cs-lead}
        verify: {service: {host: cti, name: s2, do: status}, within: 10s}
        next: {failed: continue}
  next: {failed: continue, expired: continue}
- id: last
  title: Last
  instruct: {}
"""


@pytest.mark.parametrize("seed", [2, 8, 18, 22, 34, 38])
def test_killed_at_every_event_of_branches_nothing_is_sent_twice_and_it_ends_the_same(seed: int) -> None:
    the_plan = plan(BRANCHES)
    whole, _ = walk_to_the_end(the_plan, seed, [])
    assert whole.state.outcome("both") != "not_taken"
    for kill in range(2, len(whole.rows()) + 1):
        killed, centre = walk_to_the_end(the_plan, seed, [kill])
        assert sent_too_often(killed, centre) == [], kill
        assert settled(killed.outcomes()) == settled(whole.outcomes()), kill
