"""A program for the tests: `runbook`, killed like a process in a power cut, at one of its events.

`python killed_at.py before|after WHERE ARGUMENTS...` kills itself right before or right after an append: the WHEREth of this
run (0: none), or the first of a `KIND:STEP`.
"""

from __future__ import annotations

import os
import signal
import sys

from runbook.cli.app import main
from runbook.model.events import Event
from runbook.model.record import Recorded
from runbook.store.journal import SqliteJournal


def kill_at(when: str, where: str) -> None:
    """Let one append of this process be its last moment."""
    append, count = SqliteJournal.append, 0

    def counted(journal: SqliteJournal, event: Event) -> Recorded:
        nonlocal count
        count += 1
        here = where in (str(count), f"{type(event).__name__}:{getattr(event, 'step', '')}")
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        recorded = append(journal, event)
        if here and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return recorded

    SqliteJournal.append = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    kill_at(sys.argv[1], sys.argv[2])
    sys.exit(main(sys.argv[3:]))
