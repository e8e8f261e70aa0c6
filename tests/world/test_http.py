"""One GET against nginx, and against servers that want to hurt whoever asks them."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, HttpReply
from runbook.world import http
from runbook.world.http import KEEP_BODY_BYTES, READ_BODY_BYTES, LiveHttp
from tests import certificates, network_peers
from tests.network_peers import PAGE, Nginx
from tests.world.hostile import Secrets, Serve, dawdle, request, reset, tcp_server

PLAIN = Host(address="127.0.0.1")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> certificates.Authority:
    return certificates.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, signed: certificates.Authority) -> Iterator[Nginx]:
    shown = {
        "good": signed.sign("good"),
        "expired": signed.sign("expired", days=-3),
        "own": signed.sign("own", own=True),
        "other": signed.sign("other", name="other.example", address="192.0.2.1"),
    }
    with network_peers.nginx(tmp_path_factory.mktemp("nginx"), shown) as running:
        yield running


def get(
    host: Host, port: int, path: str = "/", *, tls: bool = False, timeout_s: float = 5, secrets: Secrets | None = None
) -> HttpReply:
    return LiveHttp(secrets or Secrets()).get(host, port, path=path, tls=tls, timeout_s=timeout_s)


def of(serve: Serve, *, timeout_s: float = 5, tls: bool = False) -> HttpReply:
    with tcp_server(serve) as port:
        return get(PLAIN, port, tls=tls, timeout_s=timeout_s)


def test_a_page_of_nginx_with_its_times_and_size(nginx: Nginx) -> None:
    reply = get(PLAIN, nginx.plain)
    assert (reply.result, reply.status, reply.body.decode()) == ("answered", 200, PAGE)
    assert (reply.size_bytes, reply.location, reply.trusted, reply.why) == (len(PAGE.encode()), "", None, "")
    assert (reply.address, reply.first_byte_s is not None) == ("127.0.0.1", True)
    assert 0 < (reply.first_byte_s or 0) <= reply.elapsed_s < 5


def test_over_ipv6_too(nginx: Nginx) -> None:
    if not network_peers.ipv6():
        pytest.skip("no ::1 here")
    reply = get(Host(address="::1"), nginx.plain, "/asked")
    assert (reply.status, reply.address) == (200, "::1")
    assert f"host=[::1]:{nginx.plain} " in reply.body.decode()


def test_a_status_and_a_redirect_are_answers_and_nothing_is_followed(nginx: Nginx) -> None:
    before = len(nginx.asked())
    moved, broken, missing = (get(PLAIN, nginx.plain, path) for path in ("/moved", "/broken", "/nothing"))
    assert (moved.status, moved.location) == (302, "http://169.254.169.254/latest")
    assert (broken.status, missing.status) == (503, 404)
    assert len(nginx.asked()) - before == 3


def test_the_environment_changes_nothing(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://ops:proxy-password@127.0.0.1:1")
    reply = get(PLAIN, nginx.plain, "/asked")
    assert (reply.status, "proxy-password" in repr(reply)) == (200, False)


def test_nothing_packed_is_asked_for_and_the_sites_name_is_told(nginx: Nginx) -> None:
    reply = get(Host(address="127.0.0.1", name="web.example"), nginx.plain, "/asked")
    assert reply.body.decode() == f"host=web.example:{nginx.plain} auth= encoding=identity"


def test_the_account_of_the_site_opens_what_is_closed(nginx: Nginx) -> None:
    host = Host.model_validate({"address": "127.0.0.1", "http": {"user": "ops", "secret": "web"}})
    assert get(PLAIN, nginx.plain, "/private").status == 401
    assert get(host, nginx.plain, "/private", secrets=Secrets({"web": "night shift"})).status == 200
    assert get(host, nginx.plain, "/private", secrets=Secrets({"web": "wrong"})).status == 401


def test_a_large_body_is_read_up_to_a_limit(nginx: Nginx) -> None:
    reply = get(PLAIN, nginx.plain, "/large")
    assert (reply.result, reply.size_bytes, len(reply.body)) == ("answered", READ_BODY_BYTES, KEEP_BODY_BYTES)


def test_a_certificate_of_the_sites_authority_is_trusted_for_name_and_address(
    nginx: Nginx, signed: certificates.Authority
) -> None:
    for host in (
        Host(address="127.0.0.1", ca=str(signed.file)),
        Host(address="127.0.0.1", name="web.example", ca=str(signed.file)),
        Host(address="localhost", name="web.example", ca=str(signed.file)),
    ):
        reply = get(host, nginx.secure["good"], tls=True)
        assert (reply.result, reply.status, reply.trusted, reply.body.decode()) == ("answered", 200, True, PAGE)


@pytest.mark.parametrize(
    ("shown", "ca", "why"),
    [
        ("expired", True, "certificate has expired"),
        ("own", True, "self-signed certificate"),
        ("other", True, "Hostname mismatch"),
        ("good", False, "unable to get local issuer certificate"),
    ],
)
def test_a_server_that_is_not_trusted_is_sent_nothing(
    nginx: Nginx, signed: certificates.Authority, shown: str, ca: bool, why: str
) -> None:
    http_account = {"user": "ops", "secret": "web"}
    host = Host.model_validate(
        {"address": "127.0.0.1", "name": "web.example", "ca": str(signed.file) if ca else "", "http": http_account}
    )
    before = len(nginx.asked())
    reply = get(host, nginx.secure[shown], tls=True, secrets=Secrets({"web": "night shift"}))
    assert (reply.result, reply.status, reply.trusted) == ("not_trusted", None, False)
    assert why in reply.why
    assert len(nginx.asked()) == before


def test_a_certificate_file_that_is_not_there_cannot_be_asked_with(nginx: Nginx, tmp_path: Path) -> None:
    with pytest.raises(CannotAskError, match="no-such-file") as caught:
        get(Host(address="127.0.0.1", ca=str(tmp_path / "no-such-file")), nginx.secure["good"], tls=True)
    assert caught.value.phase == "permission"
    (tmp_path / "garbage").write_text("garbage", encoding="utf-8")
    with pytest.raises(CannotAskError, match="garbage"):
        get(Host(address="127.0.0.1", ca=str(tmp_path / "garbage")), nginx.secure["good"], tls=True)


def test_tls_to_a_plain_server_is_no_http(nginx: Nginx) -> None:
    reply = get(PLAIN, nginx.plain, tls=True)
    assert (reply.result, reply.status, reply.trusted) == ("not_http", None, None)


def test_nobody_there_is_refused_and_an_unknown_name_cannot_be_asked() -> None:
    from tests.peers import free_port

    assert get(PLAIN, free_port()).result == "refused"
    with pytest.raises(CannotAskError) as caught:
        get(Host(address="nobody.invalid"), 80)
    assert caught.value.phase == "resolve"


def test_one_name_look_up_for_one_question(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers with another address the second time (DNS rebinding) gets no second time: H32."""
    asked: list[str] = []

    def once(address: str, deadline_s: float) -> tuple[str, ...]:
        asked.append(address)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.2",)

    monkeypatch.setattr(http, "resolve", once)
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert get(Host(address="web.example"), nginx.plain).address == "127.0.0.1"
    assert asked == ["web.example"]


@pytest.mark.parametrize("path", ["/a b", "/\r\nX: y", "/登录", "/\x7f"])
def test_a_path_that_could_end_the_line_never_leaves_this_machine(path: str) -> None:
    came: list[bytes] = []
    with tcp_server(lambda connection: came.append(connection.recv(1000))) as port:
        try:
            result = get(PLAIN, port, path).result
        except CannotAskError as error:
            result = error.phase
    assert (result in ("not_http", "channel"), b"X: y" in b"".join(came), b"GET" in b"".join(came)) == (
        True,
        False,
        False,
    )


BOMB = gzip.compress(b"\0" * 100_000_000, compresslevel=1)
"""A body of 400 KiB that would be one of 100 MB."""
HEAD = b"HTTP/1.1 200 OK\r\n"


def endless_chunks(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def endless_chunk_line(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;")
    while True:
        connection.sendall(b"y" * 65536)


def endless_body(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def endless_header_line(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"X: ")
    while True:
        connection.sendall(b"y" * 65536)


def endless_headers(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"Set-Cookie: a=" + b"y" * 4000 + b"\r\n")


def endless_continue(connection: socket.socket) -> None:
    request(connection)
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def packed(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB)


@pytest.mark.parametrize(
    ("serve", "result", "status", "size"),
    [
        (endless_chunks, "answered", 200, READ_BODY_BYTES),
        (endless_chunk_line, "answered", 200, 0),
        (endless_body, "answered", 200, READ_BODY_BYTES),
        (endless_header_line, "not_http", None, 0),
        (endless_headers, "not_http", None, 0),
        (endless_continue, "timed_out", None, 0),
        (packed, "answered", 200, None),
    ],
)
def test_what_never_ends_is_bounded_in_time_and_memory(
    serve: Serve, result: str, status: int | None, size: int | None
) -> None:
    """H30: endless chunked, header and cookie bombs, a gzip bomb that is never unpacked."""
    with tcp_server(serve) as port:
        tracemalloc.start()
        began = time.monotonic()
        reply = get(PLAIN, port, timeout_s=1.5)
        took, (_now, most) = time.monotonic() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (reply.result, reply.status) == (result, status)
    assert size is None or reply.size_bytes == size
    assert len(reply.body) <= KEEP_BODY_BYTES
    assert took < 4
    assert most < 20_000_000


def slow_head(connection: socket.socket) -> None:
    request(connection)
    dawdle(connection, HEAD * 1000)


def slow_body(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    dawdle(connection, b"x" * 1000)


def slow_until_closed(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"\r\n")
    dawdle(connection, b"x" * 1000)


def slow_chunks(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    dawdle(connection, b"1\r\nx\r\n" * 1000)


def silent(connection: socket.socket) -> None:
    request(connection)
    connection.recv(1)


@pytest.mark.parametrize(
    ("serve", "status"),
    [(slow_head, None), (slow_body, 200), (slow_until_closed, 200), (slow_chunks, 200), (silent, None)],
)
def test_a_byte_now_and_then_does_not_hold_anybody_beyond_the_time(serve: Serve, status: int | None) -> None:
    began = time.monotonic()
    reply = of(serve, timeout_s=0.8)
    assert (reply.result, reply.status) == ("timed_out", status)
    assert reply.elapsed_s < 2
    assert time.monotonic() - began < 6
    assert status is None or 0 < reply.size_bytes < 1000


def test_a_tls_handshake_that_dawdles_ends_in_time() -> None:
    reply = of(lambda connection: dawdle(connection, b"\x16\x03\x03\x10\x00" + b"\x02" * 1000), tls=True, timeout_s=0.8)
    assert (reply.result, reply.elapsed_s < 2) == ("timed_out", True)


def closing(connection: socket.socket) -> None:
    request(connection)


def resetting(connection: socket.socket) -> None:
    reset(connection)


def ssh_banner(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def garbage(connection: socket.socket) -> None:
    request(connection)
    connection.sendall(bytes(range(256)) * 100)


@pytest.mark.parametrize("serve", [closing, resetting, ssh_banner, garbage])
def test_what_does_not_speak_http_is_measured_as_that(serve: Serve) -> None:
    reply = of(serve)
    assert (reply.result, reply.status, reply.body) == ("not_http", None, b"")


def test_a_body_that_ends_early_is_an_answer_that_says_so() -> None:
    def serve(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\nhalf")

    reply = of(serve)
    assert (reply.result, reply.status, reply.body, reply.why) == ("answered", 200, b"half", "incomplete")


def test_a_portal_that_says_200_to_everything_is_an_answer_like_any_other() -> None:
    def serve(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(HEAD + b"Content-Length: 19\r\n\r\n<html>Welcome</html")

    assert (of(serve).status, b"Sign in" in of(serve).body) == (200, False)


def test_fifty_redirects_are_one_question() -> None:
    asked: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        asked.append(request(connection))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")

    reply = of(serve)
    assert (reply.status, reply.location, len(asked)) == (302, "file:///etc/passwd", 1)


def test_a_hundred_questions_leave_no_thread_behind(nginx: Nginx) -> None:
    before = threading.active_count()
    for _turn in range(100):
        get(PLAIN, nginx.plain)
    end = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= before


def test_what_comes_back_is_never_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    def serve(connection: socket.socket) -> None:
        request(connection)
        connection.sendall(HEAD + b"\x1b[31mbroken header\r\n: x\r\nContent-Length: 0\r\n\r\n")

    of(serve)
    assert capfd.readouterr() == ("", "")
