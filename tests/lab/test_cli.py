"""`runbook lab`, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Runbook = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runbook(tmp_path: Path) -> Iterator[Runbook]:
    """Run a command line in a home of its own; the lab that it leaves is stopped."""

    def run(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "runbook", *words],
            env={**os.environ, "RUNBOOK_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    yield run
    run("lab", "down")


def test_a_day_with_the_lab(runbook: Runbook, tmp_path: Path) -> None:
    code, said, _error = runbook("lab", "status")
    assert (code, said.splitlines()[-1]) == (1, "Next: runbook lab up")

    code, said, _error = runbook("lab", "up", "--case", "service-stopped")
    assert code == 0
    assert said.splitlines() == [
        "The lab is up: service-stopped. The CTI service is stopped; a restart brings it back after three seconds.",
        f"Its site file: {tmp_path / 'home' / 'lab' / 'site.yaml'}",
        "Next: runbook start cti-down --lab",
    ]
    assert "cti-core stopped" in runbook("lab", "status")[1]

    assert runbook("lab", "fix") == (0, "The lab now: healthy. Everything runs.\n", "")
    assert "cti-core running" in runbook("lab", "status")[1]

    assert runbook("lab", "break", "host-down")[0] == 0
    code, said, _error = runbook("lab", "status", "--json")
    found = json.loads(said)
    assert (code, found["schema"], found["up"], found["case"]) == (0, 1, True, "host-down")
    assert {host["name"]: host["up"] for host in found["hosts"]}["cti"] is False

    assert runbook("lab", "down") == (0, "The lab is stopped.\n", "")
    assert runbook("lab", "down") == (0, "The lab was not running.\n", "")
    code, said, _error = runbook("lab", "status", "--json")
    assert (code, json.loads(said)["up"], json.loads(said)["hosts"]) == (1, False, [])


@pytest.mark.parametrize("words", [("up", "--case", "nosuch"), ("break", "nosuch")])
def test_an_unknown_case_starts_nothing_and_lists_the_cases(runbook: Runbook, words: tuple[str, ...]) -> None:
    code, said, error = runbook("lab", *words)
    assert (code, said) == (2, "")
    assert "E-LAB-CASE" in error
    assert "restart-fails" in error
    assert runbook("lab", "status")[0] == 1


@pytest.mark.parametrize("words", [("fix",), ("break", "host-down")])
def test_without_a_lab_there_is_nothing_to_change(runbook: Runbook, words: tuple[str, ...]) -> None:
    code, said, error = runbook("lab", *words)
    assert (code, said) == (2, "")
    assert error.endswith("Next: runbook lab up\n")
