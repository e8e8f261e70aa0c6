"""Waiting for the world: `wait_for`, and the `verify` of an action. Deadlines are points in time, never counted down."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread

from runbook.engine import laptop, readings, settling
from runbook.engine.context import Context
from runbook.engine.readings import Taken
from runbook.engine.signals import Moved, Stopped
from runbook.model.kind import Kind
from runbook.model.playbook import Step, WaitFor
from runbook.model.prompts import Choice, Prompt
from runbook.model.text import _
from runbook.model.units import clock_text, span

WAITING = "nsbpoug!h?q"
UNATTENDED = ("end_of_input", "not_answered")


class Watch:
    """A reading taken again and again in the background until it passes, the deadline comes, or nobody wants it any more."""

    def __init__(
        self,
        take: Callable[[], Taken],
        now: Callable[[], datetime],
        wait: Callable[[float], None],
        every: timedelta,
        due: datetime,
        hold: timedelta = timedelta(),
    ):
        self._hold = hold
        self._green_since: datetime | None = None
        self._take, self._now, self._wait, self._every, self._due = take, now, wait, every, due
        self.last: Taken | None = None
        self.green_at: datetime | None = None
        self.fault: Exception | None = None
        self._over, self._left = Flag(), Flag()
        self._thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            while not self._left.is_set():
                taken = self._take()
                at = self._now()
                self.last = taken
                if taken.outcome not in ("passed", "warned"):
                    self._green_since = None
                elif self._green_since is None and at < self._due:
                    self._green_since = at
                if self._green_since and at >= self._green_since + self._hold:
                    self.green_at = at
                    return
                if self._expired(at):
                    return
                self._wait(max(0.0, min(self._every.total_seconds(), (self._ends() - at).total_seconds())))
        except Exception as fault:  # noqa: BLE001 - it is raised again where the person is asked
            self.fault = fault
        finally:
            self._over.set()

    def _ends(self) -> datetime:
        """When there is nothing more to wait for: the deadline, or the end of the hold that began before it."""
        return self._green_since + self._hold if self._green_since else self._due

    def _expired(self, at: datetime) -> bool:
        return self._green_since is None and at >= self._due

    def over(self) -> bool:
        """Whether it is green, expired or left. At the deadline it is over whatever is in flight."""
        return self._over.is_set() or self._expired(self._now())

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._left.set()

    def finish(self) -> None:
        """Wait until it is over, without a person."""
        while not self.over():
            self._over.wait(0.2)


def watch(
    context: Context,
    step: Step,
    kind: Kind,
    every: timedelta,
    due: datetime,
    purpose: str,
    keys: str,
    *,
    unattended: bool,
    hold: timedelta = timedelta(),
) -> tuple[bool, Taken | None]:
    """Watch until green (True) or until the deadline or the person ends it (False); with the last reading, which is recorded.

    With `unattended`, no input means waiting on alone; without it, the end of input pauses.
    """
    clock = context.ports.world.clock
    question = _("Waiting until {due} ({left}): {what}").format(
        due=clock_text(context.state.shown(due), context.site.zone),
        left=span(due - context.now()),
        what=kind.plan_line(context.site),
    )
    stop_label = _("stop waiting: it did not come back") if unattended else _("stop waiting, go on as expired")
    prompt = Prompt("choice", f"{step.id}.wait", question, (Choice("stop", stop_label),))
    context.ports.world.secrets.ready()
    with Watch(
        lambda: readings.measure(context, step, kind, {}), context.now, clock.wait, every, due, hold
    ) as watching:
        try:
            context.ask(prompt, keys, watching.over)
        except Stopped as stop:
            if stop.why not in UNATTENDED or not (unattended or stop.why == "not_answered"):
                raise
            with context.ports.human.busy(question):
                watching.finish()
        green, last = watching.green_at is not None, watching.last
    if watching.fault is not None:
        raise watching.fault
    if last is not None:
        last = readings.seen(context, kind, last)
        readings.record(context, step, kind, last, purpose)
    return green, last


def started(context: Context, step: Step, wait: WaitFor, kind: Kind) -> Watch:
    """The wait of a branch, watched in the background."""
    clock = context.ports.world.clock
    hold = wait.hold or timedelta()
    watching = Watch(
        lambda: readings.measure(context, step, kind, {}),
        context.now,
        clock.wait,
        wait.every,
        deadline(context, step, wait),
        hold,
    )
    return watching.__enter__()


def ended(context: Context, step: Step, wait: WaitFor, kind: Kind, watching: Watch) -> bool:
    """Record how the wait of a branch ended; True when this laptop sees nothing, so that a person reads it."""
    last = watching.last
    if last is not None:
        last = readings.seen(context, kind, last)
        readings.record(context, step, kind, last, "wait")
        if last.phase == "link":
            return True
    context.finish(
        step,
        "passed" if watching.green_at is not None else "expired",
        "machine",
        "read",
        found=last.result.found if last else "",
        expected=span(wait.limit),
        ran=kind.exact(context.site),
    )
    return False


def deadline(context: Context, step: Step, wait: WaitFor) -> datetime:
    """When a wait expires: its limit, counted from the end of `since`, else from its own start. The end of a block is its last step's."""
    named = [
        s.id for s in context.plan.steps if wait.since and (s.id == wait.since or s.id.startswith(f"{wait.since}/"))
    ]
    since = context.state.step(named[-1]).finished if named else None
    start = since.at if since else context.state.step(step.id).begun_at
    return (start or context.now()) + wait.limit


def wait_for(context: Context, step: Step, wait: WaitFor) -> None:
    """A `wait_for` step, to `passed` or `expired`. While this laptop sees nothing the person reads elsewhere, as for any reading."""
    kind = context.bind_reading(wait.until)
    due = deadline(context, step, wait)
    ran, limit = kind.exact(context.site), span(wait.limit)
    last: Taken | None = None
    while context.now() < due:
        green, last = watch(
            context, step, kind, wait.every, due, "wait", WAITING, unattended=False, hold=wait.hold or timedelta()
        )
        if last is not None and last.phase == "link":
            # The limit may be over, but this laptop could not see whether it was kept.
            with suppress(Moved):
                laptop.ask_own_cable(context)
            settling.manual_reading(context, step, wait)
            return
        if not green:
            break
        if not wait.and_:
            found = last.result.found if last else ""
            context.finish(step, "passed", "machine", "read", found=found, expected=limit, ran=ran)
            return
        if settling.service_is_back(context, step):
            context.finish(step, "passed", "person", "asked", answer="yes", expected=limit, ran=ran)
            return
        if not _ask_again(context, step, due):
            break
    context.finish(step, "expired", "machine", "read", found=last.result.found if last else "", expected=limit, ran=ran)


def _ask_again(context: Context, step: Step, due: datetime) -> bool:
    """Green, but service is not back: until the person wants to look again; False when she gives up."""
    choices = (Choice("again", _("look again")), Choice("stop", _("stop waiting, go on as expired")))
    prompt = Prompt("choice", f"{step.id}.again", _("It is green, but service is not back."), choices)
    return context.ask(prompt, WAITING, lambda: context.now() >= due) == "again"
