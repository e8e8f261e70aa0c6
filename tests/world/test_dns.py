"""DNS questions to dnsmasq, and to servers that lie about who they are or never stop."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from runbook.model.replies import CannotAskError, DnsReply
from runbook.world.dns import ANSWER_LENGTH, ANSWERS, LiveDns
from tests import network_peers, peers
from tests.world.hostile import Serve, tcp_server


@pytest.fixture(scope="module")
def dnsmasq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with network_peers.dnsmasq(tmp_path_factory.mktemp("dnsmasq")) as port:
        yield port


def ask(port: int, name: str = "web.example", type_: str = "A", *, timeout_s: float = 5) -> DnsReply:
    return LiveDns().look_up("127.0.0.1", port, name=name, type_=type_, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("name", "type_", "answers"),
    [
        ("web.example", "A", ("192.0.2.7",)),
        ("web.example", "AAAA", ("2001:db8::7",)),
        ("www.example", "A", ("192.0.2.7",)),
        ("www.example", "CNAME", ("web.example.",)),
        ("7.2.0.192.in-addr.arpa", "PTR", ("web.example.",)),
        ("WEB.Example.", "A", ("192.0.2.7",)),
    ],
)
def test_dnsmasq_answers_what_is_asked_and_only_that(
    dnsmasq: int, name: str, type_: str, answers: tuple[str, ...]
) -> None:
    reply = ask(dnsmasq, name, type_)
    assert (reply.rcode, reply.answers, reply.address) == ("NOERROR", answers, "127.0.0.1")
    assert 0 < reply.elapsed_s < 2


def test_a_name_that_does_not_exist_and_a_type_that_it_has_not(dnsmasq: int) -> None:
    assert (ask(dnsmasq, "nobody.example").rcode, ask(dnsmasq, "nobody.example").answers) == ("NXDOMAIN", ())
    assert (ask(dnsmasq, "web.example", "CNAME").rcode, ask(dnsmasq, "web.example", "CNAME").answers) == ("NOERROR", ())
    assert ask(dnsmasq, "elsewhere.invalid").rcode == "REFUSED"


def test_an_answer_that_does_not_fit_is_asked_for_again_over_tcp(dnsmasq: int) -> None:
    reply = ask(dnsmasq, "many.example")
    assert (reply.rcode, len(reply.answers)) == ("NOERROR", ANSWERS)
    assert len(set(reply.answers)) == ANSWERS


def test_nobody_there_is_silence_that_is_known_at_once() -> None:
    reply = ask(peers.free_port(socket.SOCK_DGRAM))
    assert (reply.rcode, reply.answers) == (None, ())
    assert reply.elapsed_s < 2


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", ".".join(["abcdefgh"] * 40)])
def test_a_name_that_no_question_can_hold_cannot_be_asked(name: str) -> None:
    with pytest.raises(CannotAskError) as caught:
        ask(53, name)
    assert caught.value.phase == "resolve"


Answer = Callable[[bytes, int], list[bytes]]


@contextmanager
def udp_server(answers: Answer, *, other: bool = False) -> Iterator[int]:
    """A UDP server; `other`: its answers come from another port than was asked."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        sock.bind(("127.0.0.1", 0))
        stranger.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        stop, count = threading.Event(), 0

        def serve() -> None:
            nonlocal count
            while not stop.is_set():
                try:
                    data, sender = sock.recvfrom(65536)
                except TimeoutError:
                    continue
                count += 1
                for answer in answers(data, count):
                    (stranger if other else sock).sendto(answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(sock.getsockname()[1])
        finally:
            stop.set()
            thread.join()


def answered(question: bytes, *records: str, name: str = "web.example.", id_: int | None = None) -> dns.message.Message:
    reply = dns.message.make_response(dns.message.from_wire(question))
    reply.id = reply.id if id_ is None else id_
    if records:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", *records))
    return reply


@pytest.mark.parametrize(
    "lie",
    [
        lambda question: answered(question, "192.0.2.66", id_=dns.message.from_wire(question).id ^ 1).to_wire(),
        lambda question: question,
        lambda question: b"\0" * 12,
        lambda question: b"",
        lambda question: b"\xff" * 60000,
        lambda question: answered(question.replace(b"\x03web", b"\x03wob"), "192.0.2.66").to_wire(),
        # A name that points at itself: RFC 1035 section 4.1.4.
        lambda question: question[:2] + b"\x80\0\0\0\0\x01\0\0\0\0" + b"\xc0\x0c\0\x01\0\x01" * 2,
    ],
)
def test_a_lie_does_not_count_and_the_truth_after_it_does(lie: Callable[[bytes], bytes]) -> None:
    def answers(question: bytes, _count: int) -> list[bytes]:
        return [lie(question), answered(question, "192.0.2.7").to_wire()]

    with udp_server(answers) as port:
        assert ask(port).answers == ("192.0.2.7",)
    with udp_server(lambda question, _count: [lie(question)]) as port:
        reply = ask(port, timeout_s=0.4)
    assert (reply.rcode, reply.answers) == (None, ())


def test_an_answer_from_another_port_does_not_count() -> None:
    with udp_server(lambda question, _count: [answered(question, "192.0.2.66").to_wire()], other=True) as port:
        assert ask(port, timeout_s=0.4).rcode is None


def test_a_lost_packet_is_sent_again() -> None:
    asked: list[bytes] = []

    def answers(question: bytes, count: int) -> list[bytes]:
        asked.append(question)
        return [answered(question, "192.0.2.7").to_wire()] if count == 2 else []

    with udp_server(answers) as port:
        reply = ask(port)
    assert (reply.answers, len(asked), len(set(asked))) == (("192.0.2.7",), 2, 1)


def test_a_flood_of_garbage_ends_at_the_deadline() -> None:
    with udp_server(lambda question, _count: [b"garbage"] * 20000) as port:
        began = time.monotonic()
        reply = ask(port, timeout_s=0.6)
        took = time.monotonic() - began
    assert (reply.rcode, took < 2) == (None, True)


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR"])
def test_a_refusal_is_an_answer(code: str) -> None:
    def answers(question: bytes, _count: int) -> list[bytes]:
        reply = answered(question)
        reply.set_rcode(dns.rcode.from_text(code))
        return [reply.to_wire()]

    with udp_server(answers) as port:
        assert (ask(port).rcode, ask(port).answers) == (code, ())


def test_records_that_nobody_asked_for_are_left_out() -> None:
    def answers(question: bytes, _count: int) -> list[bytes]:
        reply = answered(question, "192.0.2.7")
        reply.answer.append(dns.rrset.from_text("evil.example.", 60, "IN", "A", "192.0.2.66"))
        reply.answer.append(dns.rrset.from_text("web.example.", 60, "IN", "TXT", '"x"'))
        return [reply.to_wire()]

    with udp_server(answers) as port:
        assert ask(port).answers == ("192.0.2.7",)


def test_aliases_in_a_circle_are_no_answer() -> None:
    def answers(question: bytes, _count: int) -> list[bytes]:
        reply = answered(question)
        reply.answer.append(dns.rrset.from_text("web.example.", 60, "IN", "CNAME", "www.example."))
        reply.answer.append(dns.rrset.from_text("www.example.", 60, "IN", "CNAME", "web.example."))
        return [reply.to_wire()]

    with udp_server(answers) as port:
        assert (ask(port).rcode, ask(port).answers) == ("NOERROR", ())


def test_an_answer_is_kept_up_to_a_length() -> None:
    def answers(question: bytes, _count: int) -> list[bytes]:
        reply = answered(question)
        reply.answer.append(dns.rrset.from_text("web.example.", 60, "IN", "TXT", *['"' + "x" * 200 + '"'] * 2))
        reply.answer.append(dns.rrset.from_text("web.example.", 60, "IN", "TXT", '"' + "y" * 250 + '" "z"'))
        return [reply.to_wire()]

    with udp_server(answers) as port:
        reply = ask(port, type_="TXT")
    assert reply.answers
    assert max(map(len, reply.answers)) <= ANSWER_LENGTH


def silent(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.recv(1)


def garbage(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"\xff\xff" + b"x" * 65535)


@pytest.mark.parametrize("serve", [silent, garbage, lambda connection: None])
def test_a_cut_answer_whose_rest_never_comes_is_silence(serve: Serve) -> None:
    """The answer over UDP says that it was cut; over TCP there is nothing to be had."""

    def cut(question: bytes, _count: int) -> list[bytes]:
        reply = answered(question)
        reply.flags |= dns.flags.TC
        return [reply.to_wire()]

    with tcp_server(serve) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", port))

        def once() -> None:
            data, sender = sock.recvfrom(65536)
            sock.sendto(cut(data, 1)[0], sender)

        thread = threading.Thread(target=once)
        thread.start()
        reply = ask(port, timeout_s=0.8)
        thread.join()
    assert (reply.rcode, reply.answers) == (None, ())
    assert reply.elapsed_s < 2
