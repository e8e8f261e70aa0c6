"""What SIP and HTTP answer, as pure functions."""

from __future__ import annotations

import pytest

from runbook.world.lab.answers import http_answer, sip_answer, sip_requests

PEER = ("127.0.0.1", 40000)
FIELDS = (
    "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0\r\n"
    "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: 1@x\r\nCSeq: 7 OPTIONS\r\n"
)


def asked(method: str = "OPTIONS", fields: str = FIELDS, serving: bool = True) -> list[str] | None:
    answer = sip_answer(f"{method} sip:b@x SIP/2.0\r\n{fields}\r\n".encode(), serving=serving, peer=PEER)
    return answer.decode().split("\r\n") if answer is not None else None


@pytest.mark.parametrize(
    ("method", "serving", "status"),
    [
        ("OPTIONS", True, "SIP/2.0 200 OK"),
        ("OPTIONS", False, "SIP/2.0 503 Service Unavailable"),
        ("REGISTER", True, "SIP/2.0 200 OK"),
        ("INVITE", True, "SIP/2.0 501 Not Implemented"),
    ],
)
def test_the_status_is_that_of_the_service_behind(method: str, serving: bool, status: str) -> None:
    answer = asked(method, serving=serving)
    assert answer is not None
    assert answer[0] == status


def test_the_response_carries_what_a_client_matches_it_by() -> None:
    answer = asked()
    assert answer is not None
    assert answer[1:6] == [
        "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1;rport=40000;received=127.0.0.1",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK0",
        "From: <sip:a@x>;tag=1",
        "To: <sip:b@x>;tag=lab",
        "Call-ID: 1@x",
    ]
    assert answer[6] == "CSeq: 7 OPTIONS"
    assert answer[-3:] == ["Content-Length: 0", "", ""]


def test_short_names_of_fields_are_understood() -> None:
    short = "v: SIP/2.0/UDP x;branch=z9hG4bK1\r\nf: <sip:a@x>;tag=1\r\nt: <sip:b@x>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\n"
    answer = asked(fields=short)
    assert answer is not None
    assert answer[0] == "SIP/2.0 200 OK"


def test_what_is_no_request_gets_no_answer() -> None:
    assert asked("ACK") is None
    assert asked(fields="") is None
    for noise in (b"", b"\r\n\r\n", b"\x00\xff" * 20, b"SIP/2.0 200 OK\r\n\r\n"):
        assert sip_answer(noise, serving=True, peer=PEER) is None


def test_requests_are_cut_from_a_stream_by_their_length() -> None:
    first = b"OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc"
    second = b"OPTIONS sip:b SIP/2.0\r\n\r\n"
    assert sip_requests(b"\r\n\r\n" + first + second + b"OPT") == ([first, second], b"OPT")
    assert sip_requests(first[:-1]) == ([], first[:-1])


def test_http_answers_get_and_head_only() -> None:
    assert http_answer(b"GET / HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\nok\n")
    assert http_answer(b"HEAD / HTTP/1.1\r\n\r\n").endswith(b"Content-Length: 3\r\nConnection: close\r\n\r\n")
    assert http_answer(b"POST / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 405 ")
