"""A walk in milliseconds: the real loader, engine and store, over a world whose server is a file that counts what was done.

The file outlives the process, so a person who is asked how an act ended can look at it: what was sent was done, what was not
sent is done again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from runbook.engine.context import Context
from runbook.engine.walk import walk
from runbook.model.events import Event, Resumed
from runbook.model.ports import Ports
from runbook.model.prompts import Prompt, Reply
from runbook.model.record import Recorded
from runbook.model.state import fold
from runbook.steps import bind
from runbook.store.incidents import Home
from runbook.store.journal import SqliteJournal
from runbook.world.clock import LiveClock
from tests.engine.desk import SITE, STATUS, plan
from tests.engine.fakes import ACTIVE, INACTIVE, UNDER_WAY, FakeWorld, Person, exited
from tests.faults.children import Acks
from tests.store.parts import FILES, ZONE, opening

SERVICES = ("core", "aux")
STEPS = "\n".join(
    f"""\
- id: {name}
  title: Restart {name}
  service: {{host: cti, name: {name}, do: restart}}
  approval: {{by: leadership, or: cs-lead}}
  verify: {{service: {{host: cti, name: {name}, do: status}}, within: 10s}}
  next: {{failed: continue}}
- id: ask-{name}
  title: Which way?
  ask: {{choices: [left, right]}}"""
    for name in SERVICES
)
PLAN = plan(STEPS)
ENDED = {name: "passed" for service in SERVICES for name in (service, f"ask-{service}")}


class Server:
    """What was done, one line each; written by the act itself, read by whoever looks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def restart(self, service: str) -> None:
        handle = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.write(handle, f"{service}\n".encode())
        os.close(handle)

    def done(self) -> list[str]:
        return self.path.read_text().split() if self.path.exists() else []


class Watcher(Person):
    """Says yes, and how an act ended as the server knows it."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def ask(self, prompt: Prompt, *, stop: Any = None) -> Reply | None:
        self.script[prompt.name] = [self._answer(prompt)]
        return super().ask(prompt, stop=stop)

    def _answer(self, prompt: Prompt) -> Any:
        step, _, what = prompt.name.partition(".")
        if what == "wait":
            return UNDER_WAY
        if what == "unknown":
            return "done" if step in self.server.done() else "redo"
        known = {"approval": "approves", "approver": "Leader A", "not-needed": "not_needed", "recovered": "yes"}
        if prompt.name in ("recovered", "begin"):
            return "yes" if prompt.kind == "choice" else ""
        if what in known:
            return known[what]
        return {"act": "confirm", "choice": "left"}.get(prompt.kind, "")


def world(server: Server) -> FakeWorld:
    """The server, asked over a connection that never fails."""
    made = FakeWorld([])
    made.clock = LiveClock()
    for name in SERVICES:

        def restarted(name: str = name) -> Any:
            server.restart(name)
            return exited(0)

        def status(name: str = name) -> Any:
            return ACTIVE if name in server.done() else INACTIVE

        made.ssh.on(STATUS.replace("core", name), status)
        made.ssh.on(f"systemctl restart -- {name}", restarted)
    return made


class Acknowledging:
    """A journal that says what it acknowledged."""

    def __init__(self, journal: SqliteJournal, say: Callable[[object], None]) -> None:
        self._journal, self._say = journal, say

    def append(self, event: Event) -> Recorded:
        return self.append_all([event])[0]

    def append_all(self, events: Sequence[Event]) -> list[Recorded]:
        found = self._journal.append_all(events)
        for each in found:
            self._say(each.hash)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def begin(home: str) -> int:
    """Make the incident."""
    Home.of({"RUNBOOK_HOME": home}).create("cti-down", "live", FILES, LiveClock(), "a", zone=ZONE, opening=opening)
    return 0


def go(home: str, effects: str, acks: str = os.devnull, at: int = 0, mount: str = "") -> int:
    """Begin the incident, or go on with the one that is there, to its end. For `acks`, `at`, `mount` see `children.Acks`."""
    server, said = Server(Path(effects)), Acks(acks, at, mount)
    places = Home.of({"RUNBOOK_HOME": home})
    found = places.list()
    if not found:
        begin(home)
    incident = places.open(places.list()[0].id)
    person = Watcher(server)
    with incident.journal(LiveClock(), "a") as journal:
        ports = Ports(world(server).ports(), person, Acknowledging(journal, said.say), incident.evidence)
        context = Context(PLAN, SITE, ports, fold(journal.events()), "a", bind)
        if found:
            context.record(Resumed("here", "0"))
        ending = walk(context)
    print(ending.how, *(prompt.name for prompt in person.prompts), flush=True)
    return {"recovered": 0, "not_recovered": 1}.get(ending.how, 70)


def state_of(home: str) -> tuple[str, dict[str, str]]:
    """What the only incident came to: its state, and each step's outcome."""
    places = Home.of({"RUNBOOK_HOME": home})
    (only,) = places.list()
    state = fold(places.open(only.id).read().events)
    return state.status, {step.id: step.outcome for step in state.steps.values() if step.outcome}
