"""Labs for tests: each in a folder of its own, each ended with its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import paramiko
import pytest

from runbook.world.lab.centre import USER
from runbook.world.lab.child import open_lab
from runbook.world.lab.world import lab
from tests.lab.running import RunningLab, StartLab, site_of


@pytest.fixture
def start_lab(tmp_path: Path) -> Iterator[StartLab]:
    """Start a lab broken in a given way; the same folder again when it is called twice."""
    with ExitStack() as ending:

        def start(case: str | None = None, folder: Path = tmp_path / "lab") -> RunningLab:
            kept = open_lab(folder, case)
            ending.callback(kept.close)
            kept.wait_ready()
            running = RunningLab(folder, kept, site_of(folder), lab(folder))
            ending.callback(running.world.ssh.close)
            return running

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[[RunningLab, str], paramiko.SSHClient]]:
    """A plain paramiko client, signed in to a host of a lab."""
    with ExitStack() as ending:

        def connected(running: RunningLab, host: str = "cti", **other: Any) -> paramiko.SSHClient:
            client = paramiko.SSHClient()
            ending.callback(client.close)
            login = running.host(host).ssh
            assert login is not None
            kind, _blob = login.host_keys[0].split()
            entry = paramiko.hostkeys.HostKeyEntry.from_line(f"lab {login.host_keys[0]}")
            assert entry is not None
            client.get_host_keys().add(f"[127.0.0.1]:{login.port}", kind, entry.key)
            options: dict[str, Any] = {"username": USER, "key_filename": login.key, **other}
            client.connect("127.0.0.1", login.port, look_for_keys=False, allow_agent=False, timeout=10, **options)
            return client

        yield connected
