"""SIP OPTIONS against kamailio and sipp, and against what no server of theirs would send."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook.model.machine import Host
from runbook.model.replies import CannotAskError
from runbook.world.sip import LiveSip
from runbook.world.sip_message import MAX_MESSAGE_BYTES, Request, framed, response
from tests import peers
from tests.world.hostile import Secrets

CASES = json.loads((Path(__file__).parent / "cases" / "sip_responses.json").read_text(encoding="utf-8"))
REQUEST = Request("192.0.2.5", 5060, "udp", "192.0.2.9", 40000, "z9hG4bKour-branch", "our-call", "our-tag")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_kamailio_answers_200(kamailio: int, transport: str) -> None:
    reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), kamailio, transport=transport, timeout_s=5)
    assert (reply.status, reply.reason, reply.transport, reply.address) == (200, "OK", transport, "127.0.0.1")
    assert 0 < reply.elapsed_s < 2


def test_a_name_is_resolved_and_its_address_is_told(kamailio: int) -> None:
    reply = LiveSip(Secrets()).options(Host(address="localhost"), kamailio, transport="udp", timeout_s=5)
    assert (reply.status, reply.address) == (200, "127.0.0.1")


def test_any_final_response_of_sipp_is_the_answer(folder: Path) -> None:
    with peers.sipp(folder, (503, "Service Unavailable")) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=5)
    assert (reply.status, reply.reason) == (503, "Service Unavailable")


def test_a_provisional_response_is_no_answer_yet(folder: Path) -> None:
    with peers.sipp(folder, (100, "Trying"), (200, "OK")) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=5)
    assert reply.status == 200


def test_a_late_answer_counts_within_the_deadline(folder: Path) -> None:
    with peers.sipp(folder, (200, "OK"), wait_ms=1200) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=5)
    assert reply.status == 200
    assert reply.elapsed_s > 1.1


def test_silence_is_measured_until_the_deadline(folder: Path) -> None:
    with peers.sipp(folder) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=0.8)
    assert (reply.status, reply.reason) == (None, "no answer")
    assert 0.7 < reply.elapsed_s < 1.5


def test_nobody_on_the_port_is_silence_with_its_reason() -> None:
    udp = LiveSip(Secrets()).options(
        Host(address="127.0.0.1"), peers.free_port(socket.SOCK_DGRAM), transport="udp", timeout_s=2
    )
    tcp = LiveSip(Secrets()).options(Host(address="127.0.0.1"), peers.free_port(), transport="tcp", timeout_s=2)
    assert (udp.status, udp.reason) == (None, "port unreachable")
    assert (tcp.status, tcp.reason) == (None, "refused")


def test_a_name_that_does_not_resolve_cannot_be_asked() -> None:
    with pytest.raises(CannotAskError) as caught:
        LiveSip(Secrets()).options(Host(address="nobody.invalid"), 5060, transport="udp", timeout_s=3)
    assert caught.value.phase == "resolve"


@contextmanager
def udp_server(answers: Callable[[bytes, int], list[bytes]]) -> Iterator[tuple[int, list[float]]]:
    """A UDP socket that sends `answers(request, number)`; its port, and when requests came."""
    came: list[float] = []
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
                came.append(time.monotonic())
                for answer in answers(data, len(came)):
                    sock.sendto(answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1], came
        finally:
            stop.set()
            thread.join()


def answer(request: bytes, status: str = "200 OK", **changed: str) -> bytes:
    """A response made from a request's own fields, some of them changed."""
    fields = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line)
    kept = {
        name: changed.get(name.replace("-", "_"), fields[name]) for name in ("Via", "From", "To", "Call-ID", "CSeq")
    }
    return "\r\n".join(
        [f"SIP/2.0 {status}", *(f"{k}: {v}" for k, v in kept.items()), "Content-Length: 0", "", ""]
    ).encode()


def test_udp_is_retransmitted_after_half_a_second_then_a_second() -> None:
    with udp_server(lambda data, number: [answer(data)] if number == 3 else []) as (port, came):
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=5)
    assert reply.status == 200
    assert [round(later - came[0], 1) for later in came[1:]] == pytest.approx([0.5, 1.5], abs=0.2)


@pytest.mark.parametrize(
    ("changed", "invalid"),
    [
        ({"Via": "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKanother"}, "another transaction"),
        ({"Via": "SIP/2.0/UDP 127.0.0.1"}, "no SIP response"),
        ({"Call_ID": "another"}, "another transaction"),
        ({"CSeq": "2 OPTIONS"}, "another transaction"),
        ({"CSeq": "1 INVITE"}, "another transaction"),
        ({"CSeq": ""}, "no SIP response"),
    ],
)
def test_a_response_to_another_request_does_not_count(changed: dict[str, str], invalid: str) -> None:
    """H28: a wrong Call-ID, CSeq or Via branch."""
    with udp_server(lambda data, _number: [answer(data, **changed)]) as (port, _came):
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=0.6)
    assert (reply.status, reply.reason, reply.invalid) == (None, "invalid response", invalid)


def test_a_good_response_behind_garbage_counts() -> None:
    garbage = [b"\xff\x00garbage", b"SIP/2.0 200 OK\r\n\r\n"]
    with udp_server(lambda data, _number: [*garbage, answer(data, "100 Trying"), answer(data, "486 Busy")]) as (
        port,
        _,
    ):
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=3)
    assert (reply.status, reply.reason) == (486, "Busy")


def test_a_response_from_another_address_does_not_count() -> None:
    """H28."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.2", 0))
        senders: list[int] = []

        def elsewhere(data: bytes, _number: int) -> list[bytes]:
            local = data.decode().partition("Via: SIP/2.0/UDP 127.0.0.1:")[2].partition(";")[0]
            senders.append(other.sendto(answer(data), ("127.0.0.1", int(local))))
            return []

        with udp_server(elsewhere) as (port, _came):
            reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=0.6)
    assert senders
    assert reply.status is None


def test_a_flood_of_provisional_responses_ends_at_the_deadline() -> None:
    """H28."""
    with udp_server(lambda data, _number: [answer(data, "100 Trying")] * 100_000) as (port, _came):
        began = time.monotonic()
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="udp", timeout_s=1)
    assert reply.status is None
    assert time.monotonic() - began < 3


@contextmanager
def tcp_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            connection, _sender = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_tcp_is_framed_by_content_length_however_it_is_cut() -> None:
    def serve(connection: socket.socket) -> None:
        request = connection.recv(65536)
        trying = answer(request, "100 Trying").replace(b"Content-Length: 0\r\n\r\n", b"l: 5\r\n\r\nhello")
        for byte in b"\r\n" + trying + answer(request, "404 Not Found"):
            connection.sendall(bytes([byte]))

    with tcp_server(serve) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="tcp", timeout_s=5)
    assert (reply.status, reply.reason) == (404, "Not Found")


def test_tcp_that_closes_without_an_answer_is_silence() -> None:
    with tcp_server(lambda connection: None) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="tcp", timeout_s=5)
    assert (reply.status, reply.reason) == (None, "closed")


def test_tcp_with_an_endless_header_is_given_up() -> None:
    """H28: a header without an end."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        for _turn in range(4):
            try:
                connection.sendall(b"x" * MAX_MESSAGE_BYTES)
            except OSError:
                return

    with tcp_server(serve) as port:
        reply = LiveSip(Secrets()).options(Host(address="127.0.0.1"), port, transport="tcp", timeout_s=5)
    assert (reply.status, reply.reason) == (None, "invalid response")


def test_the_request_has_what_rfc_3261_asks_for() -> None:
    lines = REQUEST.written().decode().split("\r\n")
    assert lines[0] == "OPTIONS sip:192.0.2.5:5060 SIP/2.0"
    assert "Via: SIP/2.0/UDP 192.0.2.9:40000;branch=z9hG4bKour-branch;rport" in lines
    assert {line.partition(":")[0] for line in lines[1:] if line} >= {
        "Via",
        "Max-Forwards",
        "From",
        "To",
        "Call-ID",
        "CSeq",
        "Contact",
    }
    assert lines[-2:] == ["", ""]


def test_an_ipv6_address_stands_in_brackets() -> None:
    request = Request("2001:db8::5", 5060, "tcp", "2001:db8::9", 40000, "z9hG4bKb", "c", "t")
    assert request.written().startswith(
        b"OPTIONS sip:[2001:db8::5]:5060;transport=tcp SIP/2.0\r\nVia: SIP/2.0/TCP [2001:db8::9]:40000;"
    )


@pytest.mark.parametrize("host", ["a\r\nX: y", "a b", "a>b", ""])
def test_a_value_cannot_add_a_header(host: str) -> None:
    """H29."""
    with pytest.raises(ValueError, match="not usable in a SIP header"):
        Request(host, 5060, "udp", "192.0.2.9", 1, "z9hG4bKb", "c", "t").written()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_reading_a_response(case: dict[str, object]) -> None:
    found = response(str(case["data"]).encode())
    assert (found and {"status": found.status, "reason": found.reason, "matches": found.answers(REQUEST)}) == case["is"]


def test_an_oversized_message_is_none() -> None:
    """H28."""
    good = str(CASES[0]["data"]).encode()
    assert response(good) is not None
    assert response(good.replace(b"Content-Length", b"X: " + b"y" * MAX_MESSAGE_BYTES + b"\r\nContent-Length")) is None


@pytest.mark.parametrize("length", ["-1", "9999999999", "65536", "x"])
def test_a_length_that_cannot_be_is_refused(length: str) -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        framed(f"SIP/2.0 200 OK\r\nContent-Length: {length}\r\n\r\n".encode())
