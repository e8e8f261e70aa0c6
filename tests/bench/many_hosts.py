"""The same SSH command on 50 hosts at once, connections included, against bare paramiko with the same concurrency.

Four real OpenSSH servers stand for the hosts, each on up to 13 addresses of 127.0.1.0/24 (an sshd listens on at most 16).
By hand: `python tests/bench/many_hosts.py`. Needs `sshd` and `ssh-keygen`.
"""

from __future__ import annotations

import getpass
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import paramiko

from runbook.engine.at_once import at_once
from runbook.model.machine import Host
from runbook.world.ssh import LiveSsh
from runbook.world.ssh_exec import Running  # loaded before anything is measured, as paramiko is

HOSTS, SERVERS, ROUNDS = 50, 4, 7
ADDRESSES = tuple(f"127.0.1.{number}" for number in range(1, HOSTS + 1))

assert Running


@contextmanager
def servers(folder: Path) -> Iterator[tuple[int, str]]:
    """Every address on one port: the port, and the host key as a site file has it."""
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.create_server(("127.0.1.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ["PidFile=none", "UsePAM=no", "StrictModes=no", "PasswordAuthentication=no", "MaxStartups=100:30:200"]
    options += [f"AuthorizedKeysFile={folder / 'key.pub'}", f"SetEnv=HOME={folder}"]
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))
        for server in range(SERVERS):
            listens = [f"ListenAddress={address}" for address in ADDRESSES[server::SERVERS]]
            words = [word for option in (*listens, *options) for word in ("-o", option)]
            command = [sshd, "-D", "-e", "-f", "/dev/null", "-h", str(folder / "host"), "-p", str(port), *words]
            stack.callback(subprocess.Popen(command, stderr=log).terminate)
        for address in ADDRESSES:
            await_listener(address, port)
        yield port, " ".join((folder / "host.pub").read_text(encoding="utf-8").split()[:2])


def await_listener(address: str, port: int) -> None:
    """Until somebody listens there."""
    for _attempt in range(100):
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("sshd did not start (as root it needs the folder /run/sshd)")


def bare(port: int, host_key: str, key: Path) -> float:
    """Seconds with paramiko alone."""
    kind, blob = host_key.split()
    known = paramiko.hostkeys.HostKeyEntry.from_line(f"h {kind} {blob}")
    assert known is not None

    def run(address: str) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        client.get_host_keys().add(f"[{address}]:{port}", kind, known.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(address, port, getpass.getuser(), key_filename=str(key), look_for_keys=False, allow_agent=False)
        transport = client.get_transport()
        assert transport is not None
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _stdin, stdout, stderr = client.exec_command("true")
        stdout.read(), stderr.read()
        assert stdout.channel.recv_exit_status() == 0
        return client

    began = time.perf_counter()
    with ThreadPoolExecutor(HOSTS) as pool:
        clients = list(pool.map(run, ADDRESSES))
    seconds = time.perf_counter() - began
    for client in clients:
        client.close()
    return seconds


def ours(port: int, host_key: str, key: Path) -> float:
    """Seconds through the port that steps use, begun as a reading of `hosts` begins them."""
    login = {"user": getpass.getuser(), "port": str(port), "key": str(key), "host_keys": [host_key]}
    hosts = [Host.model_validate({"address": address, "ssh": login}) for address in ADDRESSES]
    ssh = LiveSsh()
    began = time.perf_counter()
    replies = at_once(lambda host: ssh.run(host, ["true"], deadline_s=30), hosts)
    seconds = time.perf_counter() - began
    ssh.close()
    assert all(reply.status == 0 for reply in replies)
    return seconds


def main() -> None:
    """Print medians, best times and the ratio of the goal; the two take turns."""
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as (port, host_key):
        makers = {"bare paramiko": bare, "runbook": ours}
        seconds: dict[str, list[float]] = {label: [] for label in makers}
        for turn in range(ROUNDS + 1):
            for label, maker in makers.items():
                taken = maker(port, host_key, Path(name, "key"))
                if turn:
                    seconds[label].append(taken)
    for label, each in seconds.items():
        print(f"{label:16} median {statistics.median(each):6.3f} s   best {min(each):6.3f} s")
    base, mine = seconds.values()
    print(
        f"ratio (goal 1.3 or less): median {statistics.median(mine) / statistics.median(base):.2f}, "
        f"best {min(mine) / min(base):.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
