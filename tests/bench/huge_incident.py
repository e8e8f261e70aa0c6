"""An incident of three days with 100,000 events and 500 attachments: what resume, an append, the reports, status and log cost.

By hand: `python tests/bench/huge_incident.py [EVENTS]`. Resume, with the state that the last one kept and without it, is compared with
a bare process that reads the same rows from SQLite and decodes each body with `json.loads`, which proves nothing; an append with one to
an incident of 100 events. Takes two minutes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from runbook.model.events import Event, NoteAdded, PersonTold, ReadingTaken, StepBegun, StepFinished
from runbook.model.units import utc_read, utc_text
from runbook.store.database import Database
from runbook.store.examining import read_on
from runbook.store.journal import JOURNAL_NAME, SqliteJournal
from runbook.store.kept import KEPT_NAME
from runbook.store.ledger import Ledger
from runbook.store.mending import family
from runbook.store.rows import Row, body_text
from runbook.world.clock import LiveClock

EVENTS, ATTACHMENTS, DAYS = 100_000, 500, 3
ROUNDS, APPENDS = 7, 200
PROMPT = b"Who answered?"
FIRST, MACHINE = "tell-lead", ("ping-cti", "cti-port", "sip-options")
RUNBOOK = [sys.executable, "-m", "runbook"]
BARE = """
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT * FROM events ORDER BY n").fetchall()
bodies = [json.loads(row[9]) for row in rows]
"""


def made(folder: Path, events: int = EVENTS, attachments: int = ATTACHMENTS) -> Path:
    """A home in `folder` with one incident of so many events, that was paused at its first step; the incident's folder."""
    environment = environment_of(folder)
    site = folder / "site.yaml"
    subprocess.run([*RUNBOOK, "init", "--site", site], env=environment, stdout=subprocess.DEVNULL, check=True)
    begin = [*RUNBOOK, "start", "cti-down", "--site", site, "--as", "Technician A", "--reported", "-20m"]
    subprocess.run(begin, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    (incident,) = (folder / "home" / "incidents").iterdir()
    path = incident / JOURNAL_NAME
    begun = read_on(path, incident.name, None).rows
    for part in family(path):
        part.unlink(missing_ok=True)
    Database.create(path, rows(begun, incident, events, attachments)).close()
    return incident


def environment_of(folder: Path) -> dict[str, str]:
    """The environment in which `folder` holds the home."""
    return {**os.environ, "RUNBOOK_HOME": str(folder / "home"), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def rows(begun: list[Row], incident: Path, events: int, attachments: int) -> Iterator[Row]:
    """As many events as asked for: those with which it was begun, days ago, and others spread over the time since, by every clock."""
    ledger, missing = Ledger(incident.name), events - len(begun)
    since, every = utc_read(begun[-1].utc) - timedelta(days=DAYS), timedelta(days=DAYS) / max(1, missing)

    def next_row(kind: str, text: str, at: datetime) -> Row:
        boot_s = begun[0].boot_s + (at - since).total_seconds()
        draft = begun[0]._replace(kind=kind, body=text, utc=utc_text(at), boot_s=boot_s)
        (row,) = ledger.next_all([draft])
        ledger.chain.follow(row)
        return row

    for row in begun:
        yield next_row(row.kind, row.body, since)
    for number in range(missing):
        attached = (
            number % max(1, missing // max(1, attachments)) == 0 and number // (missing // attachments) < attachments
        )
        event = attachment(incident, number) if attached else happening(number)
        if number == missing - 1:
            event = StepBegun(FIRST, 2)
        yield next_row(*body_text(event), since + number * every)


def happening(number: int) -> Event:
    """One of what happens all the time in a long incident."""
    step, attempt = MACHINE[number // 10 % 3], number // 30 + 1
    rtt = 1 + number % 977 / 100
    match number % 10:
        case 0:
            return StepBegun(step, attempt)
        case 1 | 2 | 3 | 4 | 5:
            return ReadingTaken(
                step=step,
                attempt=attempt,
                purpose="wait",
                kind="ping",
                ran="ping 192.0.2.10, 5 times",
                outcome="passed",
                values={"sent": 5, "received": 5, "loss_pct": 0.0, "rtt_avg_ms": rtt, "error": ""},
                expected="loss_pct: below 1",
                found=f"5 of 5 answered, {rtt:.2f} ms",
            )
        case 6:
            return StepFinished(step, attempt, "passed", "machine", "read", values={"loss_pct": 0.0, "rtt_avg_ms": rtt})
        case 7:
            return PersonTold("tell-lead", "cs-lead", "Group leader A", number % 3 > 0, "phone")
        case _:
            return NoteAdded(f"The carrier was asked again, call {number}. 运营商还没有答复。", step)


def attachment(incident: Path, number: int) -> Event:
    """A photo of some kilobytes, kept as evidence."""
    data = hashlib.sha256(str(number).encode()).digest() * 128
    digest = hashlib.sha256(data).hexdigest()
    name = f"photo-{number}.jpg"
    folder = incident / "evidence"
    folder.mkdir(exist_ok=True)
    (folder / f"{digest[:12]}-{name}").write_bytes(data)
    return NoteAdded(f"Photo {number}", evidence=[{"name": name, "sha256": digest, "size_bytes": len(data)}])


class Peak(threading.Thread):
    """The most memory that a process had resident, from its start to its end (Linux).

    Not from `wait4`: what that says of a child includes what its parent had when it was forked.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.megabytes, self._status = 0.0, Path(f"/proc/{pid}/status")
        self.start()

    def run(self) -> None:
        """Look every hundredth of a second; the highest that there was is kept by the system."""
        with suppress(OSError):
            while found := re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text()):
                self.megabytes = int(found[1]) / 1024
                time.sleep(0.01)


def run(folder: Path, *arguments: object, until: bytes = b"") -> tuple[float, float, int]:
    """Seconds to the line with `until` (or to the end), peak MB, and the exit code of one new process."""
    began, arrived = time.perf_counter(), 0.0
    process = subprocess.Popen(
        [str(each) for each in arguments],
        env=environment_of(folder),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    peak = Peak(process.pid)
    for line in process.stdout:
        if until and until in line and not arrived:
            arrived = time.perf_counter() - began
    process.stdout.close()
    process.wait()
    peak.join()
    if until and not arrived:
        raise SystemExit(f"no {until.decode()!r} from {arguments}")
    return arrived or time.perf_counter() - began, peak.megabytes, process.returncode


def appends(incident: Path) -> float:
    """The median seconds of one append to a copy of this incident's journal."""
    with tempfile.TemporaryDirectory(dir=incident.parent) as folder:
        shutil.copy(incident / JOURNAL_NAME, folder)
        with SqliteJournal(Path(folder), incident.name, LiveClock(), "bench") as journal:
            taken = []
            for number in range(APPENDS):
                began = time.perf_counter()
                journal.append(NoteAdded(f"Note {number}"))
                taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def without_kept(incident: Path, folder: Path, resume: list[str]) -> tuple[float, float, int]:
    """A resume that finds no kept state, as the first one does; it keeps one."""
    (incident / KEPT_NAME).unlink()
    return run(folder, *resume, until=PROMPT)


def main() -> None:
    """Print what each costs; what is compared takes turns in one run."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as other:
        folder, short = Path(name), Path(other)
        huge, small = made(folder, events), made(short, 100, 1)
        resume = [*RUNBOOK, "resume", huge.name, "--as", "Technician A"]
        run(folder, *resume, until=PROMPT)  # writes the .pyc files
        turns_of = {
            "bare select and json.loads": lambda: run(folder, sys.executable, "-c", BARE, huge / JOURNAL_NAME),
            "resume, nothing kept": lambda: without_kept(huge, folder, resume),
            "resume to the first prompt": lambda: run(folder, *resume, until=PROMPT),
        }
        taken = {name: [] for name in turns_of}
        for _round in range(ROUNDS):
            for name, turn in turns_of.items():
                taken[name].append(turn())
        bare = statistics.median(turn[0] for turn in taken["bare select and json.loads"])
        for name, measured in taken.items():
            seconds = [turn[0] for turn in measured]
            median, peak = statistics.median(seconds), measured[-1][1]
            print(
                f"{name:29} median {median:.2f} s   best {min(seconds):.2f} s   {median / bare:.2f}   peak {peak:.0f} MB"
            )
        print("    the goal of resume is 2 s")
        turns = [(appends(small), appends(huge)) for _round in range(3)]
        at_small, at_huge = (statistics.median(side) for side in zip(*turns, strict=True))
        print(
            f"append behind 100: {at_small * 1000:.3f} ms, behind {events}: {at_huge * 1000:.3f} ms, {at_huge / at_small:.2f}"
        )
        for form in ("md", "pdf"):
            seconds, memory, code = run(folder, *RUNBOOK, "report", huge.name, "-o", f"report.{form}")
            size = (folder / f"report.{form}").stat().st_size / 1e6
            print(
                f"report {form:23} {seconds:.1f} s   peak {memory:.0f} MB   {size:.1f} MB   exit code {code}   (goal 30 s)"
            )
        for command in (
            ["status"],
            ["status", huge.name],
            ["log", huge.name],
            ["start", "cti-down", "--site", "site.yaml"],
        ):
            seconds, memory, code = run(folder, *RUNBOOK, *command)
            print(
                f"{' '.join(command[:1] + command[1:][:0]):29} {seconds:.1f} s   peak {memory:.0f} MB   exit code {code}"
            )


if __name__ == "__main__":
    main()
