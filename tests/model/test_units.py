"""Units: lengths of time, points in time, and what a person types for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.units import (
    clock_text,
    duration,
    local_text,
    reported_time,
    span,
    told_time,
    utc_read,
    utc_text,
    zone_known,
    zone_named,
)

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2000, 2100))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("90s", 90),
        ("2d", 172800),
        ("0.5s", 0.5),
        ("1d2h3m4s", 93784),
        (" 5m ", 300),
        ("0s", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", " ", "5", "m", "5 m", "m5", "5m1h", "-5m", "5M", "1.5h", "5m5m", "five", "5min"])
def test_what_is_no_duration_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="such as 5m"):
        duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (12, "12s"),
        (300, "5m"),
        (5400, "1h30m"),
        (93784, "1d2h"),
        (-61, "-1m1s"),
        (-0.4, "0s"),
        (59.6, "1m"),
    ],
)
def test_a_length_of_time_in_two_units(seconds: float, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


@given(st.integers(0, 10**7))
def test_a_length_that_two_units_can_say_reads_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    back = duration(span(length))
    assert back <= length
    assert length - back < timedelta(days=1)
    assert span(back) == span(length)


@given(st.datetimes(FIRST, LAST, timezones=st.sampled_from([UTC, SHANGHAI, BERLIN])))
def test_points_in_time_keep_their_milliseconds(moment: datetime) -> None:
    back = utc_read(utc_text(moment))
    assert abs(back - moment) < timedelta(milliseconds=1)
    assert utc_text(back) == utc_text(moment)


def test_a_time_without_an_offset_is_no_point_in_time() -> None:
    with pytest.raises(ValueError, match="no offset"):
        utc_read("2026-11-04T02:51:07")


def test_local_times_carry_their_offset() -> None:
    assert local_text(utc("2026-11-03T18:51:07"), SHANGHAI) == "2026-11-04 02:51:07 +08:00"
    assert local_text(utc("2026-11-03T18:51:07"), SHANGHAI, date=False) == "02:51:07 +08:00"


NOW = utc("2026-11-03T19:00:00")  # 03:00 in Shanghai


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("", "2026-11-03T19:00:00"),
        ("now", "2026-11-03T19:00:00"),
        ("02:51", "2026-11-03T18:51:00"),
        ("2:51", "2026-11-03T18:51:00"),
        ("02：51", "2026-11-03T18:51:00"),
        ("０２：５１", "2026-11-03T18:51:00"),
        ("03:00", "2026-11-03T19:00:00"),
        ("03:01", "2026-11-02T19:01:00"),
        ("23:59", "2026-11-03T15:59:00"),
        ("-20m", "2026-11-03T18:40:00"),
        ("-1h30m", "2026-11-03T17:30:00"),
        ("2026-11-04T02:51", "2026-11-03T18:51:00"),
        ("2026-11-03T18:51Z", "2026-11-03T18:51:00"),
    ],
)
def test_when_a_fault_was_reported(text: str, there: str) -> None:
    assert reported_time(text, NOW, SHANGHAI) == utc(there)


@pytest.mark.parametrize("text", ["24:00", "02:60", "later", "-", "-20", "20m", "2026-11-04T03:01", "99:99"])
def test_what_is_no_report_time_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        reported_time(text, NOW, SHANGHAI)


def test_yesterday_across_a_change_of_the_clocks_keeps_the_time_on_the_wall() -> None:
    """On 25 October 2026 Berlin's clocks go back: 23:30 said at 01:00 is 23:30 of the day before, in summer time."""
    now = utc("2026-10-25T03:00:00")  # 04:00, winter time
    assert reported_time("23:30", now, BERLIN) == utc("2026-10-24T21:30:00")
    assert reported_time("03:30", now, BERLIN) == utc("2026-10-25T02:30:00")
    spring = utc("2026-03-29T22:00:00")  # midnight, summer time
    assert reported_time("01:30", spring, BERLIN) == utc("2026-03-29T00:30:00")


@given(st.integers(0, 23), st.integers(0, 59), st.datetimes(FIRST, LAST))
def test_a_time_of_day_is_never_in_the_future_and_never_two_days_old(hour: int, minute: int, now: datetime) -> None:
    moment = now.replace(tzinfo=UTC)
    for zone in (SHANGHAI, BERLIN):
        found = reported_time(f"{hour:02}:{minute:02}", moment, zone)
        assert found <= moment
        assert moment - found <= timedelta(hours=25)


# -- what is shown and what is read aloud

NEW_YORK = ZoneInfo("America/New_York")


def test_an_hour_that_is_there_twice_is_told_apart_by_its_offset() -> None:
    """01:30 in New York on the day on which the clocks go back: the first and the second are written differently."""
    first, second = utc("2026-11-01T05:30:00"), utc("2026-11-01T06:30:00")
    assert [local_text(at, NEW_YORK) for at in (first, second)] == [
        "2026-11-01 01:30:00 -04:00",
        "2026-11-01 01:30:00 -05:00",
    ]
    assert [clock_text(at, NEW_YORK) for at in (first, second)] == ["01:30:00-04", "01:30:00-05"]


@pytest.mark.parametrize(
    ("zone", "at", "shown", "short"),
    [
        # China had summer time in 1991.
        ("Asia/Shanghai", "1991-05-20T00:00:00", "1991-05-20 09:00:00 +09:00", "09:00+09"),
        ("Asia/Shanghai", "1991-12-20T00:00:00", "1991-12-20 08:00:00 +08:00", "08:00+08"),
        ("Asia/Kolkata", "2026-01-01T00:00:00", "2026-01-01 05:30:00 +05:30", "05:30+05:30"),
        ("Asia/Shanghai", "9999-12-31T23:00:00", "9999-12-31 23:00:00 +00:00", "23:00+00"),
        ("America/New_York", "0001-01-01T00:00:00", "0001-01-01 00:00:00 +00:00", "00:00+00"),
    ],
)
def test_a_time_is_shown_with_the_offset_that_held_then(zone: str, at: str, shown: str, short: str) -> None:
    """Summer times of the past, offsets of half an hour; at the ends of the calendar, UTC."""
    assert local_text(utc(at), zone_named(zone)) == shown.replace("0001-", f"{utc(at):%Y}-")
    assert clock_text(utc(at), zone_named(zone), seconds=False) == short


@pytest.mark.parametrize("name", ["Nowhere/Land", "", "../../etc/passwd", "Asia/Shanghai\0", "x" * 5000])
def test_a_zone_that_is_not_known_here_is_utc(name: str) -> None:
    """Whatever stands there; and it is said to be unknown."""
    assert zone_named(name) is UTC
    assert not zone_known(name)


@pytest.mark.parametrize(
    ("now", "typed", "there"),
    [
        # The second time round: an hour and five minutes ago, and five minutes ago.
        ("2026-11-01T06:15:00", "01:30", "2026-11-01T05:30:00"),
        ("2026-11-01T06:35:00", "01:30", "2026-11-01T06:30:00"),
        ("2026-11-01T05:35:00", "01:30", "2026-11-01T05:30:00"),
        # The first time round, before it: it was yesterday.
        ("2026-11-01T05:15:00", "01:30", "2026-10-31T05:30:00"),
        # On the day that has no 02:30, by a watch that nobody has put forward yet.
        ("2026-03-08T07:10:00", "02:30", "2026-03-08T06:30:00"),
    ],
)
def test_a_time_of_day_is_the_last_one_before_now_also_when_the_clocks_change(now: str, typed: str, there: str) -> None:
    """In an hour that is there twice, the later one that is not in the future."""
    assert reported_time(typed, utc(now), NEW_YORK) == utc(there)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("03:12", "2026-11-03T19:12:00"),
        ("23:58", "2026-11-03T15:58:00"),
        ("00：05", "2026-11-03T16:05:00"),
        ("2026-11-05 03:12", "2026-11-04T19:12:00"),
        ("2026-11-05T03:12:30+00:00", "2026-11-05T03:12:30"),
    ],
)
def test_a_time_that_is_read_aloud_is_the_one_nearest_to_what_it_may_be(text: str, there: str) -> None:
    """A time of day is of the day that fits; a whole time is what it says."""
    assert told_time(text, utc("2026-11-03T17:00:00"), SHANGHAI) == utc(there)


@pytest.mark.parametrize("text", ["", "25:00", "3", "2026-11-05", "2026-02-30 03:12", "yes"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    """The sentence shows what to type."""
    with pytest.raises(ValueError, match="2026-11-04 03:12"):
        told_time(text, utc("2026-11-03T17:00:00"), SHANGHAI)


def test_without_anything_known_the_day_is_asked_for() -> None:
    """A laptop that stands in 1970 cannot guess it."""
    with pytest.raises(ValueError, match="a day and a time"):
        told_time("03:12", None, SHANGHAI)
