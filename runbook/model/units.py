"""Units: durations, points in time, and the one way each is written for people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def lasted(since: datetime, until: datetime) -> timedelta:
    """From one moment to the other; none where the records of two machines contradict each other."""
    return max(until - since, timedelta())


def age(since: datetime, now: datetime) -> str:
    """How long ago something was, for people."""
    return span(lasted(since, now))


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
    there = _there(moment, zone)
    offset = there.strftime("%z")
    day = "%Y-%m-%d " if date else ""
    return f"{there:{day}%H:%M:%S} {offset[:3]}:{offset[3:5]}"


def clock_text(moment: datetime, zone: tzinfo, *, seconds: bool = True) -> str:
    """The time of day for people, in the site's zone with its offset, short: `02:51:07+08`, `02:51+05:30`."""
    there = _there(moment, zone)
    offset = there.strftime("%z")
    minutes = "" if offset[3:5] == "00" else f":{offset[3:5]}"
    return f"{there:{'%H:%M:%S' if seconds else '%H:%M'}}{offset[:3]}{minutes}"


def zone_named(name: str) -> tzinfo:
    """The time zone of that name; UTC where this machine's zone data does not have it. Offsets are shown, so it is seen."""
    return ZoneInfo(name) if zone_known(name) else UTC


def zone_known(name: str) -> bool:
    """Whether this machine's zone data, or the data that is installed with the program, has that time zone."""
    try:
        return bool(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _there(moment: datetime, zone: tzinfo) -> datetime:
    """The moment in the zone; in UTC at the ends of the calendar, where the zone's offset leads beyond them."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)


def _times_of_day(hour: int, minute: int, about: datetime, zone: tzinfo) -> list[datetime]:
    """Every moment at which the zone's clocks show that time, from two days before `about` to two days after.

    Where an hour is there twice, both. The days are the calendar's: local times are never added up.
    """
    day = about.astimezone(zone).date()
    return [
        datetime.combine(day + timedelta(days=days), time(hour, minute, fold=fold), zone).astimezone(UTC)
        for days in range(-2, 3)
        for fold in (0, 1)
    ]


def told_time(text: str, about: datetime | None, zone: tzinfo) -> datetime:
    """What another clock shows, as a person reads it aloud: `03:12`, or `2026-11-04 03:12`.

    A time of day is taken to be the one nearest to `about`; where nothing is known about the day, it is asked for.
    Raises ValueError with what was expected.
    """
    text = text.strip().replace("：", ":")
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if match and about and int(match[1]) < 24 and int(match[2]) < 60:
        return min(_times_of_day(int(match[1]), int(match[2]), about, zone), key=lambda found: abs(found - about))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or match or len(text) < len("2026-11-04 03:12"):
        raise ExpectedError(_("expected a day and a time such as 2026-11-04 03:12"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


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
        return max(found for found in _times_of_day(hour, minute, now, zone) if found <= now)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ExpectedError(_("expected nothing (now), a time such as 02:51, or -20m")) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment.astimezone(UTC) > now:
        raise ExpectedError(_("expected a time that is not later than now"))
    return moment.astimezone(UTC)
