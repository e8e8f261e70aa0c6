"""How long `runbook --version` takes, against the smallest typer program and bare Python. By hand: `python tests/bench/startup.py`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 40
SMALLEST = """
import typer
app = typer.Typer()
@app.command()
def main(version: bool = typer.Option(False, "--version")) -> None:
    print("1.0")
app()
"""


def alternating(commands: dict[str, list[str]], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Seconds of each run; the commands take turns, so that a busy moment of the machine meets all of them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(rounds + 2):  # the first two write the .pyc files
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
            if turn >= 2:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def main() -> None:
    """Print medians, best times and the ratio of the goal."""
    with tempfile.TemporaryDirectory() as folder:
        # Imported from a file beside it, because a script's own bytecode is never kept.
        Path(folder, "smallest.py").write_text(SMALLEST, encoding="utf-8")
        program = f"import sys; sys.path.insert(0, {folder!r}); sys.argv = ['smallest', '--version']; import smallest"
        script = Path(sys.executable).with_name("runbook")
        runbook = [str(script)] if script.exists() else [sys.executable, "-m", "runbook"]
        seconds = alternating(
            {
                "bare python": [sys.executable, "-c", "pass"],
                "smallest typer program": [sys.executable, "-c", program],
                "runbook --version": [*runbook, "--version"],
            }
        )
    for name, runs in seconds.items():
        print(f"{name:24} median {statistics.median(runs) * 1000:6.1f} ms   best {min(runs) * 1000:6.1f} ms")
    ours, smallest = seconds["runbook --version"], seconds["smallest typer program"]
    print(
        f"ratio to the smallest typer program (goal 1.3 or less): "
        f"median {statistics.median(ours) / statistics.median(smallest):.2f}, best {min(ours) / min(smallest):.2f}"
    )


if __name__ == "__main__":
    main()
