"""A program for the tests: `runbook`, killed like a process in a power cut, at one of its events.

`python killed_at.py before|after WHERE ARGUMENTS...` kills itself right before or right after an append: the WHEREth of this
run (0: none), or the first of a `KIND:STEP`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from runbook.cli.app import main
from runbook.model.events import Event
from runbook.model.record import Recorded
from runbook.store.journal import SqliteJournal


def kill_at(when: str, where: str) -> None:
    """Let one append of this process be its last moment. Events that are stored together live or die together."""
    append_all, count = SqliteJournal.append_all, 0

    def counted(journal: SqliteJournal, events: Sequence[Event]) -> list[Recorded]:
        nonlocal count
        here = False
        for event in events:
            count += 1
            here = here or where in (str(count), f"{type(event).__name__}:{getattr(event, 'step', '')}")
        if here and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        recorded = append_all(journal, events)
        if here and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return recorded

    SqliteJournal.append_all = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    kill_at(sys.argv[1], sys.argv[2])
    sys.exit(main(sys.argv[3:]))
