"""A web server asked from another machine: curl over a real sshd, and nginx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runbook.model.http_probe import http_probe, read_http_probe
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, HttpReply
from runbook.world.ssh import LiveSsh
from tests import certificates, network_peers, peers
from tests.network_peers import PAGE, Nginx
from tests.world.hostile import dawdle, tcp_server
from tests.world.test_http import endless_body


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    signed = certificates.authority(tmp_path_factory.mktemp("authority"))
    with network_peers.nginx(tmp_path_factory.mktemp("nginx"), {"good": signed.sign("good")}) as running:
        yield running


def ask(
    ssh: LiveSsh, sshd: peers.Sshd, port: int, path: str = "/", *, tls: bool = False, timeout_s: float = 5
) -> HttpReply:
    peers.program("curl")
    host = Host(address="127.0.0.1", name="web.example")
    words = http_probe(sshd.host(), host, port, path=path, tls=tls, timeout_s=timeout_s)
    reply = ssh.run(sshd.host(), words, deadline_s=timeout_s + 5)
    return read_http_probe(reply, host.address, tls=tls, origin="cti")


def test_a_page_with_its_status_size_and_times(ssh: LiveSsh, sshd: peers.Sshd, nginx: Nginx) -> None:
    reply = ask(ssh, sshd, nginx.plain)
    assert (reply.result, reply.status, reply.body.decode(), reply.address) == ("answered", 200, PAGE, "127.0.0.1")
    assert reply.size_bytes == len(PAGE.encode())
    assert 0 < (reply.first_byte_s or 0) <= reply.elapsed_s < 5


def test_the_name_of_the_site_is_asked_for_at_its_address_and_nothing_is_packed(
    ssh: LiveSsh, sshd: peers.Sshd, nginx: Nginx
) -> None:
    reply = ask(ssh, sshd, nginx.plain, "/asked?$(id);x='1'&y=\"2\"")
    assert reply.body.decode() == f"host=web.example:{nginx.plain} auth= encoding=identity"
    assert nginx.asked()[-1].split('"')[1].startswith("GET /asked?$(id);x='1'&y=")


def test_a_redirect_is_not_followed(ssh: LiveSsh, sshd: peers.Sshd, nginx: Nginx) -> None:
    before = len(nginx.asked())
    reply = ask(ssh, sshd, nginx.plain, "/moved")
    assert (reply.status, reply.location) == (302, "http://169.254.169.254/latest")
    assert len(nginx.asked()) - before == 1


def test_what_that_machine_does_not_trust_is_not_asked(ssh: LiveSsh, sshd: peers.Sshd, nginx: Nginx) -> None:
    before = len(nginx.asked())
    reply = ask(ssh, sshd, nginx.secure["good"], tls=True)
    assert (reply.result, reply.trusted, "local issuer" in reply.why) == ("not_trusted", False, True)
    assert len(nginx.asked()) == before
    assert ask(ssh, sshd, nginx.plain, tls=True).result == "not_http"


def test_refused_silent_and_endless_are_measured(ssh: LiveSsh, sshd: peers.Sshd) -> None:
    assert ask(ssh, sshd, peers.free_port()).result == "refused"
    with tcp_server(lambda connection: dawdle(connection, b"x" * 1000)) as port:
        assert ask(ssh, sshd, port, timeout_s=1).result in ("timed_out", "not_http")
    with tcp_server(endless_body) as port:
        endless = ask(ssh, sshd, port, timeout_s=1)
    assert (endless.result, endless.status) == ("timed_out", 200)
    assert len(endless.body) < 200_000


def test_a_machine_without_curl_could_not_ask(ssh: LiveSsh, sshd: peers.Sshd) -> None:
    reply = ssh.run(sshd.host(), ("env", "PATH=/nowhere", "/usr/bin/env", "curl", "-q"), deadline_s=5)
    with pytest.raises(CannotAskError, match="curl") as caught:
        read_http_probe(reply, "127.0.0.1", tls=False, origin="cti")
    assert caught.value.phase == "channel"
