"""What the running lab is like: kept in its folder at every change, so that the next server goes on from there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runbook.world.lab.commands import Ended, ended, words
from runbook.world.lab.folder import append_act, write
from runbook.world.lab.state import Centre, centre_from


class Memory:
    """The state of the lab in `folder`, shared by all that answer. `changed` returns when every port is as it says."""

    def __init__(self, folder: Path, *, changed: Callable[[], None]) -> None:
        self._folder, self._changed = folder, changed
        self._lock = threading.Lock()
        self._centre = centre_from(_read(folder / "state.json"))

    def centre(self) -> Centre:
        """The lab as it is now."""
        return self._centre.at(time.time())

    def delay_s(self) -> float:
        """How much later every answer comes."""
        return self._centre.case.answer_delay_s

    def keep(self, centre: Centre) -> None:
        """Keep a new state, and wait for nothing."""
        with self._lock:
            self._keep(centre)

    def become(self, centre: Centre) -> None:
        """Keep a new state, and return when every port is as it says."""
        self.keep(centre)
        self._changed()

    def run(self, host: str, command: bytes) -> tuple[Ended, float]:
        """Run one command of the table: written down first, then done; how it ends, and how much later to say so."""
        argv = words(command)
        with self._lock:
            before = self.centre()
            end = ended(before, host, argv, time.time())
            act = {"time": datetime.now(UTC).isoformat(), "host": host, "argv": list(argv), "status": end.status}
            append_act(self._folder, act)
            if end.centre is not before:
                self._keep(end.centre)
        if end.centre is not before:
            self._changed()
        return end, self.delay_s()

    def _keep(self, centre: Centre) -> None:
        self._centre = centre
        write(self._folder / "state.json", json.dumps(centre.data()))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
