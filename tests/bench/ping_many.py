"""200 pings at once against one, on loopback, by datagram sockets and by raw ones: how long, and how far off the times are.

By hand: `python tests/bench/ping_many.py`. As root on Linux each means is measured, in a network namespace of its own; elsewhere the
one that the system allows.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from runbook.engine.at_once import at_once
from runbook.model.machine import Host
from runbook.model.replies import PingReply
from runbook.world.icmp import LiveIcmp

MANY, COUNT, ROUNDS = 200, 5, 5
BATCH = 20
DATAGRAM, RAW_ONLY = "0 2147483647", "1 0"
"""`net.ipv4.ping_group_range`: datagram sockets for everybody, and for nobody."""

HOST = Host(address="127.0.0.1")


def ping(_number: int) -> PingReply:
    return LiveIcmp().ping(HOST, count=COUNT, timeout_s=1)


def measure() -> None:
    """Print the ratios of one means; one ping and the many take turns."""
    ping(0)
    one_s, many_s = [], []
    rtts: list[float] = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        means = ping(0).means
        one_s.append(time.perf_counter() - began)
        began = time.perf_counter()
        replies = at_once(ping, range(MANY))
        many_s.append(time.perf_counter() - began)
        rtts += [rtt for reply in replies for rtt in reply.rtts_ms]
    ratio = statistics.median(many_s) / statistics.median(one_s)
    batches = statistics.median(many_s) / (statistics.median(one_s) * MANY / BATCH)
    goal = "against one 1.5 or less" if means == "icmp" else "against ten batches of 20 1.5 or less"
    print(
        f"{means}: one {statistics.median(one_s):.3f} s, {MANY} at once {statistics.median(many_s):.3f} s; "
        f"against one {ratio:.2f}, against ten batches of {BATCH} {batches:.2f} (goal {goal})"
    )
    lost = MANY * COUNT * ROUNDS - len(rtts)
    print(
        f"  longest round trip {max(rtts):.3f} ms (goal 20 or less), median {statistics.median(rtts):.3f} ms, {lost} lost"
    )


def main() -> None:
    if os.geteuid() != 0 or not sys.platform.startswith("linux") or "--here" in sys.argv:
        measure()
        return
    unshare = shutil.which("unshare") or "/usr/bin/unshare"
    for groups in (DATAGRAM, RAW_ONLY):
        script = f"ip link set lo up && sysctl -qw net.ipv4.ping_group_range='{groups}' && exec \"$@\""
        again = [sys.executable, str(Path(__file__).resolve()), "--here"]
        subprocess.run([unshare, "-n", "sh", "-c", script, "sh", *again], check=True)


if __name__ == "__main__":
    main()
