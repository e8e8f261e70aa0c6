"""Peers that other projects wrote, started for a test on free ports of 127.0.0.1: OpenSSH's sshd, kamailio, sipp.

Each is a context manager; a missing program skips the test (and fails it in CI).
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runbook.model.machine import Host

# What every command of the server runs through: counted first, then given to a real shell.
FORCED = """\
echo "$SSH_ORIGINAL_COMMAND" >> "{folder}/executions"
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
"""


def program(name: str) -> str:
    """Where a program is; skips the test when it is not installed."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(ready: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait until `ready()`; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "a peer did not get ready"
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody accepts TCP connections on `port` of 127.0.0.1."""
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def says(log: Path, words: str) -> bool:
    """Whether a program has written `words` to its log."""
    return log.exists() and words in log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def process(*command: str, cwd: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, which ends with the block."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def keygen(path: Path, kind: str = "ed25519") -> Path:
    """A new key pair without passphrase at `path` and `path`.pub."""
    subprocess.run(
        [program("ssh-keygen"), "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


def public_key(path: Path) -> str:
    """`TYPE BASE64` of the key pair at `path`, as a site file has it."""
    return " ".join(path.with_name(path.name + ".pub").read_text(encoding="ascii").split()[:2])


@dataclass
class Sshd:
    """A running OpenSSH server that lets `user` in with `key`."""

    folder: Path
    port: int
    key: Path
    user: str = field(default_factory=getpass.getuser)

    def host_key(self, kind: str = "ed25519") -> str:
        """A host key as a site file pins it."""
        return public_key(self.folder / f"host_{kind}")

    def host(self, **login: object) -> Host:
        """The server as a host of a site file; `login` changes its `ssh:`."""
        ssh = {"user": self.user, "port": str(self.port), "key": str(self.key), "host_keys": (self.host_key(),)}
        return Host.model_validate({"address": "127.0.0.1", "ssh": {**ssh, **login}})

    def executions(self) -> list[str]:
        """Every command line that the server has started, in order; one line each if the command holds no newline."""
        path = self.folder / "executions"
        return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []

    def script(self, name: str, text: str) -> str:
        """A program for the server to run: a shell script with the lines `text`; its path."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)


@contextmanager
def sshd(
    folder: Path,
    *,
    port: int = 0,
    kinds: tuple[str, ...] = ("ed25519",),
    address: str = "127.0.0.1",
    inside: tuple[str, ...] = (),
    options: Mapping[str, str] | None = None,
) -> Iterator[Sshd]:
    """OpenSSH's sshd with its keys, log and count of executions in `folder`; keys that are there are used again.

    `inside`: the words of a command that starts it elsewhere, such as in a network namespace. `options`: of sshd_config(5).
    """
    server = program("sshd")
    folder.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for kind in kinds:
        if not (folder / f"host_{kind}").exists():
            keygen(folder / f"host_{kind}", kind)
    if not (folder / "user").exists():
        keygen(folder / "user")
    forced = folder / "forced.sh"
    forced.write_text(FORCED.format(folder=folder), encoding="utf-8")
    settings = {
        "ListenAddress": address,
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "AuthorizedKeysFile": str(folder / "user.pub"),
        "MaxStartups": "100:30:200",
        "MaxSessions": "100",
        "ForceCommand": f"/bin/sh {forced}",
        # At this level bash does not read the start-up files of whoever runs the tests.
        "SetEnv": "SHLVL=5",
        **(options or {}),
    }
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    keys = [word for kind in kinds for word in ("-h", str(folder / f"host_{kind}"))]
    port = port or free_port()
    command = [*inside, server, "-D", "-e", "-f", "/dev/null", "-p", str(port), *keys, *words]
    log = folder / "sshd.log"
    log.unlink(missing_ok=True)
    with process(*command, cwd=folder, log=log) as running:
        until(lambda: says(log, "Server listening on") or running.poll() is not None)
        assert running.poll() is None, log.read_text()
        yield Sshd(folder, port, folder / "user")


KAMAILIO = """\
#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
loadmodule "sl.so"
request_route {{
    sl_send_reply("200", "OK");
}}
"""


@contextmanager
def kamailio(folder: Path) -> Iterator[int]:
    """A kamailio that answers everything with 200 over UDP and TCP; its port."""
    server = program("kamailio")
    folder.mkdir(exist_ok=True)
    port = free_port()
    (folder / "kamailio.cfg").write_text(KAMAILIO.format(port=port), encoding="utf-8")
    command = [server, "-DD", "-E", "-f", "kamailio.cfg", "-m", "16", "-M", "8", "-Y", str(folder), "-w", str(folder)]
    with process(*command, cwd=folder, log=folder / "kamailio.log") as running:
        until(lambda: listens(port) or running.poll() is not None)
        assert running.poll() is None, (folder / "kamailio.log").read_text()
        yield port


SIPP = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="answers">
  <recv request="OPTIONS"/>
{steps}
</scenario>
"""
SIPP_PAUSE = '  <pause milliseconds="{}"/>'
SIPP_SEND = """\
  <send><![CDATA[
    SIP/2.0 {status} {reason}
    [last_Via:]
    [last_From:]
    [last_To:];tag=[call_number]
    [last_Call-ID:]
    [last_CSeq:]
    Content-Length: 0

  ]]></send>"""


@contextmanager
def sipp(folder: Path, *answers: tuple[int, str], wait_ms: int = 0) -> Iterator[int]:
    """A sipp that answers OPTIONS over UDP with `answers`, one after the other, after `wait_ms`; its port. No answers: silence."""
    server = program("sipp")
    folder.mkdir(exist_ok=True)
    steps = [SIPP_PAUSE.format(wait_ms)] if wait_ms else []
    steps += [SIPP_SEND.format(status=status, reason=reason) for status, reason in answers]
    (folder / "answers.xml").write_text(
        SIPP.format(steps="\n".join(steps or [SIPP_PAUSE.format(60000)])), encoding="utf-8"
    )
    port, control = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    command = [server, "-sf", "answers.xml", "-i", "127.0.0.1", "-p", str(port), "-cp", str(control), "-nostdin"]
    with process(*command, cwd=folder, log=folder / "sipp.log") as running:
        until(lambda: _udp_bound(port) or running.poll() is not None)
        assert running.poll() is None, (folder / "sipp.log").read_text()
        yield port


def _udp_bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
