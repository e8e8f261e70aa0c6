"""The machine's part of a `together`: readings and waits that run in the background, and their events from the main thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from runbook.engine import laptop, readings, settling, waiting
from runbook.engine.background import Background
from runbook.engine.context import Context
from runbook.engine.decide import Go, PassBy, Run, around, branch_moves
from runbook.engine.readings import Taken
from runbook.engine.waiting import Watch
from runbook.model.events import Event, SelfChecked, StepBegun, StepFinished, WentTo
from runbook.model.kind import Kind
from runbook.model.playbook import Step, Together, WaitFor
from runbook.model.prompts import Row
from runbook.model.replies import CannotAskError
from runbook.model.state import END

LOOK = ""
"""The name of the job that looks at this laptop itself; all others have their step's."""
Found = list[Taken] | SelfChecked


@dataclass(frozen=True)
class Running:
    """A reading that was begun. `watch`: of a wait, which takes it again and again."""

    step: Step
    kind: Kind
    begun_s: float
    wait: WaitFor | None = None
    watch: Watch | None = None


class Branches:
    """What runs beside the person. `fault`: the first bug that a reading met; its step is held, all others go on."""

    def __init__(self, context: Context, whole: Step) -> None:
        self.context, self.whole = context, whole
        self.fault: Exception | None = None
        self._background: Background[Found] = Background()
        self._running: dict[str, Running] = {}
        self._read: dict[str, list[Taken]] = {}
        self._by_hand: dict[str, Callable[[], None]] = {}
        self._held: set[str] = set()
        self._looking = False
        self._needed: Callable[[], bool] | None = None

    def __enter__(self) -> Branches:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._background.__exit__(*exc)
        for running in self._running.values():
            if running.watch:
                running.watch.__exit__(*exc)

    # -- what the walk asks

    @property
    def under_way(self) -> int:
        """How many readings and waits have not ended."""
        return len(self._running)

    @property
    def waits(self) -> tuple[str, ...]:
        """The steps that wait for something, which a person may give up."""
        return tuple(name for name, running in self._running.items() if running.watch)

    def needed(self) -> bool:
        """Whether somebody else's answer is waited for and a question of another branch is there."""
        return self._needed is not None and self._needed()

    @contextmanager
    def giving_way(self, needed: Callable[[], bool]) -> Iterator[None]:
        """While the question only waits for an answer that somebody else owes."""
        self._needed = needed
        try:
            yield
        finally:
            self._needed = None

    def ready(self) -> bool:
        """Whether a reading may begin now."""
        moves = branch_moves(self.context.plan, self.context.state, self.whole)
        return any(isinstance(move, Run) and self._may_begin(move.step) for move in moves)

    def reads(self, name: str) -> bool:
        """Whether the step is the machine's here."""
        step = self.context.plan.step(name)
        by_hand = self.context.state.step(name).failure_choice == "by_hand"
        return bool(step.lane) and step.reads and not by_hand

    def by_hand(self, name: str) -> Callable[[], None] | None:
        """What the person does for a reading that could not be taken from here."""
        return self._by_hand.get(name)

    def give_up(self, name: str) -> None:
        """A person ends a wait: it has expired."""
        if running := self._running.pop(name, None):
            self._wait_ended(running)

    def rows(self) -> Sequence[Row]:
        """How each branch stands: what runs and what waits for the person first, then what has ended."""
        assert isinstance(self.whole.sample, Together)
        state, found = self.context.state, []
        for branch, steps in self.whole.sample.branches.items():
            name = state.stands(f"{self.whole.id}/{branch}").step
            known = state.step(name if name != END else steps[-1])
            title = self.context.plan.step(known.id).title.pick() if self.context.plan.has(known.id) else ""
            running = self._running.get(known.id)
            seconds = self._boot_s() - running.begun_s if running else 0.0
            standing = "running" if running else known.outcome or "waiting"
            value = getattr(known.finished.event, "found", "") if known.finished else ""
            found.append(Row(branch, title, standing, seconds, value))
        return sorted(
            found, key=lambda row: ("running", "waiting").index(row.state) if row.state in ("running", "waiting") else 2
        )

    # -- what goes on

    def pump(self, timeout_s: float = 0.0) -> None:
        """Record what has ended, waiting for the first for at most `timeout_s`; begin what may begin. In the main thread only."""
        self._take(timeout_s)
        self._settle()
        self._end_waits()
        if around(self.context.plan, self.context.state) is self.whole:
            self._begin()

    def _take(self, timeout_s: float) -> None:
        looks: list[Event] = []
        for done in self._background.taken(timeout_s):
            if done.name == LOOK:
                self._looking = False
            if done.fault is not None:
                self._hold(done.name, done.fault)
            elif isinstance(done.result, SelfChecked):
                looks.append(done.result)
            elif done.result is not None:
                self._read[done.name] = done.result
        if looks:
            self.context.record_all(looks)

    def _hold(self, name: str, fault: Exception) -> None:
        """Keep a step that met a bug, or all that wait for the look that did, as they are."""
        self.fault = self.fault or fault
        for held in list(self._read) if name == LOOK else [name]:
            self._held.add(held)
            self._read.pop(held, None)
            self._running.pop(held, None)

    def _settle(self) -> None:
        """The events of the readings that have ended, all at once; those in doubt once this laptop was looked at."""
        events: list[Event] = []
        for name, takens in list(self._read.items()):
            running = self._running[name]
            seen = self._seen(running.kind, takens)
            if seen is None:
                continue
            del self._read[name], self._running[name]
            events += self._reading_ended(running, seen)
        if events:
            self.context.record_all(events)

    def _seen(self, kind: Kind, takens: list[Taken]) -> list[Taken] | None:
        """The readings as this laptop's own state lets them be believed; None until it was looked at."""
        if not any(readings.in_doubt(kind, taken) for taken in takens):
            return takens
        known = laptop.just_seen(self.context)
        if known is None:
            if not self._looking:
                self._looking = True
                host = getattr(kind, "host", "") or ""
                self._background.begin(LOOK, lambda: laptop.looked(self.context, host))
            return None
        if not known.sees_nothing:
            return takens
        return [
            replace(taken, outcome="unreachable", phase="link") if readings.in_doubt(kind, taken) else taken
            for taken in takens
        ]

    def _reading_ended(self, running: Running, takens: list[Taken]) -> list[Event]:
        context, step, kind, last = self.context, running.step, running.kind, takens[-1]
        events: list[Event] = [readings.recorded(context, step, kind, taken, "step") for taken in takens]
        if readings.needs_person(step, last):
            self._for_person(step, lambda: readings.elsewhere(context, step, kind, last))
        else:
            events.append(readings.outcome_of(context, step, kind, last))
        return events

    def _for_person(self, step: Step, ask: Callable[[], None]) -> None:
        def asked() -> None:
            # Whatever comes of it, the reading is not in the person's hands any more.
            del self._by_hand[step.id]
            with self.context.at(step):
                ask()

        self._by_hand[step.id] = asked

    def _end_waits(self) -> None:
        for name, running in list(self._running.items()):
            if not running.watch or not running.watch.over():
                continue
            last = running.watch.last
            if last is None or self._seen(running.kind, [last]) is not None:
                del self._running[name]
                self._wait_ended(running)

    def _wait_ended(self, running: Running) -> None:
        assert running.watch is not None
        assert running.wait is not None
        running.watch.__exit__()
        if running.watch.fault is not None:
            self._hold(running.step.id, running.watch.fault)
            return
        context, step, wait = self.context, running.step, running.wait
        by_hand = waiting.ended(context, step, wait, running.kind, running.watch)
        if by_hand:
            self._for_person(step, lambda: settling.manual_reading(context, step, wait))

    # -- beginning

    def _may_begin(self, name: str) -> bool:
        busy = name in self._running or name in self._by_hand or name in self._held
        return self.reads(name) and not busy

    def _begin(self) -> None:
        """Make every move that needs no person, until none is left."""
        while True:
            quick: list[Event] = []
            ready: list[Step] = []
            for move in branch_moves(self.context.plan, self.context.state, self.whole):
                match move:
                    case PassBy(step, unmet):
                        attempt = self.context.state.step(step).attempt
                        quick.append(StepFinished(step, attempt, "not_taken", "machine", "condition", reason=unmet))
                    case Go(origin, target, because, over):
                        quick.append(WentTo(origin, target, because, passed_over=list(over)))
                    case Run(step) if self._may_begin(step):
                        ready.append(self.context.plan.step(step))
            self._start(ready)
            if not quick:
                return
            self.context.record_all(quick)

    def _start(self, steps: Sequence[Step]) -> None:
        state = self.context.state
        begun = [
            StepBegun(step.id, state.step(step.id).attempt + 1)
            for step in steps
            if not (state.stands(step.lane).step == step.id and state.step(step.id).under_way)
        ]
        if begun:
            self.context.record_all(begun)
        for step in steps:
            try:
                self._running[step.id] = self._started(step)
            except CannotAskError as cannot:
                self._for_person(step, partial(settling.without_values, self.context, step, cannot.detail))

    def _started(self, step: Step) -> Running:
        """The reading, under way. Raises CannotAskError where a value that it refers to is missing."""
        context, bound = self.context, self.context.bind(step)
        if isinstance(bound, WaitFor):
            kind = context.bind_reading(bound.until)
            return Running(step, kind, self._boot_s(), bound, waiting.started(context, step, bound, kind))
        self._background.begin(step.id, lambda: _takens(context, step, bound))
        return Running(step, bound, self._boot_s())

    def _boot_s(self) -> float:
        return self.context.ports.world.clock.boot()[1]


def _takens(context: Context, step: Step, kind: Kind) -> list[Taken]:
    """The reading with its retries."""
    takens = [readings.measure(context, step, kind, step.keys.expect)]
    while takens[-1].outcome == "failed" and len(takens) <= step.keys.retries:
        takens.append(readings.measure(context, step, kind, step.keys.expect))
    return takens
