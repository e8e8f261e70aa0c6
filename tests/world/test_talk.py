"""Conversations over TCP, with sshd and nginx, and with ports that never stop or break off."""

from __future__ import annotations

import socket
import time
import tracemalloc
from pathlib import Path

import pytest

from runbook.model.replies import CannotAskError, TalkReply, Turn
from runbook.world.net import LiveNet
from tests import network_peers, peers
from tests.world.hostile import Serve, dawdle, reset, tcp_server


def talk(port: int, *turns: Turn, timeout_s: float = 5) -> TalkReply:
    return LiveNet().talk("127.0.0.1", port, turns, timeout_s=timeout_s)


def test_sshd_says_who_it_is(sshd: peers.Sshd) -> None:
    reply = talk(sshd.port, Turn(expect="SSH-2.0-OpenSSH"))
    assert (reply.result, reply.turns_kept, reply.address) == ("said", 1, "127.0.0.1")
    assert reply.received.text().startswith("SSH-2.0-OpenSSH")


def test_nginx_answers_what_it_does_not_understand(folder: Path) -> None:
    with network_peers.nginx(folder) as nginx:
        reply = talk(nginx.plain, Turn("NONSENSE", "400 Bad Request"), Turn(expect="</html>"))
        other = talk(nginx.plain, Turn("NONSENSE", "200 OK"))
    assert (reply.result, reply.turns_kept) == ("said", 2)
    assert (other.result, other.turns_kept) == ("other", 0)


def echo(connection: socket.socket) -> None:
    connection.sendall(b"hello\r\n")
    while data := connection.recv(1000):
        connection.sendall(data.upper())


def test_a_text_counts_only_after_the_last_one_that_was_found() -> None:
    with tcp_server(echo) as port:
        assert talk(port, Turn(expect="hello"), Turn("ping", "PING\r\n"), Turn("登录", "登录")).result == "said"
        once = talk(port, Turn(expect="hello"), Turn(expect="hello"), timeout_s=0.5)
    assert (once.result, once.turns_kept) == ("other", 1)


def test_texts_that_come_together_are_still_two() -> None:
    with tcp_server(lambda connection: connection.sendall(b"220-one\r\n220 two\r\n")) as port:
        reply = talk(port, Turn(expect="220-one"), Turn(expect="220 two"))
    assert (reply.result, reply.turns_kept) == ("said", 2)


def endless(connection: socket.socket) -> None:
    """A banner of 10 MB: H31."""
    for _turn in range(160):
        connection.sendall(b"x" * 65536)


@pytest.mark.parametrize("serve", [endless, reset, lambda connection: None])
def test_what_floods_resets_or_closes_did_not_say_it(serve: Serve) -> None:
    with tcp_server(serve) as port:
        tracemalloc.start()
        reply = talk(port, Turn(expect="ready"))
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (reply.result, reply.turns_kept) == ("other", 0)
    assert most < 3_000_000
    assert reply.received.size_bytes < 200_000


@pytest.mark.parametrize("serve", [lambda connection: dawdle(connection, b"slow " * 100), lambda c: c.recv(1)])
def test_a_byte_now_and_then_ends_at_the_deadline(serve: Serve) -> None:
    with tcp_server(serve) as port:
        began = time.monotonic()
        reply = talk(port, Turn(expect="ready"), timeout_s=0.6)
        assert time.monotonic() - began < 2
    assert reply.result == "other"


def test_a_closed_port_refuses() -> None:
    reply = talk(peers.free_port(), Turn(expect="x"))
    assert (reply.result, reply.turns_kept, reply.received.size_bytes) == ("refused", 0, 0)


@pytest.mark.parametrize("send", ["a\r\nb", "a\nb", "a\0b"])
def test_a_line_that_is_two_is_never_sent(send: str) -> None:
    came: list[bytes] = []
    with tcp_server(lambda connection: came.append(connection.recv(100))) as port, pytest.raises(CannotAskError):
        talk(port, Turn(send))
    assert came == []
