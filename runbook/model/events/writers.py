"""Several writers of one incident: who works beside the walk, who takes which step, and what they know of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runbook.model.events.base import Event


@dataclass(frozen=True, slots=True)
class OthersSeen(Event):
    """This writer knows what the others wrote, up to `heads`: writer -> [event number, hash]. What follows is after that."""

    heads: dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class WriterJoined(Event):
    """A second person works on the incident beside the one who walks it, as a writer of her own."""

    machine: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class WriterLeft(Event):
    """She stopped. `why`: as in `Paused`."""

    why: str


@dataclass(frozen=True, slots=True)
class StepClaimed(Event):
    """This writer takes the step; who had it before keeps it, unless `takes_over` (then `reason` says why)."""

    step: str
    takes_over: bool = False
    reason: str = ""
