"""The screen: a reader of the incident's events that shows each in words, line by line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from runbook.model.clocks import Clock, Scheme, clocks, met_by
from runbook.model.events import (
    IncidentOpened,
    InputAnswered,
    OthersSeen,
    Paused,
    ReadingTaken,
    Resumed,
    StepBegun,
    StepFinished,
    WriterLeft,
)
from runbook.model.naming import title_of
from runbook.model.open_items import open_items
from runbook.model.playbook import Playbook, Step
from runbook.model.record import Recorded
from runbook.model.site import Site
from runbook.model.state import State, after
from runbook.model.text import _
from runbook.model.words import word
from runbook.ui.console import Console
from runbook.ui.event_lines import Reader, event_lines
from runbook.ui.glyphs import Shown, outcome_mark
from runbook.ui.parts_lines import parts_lines
from runbook.ui.safe_text import one_line, remote
from runbook.ui.status import status_line
from runbook.ui.step_screen import plan_line, step_screen


class Screen:
    """Shows one incident. `on_event` is a listener of the walk; everything it knows comes from the events it is given.

    `line` says what a step runs exactly, references resolved (default: what the plan alone says).
    """

    def __init__(
        self,
        console: Console,
        plan: Playbook,
        site: Site,
        scheme: Scheme | None,
        state: State,
        now: Callable[[], datetime],
        *,
        line: Callable[[Step], str] | None = None,
        writer: str = "",
    ) -> None:
        self._console, self._plan, self._site, self._scheme, self._now = console, plan, site, scheme, now
        self._line = line or (lambda step: plan_line(step, site))
        self._reader = Reader(plan, site.zone, site.role)
        self._writer = writer
        self._who = state.last.actor if state.last else ""
        self.state = state

    def on_event(self, recorded: Recorded) -> None:
        """Show one event. Raises RunbookError E-OUTPUT when it cannot be written; the event is in the journal all the same."""
        self.state = after(self.state, recorded)
        if self._writer and recorded.writer != self._writer:
            self._console.write(*self._of_another(recorded))
            return
        self._who = recorded.actor
        self._console.write(*self._lines(recorded))

    def use_site(self, site: Site) -> None:
        """The site's facts are others from here on."""
        self._site = site
        self._reader = Reader(self._plan, site.zone, site.role)

    def status_line(self) -> str:
        """The status line at this moment."""
        return status_line(self.state, self._now(), who=self._who, running=self.running())

    def running(self) -> list[Clock]:
        """The clocks of the plan, counted from the report; none before it is known."""
        rule, reported_at = self._plan.header.clocks, self.state.reported_at
        if rule is None or self._scheme is None or reported_at is None or rule.level not in self._scheme.levels:
            return []
        return clocks(self._scheme, rule.level, reported_at, met_by(self.state))

    def open_items(self) -> None:
        """Show open debts and unknown acts; nothing when nothing is open."""
        self._console.write(*open_items(self.state, self._plan, self._now()), style="yellow")

    def ending(self, how: str, why: str = "") -> None:
        """Show how the walk ended, what is still open, up to where it is saved, and what to type next."""
        self._console.write("", Shown(_ENDINGS[how]().format(why=word(why, "paused")), "bold"))
        self.open_items()
        opened, last = self.state.opened, self.state.last
        if opened and last:
            self._console.write(_("Saved up to #{code}.").format(code=self.state.head_code))
            going_on = how == "paused" or self.state.open_debts or self.state.unknown
            command = "resume" if going_on and not self.state.ended else "report"
            self._console.write(_("Next: {command}").format(command=f"runbook {command} {opened.incident}"))

    def _lines(self, recorded: Recorded) -> list[Shown]:
        match recorded.event:
            case IncidentOpened() | InputAnswered() | OthersSeen() | Paused() | WriterLeft():
                # The person has just read or typed it, or reads it as the ending.
                return []
            case StepBegun(at=typed_in) if typed_in:
                # She has just named it; what the program would do there is not what was done.
                return event_lines(recorded, self._reader)[1:]
            case StepBegun(step) | ReadingTaken(step=step, purpose="step") | StepFinished(step) if self._beside(step):
                return self._branch_lines(recorded)
            case StepBegun(step, attempt) if self._plan.has(step):
                return [*self._step_lines(step, attempt), *event_lines(recorded, self._reader)[1:]]
            case Resumed():
                # What must be closed stands above everything else, then the step that the question after it is about.
                items = open_items(self.state, self._plan, self._now())
                return [
                    *event_lines(recorded, self._reader),
                    *(Shown(item, "yellow") for item in items),
                    *self._unfinished(),
                ]
            case ReadingTaken(purpose="step") as reading:
                # Its outcome follows with the step's own; what was run stands above.
                return [
                    *(Shown(line) for line in remote(reading.found)),
                    *parts_lines(reading, self._console.width),
                ]
            case StepFinished(how="condition") as finished:
                return [Shown(f"{outcome_mark('not_taken')}: {title_of(self._plan, finished.step)}", "dim")]
            case _:
                return event_lines(recorded, self._reader)

    def _of_another(self, recorded: Recorded) -> list[Shown]:
        """What another writer did, in one line with the name."""
        if isinstance(recorded.event, OthersSeen | ReadingTaken):
            return []
        line = event_lines(recorded, self._reader)[0]
        return [Shown(f"[{one_line(recorded.actor)}] {line.text}", line.style)]

    def _beside(self, step: str) -> bool:
        """Whether the step is a reading of a branch, which runs beside what the person does."""
        known = self._plan.step(step) if self._plan.has(step) else None
        return known is not None and bool(known.lane) and known.reads

    def _branch_lines(self, recorded: Recorded) -> list[Shown]:
        """One line for each event: at its end, and where no table shows what is under way at its beginning too."""
        event = recorded.event
        if isinstance(event, ReadingTaken) or (isinstance(event, StepBegun) and self._console.redraws):
            return []
        lines = event_lines(recorded, self._reader)
        if isinstance(event, StepFinished) and event.how == "read" and event.found:
            lines[0] = Shown(f"{lines[0].text}: {one_line(event.found)}", lines[0].style)
        return lines

    def _step_lines(self, step: str, attempt: int) -> list[Shown]:
        known = self._plan.step(step)
        return step_screen(
            known, self._plan, self._site, line=self._line(known), attempt=attempt, width=self._console.width
        )

    def _unfinished(self) -> list[Shown]:
        """The steps that were begun before a pause: they go on without being begun again."""
        standing = [self.state.position, *self.state.lanes.values()]
        steps = [self.state.step(place.step) for place in standing if place.where == "at"]
        shown = [
            known for known in steps if known.under_way and self._plan.has(known.id) and not self._beside(known.id)
        ]
        return [line for known in shown for line in self._step_lines(known.id, known.attempt)]


_ENDINGS: dict[str, Callable[[], str]] = {
    "recovered": lambda: _("Service is back."),
    "not_recovered": lambda: _("The plan is at its end; service is not back."),
    "aborted": lambda: _("The incident was aborted."),
    "paused": lambda: _("Paused ({why})."),
    "left": lambda: _("You have left; the walk goes on without you."),
}
