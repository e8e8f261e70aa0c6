"""Whether this laptop's clock can be right, and what a person says of it: nobody's night is told in the year 1970."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from runbook import BUILT
from runbook.model.events import ClockCorrected, Event
from runbook.model.prompts import Prompt
from runbook.model.text import _
from runbook.model.units import local_text, told_time, utc_read

if TYPE_CHECKING:
    from runbook.cli.session import Keyboard
    from runbook.model.ports import Clock
    from runbook.model.state import State

NEAR = timedelta(minutes=2)
"""So far a clock may be from another one that a person reads aloud, and count as the same."""


def checked(at: Keyboard, clock: Clock, zone: tzinfo, state: State | None = None) -> list[Event]:
    """Ask for the right time where `clock` cannot be right, and correct it; what to record of that.

    It cannot be right before the program was made, nor before the last event of the incident. Where nobody sits at a terminal
    it is only said. Raises Left.
    """
    from runbook.cli.opening import asked

    if state is not None:
        take_over(clock, state)
    wrong = _wrong(clock.now(), zone, state)
    if not wrong:
        return []
    at.human.tell(wrong)
    if not at.terminal:
        at.human.tell(_("Nobody is asked here, so the times are stored as this laptop's clock gives them."))
        return []
    question = _("What does your phone say? (03:12, or 2026-11-04 03:12; Enter: this laptop's clock is right)")
    while text := asked(at, Prompt("text", "clock", question, keys="q", default="")).strip():
        try:
            told = told_time(text, _about(clock, state), zone)
        except ValueError as error:
            at.human.tell(str(error))
            continue
        if wrong := _wrong(told, zone, state):
            at.human.tell(wrong)
            continue
        if seconds := _corrected(clock, told):
            at.human.tell(_("From here on it is {time}.").format(time=local_text(clock.now(), zone)))
            return [ClockCorrected(seconds, "told")]
        break
    return [ClockCorrected(0.0, "confirmed")]


def take_over(clock: Clock, state: State) -> None:
    """What a person said of the clock in this boot holds on, in every process, until somebody sets the clock."""
    boot_id, seconds = state.clock_said
    expected = _expected(clock, state)
    if boot_id != clock.boot()[0] or expected is None:
        return
    now = clock.now()
    if abs(now + timedelta(seconds=seconds) - expected) < abs(now - expected):
        clock.correct(seconds)


def _corrected(clock: Clock, told: datetime) -> float:
    """The seconds by which the clock is put right; 0 where it is as right as what was told."""
    if abs(told - clock.now()) <= NEAR:
        return 0.0
    clock.correct(0.0)
    seconds = float(round((told - clock.now()).total_seconds()))
    clock.correct(seconds)
    return seconds


def _wrong(now: datetime, zone: tzinfo, state: State | None) -> str:
    """Why it cannot be that time; empty when it can."""
    last = state.last.wall if state is not None and state.last else None
    names = {"now": local_text(now, zone)}
    if now < utc_read(BUILT):
        made = local_text(utc_read(BUILT), zone)[:10]
        return _("It cannot be {now}: this program was made on {made}.").format(made=made, **names)
    if last is not None and now < last - NEAR:
        sentence = _("It cannot be {now}: the last event of this incident was at {last}.")
        return sentence.format(last=local_text(last, zone), **names)
    return ""


def _about(clock: Clock, state: State | None) -> datetime | None:
    """What the time may be: by the boot clock, else within a day after the last event; None when nothing says."""
    if state is None or state.last is None:
        return None
    return _expected(clock, state) or state.last.wall + timedelta(hours=12) - NEAR


def _expected(clock: Clock, state: State) -> datetime | None:
    """What the wall clock of this boot would say if nobody had set it since the last event."""
    boot = state.time.boots.get(clock.boot()[0])
    return state.now(clock) + boot.ahead if boot else None
