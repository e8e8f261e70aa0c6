"""The screen: a reader of the incident's events that shows each in words, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from runbook.model.clocks import Clock
from runbook.model.events import IncidentOpened, InputAnswered, ReadingTaken, Recorded, StepBegun, StepFinished
from runbook.model.playbook import Playbook, Step
from runbook.model.site import Site
from runbook.model.state import State, after, fold
from runbook.ui.console import Console
from runbook.ui.event_lines import Reader, event_lines
from runbook.ui.glyphs import Shown, outcome_mark
from runbook.ui.layouts import Recent, first_screen, plan_line, step_screen
from runbook.ui.safe_text import remote
from runbook.ui.status import status_line
from runbook.ui.words import debts_lines, open_items

__all__ = ["Recent", "Screen"]


class Screen:
    """Shows one incident. `on_event` is a listener of the walk; everything it knows comes from the events it is given.

    `line` says what a step runs exactly, references resolved; `running` the clocks of a state; `who` the person's name.
    """

    def __init__(
        self,
        console: Console,
        plan: Playbook,
        site: Site,
        *,
        who: str = "",
        line: Callable[[Step], str] | None = None,
        running: Callable[[State], Sequence[Clock]] = lambda _state: (),
        state: State | None = None,
    ) -> None:
        self._console, self._plan, self._site, self._who = console, plan, site, who
        self._line = line or (lambda step: plan_line(step, site))
        self._running = running
        self._reader = Reader(plan, site.zone)
        self.state = state or State()

    def catch_up(self, events: Iterable[Recorded]) -> None:
        """Take in events that happened before, without showing them."""
        self.state = fold(events, self.state)

    def on_event(self, recorded: Recorded) -> None:
        """Show one event. Raises RunbookError E-OUTPUT when it cannot be written; the event is in the journal all the same."""
        self.state = after(self.state, recorded)
        self._console.show(self._lines(recorded))

    def first(
        self, *, plan_origin: str, site_origin: str, now: datetime, recent: Sequence[Recent] = (), mode: str = "live"
    ) -> None:
        """Show the first screen."""
        self._console.show(
            first_screen(
                self._plan,
                self._site,
                plan_origin=plan_origin,
                site_origin=site_origin,
                now=now,
                width=self._console.width,
                mode=mode,
                running=self._running(self.state),
                recent=recent,
            )
        )

    def status(self, now: datetime) -> str:
        """The status line at this moment."""
        return status_line(self.state, now, who=self._who, running=self._running(self.state))

    def debts(self, now: datetime) -> None:
        """Show what must be closed; nothing when nothing is open."""
        self._console.write(*debts_lines(self.state, self._plan, now), style="yellow")

    def open_items(self, now: datetime) -> None:
        """Show open debts and unknown acts; nothing when nothing is open."""
        self._console.write(*open_items(self.state, self._plan, now), style="yellow")

    def _lines(self, recorded: Recorded) -> list[Shown]:
        match recorded.event:
            case IncidentOpened() | InputAnswered():
                # The person has just read or typed it.
                return []
            case StepBegun(step, attempt) if self._plan.has(step):
                known = self._plan.step(step)
                opens = event_lines(recorded, self._reader)[1:]
                width = self._console.width
                return [
                    *step_screen(known, self._plan, self._site, line=self._line(known), attempt=attempt, width=width),
                    *opens,
                ]
            case ReadingTaken(purpose="step") as reading:
                # Its outcome follows with the step's own; what was run stands above.
                return [Shown(line) for line in remote(reading.found)]
            case StepFinished(how="condition") as finished:
                title = self._plan.step(finished.step).title.pick() if self._plan.has(finished.step) else finished.step
                return [Shown(f"{outcome_mark('not_taken')}: {title}", "dim")]
            case _:
                return event_lines(recorded, self._reader)
