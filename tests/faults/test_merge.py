"""F28: two technicians on two laptops that do not see each other both act; put together in any order it is one incident."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from runbook.model.events import ActionEnded, ActionIntended, StepBegun, StepClaimed, StepFinished
from tests.conftest import IN_CI
from tests.faults.run import only_in_ci
from tests.store.laptops import Laptop
from tests.store.parts import ROOT

KILLED_AT = """
import itertools, os, signal, sys
from pathlib import Path
from runbook.store import files
from tests.store.laptops import Laptop

counted, fsync = itertools.count(1), os.fsync

def counting(handle):
    if next(counted) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    fsync(handle)

os.fsync = counting
Laptop(Path(sys.argv[1])).take(Path(sys.argv[2]))
"""

ACT = ActionIntended("restart", 1, "service", "restart cti-core", "0" * 64, "host:cti")


def test_two_laptops_apart_merge_to_one_incident_in_every_order(tmp_path: Path) -> None:
    """F28: four files of two laptops, in all 24 orders, each order twice over: the same events, the same state, the same verdict,
    and the step that both took stands there as a conflict (H52)."""
    one, two = Laptop(tmp_path / "A"), Laptop(tmp_path / "B")
    incident = one.begin()
    files = [one.export(incident, "begun")]
    two.take(files[0])
    one.write(incident, StepClaimed("restart"), StepBegun("restart", 1), ACT)
    files.append(one.export(incident, "acting"))
    two.write(incident, StepClaimed("restart"), StepBegun("restart", 1), ACT, piece=b"what B saw")
    two.write(incident, ActionEnded("restart", 1, "done", {}, "running"))
    files.append(two.export(incident, "two"))
    one.write(incident, StepFinished("restart", 1, "failed", "person", "resolved"), piece=b"what A saw")
    files.append(one.export(incident, "one"))
    written = {each.hash for laptop in (one, two) for each in laptop.events(incident)}

    found = []
    for number, order in enumerate([*itertools.permutations(files)][:: 1 if IN_CI else 4]):
        third = Laptop(tmp_path / f"C{number}")
        for file in (*order, *order):
            assert third.take(file).refused == ()
        found.append((third.events(incident), third.state(incident), third.verdict(incident)))
    assert {each.hash for each in found[0][0]} == written
    assert all(each == found[0] for each in found)
    assert found[0][2].doubts == ()
    (conflict,) = found[0][1].conflicts
    assert conflict.step == "restart"
    assert conflict.first.writer != conflict.second.writer

    # What came together goes on together: each of the two takes the other's, and the union is what every third one has.
    one.take(files[2])
    two.take(files[3])
    assert one.events(incident) == two.events(incident) == found[0][0]


@only_in_ci
def test_an_import_that_is_killed_is_whole_or_nothing(tmp_path: Path) -> None:
    """F28: killed at each of its syncs, into a home that has the incident and into one that has not: afterwards every event is one that
    was written, all that they name is there, and the same import again gives the whole."""
    one = Laptop(tmp_path / "A")
    incident = one.begin()
    early = one.export(incident, "early")
    one.write(incident, piece=b"what A saw")
    one.write(incident, piece=b"what A saw later")
    late = one.export(incident, "late")
    right = one.events(incident)
    for before in ([], [early]):
        for number in range(1, 200, 1 if IN_CI else 4):
            home = Laptop(tmp_path / f"{len(before)}-{number}")
            for file in before:
                home.take(file)
            done = subprocess.run(
                [sys.executable, "-c", KILLED_AT, home.folder, late, str(number)], cwd=ROOT, check=False
            )
            assert {each.id for each in home.home.list()} <= {incident}
            if home.home.copies(incident):
                events = home.events(incident)
                assert events in (right[:1], right)
                assert home.verdict(incident).doubts == ()
            else:
                assert not before
            home.take(late)
            assert home.events(incident) == right
            assert home.verdict(incident).doubts == ()
            shutil.rmtree(home.folder)
            if done.returncode == 0:
                break
            assert done.returncode == -signal.SIGKILL
        assert number > 4
