"""Since when systemd says that a unit runs. The words that ask, and what the reply says; both pure."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from runbook.model.units import utc_text

PROPERTY = "ActiveEnterTimestamp"
_PRINTED = re.compile(
    rf"^{PROPERTY}=(?:[A-Z][a-z]{{2}} )?(\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([A-Za-z0-9+:-]+)$", re.M
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")


def since_words(unit: str) -> tuple[str, ...]:
    """The command that reads when the unit was last started; it changes nothing."""
    return ("systemctl", "show", "-p", PROPERTY, "--", unit)


def active_since(printed: str, zone: tzinfo) -> str:
    """When the unit was last started, by the host's clock: as stored (UTC) where the zone that the host names is known here.

    Known are UTC, offsets, and what `zone` is called at that time; else the host's own words. Empty when it does not say.
    """
    match = _PRINTED.search(printed.replace("\r", ""))
    if match is None:
        return ""
    try:
        moment = datetime.fromisoformat(match[1])
    except ValueError:
        return ""
    there = _zone(match[2]) or (zone if moment.replace(tzinfo=zone).tzname() == match[2] else None)
    with suppress(OverflowError):
        if there:
            return utc_text(moment.replace(tzinfo=there))
    return f"{match[1]} {match[2]}"


def _zone(name: str) -> tzinfo | None:
    if name in ("UTC", "GMT"):
        return UTC
    if match := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        with suppress(ValueError):
            return timezone(-ahead if match[1] == "-" else ahead)
    return None
