"""Service-level clocks: schemes of levels with limits, and how each limit of an incident stands at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from runbook.model.schema import Duration, Id, Model, Sentence
from runbook.model.state import State
from runbook.model.text import _
from runbook.model.units import span

Metric = Literal["response", "on_site", "recovery_plan", "recovery", "solution", "analysis_report", "patch"]


class Level(Model):
    """One level of a scheme with its limits by metric."""

    title: Sentence
    """What the scheme calls it."""
    limits: dict[Metric, Duration]
    """The limits, counted from the report of the fault."""


class Scheme(Model):
    """A table of service levels, as a document gives it."""

    scheme: Literal["1"]
    """The version of this file's language."""
    id: Id
    """The scheme's name."""
    title: Sentence
    """What people call it."""
    source: str
    """The document and chapter it comes from."""
    worst: Literal["highest", "lowest"]
    """Whether the highest or the lowest number is the worst."""
    note: Sentence | None = None
    """What the document does not say, and how it is read here."""
    metrics: dict[Metric, Sentence]
    """What the scheme calls each limit."""
    levels: dict[str, Level]
    """The levels by their code."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit of an incident. `met_at` None: still running. A limit is broken after it: exactly at it, it is kept."""

    metric: str
    title: str
    limit: timedelta
    due: datetime
    met_at: datetime | None

    def left(self, now: datetime) -> timedelta:
        """What is left until it is due; negative when it is broken."""
        return self.due - (self.met_at or now)

    def broken(self, now: datetime) -> bool:
        return (self.met_at or now) > self.due


def clocks(scheme: Scheme, level: str, reported_at: datetime, met: Mapping[str, datetime]) -> list[Clock]:
    """The clocks of one level, earliest first. `met` says when a metric was reached. Raises KeyError for an unknown level."""
    found = [
        Clock(metric, scheme.metrics[metric].pick(), limit, reported_at + limit, met.get(metric))
        for metric, limit in scheme.levels[level].limits.items()
    ]
    return sorted(found, key=lambda clock: (clock.due, clock.metric))


def limit_line(clock: Clock, now: datetime) -> str:
    """How one limit stands: kept, what is left of it, or by how much it is broken."""
    left = clock.left(now)
    if clock.broken(now):
        return _("{limit} LATE by {late}").format(limit=clock.title, late=span(-left))
    if clock.met_at:
        return _("{limit} kept").format(limit=clock.title)
    return _("{limit} in {left}").format(limit=clock.title, left=span(left))


def met_by(state: State) -> dict[str, datetime]:
    """When each limit was met, as far as the events say: response when the walk began, recovery when service was back.

    No document says what ends the other clocks; they run until the incident is closed.
    """
    found = {"response": state.opened_at, "recovery": state.recovered_at}
    return {metric: at for metric, at in found.items() if at is not None}
