"""REGISTER that only asks, its challenge, and SIP over TLS: kamailio with its own digest authentication and TLS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, SipReply
from runbook.world.sip import LiveSip
from runbook.world.sip_digest import Challenge, answer, challenge
from runbook.world.sip_message import Request
from tests import certificates, network_peers, peers
from tests.network_peers import Registrar
from tests.world.hostile import Secrets, tcp_server

SECRETS = {"seat": "night shift", "wrong": "day shift"}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> certificates.Authority:
    return certificates.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["MD5", "SHA-256"])
def registrar(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, signed: certificates.Authority
) -> Iterator[Registrar]:
    folder = tmp_path_factory.mktemp("registrar")
    with network_peers.registrar(folder, signed.sign("sip"), algorithm=request.param) as running:
        yield running


def host(secret: str = "seat", **more: str) -> Host:
    account = {"user": "seat1", "domain": "centre.example", "secret": secret}
    return Host.model_validate({"address": "127.0.0.1", "sip": account, **more})


def register(asked: Host, port: int, transport: str = "udp", *, timeout_s: float = 5) -> SipReply:
    return LiveSip(Secrets(SECRETS)).register(asked, port, transport=transport, timeout_s=timeout_s)  # type: ignore[arg-type]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_challenge_is_answered_and_the_bindings_are_counted(
    registrar: Registrar, signed: certificates.Authority, transport: str
) -> None:
    port = registrar.secure if transport == "tls" else registrar.port
    asked = host(name="web.example", ca=str(signed.file))
    bind(registrar.port, "seat1", "<sip:seat1@192.0.2.30:5060>, <sip:seat1@192.0.2.31:5060>")
    reply = register(asked, port, transport)
    assert (reply.status, reply.bindings, reply.transport, reply.address) == (200, 2, transport, "127.0.0.1")
    # It only asked: what is bound stays bound.
    assert register(asked, port, transport).bindings == 2


def test_a_wrong_secret_is_refused_once_and_no_secret_leaves_the_challenge_as_the_answer(registrar: Registrar) -> None:
    assert register(host("wrong"), registrar.port).status == 401
    secrets = Secrets(SECRETS)
    reply = LiveSip(secrets).register(host(""), registrar.port, transport="udp", timeout_s=5)
    assert (reply.status, secrets.given) == (401, [])


def test_a_host_without_an_account_cannot_be_asked() -> None:
    with pytest.raises(CannotAskError) as caught:
        register(Host(address="127.0.0.1"), 5060)
    assert caught.value.phase == "login"


def test_a_server_without_qop_gets_the_older_answer(
    tmp_path_factory: pytest.TempPathFactory, signed: certificates.Authority
) -> None:
    with network_peers.registrar(tmp_path_factory.mktemp("old"), signed.sign("old"), qop=0) as running:
        reply = register(host(), running.port)
    assert reply.status == 200


def test_options_over_tls(registrar: Registrar, signed: certificates.Authority) -> None:
    def options(**more: str) -> SipReply:
        asked = Host.model_validate({"address": "127.0.0.1", **more})
        return LiveSip(Secrets()).options(asked, registrar.secure, transport="tls", timeout_s=5)

    assert (options(ca=str(signed.file)).status, options(ca=str(signed.file)).reason) == (200, "OK")
    stranger = options()
    assert (stranger.status, stranger.reason.startswith("not trusted: ")) == (None, True)
    other = options(ca=str(signed.file), name="other.example")
    assert (other.status, "Hostname mismatch" in other.reason) == (None, True)


def test_tls_where_there_is_none_is_silence_with_its_reason(registrar: Registrar) -> None:
    reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), registrar.port, transport="tls", timeout_s=2)
    assert (reply.status, reply.reason) in ((None, "no TLS"), (None, "no answer"))
    closed = LiveSip(Secrets()).options(Host(address="127.0.0.1"), peers.free_port(), transport="tls", timeout_s=2)
    assert (closed.status, closed.reason) == (None, "refused")
    with tcp_server(lambda connection: connection.sendall(b"220 mail\r\n")) as port:
        mail = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="tls", timeout_s=2)
    assert (mail.status, mail.reason) == (None, "no TLS")


def bind(port: int, user: str, contacts: str) -> None:
    """Bind contacts as a telephone does, which this program never does."""
    text = "\r\n".join(
        [
            "REGISTER sip:centre.example SIP/2.0",
            "Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKbind",
            f"From: <sip:{user}@centre.example>;tag=bind",
            f"To: <sip:{user}@centre.example>",
            "Call-ID: bind",
            "CSeq: 1 REGISTER",
            f"Contact: {contacts}",
            "Expires: 600",
            "Content-Length: 0",
            "",
            "",
        ]
    )
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(text.encode())
        assert b" 200 OK" in connection.recv(65536)


# -- what no kamailio would say

Answers = Callable[[bytes], list[str]]


@contextmanager
def challenging(answers: Answers) -> Iterator[tuple[int, list[bytes]]]:
    """A UDP server that answers each request with status line and fields; its port, and the requests."""
    came: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    data, sender = sock.recvfrom(65536)
                except TimeoutError:
                    continue
                came.append(data)
                lines = [line for line in data.decode().split("\r\n") if line.split(":")[0] in ECHOED]
                status, *fields = answers(data)
                whole = "\r\n".join([f"SIP/2.0 {status}", *lines, *fields, "Content-Length: 0", "", ""])
                sock.sendto(whole.encode(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1], came
        finally:
            stop.set()
            thread.join()


ECHOED = ("Via", "From", "To", "Call-ID", "CSeq")
DIGEST = 'WWW-Authenticate: Digest realm="r", nonce="n"'


def test_a_server_that_challenges_for_ever_is_answered_once() -> None:
    with challenging(lambda data: ["401 Unauthorized", DIGEST]) as (port, came):
        reply = register(host(), port)
    assert (reply.status, len(came)) == (401, 2)
    first, second = (data.decode().split("\r\n") for data in came)
    assert [line for line in first if line.startswith(("Contact", "Authorization"))] == []
    assert [line.split()[0] for line in second if line.startswith(("Contact", "Authorization"))] == ["Authorization:"]
    assert ("CSeq: 1 REGISTER" in first, "CSeq: 2 REGISTER" in second) == (True, True)
    assert "night shift" not in b"".join(came).decode()


def test_without_a_secret_no_challenge_is_answered() -> None:
    with challenging(lambda data: ["401 Unauthorized", DIGEST]) as (port, came):
        assert register(host(""), port).status == 401
    assert len(came) == 1


def test_a_proxy_is_answered_in_its_own_field() -> None:
    def answers(data: bytes) -> list[str]:
        return ["200 OK"] if b"Proxy-Authorization: Digest" in data else ["407 Proxy", DIGEST.replace("WWW", "Proxy")]

    with challenging(answers) as (port, _came):
        assert register(host(), port).status == 200


@pytest.mark.parametrize(
    "field",
    [
        'WWW-Authenticate: Digest realm="r\nX-Evil: y", nonce="n"',
        'WWW-Authenticate: Digest realm="r", nonce="n\rX-Evil: y"',
        f'WWW-Authenticate: Digest realm="r", nonce="{"n" * 5000}"',
        'WWW-Authenticate: Digest realm="r"',
        'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth-int"',
        "WWW-Authenticate: Basic realm=r",
        "X-Nothing: y",
    ],
)
def test_a_challenge_that_cannot_be_answered_is_the_answer(field: str) -> None:
    """Nothing that a server sends becomes a line of the next request: H29."""
    with challenging(lambda data: ["401 Unauthorized", field]) as (port, came):
        reply = register(host(), port)
    assert (reply.status, len(came)) == (401, 1)


def test_the_best_liked_challenge_that_is_known_is_answered() -> None:
    fields = [
        ("www-authenticate", 'Digest realm="r", nonce="a", algorithm=SHA-512-256'),
        ("www-authenticate", 'Digest realm="r", nonce="b", algorithm=SHA-256, qop="auth,auth-int"'),
        ("www-authenticate", 'Digest realm="r", nonce="c", algorithm=MD5, qop="auth"'),
    ]
    found = challenge(fields)
    assert found is not None
    assert (found.nonce, found.algorithm, found.qop) == ("b", "SHA-256", True)


def test_the_answer_of_rfc_2617_and_of_rfc_7616() -> None:
    """The worked examples of RFC 2617 section 3.5 and RFC 7616 section 3.9.1, MD5 and SHA-256."""
    old = Challenge("Authorization", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "", "MD5", True)
    said = answer(old, method="GET", uri="/dir/index.html", user="Mufasa", secret="Circle Of Life", cnonce="0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in said
    nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
    new = Challenge("Authorization", "http-auth@example.org", nonce, "", "SHA-256", True)
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    said = answer(new, method="GET", uri="/dir/index.html", user="Mufasa", secret="Circle of Life", cnonce=cnonce)
    assert 'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"' in said


@pytest.mark.parametrize(
    ("field", "value"),
    [("user", "a\r\nX: y"), ("user", "a b"), ("user", ""), ("domain", "a>b"), ("authorization", "A: b\r\nX: y")],
)
def test_an_account_cannot_add_a_header(field: str, value: str) -> None:
    given = {"method": "REGISTER", "user": "seat1", "domain": "centre.example", field: value}
    with pytest.raises(ValueError, match="not usable in a SIP header"):
        Request("192.0.2.5", 5060, "udp", "192.0.2.9", 1, "z9hG4bKb", "c", "t", **given).written()  # type: ignore[arg-type]


def test_a_query_of_bindings_has_no_contact_and_is_sent_to_the_domain() -> None:
    asked = Request("192.0.2.5", 5060, "tls", "192.0.2.9", 1, "z9hG4bKb", "c", "t", 1, "REGISTER", "a@b", "2001:db8::1")
    lines = asked.written().decode().split("\r\n")
    assert lines[:2] == ["REGISTER sip:[2001:db8::1] SIP/2.0", "Via: SIP/2.0/TLS 192.0.2.9:1;branch=z9hG4bKb;rport"]
    assert "To: <sip:a%40b@[2001:db8::1]>" in lines
    assert not [line for line in lines if line.lower().startswith(("contact", "expires"))]
