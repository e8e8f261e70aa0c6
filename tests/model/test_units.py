"""Units: lengths of time, points in time, and what a person types for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.units import duration, local_text, reported_time, span, utc_read, utc_text

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
