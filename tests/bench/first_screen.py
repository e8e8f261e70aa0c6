"""How long `runbook start cti-down --lab` takes to its first screen, as a new process. By hand: `python tests/bench/first_screen.py`.

The last line of the first screen is the way out, which names `runbook resume`. No input comes, so the walk pauses there.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 10
PAUSED = 5


def first_screen(home: str) -> tuple[float, float]:
    """Seconds to the first line, and to the first question of one new process."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"RUNBOOK_HOME": home, "PYTHONUNBUFFERED": "1"}
    script = Path(sys.executable).with_name("runbook")
    runbook = [str(script)] if script.exists() else [sys.executable, "-m", "runbook"]
    began = time.perf_counter()
    arrived: list[float] = []
    with subprocess.Popen(
        [*runbook, "start", "cti-down", "--lab"], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            arrived.append(time.perf_counter() - began)
            if b"runbook resume" in line:
                break
        process.stdout.read()
    if process.returncode != PAUSED or not arrived:
        raise SystemExit(f"expected exit code {PAUSED}, found {process.returncode}")
    return arrived[0], arrived[-1]


def main() -> None:
    """Print medians and best times of both."""
    with tempfile.TemporaryDirectory() as folder:
        first_screen(f"{folder}/warm")  # writes the .pyc files
        runs = [first_screen(f"{folder}/{number}") for number in range(ROUNDS)]
    for name, seconds in zip(("first line", "first screen (goal 1 s or less)"), zip(*runs, strict=True), strict=True):
        print(f"{name:32} median {statistics.median(seconds):.2f} s   best {min(seconds):.2f} s")


if __name__ == "__main__":
    main()
