"""What one journal append costs, against a bare SQLite insert of the same bytes with WAL and synchronous=FULL.

By hand, with a folder on the disk that matters: `python tests/bench/journal_append.py [FOLDER]`.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from runbook.model.events import NoteAdded
from runbook.store.database import Database
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.world.clock import LiveClock

ROUNDS = 1000
INCIDENT = "20261104-cti-down-7K3M"
NOTE = NoteAdded(text="The carrier says twenty minutes. " * 4, step="switch")


def bare(folder: Path) -> Callable[[], object]:
    """One insert, committed by itself."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE events (n INTEGER PRIMARY KEY, incident, writer, seq, utc, body, prev, hash)")
    row = (
        INCIDENT,
        "one",
        1,
        "2026-11-04T19:00:00.000000Z",
        f'{{"step":"switch","text":"{NOTE.text}"}}',
        "0" * 64,
        "0" * 64,
    )
    insert = "INSERT INTO events (incident, writer, seq, utc, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
    return lambda: connection.execute(insert, row)


def ours(folder: Path) -> Callable[[], object]:
    """One event through the journal that incidents use."""
    Database.create(folder / JOURNAL_NAME).close()
    journal = SqliteJournal(folder, INCIDENT, LiveClock(), "bench")
    return lambda: journal.append(NOTE)


def synced(folder: Path) -> Callable[[], object]:
    """The same bytes appended to a plain file and fsynced: what the disk asks, database or not."""
    handle = os.open(folder / "plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    data = NOTE.text.encode() * 3

    def append() -> None:
        os.write(handle, data)
        os.fsync(handle)

    return append


def main() -> None:
    """Print medians, best times and the ratio of the goal; the three take turns."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        runs = {
            label: run(Path(name)) for label, run in {"fsync": synced, "bare SQLite": bare, "journal": ours}.items()
        }
        seconds: dict[str, list[float]] = {label: [] for label in runs}
        for turn in range(ROUNDS + 20):
            for label, run in runs.items():
                began = time.perf_counter()
                run()
                if turn >= 20:
                    seconds[label].append(time.perf_counter() - began)
    for label, taken in seconds.items():
        print(f"{label:12} median {statistics.median(taken) * 1000:6.3f} ms   best {min(taken) * 1000:6.3f} ms")
    base, mine = seconds["bare SQLite"], seconds["journal"]
    print(
        f"ratio to bare SQLite (goal 2 or less): median {statistics.median(mine) / statistics.median(base):.2f}, "
        f"best {min(mine) / min(base):.2f}"
    )


if __name__ == "__main__":
    main()
