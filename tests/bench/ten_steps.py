"""Ten steps on one host (three pings, three TCP checks, four SSH commands), unattended and journalled, against bare Python.

The peer does the same ten in one short script with paramiko (`TCP_NODELAY` set) and icmplib, and keeps nothing. Both are whole
processes. By hand: `python tests/bench/ten_steps.py`. Needs `sshd` and `ssh-keygen`.
"""

from __future__ import annotations

import getpass
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ssh_step import openssh

ROUNDS = 9
BARE = """
import socket, sys
import icmplib, paramiko
address, port, user, key, kind, blob = sys.argv[1:]
for _ in range(3):
    assert icmplib.ping(address, count=1, privileged={privileged}).is_alive
for _ in range(3):
    socket.create_connection((address, int(port)), timeout=3).close()
client = paramiko.SSHClient()
known = paramiko.hostkeys.HostKeyEntry.from_line(f"[{{address}}]:{{port}} {{kind}} {{blob}}")
client.get_host_keys().add(f"[{{address}}]:{{port}}", kind, known.key)
client.set_missing_host_key_policy(paramiko.RejectPolicy())
client.connect(address, int(port), user, key_filename=key, look_for_keys=False, allow_agent=False)
client.get_transport().sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for _ in range(4):
    _in, out, err = client.exec_command("true")
    out.read(), err.read()
    assert out.channel.recv_exit_status() == 0
client.close()
"""


def files(folder: Path, port: int, host_key: str) -> tuple[Path, Path, Path]:
    """The plan, the site and the answers of the ten steps."""
    steps = [{"id": f"ping-{n}", "ping": {"host": "one", "count": "1"}} for n in range(1, 4)]
    steps += [{"id": f"port-{n}", "tcp": {"host": "one", "port": "ssh"}} for n in range(1, 4)]
    steps += [{"id": f"service-{n}", "service": {"host": "one", "name": "it", "do": "status"}} for n in range(1, 5)]
    plan = {
        "runbook": "1",
        "id": "ten-steps",
        "version": "1",
        "title": "Ten steps on one host",
        "severity": "SEV5",
        "use_when": "Measuring.",
        "impact": "Nobody.",
        "recovered": {"ask": "Is it back?", "then": "end"},
        "steps": [{**step, "title": step["id"], "next": {"failed": "continue"}} for step in steps],
    }
    login = {"user": getpass.getuser(), "port": str(port), "key": str(folder / "key"), "host_keys": [host_key]}
    host = {
        "address": "127.0.0.1",
        "ports": {"ssh": str(port)},
        "ssh": login,
        "services": {"it": {"commands": {"status": ["true"]}}},
    }
    site = {"site": "1", "name": "Bench", "hosts": {"one": host}}
    answers = {str(step["id"]): "" for step in steps} | {"recovered": "yes"}
    paths = []
    for name, tree in (("ten-steps", plan), ("site", site), ("answers", answers)):
        path = folder / f"{name}.yaml"
        path.write_text(json.dumps(tree), encoding="utf-8")
        paths.append(path)
    return paths[0], paths[1], paths[2]


def taken(command: list[str], home: Path) -> float:
    """Seconds of one whole process, which must end well."""
    environment = {**os.environ, "RUNBOOK_HOME": str(home), "LANG": "C.UTF-8"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return seconds


def datagram_sockets() -> bool:
    """Whether the system lets everybody ping."""
    import icmplib

    try:
        icmplib.ping("127.0.0.1", count=1, privileged=False)
    except icmplib.SocketPermissionError:
        return False
    return True


def main() -> None:
    """Print both medians and the ratio of the goal; the two take turns."""
    with tempfile.TemporaryDirectory() as name, openssh(Path(name)) as (port, host_key):
        folder = Path(name)
        plan, site, answers = files(folder, port, host_key)
        bare = folder / "bare.py"
        bare.write_text(BARE.format(privileged=not datagram_sockets()), encoding="utf-8")
        runbook = str(Path(sys.executable).with_name("runbook"))
        commands = {
            "bare Python and paramiko": [
                sys.executable, str(bare), "127.0.0.1", str(port), getpass.getuser(), str(folder / "key"), *host_key.split(),
            ],
            "runbook start, journalled": [
                runbook, "start", str(plan), "--site", str(site), "--answers", str(answers), "--as", "bench", "--new",
            ],
        }  # fmt: skip
        seconds: dict[str, list[float]] = {label: [] for label in commands}
        for turn in range(ROUNDS + 1):
            for label, command in commands.items():
                each = taken(command, folder / f"home-{turn}")
                if turn:
                    seconds[label].append(each)
    for label, each_of in seconds.items():
        print(f"{label:28} median {statistics.median(each_of):6.3f} s   best {min(each_of):6.3f} s")
    base, mine = seconds.values()
    print(
        f"ratio (goal 2 or less): median {statistics.median(mine) / statistics.median(base):.2f}, "
        f"best {min(mine) / min(base):.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
