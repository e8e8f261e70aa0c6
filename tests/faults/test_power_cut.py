"""The battery is pulled: what was not forced to the device is gone, and every acknowledged event is there all the same.

The file system is shut down without writing its log (FS_IOC_GOINGDOWN, NOLOGFLUSH), unmounted and mounted again. What is
not modelled: a drive whose own cache lies.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.store.database import Database
from runbook.store.examining import read
from runbook.store.incidents import Home
from runbook.store.journal import JOURNAL_NAME
from tests.faults.disks import Disk, run
from tests.store.parts import INCIDENT, child

pytestmark = pytest.mark.needs_root

TRIALS = 20 if os.environ.get("RUNBOOK_CI") == "1" else 3

OURS = """
journal = journal()
for n in range(100):
    print(journal.append(NoteAdded(str(n))).hash, flush=True)
sys.stdin.read()
"""
UNSYNCED = """
import os
with (folder / "lines").open("w", buffering=1) as lines:
    for n in range(100):
        print(n, file=lines)
        print(n, flush=True)
    sys.stdin.read()
"""
CREATE = """
from zoneinfo import ZoneInfo
from runbook.store.incidents import Home
from tests.faults.disks import Disk, run
from tests.store.parts import FILES, opening
count = int(sys.argv[2])
for n in range(1, count + 1):
    made = Home.of({"RUNBOOK_HOME": str(folder / "home")}).create(
        "cti-down", "live", FILES, RealClock(), "a", zone=ZoneInfo("UTC"), opening=opening)
    if n < count or count % 2 == 0:
        made.evidence.keep("a", str(n).encode())
    print(made.id, flush=True)
sys.stdin.read()
"""


def trial(disk: Disk, script: str, folder: Path, count: int) -> list[str]:
    """Run the script, pull the battery after `count` acknowledgements, boot again; what was acknowledged."""
    process = child(script, folder, count)
    lines = [process.stdout.readline().strip() for _ in range(count)]
    disk.cut()
    process.kill()
    process.communicate()
    disk.boot()
    return lines


@pytest.mark.timeout(300)
def test_acknowledged_events_survive(disk: Callable[[], Disk]) -> None:
    """Whatever the number of events before the cut, each that was acknowledged is read after it, and the chain is whole."""
    for trial in range(TRIALS):
        power = disk()
        folder = power.mount / INCIDENT
        folder.mkdir()
        Database.create(folder / JOURNAL_NAME).close()
        run("sync", "-f", folder)
        lines = trial(power, OURS, folder, count := (1, 2, 20)[trial] if trial < 3 else trial)
        reading = read(folder / JOURNAL_NAME, INCIDENT)
        assert reading.damage is None
        assert [r.hash for r in reading.events][:count] == lines


@pytest.mark.timeout(300)
def test_a_new_incident_survives(disk: Callable[[], Disk]) -> None:
    """Cut right after `create` or `keep` returned: the incident is there with its first event, its plan files and its evidence."""
    for count in range(1, TRIALS + 1):
        power = disk()
        ids = trial(power, CREATE, power.mount, count)
        home = Home.of({"RUNBOOK_HOME": str(power.mount / "home")})
        assert set(ids) <= {each.id for each in home.list()}
        for n, incident in enumerate(map(home.open, ids), 1):
            reading = incident.read()
            assert reading.damage is None
            incident.plan_files(reading.events[0].event.files)
            kept = [incident.evidence.read(piece.name) for piece in (incident.folder / "evidence").iterdir()]
            assert kept == ([str(n).encode()] if n < count or count % 2 == 0 else [])


def test_the_cut_is_real(disk: Callable[[], Disk]) -> None:
    """A file that nobody synced loses what was said: otherwise the two tests above would prove nothing."""
    power = disk()
    assert len(trial(power, UNSYNCED, power.mount, 20)) == 20
    path = power.mount / "lines"
    assert not path.exists() or len(path.read_text().splitlines()) < 20
