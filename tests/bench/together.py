"""Two hundred TCP probes in one `together`, journalled, against the slowest single one of them.

Every port of 127.0.0.1 accepts; one answers late, as the slowest. By hand: `python tests/bench/together.py`. The whole is
measured from the Enter that begins the readings to the stored end of the `together`: 1.5 times the slowest plus 0.5 s at most.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

COUNT, ROUNDS = 200, 5


def files(folder: Path, ports: list[int]) -> tuple[Path, Path, Path]:
    """The plan, the site and the answers."""
    go_on = {"failed": "continue"}
    branches = {
        f"b{n}": [{"id": f"t{n}", "title": f"Port {n}", "tcp": {"host": "all", "port": f"p{n}"}, "next": go_on}]
        for n in range(len(ports))
    }
    plan = {
        "runbook": "1", "id": "at-once", "version": "1", "title": "At once", "severity": "SEV5", "use_when": "Measuring.",
        "impact": "Nobody.", "recovered": {"ask": "Is it back?", "then": "end"},
        "steps": [{"id": "all", "title": "All", "together": branches, "next": go_on}],
    }  # fmt: skip
    hosts = {"all": {"address": "127.0.0.1", "ports": {f"p{n}": str(port) for n, port in enumerate(ports)}}}
    made = {"at-once": plan, "site": {"site": "1", "name": "-", "hosts": hosts}, "answers": {"recovered": "no"}}
    for name, tree in made.items():
        (folder / f"{name}.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder / "at-once.yaml", folder / "site.yaml", folder / "answers.yaml"


def measured(ports: list[int]) -> tuple[float, float]:
    """Seconds of the whole, and of its slowest reading."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan, site, answers = files(folder, ports)
        env = {**os.environ, "RUNBOOK_HOME": str(folder / "home")}
        start = ["start", str(plan), "--site", str(site), "--as", "B", "--reported", "now", "--answers", str(answers)]
        runbook = [sys.executable, "-m", "runbook"]
        subprocess.run([*runbook, *start], env=env, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        (incident,) = (path.name for path in (folder / "home" / "incidents").iterdir())
        log = subprocess.run([*runbook, "log", incident, "--json"], env=env, check=True, capture_output=True)
    events = json.loads(log.stdout)["events"]
    at = {(e["kind"], e["body"].get("step")): datetime.fromisoformat(e["at"]) for e in events}
    slowest_ms = max(e["body"]["values"]["elapsed_ms"] for e in events if e["kind"] == "ReadingTaken")
    whole = at["StepFinished", "all"] - min(at["StepBegun", f"t{n}"] for n in range(len(ports)))
    return whole.total_seconds(), slowest_ms / 1000


def main() -> int:
    servers = [socket.create_server(("127.0.0.1", 0)) for _n in range(COUNT)]
    ports = [server.getsockname()[1] for server in servers]
    rounds = [measured(ports) for _round in range(ROUNDS)]
    for whole, slowest in rounds:
        print(f"whole {whole:.3f} s, slowest {slowest:.3f} s, allowed {1.5 * slowest + 0.5:.3f} s")
    print(f"median over the slowest: {statistics.median(whole - 1.5 * slowest for whole, slowest in rounds):.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
