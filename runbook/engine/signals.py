"""How a person's key or the end of input leaves what is under way. Raised and caught inside the engine only."""

from __future__ import annotations


class Moved(Exception):
    """The walk stands elsewhere now (skip, go-to, correction, marked failed): decide again."""


class ByHand(Exception):
    """The person does or reads this step by hand (key b)."""


class Stopped(Exception):
    """The walk stops: `key`, `end_of_input`, `hangup`, `terminate`, `interrupt`, `not_answered`, `not_confirmed`, `failure_menu`, `aborted`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
