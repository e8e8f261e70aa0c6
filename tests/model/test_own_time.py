"""The incident's own time: what has really passed, from rows whose wall clocks say anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.events import ClockCorrected, IncidentClosed, IncidentOpened, NoteAdded, ReportedTimeCorrected
from runbook.model.own_time import timed
from runbook.model.record import Recorded
from runbook.model.state import State, fold
from runbook.model.units import utc_read, utc_text

NOON = datetime(2026, 11, 4, 4, 0, tzinfo=UTC)
OPENED = IncidentOpened(
    "i-1", "plan", "1", {}, "SEV3", "live", "site", "UTC", "en", utc_text(NOON), "default", {}, "", "", "", "", ""
)
NOTE = NoteAdded("x", "", "", 0, [])
JUMPS = [timedelta(hours=-2), timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC) - NOON, timedelta(days=365 * 14)]


class Reader:
    """A clock that stands at one moment."""

    def __init__(self, wall: datetime, boot_id: str, boot_s: float) -> None:
        self.wall, self.boot_id, self.boot_s = wall, boot_id, boot_s

    def now(self) -> datetime:
        return self.wall

    def boot(self) -> tuple[str, float]:
        return self.boot_id, self.boot_s

    def correct(self, seconds: float) -> None:
        raise AssertionError(seconds)

    def asleep(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)


def row(
    wall: datetime, boot_s: float, *, boot: str = "boot-1", writer: str = "w1", seq: int = 2, event: object = NOTE
) -> Recorded:
    return Recorded("i-1", writer, seq, utc_text(wall), boot, boot_s, "A", event, "0" * 64, "f" * 64)  # type: ignore[arg-type]


def rows(*more: Recorded) -> list[Recorded]:
    return [row(NOON, 1000.0, seq=1, event=OPENED), *(each._replace(seq=n) for n, each in enumerate(more, 2))]


def own(events: Sequence[Recorded]) -> list[timedelta]:
    """Each row's time since the first, in the incident's own time."""
    found, state = [], State()
    for each in events:
        state = fold([each], state)
        assert state.last is not None
        found.append(state.last.at - NOON)
    assert found == [each.at - NOON for each in timed(events)]
    return found


def seconds(*numbers: float) -> list[timedelta]:
    return [timedelta(seconds=number) for number in numbers]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_within_a_boot_the_boot_clock_says_what_has_passed(jump: timedelta) -> None:
    """A wall clock that jumps, and jumps back, moves nothing that is counted; what is shown stays what was stored."""
    events = rows(
        row(NOON + timedelta(seconds=60) + jump, 1060.0),
        row(NOON + timedelta(seconds=90) + jump, 1090.0),
        row(NOON + timedelta(seconds=120), 1120.0),
    )
    assert own(events) == seconds(0, 60, 90, 120)
    state = fold(events)
    for number, at in enumerate((0, 60, 90, 120)):
        assert state.shown(NOON + timedelta(seconds=at)) == events[number].wall
    assert state.shown(NOON + timedelta(seconds=300)) == NOON + timedelta(seconds=300)
    reader = Reader(NOON + jump, "boot-1", 1500.0)
    assert state.now(reader) == NOON + timedelta(seconds=500)


def test_what_a_wall_clock_drifts_by_is_no_jump() -> None:
    """Below a second the stored times count as they are."""
    events = rows(row(NOON + timedelta(seconds=60.7), 1060.0))
    assert own(events) == seconds(0, 60.7)
    assert fold(events).shown(events[1].wall) == events[1].wall


def test_suspend_counts() -> None:
    """The boot clock goes on while the machine sleeps, and so does the incident."""
    assert own(rows(row(NOON + timedelta(hours=2), 1000.0 + 7200))) == seconds(0, 7200)


def test_over_a_restart_the_wall_clock_counts_and_is_marked_as_doubtful() -> None:
    """Nothing else says how long a machine was off."""
    events = rows(
        row(NOON + timedelta(hours=1), 5.0, boot="boot-2"), row(NOON + timedelta(hours=2), 3605.0, boot="boot-2")
    )
    assert own(events) == seconds(0, 3600, 7200)
    assert not fold(events[:1]).time.doubtful
    assert fold(events).time.doubtful


def test_over_a_restart_time_does_not_run_backwards() -> None:
    """Where the clock was set back meanwhile, no time has passed, and from there on it goes on."""
    events = rows(
        row(NOON + timedelta(seconds=60), 1060.0),
        row(NOON - timedelta(hours=2), 5.0, boot="boot-2"),
        row(NOON - timedelta(hours=2) + timedelta(seconds=30), 35.0, boot="boot-2"),
    )
    assert own(events) == seconds(0, 60, 60, 90)
    reader = Reader(NOON - timedelta(days=9), "boot-3", 1.0)
    assert fold(events).now(reader) == NOON + timedelta(seconds=90)


def test_a_clock_that_was_set_wrong_and_right_again_by_the_restart_counts_as_right() -> None:
    """It was a day ahead before the restart; behind it, it is not, and an hour has passed."""
    ahead = timedelta(days=1)
    events = rows(row(NOON + ahead + timedelta(seconds=60), 1060.0), row(NOON + timedelta(hours=1), 5.0, boot="boot-2"))
    assert own(events) == seconds(0, 60, 3600)


def test_a_clock_that_was_put_right_stays_right_over_a_restart() -> None:
    """It was two hours behind when the incident began; that these two hours did not pass is not forgotten."""
    ahead = timedelta(hours=2)
    events = rows(
        row(NOON + ahead + timedelta(seconds=60), 1060.0),
        row(NOON + ahead + timedelta(seconds=600), 5.0, boot="boot-2"),
    )
    assert own(events) == seconds(0, 60, 600)


def test_two_writers_of_one_machine_share_its_boot_clock() -> None:
    """What the second wrote before the first, by the boot clock, was before, wherever it stands."""
    events = rows(row(NOON + timedelta(seconds=60), 1060.0), row(NOON + timedelta(seconds=50), 1050.0, writer="w2"))
    assert own(events) == seconds(0, 60, 50)


def test_a_time_of_the_report_is_read_by_the_clock_on_which_it_was_typed() -> None:
    """Typed after the jump, in the new time: ten minutes before that moment is ten minutes."""
    ahead = timedelta(hours=2)
    corrected = ReportedTimeCorrected(utc_text(NOON + ahead), utc_text(NOON), "asked again")
    events = rows(row(NOON + ahead + timedelta(seconds=600), 1600.0, event=corrected))
    assert fold(events).reported_at == NOON


def test_what_was_said_of_the_clock_is_known_with_its_boot() -> None:
    """Another process of this boot takes it over; another boot does not."""
    state = fold(rows(row(NOON, 1001.0, event=ClockCorrected(-7200.0, "told"))))
    assert state.clock_said == ("boot-1", -7200.0)


@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),  # noqa: DTZ001 - hypothesis wants them naive
            st.sampled_from(["boot-1", "boot-2", "process-1"]),
            st.floats(-1e300, 1e300),
        ),
        max_size=6,
    )
)
def test_no_clock_of_any_row_stops_the_fold_or_makes_a_length_negative(
    times: list[tuple[datetime, str, float]],
) -> None:
    """Rows of the year 1 and 9999, and boot clocks of any size: one writer's time never runs backwards, and what is shown is near what was stored."""
    events = rows(*(row(wall.replace(tzinfo=UTC), boot_s, boot=boot) for wall, boot, boot_s in times))
    events.append(row(NOON, 2000.0, seq=len(events) + 1, event=IncidentClosed()))
    state = State()
    for each in events:
        before = state.last
        state = fold([each], state)
        assert state.last is not None
        assert before is None or state.last.at >= before.at
        assert state.last.wall == utc_read(each.utc)
        state.shown(state.last.at)
    assert state.status == "closed"
