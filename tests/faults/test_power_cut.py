"""F03, F04, F05: the battery is pulled. What was not forced to the device is gone, and all that was acknowledged is there all the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.store.examining import read
from runbook.store.journal import JOURNAL_NAME
from tests.conftest import IN_CI
from tests.faults.children import home_of
from tests.faults.disks import Disk, pull, run
from tests.faults.lanes import KILLED, Lane, chance, lanes, replay
from tests.faults.small_world import ENDED, SERVICES, Server, state_of
from tests.store.parts import FILES, INCIDENT

pytestmark = [pytest.mark.needs_root, pytest.mark.timeout(600)]


class Laptop:
    """A machine whose disk loses its power: `lane` forks the processes, what they acknowledged is kept outside the disk."""

    def __init__(self, lane: Lane, disk: Disk) -> None:
        self.lane, self.disk = lane, disk
        self.trials = 0

    def fresh(self) -> Path:
        """A folder of its own for the next trial, durable; nothing acknowledged."""
        self.trials += 1
        self.lane.acks.unlink(missing_ok=True)
        shutil.rmtree(self.lane.folder / "tmp", ignore_errors=True)
        folder = self.disk.mount / f"trial{self.trials}"
        shutil.rmtree(folder.with_name(f"trial{self.trials - 1}"), ignore_errors=True)
        folder.mkdir()
        run("sync", "-f", folder)
        return folder

    def cut(self, function: str, *arguments: object) -> list[str]:
        """Run until the power is gone and boot again; what was acknowledged."""
        before = len(self.acks())
        ended = self.lane.call(function, *map(_plain, arguments))
        if ended == 0:
            pull(self.disk.mount)  # it was done before its last moment came
        self.disk.boot()
        # A process that saw the error before it was killed has ended by it, and acknowledged nothing since.
        assert ended in (KILLED, 70, 0), self.lane.said()
        return self.acks()[before:]

    def acks(self) -> list[str]:
        return self.lane.acks.read_text().split() if self.lane.acks.exists() else []


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """One for all tests of this file: a new folder for each trial is enough."""
    folder = tmp_path_factory.mktemp("power")
    with lanes(folder, 1) as (lane,):
        disk = Disk(folder / "disk.img", folder / "disk")
        yield Laptop(lane, disk)
        disk.take_away()


def trials(short: int, long: int) -> list[int]:
    return list(range(1, (long if IN_CI else short) + 1))


# -- a harness that proves nothing would stay green here ------------------------------------------------------------------


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_the_harness_is_red_without_the_sync(laptop: Laptop, level: str) -> None:
    """F03: the same journal with `synchronous` OFF or NORMAL loses what it acknowledged: the cut is real, and it is FULL that saves."""
    folder = laptop.fresh() / INCIDENT
    acknowledged = laptop.cut("children:append_badly", level, folder, laptop.lane.acks, 20, laptop.disk.mount)
    assert len(acknowledged) == 20
    assert len(read(folder / JOURNAL_NAME, INCIDENT).events) < 20


def test_the_harness_is_red_for_lines_that_nobody_synced(laptop: Laptop) -> None:
    """F03: lines of JSON without a sync are gone."""
    folder = laptop.fresh() / INCIDENT
    assert len(laptop.cut("children:append_lines", folder, laptop.lane.acks, 20, laptop.disk.mount)) == 20
    kept = folder / "journal.jsonl"
    assert not kept.exists() or len(kept.read_text().splitlines()) < 20


# -- the journal ----------------------------------------------------------------------------------------------------------


def made(laptop: Laptop) -> Path:
    """A home with one incident, whole on the device."""
    home = laptop.fresh() / "home"
    assert laptop.lane.call("children:create", str(home), str(laptop.lane.acks)) == 0
    laptop.lane.acks.unlink()
    return home


def kept(home: Path) -> list[str]:
    """The hashes of the only incident's events."""
    place = home_of(str(home))
    (only,) = place.list()
    reading = place.open(only.id).read()
    assert reading.damage is None
    return [recorded.hash for recorded in reading.events]


def test_cut_after_any_event(laptop: Laptop) -> None:
    """F03: cut right after the Nth acknowledgement of a run, one run after the other: all of them are there, in order, chain whole."""
    home = made(laptop)
    acknowledged: list[str] = []
    for count in trials(4, 45):
        acknowledged += laptop.cut("children:append", home, laptop.lane.acks, count, laptop.disk.mount, 0.0, 10 * count)
        assert kept(home)[1:] == acknowledged, count


def test_cut_at_a_random_instant(laptop: Laptop) -> None:
    """F03: cut in the middle of anything, again and again: what was acknowledged is there, and at most one event more a run."""
    home = made(laptop)
    acknowledged: list[str] = []
    for turn in trials(3, 40):
        seen = len(kept(home))
        new = laptop.cut(
            "children:append",
            *(home, laptop.lane.acks, 0, laptop.disk.mount, chance("cut", turn).uniform(0.001, 0.06), 100_000),
        )
        acknowledged += new
        stored = kept(home)[1:]
        assert set(acknowledged) <= set(stored), replay("cut", turn)
        assert [digest for digest in stored if digest in set(acknowledged)] == acknowledged, replay("cut", turn)
        assert len(stored) + 1 - seen - len(new) in (0, 1), replay("cut", turn)


def test_cut_at_every_event_of_a_walk(laptop: Laptop) -> None:
    """F03: a walk that loses its power at an event and is gone on with: each act is done once, each step ends as it would."""
    whole = laptop.fresh()
    assert laptop.lane.call("small_world:go", str(whole / "home"), str(laptop.lane.folder / "whole")) == 0
    events = len(kept(whole / "home"))
    for count in trials(4, events - 1)[: events - 1]:
        folder = laptop.fresh()
        server = Server(laptop.lane.folder / f"effects{laptop.trials}")
        given = (folder / "home", server.path, laptop.lane.acks, count, laptop.disk.mount)
        acknowledged = laptop.cut("small_world:go", *given)
        assert len(acknowledged) == count
        assert kept(folder / "home")[1 : 1 + count] == acknowledged
        assert laptop.lane.call("small_world:go", *map(_plain, given[:2])) == 0, laptop.lane.said()
        assert kept(folder / "home")[1 : 1 + count] == acknowledged
        assert server.done() == list(SERVICES), count
        assert state_of(str(folder / "home")) == ("recovered", ENDED), count


# -- an incident, a report ------------------------------------------------------------------------------------------------


def test_cut_right_after_an_incident_was_made(laptop: Laptop) -> None:
    """F04: cut right after `create` or `keep` returned: the incident is there with its first event, its plan and its evidence."""
    home = laptop.fresh() / "home"
    for turn in trials(3, 30):
        laptop.cut("children:create", home, laptop.lane.acks, 1 + turn % 6, laptop.disk.mount, 0.0, 6)
        whole_incidents(home, laptop.acks())


def test_cut_while_an_incident_is_made(laptop: Laptop) -> None:
    """F04: cut at a random instant of `create`: an incident is whole or not there, and what is left does not keep the next from beginning."""
    home = laptop.fresh() / "home"
    for turn in trials(3, 40):
        laptop.cut(
            "children:create",
            *(home, laptop.lane.acks, 0, laptop.disk.mount, chance("create", turn).uniform(0.0005, 0.03), 100_000),
        )
        whole_incidents(home, laptop.acks())
    assert laptop.lane.call("children:create", str(home), str(laptop.lane.acks)) == 0
    whole_incidents(home, laptop.acks())


def whole_incidents(home: Path, acknowledged: list[str]) -> None:
    place = home_of(str(home))
    found = place.list()
    ids = [said for said in acknowledged if len(said) < 64]
    assert set(ids) <= {each.id for each in found}
    pieces = set()
    for each in found:
        incident = place.open(each.id)
        reading = incident.read()
        assert (each.state, reading.damage, len(reading.events)) == ("open", None, 1)
        assert incident.plan_files(reading.events[0].event.files) == FILES  # type: ignore[attr-defined]
        for piece in (incident.folder / "evidence").iterdir():
            if not piece.name.startswith("."):
                incident.evidence.read(piece.name)
                pieces.add(piece.name)
    assert {said for said in acknowledged if len(said) == 64} <= pieces


def test_cut_while_a_report_is_written(laptop: Laptop) -> None:
    """F05: the report at this place is the old one or the whole new one, never a half; once it was said to be written it is the new one."""
    old, new = b"old " * 50_000, b"new " * 50_000
    for turn in trials(4, 30):
        folder = laptop.fresh()
        report = folder / "report.pdf"
        report.write_bytes(old)
        run("sync", "-f", folder)
        at, within_s = (1, 0.0) if turn % 2 else (0, chance("report", turn).uniform(0.0002, 0.006))
        acknowledged = laptop.cut(
            "children:write_report", report, 50_000, laptop.lane.acks, at, laptop.disk.mount, within_s
        )
        assert report.read_bytes() in ([new] if acknowledged else [old, new]), replay("report", turn)
