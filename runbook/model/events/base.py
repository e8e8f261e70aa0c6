"""What every event is, and the table of all kinds."""

from __future__ import annotations

from dataclasses import dataclass

KINDS: dict[str, type[Event]] = {}
"""Each kind by its name, in the order in which the package imports its modules."""


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    def __init_subclass__(cls, *, draft: bool = False) -> None:
        if not draft:
            KINDS[cls.__name__] = cls
