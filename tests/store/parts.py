"""What the tests of the store share: a clock that stands still, an incident's first event, programs in processes of their own."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from runbook.model.events import IncidentOpened

ROOT = Path(__file__).resolve().parents[2]
INCIDENT = "20261104-cti-down-7K3M"
ZONE = ZoneInfo("Asia/Shanghai")


class StillClock:
    """02:51 in Shanghai on the fifth of November, a second later at each look."""

    def __init__(self) -> None:
        self._ticks = itertools.count()

    def now(self) -> datetime:
        return datetime(2026, 11, 4, 18, 51, tzinfo=UTC) + timedelta(seconds=next(self._ticks))

    def boot(self) -> tuple[str, float]:
        return "boot-1", 12.5

    def wait(self, seconds: float) -> None:
        raise AssertionError("the store never waits")


def opening(incident: str, digests: Mapping[str, str]) -> IncidentOpened:
    """The first event of a test's incident."""
    mode = incident.split("-")[0]
    return IncidentOpened(
        incident=incident,
        plan="cti-down",
        plan_version="1.0",
        title={"en": "CTI server down", "zh": "CTI服务器故障"},
        severity="SEV1",
        mode=mode if mode in ("lab", "drill") else "live",
        site="north",
        zone="Asia/Shanghai",
        language="en",
        reported_at="2026-11-04T18:51:00.000Z",
        reported_how="default",
        files=dict(digests),
        plan_origin="bundled",
        site_origin="site.yaml",
        lab_folder="",
        tool_version="0",
        machine="laptop",
    )


FILES = {"cti-down.yaml": b"runbook: 1\n", "blocks/close-out.yaml": "title: 收尾\n".encode()}


# What child processes run: each is given the incident folder, and prints a line for every acknowledged event.
PRELUDE = f"""
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from runbook.model.events import NoteAdded
from runbook.store.database import Database
from runbook.store.journal import SqliteJournal

class RealClock:
    def now(self): return datetime.now(UTC)
    def boot(self): return "boot-1", time.monotonic()
    def wait(self, seconds): raise AssertionError

folder = Path(sys.argv[1])
def journal(**options): return SqliteJournal(folder, {INCIDENT!r}, RealClock(), "child", **options)
"""


def child(script: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    """A Python process that runs PRELUDE and the script; its output can be read line by line."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, *map(str, arguments)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **options,
    )
