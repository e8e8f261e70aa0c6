"""The program in odd surroundings: at a terminal that is stopped, behind a shell, under strace; and what it left behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from runbook.store.examining import read
from runbook.store.journal import JOURNAL_NAME
from runbook.store.ledger import Reading
from tests.acceptance.program import Program
from tests.conftest import IN_CI
from tests.peers import until

only_in_ci = pytest.mark.skipif(not IN_CI, reason="takes long: with RUNBOOK_CI=1")
RESUMES_WITHIN_S = 20.0
"""Generous: the promise is two seconds on a machine that has nothing else to do."""


def at_home(folder: Path) -> Iterator[Program]:
    """For a fixture: a program with a home of its own, whose lab ends with the test."""
    found = Program(folder / "home")
    yield found
    found.run("lab", "down")


def kept(program: Program) -> Reading:
    """The journal of the only incident, read from the disk."""
    (folder,) = [*program.home.glob("practice/*/journal.db"), *program.home.glob("incidents/*/journal.db")]
    return read(folder.parent / JOURNAL_NAME, folder.parent.name)


def kinds_of(program: Program) -> list[str]:
    """The kinds of all events of the only incident; its chain is whole to the end."""
    reading = kept(program)
    assert reading.damage is None, reading.damage
    for writer in {row.writer for row in reading.events}:
        numbers = [row.seq for row in reading.events if row.writer == writer]
        assert numbers == list(range(1, len(numbers) + 1))
    return [type(row.event).__name__ for row in reading.events]


def begun(program: Program, step: str) -> bool:
    """Whether the only incident has begun `step`."""
    journals = list(program.home.glob("*/*/journal.db"))
    with suppress(Exception):
        return any(
            getattr(row.event, "step", "") == step
            for row in read(journals[0], journals[0].parent.name).events
            if type(row.event).__name__ == "StepBegun"
        )
    return False


def through_shell(
    program: Program, redirect: str, *arguments: str, before: str = ""
) -> subprocess.CompletedProcess[str]:
    """`BEFORE runbook ARGUMENTS REDIRECT` in a shell; the exit code is the program's, not that of what it is piped into."""
    line = f"{before} {shlex.join(program.argv(*arguments))} {redirect}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=program.env(),
        cwd=program.home.parent,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


@contextmanager
def traced(
    program: Program, expressions: Sequence[str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The program under strace with these `-e` expressions; strace, and the program's own process id."""
    log = program.home.parent / "strace"
    words = [word for expression in expressions for word in ("-e", expression)]
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", "-o", str(log), *words, *program.argv(*arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env=program.env(),
        cwd=program.home.parent,
    )
    try:
        until(lambda: bool(children(tracer.pid)))
        yield tracer, children(tracer.pid)[0]
    finally:
        for child in children(tracer.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        tracer.kill()
        tracer.wait()
        if tracer.stdout:
            tracer.stdout.close()


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that have not been waited for."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def last(program: Program) -> dict[str, Any]:
    """The last event of the only incident."""
    return program.events(program.only()["id"])[-1]
