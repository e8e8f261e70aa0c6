"""`verify`: the reading that says whether an action worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from runbook.engine.context import Context
from runbook.model.playbook import Step
from runbook.model.step import Kind, Verify


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
    raw = Verify.model_validate(context.resolved(step.keys.verify.model_dump()))
    return Check(context.bind_reading(raw.reading), raw.within, raw.every)
