"""SSH servers that break off: the phase is named, and a command of which nobody knows the end was sent exactly once."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import paramiko
import pytest

from runbook.model.replies import CannotAskError
from runbook.world.ssh import LiveSsh
from tests import peers
from tests.world.broken_ssh import Broken, broken, listening

ROOT = Path(__file__).resolve().parents[2]


def phase_of_raw(ssh: LiveSsh, sshd: peers.Sshd, *said: bytes, then_close: bool = False) -> CannotAskError:
    def serve(connection: socket.socket) -> None:
        for part in said:
            connection.sendall(part)
        if then_close:
            connection.close()
        else:
            time.sleep(4)

    with listening(serve) as port, pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host(port=str(port)), ["true"], deadline_s=5)
    return caught.value


def test_a_server_that_never_says_a_word(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    began = time.monotonic()
    assert phase_of_raw(ssh, sshd).phase == "banner"
    assert time.monotonic() - began < 2


def test_a_server_that_closes_at_once(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of_raw(ssh, sshd, then_close=True).phase == "banner"


def test_a_server_that_speaks_another_protocol(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of_raw(ssh, sshd, b"220 mail ready\r\n" * 120).phase == "banner"


def test_an_endless_banner(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of_raw(ssh, sshd, b"x" * 1_000_000).phase == "banner"


def test_a_server_of_another_version(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    error = phase_of_raw(ssh, sshd, b"SSH-1.5-\x1b[2Jold\r\n")
    assert error.phase in ("banner", "key_exchange")


def test_a_server_that_stalls_in_the_key_exchange(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of_raw(ssh, sshd, b"SSH-2.0-stall\r\n").phase == "key_exchange"


def test_a_server_that_closes_in_the_key_exchange(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of_raw(ssh, sshd, b"SSH-2.0-close\r\n", then_close=True).phase in ("banner", "key_exchange")


def exits(status: int) -> object:
    def behave(_server: Broken, channel: paramiko.Channel) -> None:
        channel.send_exit_status(status)
        channel.close()

    return behave


def closes_without_status(_server: Broken, channel: paramiko.Channel) -> None:
    channel.sendall(b"done\n")
    channel.close()


def drops_the_connection(server: Broken, _channel: paramiko.Channel) -> None:
    assert server.transport is not None
    server.transport.close()


def goes_on_for_ever(_server: Broken, _channel: paramiko.Channel) -> None:
    time.sleep(5)


def says_end_of_output_and_no_more(_server: Broken, channel: paramiko.Channel) -> None:
    channel.shutdown_write()
    time.sleep(5)


@pytest.mark.parametrize(
    ("behaviour", "ended"),
    [
        (closes_without_status, "lost"),
        (drops_the_connection, "lost"),
        (goes_on_for_ever, "deadline"),
        (says_end_of_output_and_no_more, "deadline"),
    ],
)
def test_an_end_that_nobody_knows_is_unknown_and_the_command_was_sent_once(
    sshd: peers.Sshd, ssh: LiveSsh, behaviour: object, ended: str
) -> None:
    server = Broken(behaviour)
    with broken(server, sshd) as host:
        reply = ssh.run(host, ["restart", "cti"], deadline_s=1)
        assert (reply.status, reply.ended) == (None, ended)
        time.sleep(0.3)
        assert server.commands == [b"restart cti"]


def test_a_host_that_takes_the_command_and_never_answers_the_request(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    server = Broken(goes_on_for_ever)
    server.check_channel_exec_request = lambda channel, command: (
        server.commands.append(command) or time.sleep(3) or True
    )
    with broken(server, sshd) as host:
        reply = ssh.run(host, ["restart", "cti"], deadline_s=0.8)
        assert reply.status is None
        assert reply.elapsed_s < 2.5
        assert server.commands == [b"restart cti"]


def test_a_host_that_refuses_the_command_was_not_asked(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    server = Broken(goes_on_for_ever, takes_exec=False)
    with broken(server, sshd) as host, pytest.raises(CannotAskError, match="refuses to run commands") as caught:
        ssh.run(host, ["restart", "cti"], deadline_s=2)
    assert caught.value.phase == "channel"


def test_a_host_that_opens_no_channel_was_not_asked(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    server = Broken(goes_on_for_ever, channels=False)
    with broken(server, sshd) as host, pytest.raises(CannotAskError) as caught:
        ssh.run(host, ["restart", "cti"], deadline_s=2)
    assert caught.value.phase == "channel"
    assert server.commands == []


def test_the_status_255_is_a_status(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    """H22."""
    with broken(Broken(exits(255)), sshd) as host:
        reply = ssh.run(host, ["a"], deadline_s=2)
    assert (reply.status, reply.ended) == (255, "exit")


def test_a_connection_that_died_while_idle_is_found_out_before_the_command_is_sent(
    sshd: peers.Sshd, ssh: LiveSsh
) -> None:
    server = Broken(exits(0))
    with broken(server, sshd) as host:
        assert ssh.run(host, ["one"], deadline_s=2).status == 0
        assert server.transport is not None
        server.transport.close()
        assert ssh.run(host, ["two"], deadline_s=2).status == 0
        assert server.commands == [b"one", b"two"]
        assert server.connections == 2


def test_a_connection_that_went_silent_while_idle_is_found_out_before_the_command_is_sent(
    sshd: peers.Sshd, ssh: LiveSsh
) -> None:
    server = Broken(exits(0))
    with broken(server, sshd) as host:
        assert ssh.run(host, ["one"], deadline_s=2).status == 0
        # The server takes the request for a channel and answers nothing any more, as behind a dead link.
        assert server.transport is not None
        server.transport._send_message = lambda data: None
        assert ssh.run(host, ["two"], deadline_s=2).status == 0
        assert server.commands == [b"one", b"two"]
        assert server.connections == 2


class Relay:
    """Passes bytes between a client and `port` until it is frozen: then both ends hear nothing any more, as on a dead link."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.frozen = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        frozen = self.frozen
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            while not frozen.is_set():
                for readable in select.select([connection, server], [], [], 0.05)[0]:
                    data = b"" if frozen.is_set() else readable.recv(65536)
                    if not data and not frozen.is_set():
                        return
                    (server if readable is connection else connection).sendall(data)
            time.sleep(6)


def test_a_link_that_dies_under_a_command_leaves_it_unknown_and_it_ran_once(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    relay = Relay(sshd.port)
    mark = f"link-{time.monotonic_ns()}"
    with listening(relay) as port:
        host = sshd.host(port=str(port))
        threading.Timer(0.7, relay.frozen.set).start()
        reply = ssh.run(host, ["sh", "-c", f"echo begun; sleep 1.5; echo {mark}"], deadline_s=2.5)
        assert (reply.status, reply.ended, reply.stdout.text()) == (None, "deadline", "begun\n")
        # The link is back: another connection, another command, and the first one was not sent again.
        relay.frozen = threading.Event()
        assert ssh.run(host, ["echo", "back"], deadline_s=5).stdout.text() == "back\n"
    assert sum(mark in line for line in sshd.executions()) == 1


def test_a_link_that_dies_before_the_command_is_taken_drops_what_waits_to_be_sent(
    sshd: peers.Sshd, ssh: LiveSsh, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runbook.world import ssh_exec

    relay = Relay(sshd.port)
    mark = f"late-{time.monotonic_ns()}"
    send = ssh_exec.Running.send

    def freeze_then_send(running: ssh_exec.Running, command: bytes) -> None:
        if mark.encode() in command:
            relay.frozen.set()
            time.sleep(0.2)
        send(running, command)

    monkeypatch.setattr(ssh_exec.Running, "send", freeze_then_send)
    with listening(relay) as port:
        reply = ssh.run(sshd.host(port=str(port)), ["echo", mark], deadline_s=1)
    assert reply.status is None
    (seat,) = ssh._seats.values()
    assert seat.client is not None
    assert not seat.client.is_active(), "the connection must not deliver the command when the link is back"
    assert not any(mark in line for line in sshd.executions())


def test_a_flood_is_kept_in_little_memory(sshd: peers.Sshd) -> None:
    """H21: of 200 MB the beginning, the end, the size and the hash are kept."""
    script = """
    import resource, sys
    from runbook.model.machine import Host
    from runbook.world.ssh import LiveSsh
    host = Host.model_validate_json(sys.argv[1])
    ssh = LiveSsh()
    assert ssh.run(host, ["true"], deadline_s=9).status == 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reply = ssh.run(host, ["head", "-c", "200000000", "/dev/zero"], deadline_s=60)
    assert (reply.status, reply.stdout.size_bytes) == (0, 200_000_000)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    ssh.close()
    """
    words = [sys.executable, "-c", textwrap.dedent(script), sshd.host().model_dump_json()]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 50_000, "kilobytes more at the peak than after a command without output"


def test_a_failed_connection_does_not_keep_the_program_alive(sshd: peers.Sshd) -> None:
    script = """
    import sys
    from runbook.model.replies import CannotAskError
    from runbook.model.machine import Host
    from runbook.world.ssh import LiveSsh
    from runbook.world.ssh_transport import Deadlines
    try:
        LiveSsh(Deadlines(banner_s=1, key_exchange_s=0.5)).run(Host.model_validate_json(sys.argv[1]), ["true"], deadline_s=1)
    except CannotAskError as error:
        print(error.phase)
    """

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"SSH-2.0-stall\r\n")
        time.sleep(5)

    with listening(serve) as port:
        words = [sys.executable, "-c", textwrap.dedent(script), sshd.host(port=str(port)).model_dump_json()]
        began = time.monotonic()
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("key_exchange\n", "")
    assert time.monotonic() - began < 4
