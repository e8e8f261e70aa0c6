"""The incident's own time: what has really passed, whatever was done to the clock on the wall.

Within one boot it goes by the boot clock, which nobody sets and which goes on while the machine sleeps. Over a restart, and
between two machines, there is only the wall clock. Everything that is counted (ages, limits, waits, offers, approvals) is
counted in it; what people are shown is the wall time that was stored. The first event is where the two agree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runbook.model.record import Recorded

if TYPE_CHECKING:
    from runbook.model.ports import Clock

NONE = timedelta()
STEPS_AT_MOST = 100
"""A clock that was set more often than that shows its oldest times as they were shown then."""
PROCESS = "process"
"""What the id of a boot begins with, before a hyphen, where the system gives none: nothing can be said of a restart."""
_NOISE_S = 1.0
NOISE = timedelta(seconds=_NOISE_S)
"""What the wall clock may differ from the boot clock without having been set."""


@dataclass(frozen=True, slots=True)
class Boot:
    """One run of a machine: its first event by the incident's own time and by its boot clock; how far its wall clock is ahead."""

    at: datetime
    boot_s: float
    ahead: timedelta


@dataclass(frozen=True, slots=True)
class OwnTime:
    """What the rows so far say about time: each boot by its id, and from when on the wall clock was ahead by how much."""

    boots: Mapping[str, Boot] = field(default_factory=dict)
    steps: tuple[tuple[datetime, timedelta], ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether a length of time may rest on a wall clock that nothing vouches for: a restart, or another machine."""
        return len(self.boots) > 1

    def shown(self, moment: datetime) -> datetime:
        """The wall time of a moment of the incident, as it was stored then; for one to come, as the clock stands now."""
        return moment + self._ahead(moment)

    def now(self, last: Recorded | None, clock: Clock) -> datetime:
        """The incident's own time at this moment, `last` being its last event. Never before that over a restart."""
        wall, (boot_id, boot_s) = clock.now(), clock.boot()
        found = self._of(last, wall, boot_id, boot_s)
        return found if last is None or boot_id in self.boots else max(found, last.at)

    def counted(self, last: Recorded | None, row: Recorded) -> tuple[OwnTime, Recorded]:
        """The next row, told how far its wall clock is ahead, and what is known then."""
        wall = row.wall
        if not self.steps and last is not None and (boot := self.boots.get(row.boot_id)) and row.utc >= last.utc:
            # No clock was ever set: what a fold sees a hundred thousand times.
            drift_s = (wall - boot.at).total_seconds() - (row.boot_s - boot.boot_s)
            if -_NOISE_S <= drift_s <= _NOISE_S:
                return self, row
        at = self._of(last, wall, row.boot_id, row.boot_s)
        if last is not None and last.writer == row.writer:
            at = max(at, last.at)
        ahead = wall - at
        boot = self.boots.get(row.boot_id)
        changed = self
        if boot is None:
            changed = replace(changed, boots={**self.boots, row.boot_id: Boot(at, row.boot_s, ahead)})
        elif boot.ahead != ahead:
            changed = replace(changed, boots={**self.boots, row.boot_id: replace(boot, ahead=ahead)})
        if self._ahead(at) != ahead:
            changed = replace(changed, steps=tuple(sorted((*self.steps, (at, ahead))))[-STEPS_AT_MOST:])
        return changed, row._replace(ahead=ahead) if row.ahead != ahead else row

    def _ahead(self, moment: datetime) -> timedelta:
        if not self.steps:
            return NONE
        place = bisect_right(self.steps, (moment, timedelta.max))
        return self.steps[place - 1][1] if place else NONE

    def _of(self, last: Recorded | None, wall: datetime, boot_id: str, boot_s: float) -> datetime:
        try:
            if boot := self.boots.get(boot_id):
                at, by_wall = boot.at + timedelta(seconds=boot_s - boot.boot_s), wall - boot.ahead
                return by_wall if abs(by_wall - at) <= NOISE else at
            if last is None:
                return wall
            # Whether the restart also set the clock right is not known; that time does not run backwards is.
            return next((at for at in (wall - last.ahead, wall) if at >= last.at), wall - last.ahead)
        except OverflowError:
            # A row that no clock wrote.
            return wall if last is None else last.at


def timed(events: Iterable[Recorded]) -> Iterator[Recorded]:
    """The rows in the incident's own time."""
    time, last = OwnTime(), None
    for row in events:
        time, last = time.counted(last, row)
        yield last
