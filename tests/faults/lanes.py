"""Lanes of a campaign: each a machine of its own with a program that forks what is to be killed; several run side by side."""

from __future__ import annotations

import atexit
import json
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from runbook.model.record import Recorded
from runbook.store.incidents import Home
from runbook.world.lab.control import Control
from tests.acceptance.program import Answers, Program
from tests.conftest import IN_CI, ROOT
from tests.peers import until

SEED = int(os.environ.get("RUNBOOK_SEED", "20261104"))
KILLED = -signal.SIGKILL

In = TypeVar("In")
Out = TypeVar("Out")


def chance(*about: object) -> random.Random:
    """Random numbers of their own for one trial; the same for the same `RUNBOOK_SEED`."""
    return random.Random(f"{SEED} {about}")


def replay(*about: object) -> str:
    """What a failed assertion says: how to see it again."""
    return f"RUNBOOK_SEED={SEED}, at {about}"


@dataclass
class Lane:
    """One machine: `program.home` is its home folder, `answer` forks a process and says how it ended."""

    folder: Path
    program: Program = field(init=False)
    _asked: socket.socket = field(init=False)
    _stream: Any = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.program = Program(self.folder / "home")
        self._asked = socket.socket(socket.AF_UNIX)
        self._asked.connect(zygote())
        self._stream = self._asked.makefile("rw", encoding="utf-8")

    @property
    def out(self) -> Path:
        """What the last process said."""
        return self.folder / "out"

    def run(self, *arguments: str, **how: Any) -> int:
        """`runbook ARGUMENTS` in a process of its own; the exit code. `how`: see `tests.faults.zygote`."""
        return self._ask({"args": arguments, **how})

    def call(self, function: str, *arguments: Any, **how: Any) -> int:
        """A function of `tests.faults.children` or `small_world`, given as `module:name`, in a process of its own."""
        return self._ask({"call": f"tests.faults.{function}", "args": arguments, **how})

    def _ask(self, job: dict[str, Any]) -> int:
        place = {"out": str(self.out), "cwd": str(self.folder), "lab": str(self.program.home / "lab")}
        env = {name: value for name, value in self.program.env().items() if os.environ.get(name) != value}
        print(json.dumps({**place, "env": env, **job}), file=self._stream, flush=True)
        answered = self._stream.readline()
        assert answered, "the zygote ended"
        assert b"Traceback" not in self.out.read_bytes(), self.out.read_text(encoding="utf-8")
        return int(json.loads(answered)["code"])

    def said(self) -> str:
        """What the last process said."""
        return self.out.read_text(encoding="utf-8", errors="replace")

    @property
    def acks(self) -> Path:
        """The file for a job's `acks`."""
        return self.folder / "acks"

    def acknowledged(self) -> dict[int, str]:
        """Number -> hash of the events for which `append` returned, in all processes since the file was taken away."""
        lines = self.acks.read_text().splitlines() if self.acks.exists() else []
        return {int(number): digest for number, digest in map(str.split, lines)}

    def incident(self) -> list[Recorded]:
        """The events of the only incident, verified; none when there is none."""
        folder = self.program.home / "practice"
        names = [path.name for path in folder.iterdir() if path.name.startswith("lab-")] if folder.exists() else []
        assert len(names) < 2, names
        if not names:
            return []
        reading = Home.of({"RUNBOOK_HOME": str(self.program.home)}).open(names[0]).read()
        assert reading.damage is None, reading.damage
        return list(reading.events)

    def afresh(self, case: str) -> None:
        """No incident, and the lab broken as `case` says."""
        shutil.rmtree(self.program.home / "practice", ignore_errors=True)
        control = Control(self.program.home / "lab")
        control.ask("fix")
        control.ask("break", case=case)
        (self.program.home / "lab" / "acts.jsonl").unlink(missing_ok=True)
        self.acks.unlink(missing_ok=True)

    def close(self) -> None:
        """End the program."""
        self._stream.close()
        self._asked.close()


@cache
def zygote() -> str:
    """Where the program listens that forks; it is started at the first use and ends with this process."""
    folder = tempfile.mkdtemp(prefix="runbook-zygote-")
    place = str(Path(folder, "socket"))
    began = subprocess.Popen([sys.executable, "-m", "tests.faults.zygote", place], cwd=ROOT, stdin=subprocess.DEVNULL)

    @atexit.register
    def _end() -> None:
        began.kill()
        began.wait()
        shutil.rmtree(folder, ignore_errors=True)

    until(lambda: Path(place).exists() or began.poll() is not None, seconds=60)
    return place


@contextmanager
def lanes(folder: Path, count: int, *, lab: bool = False) -> Iterator[list[Lane]]:
    """So many lanes, each with a lab that is up when `lab`."""
    with ExitStack() as stack:
        made = []
        for number in range(count):
            lane = Lane(folder / f"lane{number}")
            stack.callback(lane.close)
            made.append(lane)
            if lab:
                # One after the other: they look for free ports.
                stack.callback(lane.run, "lab", "down")
                assert lane.run("lab", "up") == 0, lane.said()
        yield made


def spread(work: Callable[[Lane, In], Out], items: Iterable[In], among: Sequence[Lane]) -> list[Out]:
    """`work(lane, item)` for every item, each lane taking the next one when it is free; the results in order."""
    free: queue.SimpleQueue[Lane] = queue.SimpleQueue()
    for lane in among:
        free.put(lane)

    def taken(item: In) -> Out:
        lane = free.get()
        try:
            return work(lane, item)
        finally:
            free.put(lane)

    with ThreadPoolExecutor(len(among)) as threads:
        return list(threads.map(taken, items))


def some(items: Sequence[In], count: int, *about: object) -> list[In]:
    """All of them in CI; else a few that the seed chooses, the first and the last among them."""
    if IN_CI or len(items) <= count:
        return list(items)
    chosen = {0, len(items) - 1, *chance("some", *about).sample(range(len(items)), count - 2)}
    return [items[number] for number in sorted(chosen)]


# -- what a run left behind -----------------------------------------------------------------------------------------------


def arguments_for(case: str, program: Program, answers: Answers, *more: str) -> tuple[str, ...]:
    """The command line of a walk through the lab's case."""
    return ("start", "cti-down", "--lab-case", case, *more, "--answers", program.answers(answers))


def steps_of(events: Sequence[Recorded]) -> dict[str, list[str]]:
    """Step -> its outcomes, in order."""
    found: dict[str, list[str]] = {}
    for recorded in events:
        if type(recorded.event).__name__ == "StepFinished":
            found.setdefault(recorded.event.step, []).append(recorded.event.outcome)  # type: ignore[attr-defined]
    return found


def order_of(events: Sequence[Recorded]) -> list[str]:
    """The steps in the order in which they ended."""
    return [r.event.step for r in events if type(r.event).__name__ == "StepFinished"]  # type: ignore[attr-defined]


def intents_of(events: Sequence[Recorded]) -> Counter[str]:
    """Step -> how many times its act was begun."""
    return Counter(
        recorded.event.step  # type: ignore[attr-defined]
        for recorded in events
        if type(recorded.event).__name__ == "ActionIntended"
    )
