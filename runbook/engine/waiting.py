"""Waiting for the world: `wait_for`, and the `verify` of an action. Deadlines are points in time, never counted down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Thread

from runbook.engine import readings, settling
from runbook.engine.context import Context
from runbook.engine.readings import Taken
from runbook.engine.signals import Stopped
from runbook.model.events import RecoveryAnswered
from runbook.model.playbook import Step, WaitFor
from runbook.model.ports import Choice, Prompt
from runbook.model.step import Kind
from runbook.model.text import _
from runbook.model.units import span

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
    ):
        self._take, self._now, self._wait, self._every, self._due = take, now, wait, every, due
        self.last: Taken | None = None
        self.green_at: datetime | None = None
        self._over, self._left = Flag(), Flag()
        self._thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            while not self._left.is_set():
                taken = self._take()
                at = self._now()
                self.last = taken
                if taken.outcome in ("passed", "warned") and at < self._due:
                    self.green_at = at
                    return
                if at >= self._due:
                    return
                self._wait(max(0.0, min(self._every.total_seconds(), (self._due - at).total_seconds())))
        finally:
            self._over.set()

    def over(self) -> bool:
        """Whether it is green, expired or left. At the deadline it is over whatever is in flight."""
        return self._over.is_set() or self._now() >= self._due

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
) -> tuple[bool, Taken | None]:
    """Watch until green (True) or until the deadline or the person ends it (False); with the last reading, which is recorded.

    With `unattended`, no input means waiting on alone; without it, the end of input pauses.
    """
    clock = context.ports.world.clock
    question = _("Waiting until {due} ({left}): {what}").format(
        due=f"{due.astimezone(context.site.zone):%H:%M:%S}",
        left=span(due - clock.now()),
        what=kind.plan_line(context.site),
    )
    stop_label = _("stop waiting: it did not come back") if unattended else _("stop waiting, go on as expired")
    prompt = Prompt("choice", f"{step.id}.wait", question, (Choice("stop", stop_label),))
    with Watch(lambda: readings.measure(context, step, kind, {}), clock.now, clock.wait, every, due) as watching:
        try:
            context.ask(prompt, keys, watching.over)
        except Stopped as stop:
            if stop.why not in UNATTENDED or not (unattended or stop.why == "not_answered"):
                raise
            with context.ports.human.busy(question):
                watching.finish()
        green, last = watching.green_at is not None, watching.last
    if last is not None:
        readings.record(context, step, kind, last, purpose)
    return green, last


def deadline(context: Context, step: Step, wait: WaitFor) -> datetime:
    """When a wait expires: its limit, counted from the end of `since`, else from its own start."""
    since = context.state.step(wait.since) if wait.since else None
    start = since.finished.at if since and since.finished else context.state.step(step.id).begun_at
    return (start or context.now()) + wait.limit


def wait_for(context: Context, step: Step, wait: WaitFor) -> None:
    """A `wait_for` step, to `passed` or `expired`."""
    kind = context.bind_reading(wait.until)
    due = deadline(context, step, wait)
    ran, limit = kind.plan_line(context.site), span(wait.limit)
    last: Taken | None = None
    while context.now() < due:
        green, last = watch(context, step, kind, wait.every, due, "wait", WAITING, unattended=False)
        if not green:
            break
        if not wait.and_:
            context.finish(
                step, "passed", "machine", "read", found=last.result.found if last else "", expected=limit, ran=ran
            )
            return
        if context.state.step(step.id).recovery == "yes" or settling.recovered_now(context, step.id):
            if context.state.step(step.id).recovery != "yes":
                context.record(RecoveryAnswered(step.id, True))
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
