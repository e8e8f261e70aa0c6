"""What the lab's SSH servers let in and what they refuse, asked with plain paramiko."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import paramiko
import psutil
import pytest

from runbook.world.lab.folder import read_setup
from tests.lab.running import RunningLab, StartLab

Connect = Callable[..., paramiko.SSHClient]


@pytest.fixture
def lab(start_lab: StartLab) -> RunningLab:
    return start_lab("service-stopped")


def run(client: paramiko.SSHClient, command: str) -> tuple[int, str, str]:
    _stdin, stdout, stderr = client.exec_command(command, timeout=10)
    return stdout.channel.recv_exit_status(), stdout.read().decode(), stderr.read().decode()


def channel(client: paramiko.SSHClient) -> paramiko.Channel:
    transport = client.get_transport()
    assert transport is not None
    return transport.open_session(timeout=10)


def test_commands_of_the_table_are_answered(lab: RunningLab, connect: Connect) -> None:
    client = connect(lab)
    assert run(client, "systemctl is-active -- cti-core") == (3, "inactive\n", "")
    assert run(client, "systemctl 'is-active' -- \"cti-core\"") == (3, "inactive\n", "")
    assert run(client, "true") == (0, "", "")
    assert run(client, "hostname") == (0, "cti\n", "")
    assert run(connect(lab, "cim"), "systemctl is-active -- ReportStatServer") == (0, "active\n", "")


def test_every_other_command_ends_with_127_and_is_written_down(lab: RunningLab, connect: Connect) -> None:
    client = connect(lab)
    for command in (
        "sh",
        "uname -a",
        "systemctl list-units",
        "systemctl restart cti-core",
        "true; true",
        "sftp-server",
    ):
        assert run(client, command)[0] == 127
    assert [act["status"] for act in lab.acts()] == [127] * 6
    assert lab.systemctl("is-active") == (3, "inactive")


def test_no_command_starts_a_process(lab: RunningLab, connect: Connect) -> None:
    setup = read_setup(lab.folder)
    assert setup is not None
    server, seen = psutil.Process(setup.pid), set()
    ending = threading.Event()

    def watch() -> None:
        while not ending.is_set():
            seen.update(child.pid for child in server.children(recursive=True))

    watcher = threading.Thread(target=watch)
    watcher.start()
    client = connect(lab)
    for command in ("sleep 1", "true", "systemctl restart -- cti-core", "sh -c 'sleep 1'"):
        run(client, command)
    ending.set()
    watcher.join()
    assert seen == set()


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda session: session.invoke_shell(), id="shell"),
        pytest.param(lambda session: session.get_pty(), id="terminal"),
        pytest.param(lambda session: session.invoke_subsystem("sftp"), id="sftp"),
        pytest.param(lambda session: session.invoke_subsystem("nosuch"), id="subsystem"),
        pytest.param(lambda session: session.request_x11(), id="x11"),
    ],
)
def test_a_session_is_for_commands_only(lab: RunningLab, connect: Connect, ask: Callable[..., object]) -> None:
    session = channel(connect(lab))
    with pytest.raises(paramiko.SSHException):
        ask(session)


def test_agent_forwarding_brings_no_agent(lab: RunningLab, connect: Connect) -> None:
    session = channel(connect(lab))
    session.request_forward_agent(lambda _channel: None)
    session.exec_command("true")
    assert session.recv_exit_status() == 0


def test_nothing_is_forwarded_in_either_direction(lab: RunningLab, connect: Connect) -> None:
    transport = connect(lab).get_transport()
    assert transport is not None
    there = ("127.0.0.1", lab.host("db").ports["database"])
    for kind in ("direct-tcpip", "forwarded-tcpip", "x11"):
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel(kind, there, ("127.0.0.1", 1), timeout=10)
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("127.0.0.1", 0)


def test_only_the_labs_own_key_and_account_sign_in(lab: RunningLab, connect: Connect, tmp_path: Path) -> None:
    assert run(connect(lab), "true")[0] == 0
    for other in ({"username": "root"}, {"pkey": paramiko.ECDSAKey.generate(), "key_filename": None}):
        with pytest.raises(paramiko.AuthenticationException):
            connect(lab, **other)
    with pytest.raises(paramiko.AuthenticationException):
        connect(lab, key_filename=None, password="lab")
    login = lab.host("cti").ssh
    assert login is not None
    with closing(paramiko.Transport(socket.create_connection(("127.0.0.1", login.port), timeout=10))) as transport:
        transport.start_client(timeout=10)
        with pytest.raises(paramiko.BadAuthenticationType):
            transport.auth_none("technician")


def test_many_commands_at_once_each_get_their_own_answer(lab: RunningLab, connect: Connect) -> None:
    """The answer never comes before the grant, or a client would lose it."""
    client = connect(lab)
    found: list[tuple[int, str, str]] = []

    def ask() -> None:
        for _round in range(20):
            found.append(run(client, "systemctl is-active -- cti-core"))

    threads = [threading.Thread(target=ask) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(3, "inactive\n", "")] * 160
    assert len(lab.acts()) == 160


def test_a_command_is_written_down_before_it_is_answered(start_lab: StartLab, connect: Connect) -> None:
    lab = start_lab("restart-hangs")
    session = channel(connect(lab))
    session.exec_command("systemctl restart -- cti-core")
    deadline = time.monotonic() + 5
    while not lab.acts() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(act["host"], act["argv"], act["status"]) for act in lab.acts()] == [
        ("cti", ["systemctl", "restart", "--", "cti-core"], None)
    ]
    assert not session.exit_status_ready()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client")
def test_the_openssh_client_is_understood(lab: RunningLab, tmp_path: Path) -> None:
    login = lab.host("cti").ssh
    assert login is not None
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{login.port} {login.host_keys[0]}\n", encoding="utf-8")
    options = [f"UserKnownHostsFile={known}", "GlobalKnownHostsFile=none", "BatchMode=yes", "IdentitiesOnly=yes"]
    words = [word for option in options for word in ("-o", option)]
    command = ["ssh", "-F", "none", *words, "-i", login.key, "-p", str(login.port), f"{login.user}@127.0.0.1"]
    done = subprocess.run(
        [*command, "systemctl", "is-active", "--", "cti-core"], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout) == (3, "inactive\n"), done.stderr
