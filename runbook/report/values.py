"""How a report writes a step, a point in time and a length of time."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from runbook.model.units import local_text, span
from runbook.report.escape import EMPTY, Markup


def titled(number: int, title: str) -> str:
    """How a step is called wherever it is named: `8 – Move the hotline`."""
    return f"{number} {EMPTY} {title}"


def moment(at: datetime | None, zone: tzinfo) -> str:
    """A point in time with its offset; a dash for none."""
    return local_text(at, zone) if at else EMPTY


def length(value: timedelta | None) -> str:
    """A length of time; a dash for none."""
    return span(value) if value is not None else EMPTY


def since(value: timedelta) -> Markup:
    """A time counted from the report of the fault: `+12m3s`."""
    return Markup(f"+{span(value)}" if value >= timedelta() else span(value))
