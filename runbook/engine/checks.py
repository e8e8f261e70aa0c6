"""`verify`: the reading that says whether an action worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runbook.engine.context import Context
from runbook.model.kind import Kind
from runbook.model.playbook import Step
from runbook.model.step import verify_of


@dataclass(frozen=True, slots=True)
class Check:
    """A step's `verify`, bound: the reading, and how long and how often it is taken."""

    kind: Kind
    within: timedelta
    every: timedelta


def check_of(context: Context, step: Step) -> Check | None:
    """The step's `verify` with its references resolved; None when it has none."""
    if step.keys.verify is None:
        return None
    found = verify_of(context.resolved(step.written["verify"]))
    return Check(context.bind_reading(found.reading), found.within, found.every)
