"""What every part of the walk shares: the plan, the site, the ports, the state, and the one way to add an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, Unpack

from pydantic import ValidationError

from runbook.engine import others
from runbook.engine.asking import FREE, Beside, asked
from runbook.engine.decide import Move, decide
from runbook.engine.kind_ports import KindPorts
from runbook.engine.others import Me
from runbook.model.binding import reference_values
from runbook.model.clocks import Clock
from runbook.model.events import ClockJumped, Event, StepBegun, StepFinished, WentTo
from runbook.model.kind import Kind, Result
from runbook.model.lanes import beside_at
from runbook.model.outcome import Scalar
from runbook.model.own_time import PROCESS
from runbook.model.playbook import Header, Playbook, Step, WaitFor, replaced
from runbook.model.ports import JSON, Ports
from runbook.model.prompts import Choice, Prompt
from runbook.model.record import Recorded
from runbook.model.replies import CannotAskError
from runbook.model.site import Site
from runbook.model.state import END, State, after
from runbook.model.text import _

Bind = Callable[[str, Mapping[str, JSON], Mapping[str, str]], Kind]
"""The registry of kinds: name, raw body, values of its references -> the kind, validated."""
BACK_S, JUMP_S = 1.0, 5.0
"""From how many seconds on a wall clock that went back, or ahead, is an event; and a suspend."""


@contextmanager
def _resolving() -> Iterator[None]:
    """A value that a skipped or hand-made step never gave is no error of the program: the question cannot be asked."""
    try:
        yield
    except ValidationError as error:
        raise CannotAskError("resolve", "; ".join(str(found["msg"]) for found in error.errors())) from None
    except LookupError as error:
        raise CannotAskError("resolve", str(error.args[0] if error.args else error)) from None


class Found(TypedDict, total=False):
    """What a finished step says besides its outcome, as `StepFinished` has it."""

    answer: str
    values: Mapping[str, Scalar] | None
    expected: str
    found: str
    reason: str
    ran: str


def said_by(result: Result, ran: str = "") -> Found:
    """What a kind's result says of its step, which `ran` that."""
    return {
        "answer": result.answer,
        "values": result.values,
        "found": result.found,
        "reason": result.reason,
        "ran": ran,
    }


class Context:
    """One walk. `record` is the only way in which anything becomes true: journal first, then state, then those who show it.

    `start` opens a linked incident of a playbook beside this one and gives its id; `clocks` are the limits of the incident.
    `at_terminal`: a person is there in person, who may sign on.
    """

    def __init__(self, plan: Playbook, site: Site, ports: Ports, state: State, actor: str, bind: Bind) -> None:
        self.plan, self.site, self.ports, self.state, self.actor = plan, site, ports, state, actor
        self._bind = bind
        self.current: Step | None = None
        self.listeners: list[Callable[[Recorded], None]] = []
        self.beside: Beside | None = None
        self.start: Callable[[str], str] | None = None
        self.me = Me()
        self.clocks: Callable[[], Sequence[Clock]] = tuple
        self.at_terminal = False
        self._asleep_s = ports.world.clock.asleep()

    # -- events

    def record(self, event: Event) -> Recorded:
        """Append, believe, show; in this order."""
        return self.record_all([event])[-1]

    def record_all(self, events: Sequence[Event]) -> list[Recorded]:
        """The same for events that came at once, with one wait for the disk. What others wrote meanwhile comes before them."""
        in_lane = [self._in_its_lane(event) for event in (*self._clock_jumps(), *events)]
        return self._believe(self.ports.journal.append_all(in_lane))

    def _believe(self, all_recorded: list[Recorded]) -> list[Recorded]:
        for recorded in all_recorded:
            self.state = after(self.state, recorded)
        for recorded in all_recorded:
            for listener in self.listeners:
                listener(recorded)
        return all_recorded

    def moves(self) -> list[Move]:
        """What may be done now, by `decide`."""
        return decide(self.plan, self.state, self.now(), others.busy(self))

    def _in_its_lane(self, event: Event) -> Event:
        """The event with the branch that it moves: none where the walk itself stands at the step."""
        if getattr(event, "lane", "there is none"):
            return event
        if self.me.lane:
            return replace(event, lane=self.me.lane)  # type: ignore[call-arg]
        name = getattr(event, "step", "")
        if isinstance(event, WentTo):
            name = "" if event.origin == END else event.origin if event.target == END else event.target
        lane = self.plan.step(name).lane if name and self.plan.has(name) else ""
        if not isinstance(event, (StepBegun, WentTo)):
            lane = beside_at(self.state, name) or lane  # what is settled here was begun by one who is gone
        return replace(event, lane=lane) if lane and self.state.position.step != name else event  # type: ignore[call-arg]

    def _clock_jumps(self) -> Iterator[ClockJumped]:
        """What happened to the clocks since the last event: the machine slept, was started anew, or its wall clock was set."""
        last, clock = self.state.last, self.ports.world.clock
        asleep_s, self._asleep_s = clock.asleep() - self._asleep_s, clock.asleep()
        if last is None:
            return
        if asleep_s > JUMP_S:
            yield ClockJumped("suspended", round(asleep_s, 3))
        boot_id, _boot_s = clock.boot()
        if boot := self.state.time.boots.get(boot_id):
            moved = (clock.now() - self.now() - boot.ahead).total_seconds()
            if moved < -BACK_S or moved > JUMP_S:
                yield ClockJumped("wall", round(moved, 3))
        elif self.me.writer in (last.writer, "") and not {boot_id.partition("-")[0], last.boot_id.partition("-")[0]} & {
            PROCESS
        }:
            yield ClockJumped("rebooted", round((clock.now() - last.wall).total_seconds(), 3))

    def finish(self, step: Step, outcome: str, by: str, how: str, **found: Unpack[Found]) -> None:
        """Give a step its outcome; a closing step that went well closes its debt."""
        self.record(self.finished(step, outcome, by, how, **found))

    def finished(self, step: Step, outcome: str, by: str, how: str, **found: Unpack[Found]) -> StepFinished:
        """The event with which `finish` gives a step its outcome."""
        closes = step.keys.closes if step.keys.closes and outcome in ("passed", "warned") else ""
        values: dict[str, Any] = {**found, "values": dict(found.get("values") or {})}
        return StepFinished(step.id, self.state.step(step.id).attempt, outcome, by, how, closes=closes, **values)

    def sign_on(self, name: str) -> None:
        """From here on this person is at the keyboard: every event carries the name."""
        self.actor = self.ports.journal.actor = name

    def now(self) -> datetime:
        """This moment in the incident's own time: what is counted. Nothing that is done to the wall clock moves it."""
        return self.state.now(self.ports.world.clock)

    def since(self, what: str) -> datetime:
        """When it was reported, or when the step `what` ended, by the wall clock as it is now. Raises CannotAskError: not yet."""
        finished = self.state.step(what).finished
        found = self.state.reported_at if what == "reported" else finished.at if finished else None
        if found is None:
            raise CannotAskError("resolve", _("the step {step} has not ended yet").format(step=what))
        return self.ports.world.clock.now() - (self.now() - found)

    def header(self, step: str = "") -> Header:
        """The header of the playbook that a step belongs to; without one, of that in which the walk stands."""
        return self.plan.header_of(self.plan.step(step).plan if self.plan.has(step) else self.state.playbook)

    # -- steps

    @contextmanager
    def at(self, step: Step) -> Iterator[None]:
        """While this step is the one on the screen."""
        self.current = step
        try:
            yield
        finally:
            self.current = None

    def bind(self, step: Step) -> Kind | WaitFor:
        """The step's kind with every reference resolved. Raises CannotAskError where a step that it refers to gave no fitting value."""
        with _resolving():
            if step.kind == "wait_for":
                return WaitFor.model_validate(self.resolved(dict(step.body)))
            return self._bound(step.kind, step.body)

    def line(self, step: Step) -> str:
        """Exactly what a step runs or asks, references resolved, for the screen."""
        try:
            bound = self.bind(step)
            return (self.bind_reading(bound.until) if isinstance(bound, WaitFor) else bound).plan_line(self.site)
        except CannotAskError as cannot:
            return cannot.detail

    def bind_reading(self, reading: Mapping[str, JSON]) -> Kind:
        """A reading written as `{kind: {fields}}` in `verify` or `until`."""
        ((name, body),) = reading.items()
        with _resolving():
            return self._bound(name, body if isinstance(body, Mapping) else {})

    def _bound(self, kind: str, body: Mapping[str, JSON]) -> Kind:
        return self._bind(kind, body, reference_values(body, self.plan, self.site, self.state))

    def resolved(self, tree: JSON) -> JSON:
        """A raw text tree with its references replaced. Raises CannotAskError."""
        with _resolving():
            return replaced(tree, reference_values(tree, self.plan, self.site, self.state))

    def kind_ports(self, step: Step, keys: str = FREE) -> KindPorts:
        return KindPorts(self, step.keys, step.id, keys)

    # -- questions

    def ask(self, prompt: Prompt, keys_: str = FREE, stop: Callable[[], bool] | None = None) -> str:
        """The person's answer; keys are served on the way. Raises Moved, ByHand or Stopped. "" also when `stop` ended it."""
        return asked(self, prompt, keys_, stop)

    def choose(
        self, name: str, question: str, choices: Mapping[str, str], keys_: str = FREE, lines: tuple[str, ...] = ()
    ) -> str:
        """One of `choices` (value -> label)."""
        numbered = tuple(Choice(value, label) for value, label in choices.items())
        return self.ask(Prompt("choice", name, question, numbered, lines=lines), keys_)

    def text(self, name: str, question: str, *, needed: bool = True) -> str:
        """A text that the person types; asked again while it is empty and needed."""
        while True:
            found = self.ask(Prompt("text", name, question, default=None if needed else ""), "q").strip()
            if found or not needed:
                return found
            self.ports.human.tell(_("Something must be written here."))

    def confirm(self, step: Step, question: str, lines: tuple[str, ...] = (), keys_: str = FREE) -> None:
        """Until the step's number was typed by a person. Nothing else confirms what changes the world."""
        self.ask(Prompt("act", step.id, question, act_number=step.number, lines=lines), keys_)

    def keep(self, result: Result) -> list[dict[str, Any]]:
        """Store a result's raw bytes as evidence; what the event says of them."""
        kept = [self.ports.evidence.keep(name, data) for name, data in result.raw if data]
        return [{"name": item.name, "sha256": item.sha256, "size_bytes": item.size_bytes} for item in kept]
