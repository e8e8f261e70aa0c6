"""F02: killed at every system call by which something is stored: before the first, before the second, ... until it survives."""

from __future__ import annotations

import itertools
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from runbook.model.state import fold
from tests.faults.children import home_of
from tests.faults.lanes import KILLED, Lane, lanes, some, spread
from tests.faults.small_world import ENDED, SERVICES, Server, state_of
from tests.store.parts import FILES

pytestmark = [pytest.mark.needs_root, pytest.mark.timeout(900)]

STORING = "openat,write,pwrite64,pwritev,fsync,fdatasync,fallocate,ftruncate,rename,renameat2,unlink,unlinkat,mkdir,rmdir,fchmod"
SHORT = 8
"""How many calls of each kind of work are tried outside CI."""
_numbers = itertools.count()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    """Lanes side by side: strace waits more than it works."""
    with lanes(tmp_path_factory.mktemp("syscalls"), 4) as made:
        yield made


class Trial:
    """One folder with a home in it, a spare folder, a server and a file of what was acknowledged."""

    def __init__(self, lane: Lane) -> None:
        self.lane, self.folder = lane, lane.folder / f"trial{next(_numbers)}"
        self.home, self.spare, self.acks = (self.folder / name for name in ("home", "spare", "acks"))
        self.server = Server(self.folder / "effects")
        self.spare.mkdir(parents=True)
        shutil.rmtree(lane.folder / "tmp", ignore_errors=True)

    def run(self, function: str, *arguments: object, strace: Sequence[str] | None = None) -> int:
        how = {} if strace is None else {"strace": list(strace)}
        return self.lane.call(function, *map(str, arguments), **how)

    def made(self) -> Trial:
        """With one incident."""
        assert self.run("small_world:begin", self.home) == 0
        return self

    def acknowledged(self) -> list[str]:
        return self.acks.read_text().split() if self.acks.exists() else []

    def stored(self, spare: bool = False) -> list[str]:
        """The hashes of the only incident's events, those of its beginning left out."""
        place = home_of(str(self.home), str(self.spare) if spare else "")
        (only,) = place.list()
        reading = place.open(only.id).read()
        assert reading.damage is None
        return [recorded.hash for recorded in reading.events][1:]

    def journal(self) -> list[str]:
        """Options of strace: follow what happens to the journal's files alone."""
        (folder,) = (self.home / "incidents").iterdir()
        return [part for end in ("", "-wal", "-shm") for part in ("-P", str(folder / f"journal.db{end}"))]


Work = Callable[[Trial, Sequence[str] | None], int]


def calls(lane: Lane, begin: Callable[[Lane], Trial], work: Work, *more: str) -> list[tuple[str, int]]:
    """Every call of this work, as strace counts them: the Nth of its name in one thread."""
    trial = begin(lane)
    seen = trial.folder / "seen"
    only = trial.journal() if "journal" in more else []
    assert work(trial, ["-o", str(seen), "-e", f"trace={STORING}", *only]) == 0, lane.said()
    begun = re.findall(r"^(\d*) *(\w+)\(", seen.read_text(), re.MULTILINE)
    most: dict[str, int] = {}
    for (_thread, name), count in Counter(begun).items():
        most[name] = max(most.get(name, 0), count)
    return [(name, number) for name in sorted(most) for number in range(1, most[name] + 1)]


def at_every_call(
    machines: list[Lane],
    what: str,
    begin: Callable[[Lane], Trial],
    work: Work,
    after: Callable[[Trial], None],
    *more: str,
) -> None:
    """Kill the work at each call in turn and look at what is left; behind the last one of a name it survives."""
    every = calls(machines[0], begin, work, *more)
    assert len(every) > 3

    def killed(lane: Lane, call: tuple[str, int]) -> int:
        trial = begin(lane)
        only = trial.journal() if "journal" in more else []
        kill = ["-e", f"trace={STORING}", "-e", f"inject={call[0]}:signal=SIGKILL:when={call[1]}"]
        code = work(trial, ["-o", "/dev/null", *kill, *only])
        assert code in (KILLED, 0), (what, call, lane.said())
        after(trial)
        return code

    chosen = some(every, SHORT, what)
    codes = spread(killed, chosen, machines)
    print(f"{what}: killed at {codes.count(KILLED)} of {len(every)} calls")
    # A thread that is waited for may take a call more or less than the last time.
    assert codes.count(KILLED) >= len(chosen) - 2
    assert killed(machines[0], (every[0][0], 1000)) == 0


def test_making_an_incident(machines: list[Lane]) -> None:
    """F02: the incident is whole or not there, the one that was acknowledged is there, and the next one can be made."""

    def work(trial: Trial, strace: Sequence[str] | None) -> int:
        return trial.run("children:create", trial.home, trial.acks, strace=strace)

    def after(trial: Trial) -> None:
        assert trial.run("children:create", trial.home, trial.acks) == 0
        place = home_of(str(trial.home))
        found = {each.id: each for each in place.list()}
        said = trial.acknowledged()
        assert {each for each in said if len(each) < 64} <= set(found)
        pieces = set()
        for name, each in found.items():
            incident = place.open(name)
            reading = incident.read()
            assert (each.state, reading.damage, len(reading.events)) == ("open", None, 1)
            assert incident.plan_files(reading.events[0].event.files) == FILES  # type: ignore[attr-defined]
            pieces |= {piece.name for piece in (incident.folder / "evidence").iterdir()}
        assert {each for each in said if len(each) == 64} <= pieces

    at_every_call(machines, "create", Trial, work, after)


def test_opening_appending_closing(machines: list[Lane]) -> None:
    """F02: every acknowledged event is there in order, at most one more, and the next process appends behind them."""

    def work(trial: Trial, strace: Sequence[str] | None) -> int:
        return trial.run("children:append", trial.home, trial.acks, strace=strace)

    def after(trial: Trial) -> None:
        said, stored = trial.acknowledged(), trial.stored()
        assert stored[: len(said)] == said
        assert len(stored) - len(said) in (0, 1)
        assert trial.run("children:append", trial.home, trial.acks) == 0
        assert trial.stored() == stored + trial.acknowledged()[len(said) :]

    at_every_call(machines, "append", lambda lane: Trial(lane).made(), work, after)


def test_moving_to_the_spare_folder(machines: list[Lane]) -> None:
    """F02: killed while the incident moves: what was acknowledged is in the spare folder, or still in the one that was renamed away."""

    def work(trial: Trial, strace: Sequence[str] | None) -> int:
        return trial.run("children:move", trial.home, trial.acks, trial.spare, strace=strace)

    def after(trial: Trial) -> None:
        said = trial.acknowledged()
        if list(trial.spare.rglob("journal.db")):
            assert trial.stored(spare=True)[: len(said)] == said
            return
        away = trial.home / "incidents" / "away"
        (folder,) = (trial.home / "incidents").iterdir()
        if folder == away:
            assert len(said) == 1
        else:
            assert trial.stored()[: len(said)] == said

    at_every_call(machines, "move", lambda lane: Trial(lane).made(), work, after)


def test_a_walk(machines: list[Lane]) -> None:
    """F02: killed at any call on the journal's files, the walk goes on and every act is done once."""

    def work(trial: Trial, strace: Sequence[str] | None) -> int:
        return trial.run("small_world:go", trial.home, trial.server.path, trial.acks, strace=strace)

    def after(trial: Trial) -> None:
        said, stored = trial.acknowledged(), trial.stored()
        assert stored[: len(said)] == said
        assert len(stored) - len(said) in (0, 1)
        over = fold_of(trial).status == "recovered"
        assert trial.run("small_world:go", trial.home, trial.server.path, trial.acks) == (70 if over else 0) or over
        assert trial.stored()[: len(stored)] == stored
        assert trial.server.done() == list(SERVICES)
        assert state_of(str(trial.home)) == ("recovered", ENDED)

    def fold_of(trial: Trial) -> object:
        place = home_of(str(trial.home))
        return fold(place.open(place.list()[0].id).read().events)

    at_every_call(machines, "walk", lambda lane: Trial(lane).made(), work, after, "journal")


def test_writing_a_report(machines: list[Lane]) -> None:
    """F05: killed at any call while a report is put over an old one: the old one or the whole new one stands there."""
    old, new = b"old " * 999, b"new " * 999

    def begin(lane: Lane) -> Trial:
        trial = Trial(lane)
        (trial.folder / "report.pdf").write_bytes(old)
        return trial

    def work(trial: Trial, strace: Sequence[str] | None) -> int:
        how = {} if strace is None else {"strace": list(strace)}
        return trial.lane.call("children:write_report", str(trial.folder / "report.pdf"), 999, str(trial.acks), **how)

    def after(trial: Trial) -> None:
        assert (trial.folder / "report.pdf").read_bytes() in ([new] if trial.acknowledged() else [old, new])

    at_every_call(machines, "report", begin, work, after)


def test_the_harness_sees_a_file_that_is_written_in_place(machines: list[Lane], tmp_path: Path) -> None:
    """F02: a report that is written over the old one in place is found torn at one of its calls: the kills are real."""
    torn = 0
    for number in range(1, 9):
        report = tmp_path / f"report{number}"
        report.write_bytes(b"old " * 999)
        kill = ["-o", "/dev/null", "-e", f"trace={STORING}", "-e", f"inject=write:signal=SIGKILL:when={number}"]
        machines[0].call("children:write_in_place", str(report), strace=kill)
        torn += report.read_bytes() not in (b"old " * 999, b"new " * 999)
    assert torn
