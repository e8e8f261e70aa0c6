"""Certificates of nginx and of openssl's server, and ports that do not speak TLS."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from runbook.model.machine import Host
from runbook.model.replies import TlsReply
from runbook.world.net import LiveNet
from tests import certificates, network_peers, peers
from tests.certificates import DAYS, Certificate
from tests.network_peers import Nginx
from tests.world.hostile import dawdle, reset, reset_at_once, tcp_server

SHOWN = ("good", "expired", "own", "other", "soon")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> certificates.Authority:
    return certificates.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def files(signed: certificates.Authority) -> dict[str, Certificate]:
    return {
        "good": signed.sign("good"),
        "expired": signed.sign("expired", days=-3),
        "own": signed.sign("own", own=True),
        "other": signed.sign("other", name="other.example", address="192.0.2.1"),
        "soon": signed.sign("soon", days=0.5),
    }


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, files: dict[str, Certificate]) -> Iterator[Nginx]:
    with network_peers.nginx(tmp_path_factory.mktemp("nginx"), files) as running:
        yield running


def ask(port: int, ca: str = "", *, name: str = "web.example", timeout_s: float = 5) -> TlsReply:
    return LiveNet().tls(Host(address="127.0.0.1", name=name, ca=ca), port, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("shown", "why", "days"),
    [
        ("good", "", DAYS),
        ("soon", "", 0.5),
        ("expired", "certificate has expired", -3),
        ("own", "self-signed certificate", DAYS),
        ("other", "Hostname mismatch", DAYS),
    ],
)
def test_how_long_a_certificate_is_valid_is_known_even_when_it_is_not_trusted(
    nginx: Nginx, signed: certificates.Authority, shown: str, why: str, days: float
) -> None:
    reply = ask(nginx.secure[shown], str(signed.file))
    assert (reply.result, reply.trusted, reply.address) == ("open", not why, "127.0.0.1")
    assert (why in reply.why, bool(reply.why)) == (True, bool(why))
    assert reply.days_left == pytest.approx(days, abs=0.1)
    issuer = "CN=web.example" if shown == "own" else "CN=Test authority"
    assert (reply.subject, reply.issuer) == (f"CN={'other' if shown == 'other' else 'web'}.example", issuer)


def test_this_systems_authorities_do_not_know_the_sites_own(nginx: Nginx) -> None:
    reply = ask(nginx.secure["good"])
    assert (reply.result, reply.trusted, "local issuer" in reply.why) == ("open", False, True)


def test_a_certificate_for_the_address_is_enough_without_a_name(nginx: Nginx, signed: certificates.Authority) -> None:
    assert ask(nginx.secure["good"], str(signed.file), name="").trusted
    assert not ask(nginx.secure["other"], str(signed.file), name="").trusted


@pytest.mark.parametrize(
    "options", [("-tls1_2",), ("-tls1_3",), ("-Verify", "1", "-tls1_2"), ("-Verify", "1", "-tls1_3")]
)
def test_openssls_server_in_each_version_also_when_it_wants_a_certificate(
    tmp_path_factory: pytest.TempPathFactory,
    signed: certificates.Authority,
    files: dict[str, Certificate],
    options: tuple[str, ...],
) -> None:
    with network_peers.openssl_server(tmp_path_factory.mktemp("openssl"), files["good"], *options) as port:
        reply = ask(port, str(signed.file))
    # In 1.2 such a server refuses the handshake itself; in 1.3 only afterwards.
    refused = options == ("-Verify", "1", "-tls1_2")
    assert (reply.result, reply.trusted) == ("open", not refused)


def test_old_gear_is_not_trusted_but_its_certificate_is_read(
    tmp_path_factory: pytest.TempPathFactory, signed: certificates.Authority, files: dict[str, Certificate]
) -> None:
    old = ("-tls1", "-cipher", "ALL:@SECLEVEL=0")
    with network_peers.openssl_server(tmp_path_factory.mktemp("openssl"), files["good"], *old) as port:
        reply = ask(port, str(signed.file))
    assert (reply.result, reply.trusted, reply.days_left) == ("open", False, pytest.approx(DAYS, abs=0.1))
    assert "protocol" in reply.why


def banner(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    connection.recv(1000)


def page(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("serve", [banner, page, reset, lambda connection: None])
def test_an_open_port_that_speaks_something_else(serve: object) -> None:
    with tcp_server(serve) as port:  # type: ignore[arg-type]
        reply = ask(port)
    assert (reply.result, reply.trusted, reply.days_left, reply.subject) == ("not_tls", False, None, "")


# CPython's own `SSLSocket` is left to the garbage collector when the peer breaks off while it is being made.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_connection_that_breaks_off_before_the_handshake_is_never_taken_for_a_secured_one() -> None:
    with tcp_server(reset_at_once) as port:
        replies = [ask(port) for _turn in range(50)]
    assert {reply.result for reply in replies} <= {"refused", "not_tls"}
    assert not any(reply.trusted for reply in replies)


def test_a_closed_port_and_one_that_dawdles() -> None:
    assert ask(peers.free_port()).result == "refused"
    with tcp_server(lambda connection: dawdle(connection, b"\x16\x03\x03\x10\x00" + b"\x02" * 1000)) as port:
        reply = ask(port, timeout_s=0.8)
    assert (reply.result, reply.elapsed_s < 2) == ("timed_out", True)
