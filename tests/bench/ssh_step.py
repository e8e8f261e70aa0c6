"""What one more SSH step costs on an open connection, against plain paramiko with TCP_NODELAY and against `ssh` over a warm
ControlMaster, on a real OpenSSH server.

By hand: `python tests/bench/ssh_step.py`. Needs `sshd` and `ssh-keygen`.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from runbook.model.machine import Host
from runbook.world.ssh import LiveSsh

ROUNDS = 200


@contextmanager
def openssh(folder: Path) -> Iterator[tuple[int, str]]:
    """A server of our own on 127.0.0.1 that lets `folder/key` in: its port, and its host key as a site file has it."""
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    options = {
        "ListenAddress": "127.0.0.1",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "AuthorizedKeysFile": str(folder / "key.pub"),
        # The person's own shell start-up files would be measured instead.
        "SetEnv": f"HOME={folder}",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    command = [sshd, "-D", "-e", "-f", "/dev/null", "-h", str(folder / "host"), "-p", str(port), *words]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            _await(port)
            yield port, " ".join((folder / "host.pub").read_text(encoding="utf-8").split()[:2])
        finally:
            server.terminate()


def _await(port: int) -> None:
    for _attempt in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("sshd did not start (as root it needs the folder /run/sshd)")


def plain(port: int, host_key: str, key: Path) -> Iterator[Callable[[], None]]:
    """One command after the other with paramiko alone."""
    kind, blob = host_key.split()
    client = paramiko.SSHClient()
    known = paramiko.hostkeys.HostKeyEntry.from_line(f"[127.0.0.1]:{port} {kind} {blob}")
    assert known is not None
    client.get_host_keys().add(f"[127.0.0.1]:{port}", kind, known.key)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect("127.0.0.1", port, getpass.getuser(), key_filename=str(key), look_for_keys=False, allow_agent=False)
    transport = client.get_transport()
    assert transport is not None
    transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run() -> None:
        _stdin, stdout, stderr = client.exec_command("true")
        stdout.read(), stderr.read()
        assert stdout.channel.recv_exit_status() == 0

    yield run
    client.close()


def ours(port: int, host_key: str, key: Path) -> Iterator[Callable[[], None]]:
    """The same through the port that steps use."""
    login = {"user": getpass.getuser(), "port": str(port), "key": str(key), "host_keys": [host_key]}
    host = Host.model_validate({"address": "127.0.0.1", "ssh": login})
    ssh = LiveSsh()

    def run() -> None:
        assert ssh.run(host, ["true"], deadline_s=10).status == 0

    yield run
    ssh.close()


def warm_master(port: int, host_key: str, key: Path) -> Iterator[Callable[[], None]]:
    """The system's own `ssh`, every command over one open connection."""
    known = key.with_name("known_hosts")
    known.write_text(f"[127.0.0.1]:{port} {host_key}\n", encoding="utf-8")
    options = {
        "ControlPath": str(key.with_name("master")),
        "UserKnownHostsFile": str(known),
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    ssh = ["ssh", "-F", "none", *words, "-i", str(key), "-p", str(port)]
    subprocess.run([*ssh, "-fNM", "--", "127.0.0.1"], check=True)

    def run() -> None:
        subprocess.run([*ssh, "--", "127.0.0.1", "true"], check=True)

    yield run
    subprocess.run([*ssh, "-O", "exit", "--", "127.0.0.1"], check=True, capture_output=True)


def main() -> None:
    """Print medians, best times and the ratios of the goals; the three take turns."""
    with tempfile.TemporaryDirectory() as name, openssh(Path(name)) as (port, host_key):
        makers = {"paramiko with TCP_NODELAY": plain, "ssh, warm ControlMaster": warm_master, "runbook.world.ssh": ours}
        generators = {label: maker(port, host_key, Path(name, "key")) for label, maker in makers.items()}
        runs = {label: next(generator) for label, generator in generators.items()}
        seconds: dict[str, list[float]] = {label: [] for label in runs}
        for turn in range(ROUNDS + 5):
            for label, run in runs.items():
                began = time.perf_counter()
                run()
                if turn >= 5:
                    seconds[label].append(time.perf_counter() - began)
        for generator in generators.values():
            next(generator, None)
    for label, taken in seconds.items():
        print(f"{label:28} median {statistics.median(taken) * 1000:6.2f} ms   best {min(taken) * 1000:6.2f} ms")
    base, master, mine = seconds.values()
    for label, peer, goal in (("paramiko", base, 1.5), ("ControlMaster", master, 1.0)):
        print(
            f"against {label} (goal {goal} or less): median {statistics.median(mine) / statistics.median(peer):.2f}, "
            f"best {min(mine) / min(peer):.2f}"
        )


if __name__ == "__main__":
    sys.exit(main())
