"""Units: durations, points in time, and the one way each is written for people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from runbook.model.text import ExpectedError, _

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


def duration(text: str) -> timedelta:
    """`5m`, `1h30m`, `90s`, `2d`, `0.5s` as a length of time. Raises ValueError with what was expected."""
    match = _DURATION.fullmatch(text.strip())
    if not text.strip() or match is None:
        raise ExpectedError(_("expected a duration such as 5m, 1h30m or 90s"))
    days, hours, minutes, seconds = match.groups()
    return timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), seconds=float(seconds or 0))


def span(length: timedelta) -> str:
    """A length of time as `5m`, `1h30m`, `12s`, `2d3h`; two units at most; `0s` for none; a leading `-` when negative."""
    seconds = round(abs(length.total_seconds()))
    sign = "-" if length.total_seconds() <= -0.5 else ""
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + ("".join(parts[:2]) or "0s")


def utc_text(moment: datetime) -> str:
    """A point in time as stored: UTC, ISO 8601, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_read(text: str) -> datetime:
    """The point in time that `utc_text` wrote. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"no such day in UTC: {text!r}") from None


def local_text(moment: datetime, zone: tzinfo, *, date: bool = True) -> str:
    """A point in time for people, in the site's zone with its offset: `2026-11-04 02:51:07 +08:00`."""
    there = moment.astimezone(zone)
    offset = there.strftime("%z")
    day = "%Y-%m-%d " if date else ""
    return f"{there:{day}%H:%M:%S} {offset[:3]}:{offset[3:5]}"


def clock_text(moment: datetime, zone: tzinfo) -> str:
    """The time of day for people, in the site's zone: `02:51:07`."""
    return f"{moment.astimezone(zone):%H:%M:%S}"


def reported_time(text: str, now: datetime, zone: tzinfo) -> datetime:
    """When the fault was reported, as a person types it: empty (now), `02:51`, `-20m`, or a full ISO time.

    A time of day later than now is yesterday's. Raises ValueError with what was expected.
    """
    try:
        return _reported_time(text.strip(), now, zone)
    except OverflowError:
        raise ExpectedError(_("expected nothing (now), a time such as 02:51, or -20m")) from None


def _reported_time(text: str, now: datetime, zone: tzinfo) -> datetime:
    if text in ("", "now"):
        return now
    if text.startswith("-"):
        return now - duration(text[1:])
    if match := re.fullmatch(r"(\d{1,2})[:：](\d{2})", text):
        hour, minute = int(match[1]), int(match[2])
        if hour > 23 or minute > 59:
            raise ExpectedError(_("expected a time of day such as 02:51"))
        there = now.astimezone(zone).replace(hour=hour, minute=minute, second=0, microsecond=0)
        if there > now.astimezone(zone):
            day_before = there.date() - timedelta(days=1)
            there = there.replace(year=day_before.year, month=day_before.month, day=day_before.day)
        return there.astimezone(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ExpectedError(_("expected nothing (now), a time such as 02:51, or -20m")) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment > now:
        raise ExpectedError(_("expected a time that is not later than now"))
    return moment.astimezone(UTC)
