"""A technician's desk: a small plan, a small site, fakes all around, and walks from there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

from runbook.engine.context import Context
from runbook.engine.walk import Ending, walk
from runbook.loader.playbooks import load_playbook
from runbook.model.errors import ProblemsError
from runbook.model.events import Event, IncidentOpened, Resumed
from runbook.model.playbook import Playbook
from runbook.model.ports import Ports
from runbook.model.record import Recorded
from runbook.model.site import Site
from runbook.model.state import State, fold
from runbook.model.units import utc_text
from runbook.steps import bind
from tests.engine.fakes import NOON, FakeWorld, MemoryEvidence, MemoryJournal, Person

SITE = Site.model_validate(
    {
        "site": "1",
        "name": "Test centre",
        "hosts": {
            "cti": {
                "address": "192.0.2.1",
                "ssh": {"user": "ops"},
                "services": {name: {"systemd": name} for name in ("core", "aux", "s0", "s1", "s2", "s3", "s4")},
                "commands": {"clear": {"run": ["clear-it"]}},
                "ports": {"cti": "5010"},
            },
            "sip": {"address": "192.0.2.2", "name": "sip.example", "ports": {"sip": "5060"}},
        },
        "lines": {
            "hotline": {"title": "Hotline", "numbers": ["95000"]},
            "emergency": {"title": "Emergency lines", "numbers": ["62340001"]},
        },
        "contacts": {
            "leadership": {"title": "Leadership", "people": [{"name": "Post A", "number": "62349003"}]},
            "cs-lead": {"title": "Group leader", "people": [{"name": "Post B", "number": "62349001"}]},
            "carrier": {"title": "Carrier", "people": [{"name": "Desk", "number": "10000"}]},
            "vendor": {"title": "Vendor", "people": [{"name": "Hotline desk", "number": "62349005"}]},
        },
    }
)
HEAD = """\
runbook: 1
id: plan
version: "1"
title: A plan
severity: SEV3
use_when: Always.
impact: Nobody.
{extra}recovered:
  ask: Is service back?
  then: {then}
steps:
"""
BLOCK = """\
block: 1
id: pair
title: Two questions
steps:
  - id: one
    title: The first
    ask: {choices: [left, right]}
  - id: two
    title: The second
    instruct: {}
"""
STATUS = "systemctl is-active -- core"
RESTART = "systemctl restart -- core"
SINCE = "systemctl show -p ActiveEnterTimestamp -- core"


def playbook(name: str, steps: str, then: str = "end", extra: str = "", severity: str = "SEV3") -> tuple[str, str]:
    """The text of another playbook, for `others` of `plan`."""
    head = HEAD.replace("id: plan", f"id: {name}").replace("SEV3", severity).replace("A plan", f"The plan {name}")
    return name, head.format(then=then, extra=dedent(extra)) + indent(dedent(steps).strip("\n"), "  ") + "\n"


@cache
def plan(steps: str, then: str = "end", extra: str = "", others: tuple[tuple[str, str], ...] = ()) -> Playbook:
    """A plan from the YAML of its steps, through the real loader with all its checks. `others`: further playbooks, whole, by id."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "blocks").mkdir()
        (root / "blocks" / "pair.yaml").write_text(BLOCK, encoding="utf-8")
        text = HEAD.format(then=then, extra=dedent(extra)) + indent(dedent(steps).strip("\n"), "  ") + "\n"
        (root / "plan.yaml").write_text(text, encoding="utf-8")
        for name, whole in others:
            (root / f"{name}.yaml").write_text(whole, encoding="utf-8")
        try:
            return load_playbook("plan", [root], SITE)
        except ProblemsError as error:
            raise AssertionError("\n".join(map(str, error.problems))) from None


def opened(carried: list[dict[str, str]] | None = None) -> IncidentOpened:
    return IncidentOpened(
        "i-1", "plan", "1", {"": "A plan"}, "SEV3", "live", SITE.name, SITE.time_zone, "en", utc_text(NOON),
        "default", {}, "plan.yaml", "site.yaml", "", "0", "here", carried or [],
    )  # fmt: skip


class Desk:
    """One incident. `walk` begins or goes on in the same process; `resume` is a new process over the same journal."""

    def __init__(
        self,
        the_plan: Playbook,
        script: Mapping[str, Any] | None = None,
        *,
        actor: str = "Technician",
        site: Site = SITE,
        carried: list[dict[str, str]] | None = None,
        inputs: tuple[Event, ...] = (),
    ) -> None:
        self.plan, self.site, self.actor = the_plan, site, actor
        self.log: list[Any] = []
        self.world, self.human, self.evidence = FakeWorld(self.log), Person(script), MemoryEvidence()
        self.journal = MemoryJournal(self.world.clock, actor, self.log)
        self.begin()
        for event in (opened(carried), *inputs):
            self.context.record(event)

    def begin(self, *, resumed: bool = False) -> None:
        """A new process, with nothing but what the journal holds."""
        ports = Ports(self.world.ports(), self.human, self.journal, self.evidence)
        state = fold(self.journal.events())
        self.context = Context(self.plan, self.site, ports, state, self.actor, bind)
        if resumed:
            self.context.record(Resumed("here", "0"))

    def walk(self) -> Ending:
        return walk(self.context)

    def resume(self, script: Mapping[str, Any] | None = None, *, actor: str | None = None) -> Ending:
        """A new process: only the journal is left. A script given here replaces the person's."""
        self.actor = self.journal.actor = actor or self.actor
        self.journal.kill_at = 0
        if script is not None:
            self.human = Person(script)
        self.begin(resumed=True)
        return self.walk()

    @property
    def state(self) -> State:
        return self.context.state

    def minutes(self, minutes: float) -> None:
        self.world.clock.move(timedelta(minutes=minutes))

    def outcomes(self) -> dict[str, str]:
        """Every step that has an outcome."""
        return {step.id: step.outcome for step in self.state.steps.values() if step.outcome}

    def events(self, *kinds: type[Event]) -> list[Any]:
        return [row.event for row in self.journal.rows if isinstance(row.event, kinds)]

    def rows(self) -> list[Recorded]:
        return self.journal.rows

    def trail(self) -> list[str]:
        """What happened, in order: the names of the events and what left this machine."""
        return [item if isinstance(item, str) else type(item).__name__ for item in self.log]


def shifted(recorded: Recorded, length: timedelta) -> Recorded:
    """The same event at another time."""
    return recorded._replace(utc=utc_text(recorded.at + length))
