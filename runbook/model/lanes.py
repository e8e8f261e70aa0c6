"""The lanes of what goes on beside the walk. A branch of a `together` has a lane, too, which is named after it: `STEP/BRANCH`."""

from __future__ import annotations

from runbook.model.known import State

BESIDE = "@"
PAPER = BESIDE + "paper"
"""The lane of what was done on paper and is typed in later."""


def lane_beside(writer: str) -> str:
    """The lane of one who works beside the walk: what she does moves neither the walk nor its branches."""
    return BESIDE + writer


def beside_at(state: State, step: str) -> str:
    """The lane of one beside the walk who stands at this step; nothing when nobody does."""
    return next((lane for lane, at in state.lanes.items() if lane.startswith(BESIDE) and at.step == step), "")
