"""Time under real faults (F22 to F25): suspend, a wall clock that jumps, a restart, and clocks that change twice a year."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from runbook.cli.incidents import zone_lost
from runbook.cli.report import facts_of
from runbook.model.errors import RunbookError
from runbook.model.prompts import Gone
from runbook.model.record import Recorded
from runbook.model.state import State, fold
from runbook.model.units import utc_text
from runbook.report.facts import facts
from runbook.report.markdown import markdown
from runbook.report.write import render
from runbook.store.folder import Incident
from runbook.store.incidents import Home
from tests import peers
from tests.acceptance.program import Answers, Program, Ran
from tests.conftest import IN_CI
from tests.engine.desk import SITE as SITE_OF_THE_DESK
from tests.engine.desk import Desk, opened
from tests.engine.desk import plan as desk_plan
from tests.faults.run import only_in_ci

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
BOOT_ID = "/proc/sys/kernel/random/boot_id"
needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="needs the package faketime")

PLAN = """\
runbook: 1
id: plan
version: "1"
title: A plan that waits
severity: SEV3
use_when: Always.
impact: Nobody.
inputs:
  limit:
    type: duration
    default: 2s
    ask: How long?
offers:
  - {title: Call somebody, after: 15m, go: after}
recovered:
  ask: Is service back?
  then: end
steps:
  - id: before
    title: Look at the lamp
    ask: {choices: [green, red]}
  - id: back
    title: The port opens
    wait_for: {until: {tcp: {host: cti, port: cti}}, limit: $inputs.limit, every: 1s}
    next: {expired: continue}
  - id: after
    title: Look again
    ask: {choices: [green, red]}
"""
RESTART = """\
runbook: 1
id: plan
version: "1"
title: A plan that restarts
severity: SEV3
use_when: Always.
impact: Nobody.
recovered:
  ask: Is service back?
  then: end
steps:
  - id: restart
    title: Restart the service
    service: {host: cti, name: cti-core, do: restart}
    timeout: 2s
    approval: {by: leadership}
    verify: {service: {host: cti, name: cti-core, do: status}, within: 1s}
    next: {failed: continue}
"""
SITE = {"site": "1", "name": "Small centre", "lines": {}, "contacts": {}}


@dataclass
class Machine(Program):
    """A program on a machine whose clocks the test turns. `offset`: the file that says how far the wall clock is off."""

    before: tuple[str, ...] = ()

    @property
    def offset(self) -> Path:
        return self.home.parent / "offset"

    def argv(self, *arguments: str) -> list[str]:
        return [*self.before, *super().argv(*arguments)]

    def set_clock(self, off: timedelta) -> None:
        """From here on the wall clock of every process of this machine is so far from the real one; no other clock is."""
        new = self.offset.with_suffix(".new")
        new.write_text(f"{off.total_seconds():+.0f}\n", encoding="ascii")
        new.replace(self.offset)
        self.environ |= {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(self.offset),
            "FAKETIME_NO_CACHE": "1",
            "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def write(self, plan: str, zone: str = "Asia/Shanghai") -> None:
        """The plan and the site that `begin` walks."""
        folder = self.home.parent
        folder.joinpath("plan.yaml").write_text(plan, encoding="utf-8")
        host = {"address": "127.0.0.1", "ports": {"cti": str(peers.free_port())}}
        site = {**SITE, "time_zone": zone, "hosts": {"cti": host}}
        folder.joinpath("site.yaml").write_text(json.dumps(site), encoding="utf-8")

    def beginning(self, answers: Answers, *arguments: str) -> tuple[str, ...]:
        """The arguments with which it starts the plan."""
        files = ("--site", "site.yaml", "--answers", self.answers(answers))
        return ("start", "plan.yaml", *files, "--as", "Technician A", "--reported", "now", *arguments)

    def paused(self, *arguments: str) -> None:
        """An incident that stands at its first step."""
        ran = self.run(*self.beginning({}, *arguments))
        assert ran.code == 5, ran

    def rows(self) -> list[Recorded]:
        """The events of the only incident, verified."""
        reading = self.incident().read()
        assert reading.damage is None
        return list(reading.events)

    def incident(self) -> Incident:
        (path,) = [*self.home.glob("incidents/*/journal.db"), *self.home.glob("practice/*/journal.db")]
        return Home.of({"RUNBOOK_HOME": str(self.home)}).open(path.parent.name)

    def state(self) -> State:
        return fold(self.rows())

    def timeline(self) -> list[list[str]]:
        """The cells of the report's timeline: number, time, since the report, by whom, what."""
        return cells(render(facts_of(self.incident()), "md").decode())

    def told(self, kind: str) -> list[Any]:
        """All events of one kind."""
        return [row.event for row in self.rows() if row.kind == kind]

    def resume(self, answers: Mapping[str, Any] | None = None) -> Ran:
        return self.run("resume", "--answers", self.answers(answers or {}))


def cells(report: str) -> list[list[str]]:
    """The cells of a report's timeline."""
    lines = report.partition("## Timeline")[2].partition("##")[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")][2:]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with the plan and the site, and nothing begun."""
    found = Machine(tmp_path / "home")
    found.write(PLAN)
    return found


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of an incident that stands at its first step."""
    found = Machine(tmp_path_factory.mktemp("begun") / "home")
    found.write(PLAN)
    found.paused()
    return found.home


@pytest.fixture
def paused(machine: Machine, begun: Path) -> Machine:
    """A machine with an incident that stands at its first step."""
    shutil.copytree(begun, machine.home)
    return machine


def wait_for_event(machine: Machine, kind: str, step: str) -> None:
    """Until the walk has stored that event."""

    def there() -> bool:
        time.sleep(0.05)
        with suppress(RunbookError, ValueError):
            return any(getattr(row.event, "step", "") == step and row.kind == kind for row in machine.rows())
        return False

    peers.until(there, seconds=60)


def real(rows: list[Recorded], first: str, last: str, step: str) -> float:
    """The seconds that have really passed between two events of a step, by the boot clock of their rows."""
    (begin,) = [row.boot_s for row in rows if row.kind == first and getattr(row.event, "step", "") == step]
    (end,) = [row.boot_s for row in rows if row.kind == last and getattr(row.event, "step", "") == step]
    return end - begin


# -- F22: suspend


@contextmanager
def freezer(process: int) -> Iterator[Callable[[bool], None]]:
    """Freezes and thaws one process, as suspend does: by its control group, else by SIGSTOP."""
    group = Path("/sys/fs/cgroup/freezer") / f"runbook-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cgroup.procs").write_text(str(process), encoding="ascii")
    except OSError:
        yield lambda frozen: os.kill(process, signal.SIGSTOP if frozen else signal.SIGCONT)
        return

    def freeze(frozen: bool) -> None:
        state = group / "freezer.state"
        state.write_text("FROZEN" if frozen else "THAWED", encoding="ascii")
        peers.until(lambda: state.read_text(encoding="ascii").strip() == ("FROZEN" if frozen else "THAWED"))

    try:
        yield freeze
    finally:
        freeze(False)
        with suppress(ProcessLookupError):
            (group.parent / "cgroup.procs").write_text(str(process), encoding="ascii")
        peers.until(lambda: not (group / "cgroup.procs").read_text(encoding="ascii"))
        group.rmdir()


@only_in_ci
def test_frozen_in_the_middle_of_an_act_it_lands_in_unknown_by_its_deadline(machine: Machine) -> None:
    """The restart never ends and the machine sleeps over its deadline: unknown, asked about, and sent once."""
    machine.write(RESTART)
    answers = {"restart.approval": "approves", "restart.approver": "Leader B", "restart": "confirm"}
    arguments = machine.beginning(answers, "--lab-case", "restart-hangs")
    arguments = tuple(word for word in arguments if word not in ("--site", "site.yaml"))
    with machine.popen(*arguments) as running:
        wait_for_event(machine, "ActionIntended", "restart")
        time.sleep(0.3)
        with freezer(running.pid) as freeze:
            freeze(True)
            time.sleep(2)
            freeze(False)
            assert running.wait(30) == 5
    (ended,) = machine.told("ActionEnded")
    assert ended.ended == "unknown"
    assert [step.id for step in machine.state().unknown] == ["restart"]
    assert len(machine.lab_acts("restart")) == 1


@pytest.mark.needs_root
@needs_faketime
def test_what_came_due_in_suspend_comes_once_and_the_time_has_passed(paused: Machine) -> None:
    """Paused, an hour and a half of sleep (boot clock and wall clock went on), resumed: the offer is asked once, the age is real."""
    paused.before = (peers.program("unshare"), "-T", "--boottime", "5400")
    paused.set_clock(timedelta(seconds=5400))
    ran = paused.resume({"offer.1": "not_now"})
    assert ran.code == 5
    assert "2  not now" not in paused.resume().out
    assert paused.told("ClockJumped") == []
    assert len(paused.told("OfferAnswered")) == 1
    state = paused.state()
    assert timedelta(minutes=90) <= state.last.at - state.reported_at < timedelta(minutes=100)  # type: ignore[operator, union-attr]


# -- F23: the wall clock jumps


@needs_faketime
def test_a_wait_is_not_moved_by_a_clock_that_is_set_while_it_waits(paused: Machine) -> None:
    """A day ahead, two hours back, 1970, 2040: it expires after its two real seconds, once, and nothing is negative."""
    paused.set_clock(timedelta())
    with paused.popen("resume", "--answers", paused.answers({"before": "green"})) as running:
        wait_for_event(paused, "StepBegun", "back")
        for year in (1970, 2040):
            for off in (timedelta(days=1), timedelta(hours=-2), datetime(year, 1, 1, tzinfo=UTC) - datetime.now(UTC)):
                paused.set_clock(off)
                time.sleep(0.2)
        assert running.wait(30) == 5
    rows = paused.rows()
    assert 2 <= real(rows, "StepBegun", "StepFinished", "back") < 60
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    (jump,) = paused.told("ClockJumped")
    assert jump.kind == "wall"
    assert 10 < jump.seconds / 86400 / 365 < 20
    assert paused.told("OfferAnswered") == []
    state = paused.state()
    assert state.reported_at is not None
    assert timedelta(seconds=2) <= state.step("back").finished.at - state.reported_at < timedelta(minutes=10)  # type: ignore[union-attr]
    lines = paused.timeline()
    assert [int(number) for number, *_cells in lines] == sorted(int(number) for number, *_cells in lines)
    assert any(shown.startswith("2040-01-01") for _number, shown, *_cells in lines)
    assert all(re.fullmatch(r"\+(\d{1,2}m)?(\d{1,2}s)?", since) for _number, _shown, since, *_cells in lines)


# -- F24: a restart


@pytest.mark.needs_root
def test_over_a_restart_the_wall_clock_counts_and_is_marked_as_doubtful(paused: Machine, tmp_path: Path) -> None:
    """Another boot id, and a boot clock that began anew: an event, a length that is not negative, and a mark."""
    (tmp_path / "boot_id").write_text("5f5c1d4e-0000-4000-8000-000000000001\n", encoding="ascii")
    up = time.clock_gettime(time.CLOCK_BOOTTIME)
    anew = f'mount --bind {tmp_path}/boot_id {BOOT_ID} && exec "$@"'
    paused.before = (
        *(peers.program("unshare"), "-m", "-T", "--boottime", str(5 - int(up))),
        *("sh", "-c", anew, "sh"),
    )
    assert paused.resume().code == 5
    first, *_others, last = paused.rows()
    assert last.boot_id.startswith("5f5c1d4e")
    assert last.boot_s < first.boot_s
    (jump,) = paused.told("ClockJumped")
    assert jump.kind == "rebooted"
    assert 0 <= jump.seconds < 600
    state = paused.state()
    assert state.time.doubtful
    assert timedelta() <= state.last.at - state.reported_at < timedelta(minutes=10)  # type: ignore[operator, union-attr]


# -- F25: the clocks change


CHANGES = pytest.mark.parametrize(
    ("change", "shown"),
    [
        (datetime(2026, 11, 1, 6, tzinfo=UTC), ("01:59:## -04:00", "01:00:## -05:00")),
        (datetime(2026, 3, 8, 7, tzinfo=UTC), ("01:59:## -05:00", "03:00:## -04:00")),
    ],
    ids=["autumn", "spring"],
)


def told_apart(lines: list[list[str]], shown: tuple[str, str]) -> None:
    """The lines are in the order of the events, the times on both sides of the change with their offsets, and lengths as they were."""
    assert [int(number) for number, *_cells in lines] == sorted(int(number) for number, *_cells in lines)
    times = [re.sub(r"\d\d (?=[+-])", "## ", at) for _number, at, *_cells in lines]
    assert [at for at in dict.fromkeys(times) if at in shown] == list(shown)
    assert all(re.fullmatch(r"\+(\d{1,2}m)?(\d{1,2}s)?", since) for _number, _shown, since, *_cells in lines)


@CHANGES
def test_a_report_over_the_change_of_the_clocks_is_in_order(change: datetime, shown: tuple[str, str]) -> None:
    """Ten seconds before it and five behind it: 01:59:50, then 01:00:05 or 03:00:05."""
    site = SITE_OF_THE_DESK.model_copy(update={"time_zone": "America/New_York"})
    made = Desk(desk_plan("- {id: one, title: One, instruct: {}}"), {"one": Gone("hangup")}, site=site)
    made.journal.rows.clear()
    made.world.clock.at = change - timedelta(seconds=10)
    reported = utc_text(made.world.clock.at)
    made.begin()
    made.context.record(replace(opened(), zone="America/New_York", reported_at=reported))
    made.walk()
    made.minutes(0.25)
    made.resume({"one": "done", "recovered": "yes"})
    found = facts(made.rows(), made.plan, site, made.context.now())
    told_apart(cells(markdown(found)), shown)


@needs_faketime
@pytest.mark.skipif(not IN_CI, reason="takes long: with RUNBOOK_CI=1")
@CHANGES
def test_the_change_of_the_clocks_in_new_york(machine: Machine, change: datetime, shown: tuple[str, str]) -> None:
    """The program, begun before it, gone on with behind it, in a shell of another zone."""
    machine.write(PLAN, "America/New_York")
    machine.environ["TZ"] = "Pacific/Kiritimati"
    machine.set_clock(change - timedelta(seconds=50) - datetime.now(UTC))
    machine.paused()
    machine.set_clock(change + timedelta(seconds=5) - datetime.now(UTC))
    assert machine.resume({"before": "green"}).code == 5
    told_apart(machine.timeline(), shown)


def test_zones_are_read_from_what_is_installed_with_the_program() -> None:
    """A machine without zone data and with a wrong TZ: New York and the China of 1991 are shown all the same."""
    script = """if True:
        from datetime import UTC, datetime
        from runbook.model.units import local_text, zone_named
        for zone, at in (("Asia/Shanghai", datetime(1991, 5, 20, tzinfo=UTC)), ("America/New_York", datetime(2026, 7, 1, tzinfo=UTC))):
            print(local_text(at, zone_named(zone)))
    """
    environ = {**os.environ, "PYTHONTZPATH": "", "TZ": "Nowhere/Land"}
    ran = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[:2] == ["1991-05-20 09:00:00 +09:00", "2026-06-30 20:00:00 -04:00"]


@only_in_ci
def test_an_incident_whose_zone_is_not_known_here_opens_in_utc(machine: Machine, tmp_path: Path) -> None:
    """Its zone was renamed, or this machine's data is older: resume and report go on and say so."""
    zones = tmp_path / "zones" / "Made"
    zones.mkdir(parents=True)
    data = files("tzdata").joinpath("zoneinfo", "Asia", "Shanghai").read_bytes()
    zones.joinpath("Up").write_bytes(data)
    machine.environ["PYTHONTZPATH"] = str(zones.parent)
    machine.write(PLAN, "Made/Up")
    machine.paused()
    del machine.environ["PYTHONTZPATH"]
    said = "The time zone Made/Up is not known on this machine; times are shown in UTC."
    resumed = machine.resume({"before": "green"})
    assert (resumed.code, said in resumed.out) == (5, True)
    assert zone_lost(machine.state().opened.zone) == said  # type: ignore[union-attr]
    assert machine.timeline()[0][1].endswith("+00:00")
