"""Other hosts asked from a machine of the site: through a real sshd, and by replies written down from machines that are not here."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from runbook.model.machine import Host
from runbook.model.powershell import literal, powershell, script_of
from runbook.model.probes import MARGIN_S, can_probe, ping_probe, read_ping_probe, read_tcp_probe, tcp_probe
from runbook.model.replies import NOTHING, CannotAskError, Capture, SshReply, TcpReply
from runbook.world.ssh import LiveSsh
from tests import peers


def reply(status: int | None, stdout: str = "", stderr: str = "", *, encoding: str = "utf-8") -> SshReply:
    """A recorded end of a command."""

    def capture(text: str) -> Capture:
        data = text.encode(encoding)
        return Capture(data, b"", len(data), hashlib.sha256(data).hexdigest()) if data else NOTHING

    return SshReply(status, "lost" if status is None else "exit", capture(stdout), capture(stderr), 0.25)


@contextmanager
def open_port() -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def tried(sshd: peers.Sshd, address: str, port: int, timeout_s: float = 2.0) -> TcpReply:
    with closing(LiveSsh()) as ssh:
        words = tcp_probe("linux", address, port, timeout_s)
        return read_tcp_probe(ssh.run(sshd.host(), words, deadline_s=timeout_s + MARGIN_S), address, origin="cti")


# -- through a real sshd ------------------------------------------------------------------------------------------------


def test_a_port_that_is_open_from_another_machine_is_open(sshd: peers.Sshd) -> None:
    with open_port() as port:
        assert tried(sshd, "127.0.0.1", port).result == "open"


def test_a_port_that_refuses_another_machine_is_refused(sshd: peers.Sshd) -> None:
    assert tried(sshd, "127.0.0.1", peers.free_port()).result == "refused"


def test_a_port_that_is_silent_to_another_machine_is_timed_out(sshd: peers.Sshd) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _number in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        try:
            assert tried(sshd, "127.0.0.1", full.getsockname()[1], 1.0).result == "timed_out"
        finally:
            for sock in waiting:
                sock.close()


def test_a_name_that_does_not_resolve_there_could_not_be_asked(sshd: peers.Sshd) -> None:
    with pytest.raises(CannotAskError) as caught:
        tried(sshd, "no-such-host.invalid", 80, 5.0)
    assert caught.value.phase in ("resolve", "channel")


def test_another_machine_pings_and_the_means_names_it(sshd: peers.Sshd) -> None:
    peers.program("ping")
    with closing(LiveSsh()) as ssh:
        answer = ssh.run(sshd.host(), ping_probe("linux", "127.0.0.1", 3, 1.0), deadline_s=10)
    found = read_ping_probe(answer, 3, "127.0.0.1", origin="cti")
    assert (found.sent, len(found.rtts_ms), found.means, found.loss_pct) == (3, 3, "ping from cti", 0.0)


def test_a_machine_without_the_tool_could_not_ask(sshd: peers.Sshd) -> None:
    bare = sshd.script("bare", 'PATH=/nowhere exec "$@"')
    with closing(LiveSsh()) as ssh:
        words = (bare, *ping_probe("linux", "127.0.0.1", 1, 1.0)[2:])
        answer = ssh.run(sshd.host(), words, deadline_s=10)
        assert answer.status in (126, 127)
        with pytest.raises(CannotAskError, match="cti could not ask"):
            read_ping_probe(answer, 1, "127.0.0.1", origin="cti")


# -- recorded replies ---------------------------------------------------------------------------------------------------

LOST = """PING 10.1.0.9 (10.1.0.9) 56(84) bytes of data.
From 10.1.0.2 icmp_seq=1 Destination Host Unreachable

--- 10.1.0.9 ping statistics ---
2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1001ms
"""
WINDOWS_ZH = """
正在 Ping 10.1.0.9 具有 32 字节的数据:
来自 10.1.0.9 的回复: 字节=32 时间<1ms TTL=64
来自 10.1.0.9 的回复: 字节=32 时间=3ms TTL=64
来自 10.1.0.2 的回复: 无法访问目标主机。

10.1.0.9 的 Ping 统计信息:
    数据包: 已发送 = 3，已接收 = 3，丢失 = 0 (0% 丢失)，
"""


def test_silence_seen_from_another_machine_is_loss() -> None:
    assert read_ping_probe(reply(1, LOST), 2, "10.1.0.9").loss_pct == 100.0


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_chinese_windows_reply_is_read_and_an_unreachable_host_is_loss(encoding: str) -> None:
    found = read_ping_probe(reply(0, WINDOWS_ZH, encoding=encoding), 3, "10.1.0.9", origin="seat-1")
    assert (found.rtts_ms, found.sent) == ((1.0, 3.0), 3)


@pytest.mark.parametrize(
    ("status", "stderr", "phase"),
    [
        (2, "ping: connect: Network is unreachable", "route"),
        (2, "ping: gw: Temporary failure in name resolution", "resolve"),
        (2, "ping: socket: Operation not permitted", "permission"),
        (1, "ping: bad address 'gw'", "resolve"),
        (127, "env: 'ping': No such file or directory", "channel"),
        (9009, "'ping' is not recognized", "channel"),
        (None, "", "channel"),
        (1, "Ping-Anforderung konnte Host gw nicht finden.", "channel"),
    ],
)
def test_a_ping_that_sent_nothing_is_no_loss(status: int | None, stderr: str, phase: str) -> None:
    with pytest.raises(CannotAskError) as caught:
        read_ping_probe(reply(status, stderr=stderr), 2, "10.1.0.9", origin="cti")
    assert caught.value.phase == phase


@pytest.mark.parametrize(
    ("status", "stderr", "result"),
    [
        (0, "", "open"),
        (124, "", "timed_out"),
        (1, "10.1.0.9: connect: Connection refused", "refused"),
        (1, "10.1.0.9: connect: Connection timed out", "timed_out"),
        (1, "10.1.0.9: connect: No route to host", "timed_out"),
        (10, "", "open"),
        (11, "", "refused"),
        (12, "", "timed_out"),
    ],
)
def test_open_refused_and_timed_out_are_told_apart(status: int, stderr: str, result: str) -> None:
    assert read_tcp_probe(reply(status, stderr=stderr), "10.1.0.9").result == result


@pytest.mark.parametrize(
    ("status", "stderr", "phase"),
    [
        (1, "10.1.0.9: connect: Network is unreachable", "route"),
        (1, "gw: Name or service not known", "resolve"),
        (1, "bash: line 1: /dev/tcp/10.1.0.9/80: No such file or directory", "channel"),
        (127, "env: 'timeout': No such file or directory", "channel"),
        (13, "", "resolve"),
        (14, "", "route"),
        (15, "", "channel"),
        (None, "", "channel"),
    ],
)
def test_a_connection_that_was_not_tried_is_no_refusal(status: int | None, stderr: str, phase: str) -> None:
    with pytest.raises(CannotAskError) as caught:
        read_tcp_probe(reply(status, stderr=stderr), "10.1.0.9", origin="cti")
    assert caught.value.phase == phase


# -- what is sent -------------------------------------------------------------------------------------------------------


def test_values_are_words_of_their_own_and_never_inside_the_script() -> None:
    one, other = tcp_probe("linux", "10.1.0.9", 80, 2), tcp_probe("linux", "x'; reboot #", 81, 2)
    assert one[:-2] == other[:-2]
    assert other[-2:] == ("x'; reboot #", "81")


def test_a_windows_script_is_one_word_that_no_shell_reads_differently() -> None:
    words = tcp_probe("windows", "10.1.0.9", 5060, 2.5)
    assert words[0] == "powershell" and shlex.join(words) == " ".join(words)
    assert "BeginConnect('10.1.0.9',5060" in script_of(words) and "WaitOne(2500)" in script_of(words)
    assert "\n" not in script_of(words)


@pytest.mark.parametrize("text", ["it's", "\u2019;exit 0;\u2018", "$(calc)", "`n", "中文", ""])
def test_a_value_in_a_script_stays_a_text(text: str) -> None:
    written = literal(text)
    assert not set(written) & set("\u2018\u2019\u201a\u201b$`;") and written.count("'") == 2
    assert script_of(powershell(f"exit {written}")) == f"exit {written}"


def test_a_device_is_asked_nothing() -> None:
    assert ping_probe("device", "10.1.0.9", 1, 1) == tcp_probe("device", "10.1.0.9", 80, 1) == ()
    device = Host.model_validate({"address": "10.1.0.1", "system": "device", "ssh": {"user": "admin"}})
    linux = device.model_copy(update={"system": "linux"})
    assert (can_probe(device), can_probe(linux), can_probe(Host(address="10.1.0.1"))) == (False, True, False)
