"""What tcp, sip, http and dns make of each reply, for one host and for several, and what they refuse to ask."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

from runbook.model.http_probe import http_probe, read_http_probe
from runbook.model.machine import Host
from runbook.model.outcome import Condition
from runbook.model.parts import judged
from runbook.model.replies import (
    NOTHING,
    CannotAskError,
    Capture,
    DnsReply,
    HttpReply,
    SipReply,
    SshReply,
    TalkReply,
    TcpReply,
    TlsReply,
    Turn,
)
from runbook.model.site import Site
from runbook.steps import bind
from runbook.steps.dns import Dns
from runbook.steps.http import Http
from runbook.steps.sip import Sip
from runbook.steps.tcp import Tcp
from tests.steps.fakes import SITE, Replies, capture, kind, ports


def site(**hosts: Mapping[str, Any]) -> Site:
    """The sample site with hosts changed or added."""
    data = SITE.model_dump(by_alias=True, exclude_defaults=True)
    for name, changed in hosts.items():
        data["hosts"][name] = {**data["hosts"].get(name, {}), **changed}
    return Site.model_validate(data)


# -- tcp


def test_several_hosts_have_a_result_each() -> None:
    class Some(Replies):
        def tcp(self, address: str, port: int, *, timeout_s: float) -> Any:
            self.reply = TcpReply("open" if address == "192.0.2.1" else "refused", 0.01, address)
            return self._give(address, port, timeout_s)

    asked = kind(Tcp, hosts=["cti", "sip"], port="sip")
    replies = Some(None)
    result = asked.run(ports(replies=replies))
    assert (result.outcome, result.values["failed_count"]) == ("failed", 1)
    assert [(part.name, part.outcome, part.values["result"]) for part in result.parts] == [
        ("cti", "passed", "open"),
        ("sip", "failed", "refused"),
    ]
    assert replies.calls == [("192.0.2.1", 5060, 3.0), ("192.0.2.2", 5060, 3.0)]
    assert asked.exact(SITE) == "tcp 192.0.2.1:5060 192.0.2.2:5060"
    assert asked.plan_line(SITE) == "connect to each of cti, sip, port sip"


def test_every_host_that_has_no_such_port_is_named_and_a_number_only_once() -> None:
    lacking = kind(Tcp, hosts=["cti", "sip", "web"], port="sip").problems(SITE)
    assert [(field, "host web" in sentence) for field, sentence in lacking] == [("port", True)]
    assert len(kind(Tcp, hosts=["cti", "sip"], port="5060").problems(SITE)) == 1


def test_a_port_that_the_site_lost_while_the_plan_ran_cannot_be_asked() -> None:
    with pytest.raises(CannotAskError, match="no port gone") as caught:
        kind(Tcp, host="cti", port="gone").run(ports())
    assert caught.value.phase == "resolve"


def test_from_a_machine_of_the_site_the_port_is_tried_there() -> None:
    replies = Replies(SshReply(0, "exit", NOTHING, NOTHING, 0.2))
    asked = kind(Tcp, host="sip", port="sip", from_="cti")
    result = asked.run(ports(replies=replies))
    assert (result.outcome, result.values["result"]) == ("passed", "open")
    ((address, words, _deadline),) = replies.calls
    assert (address, words[-2:]) == ("192.0.2.1", ("192.0.2.2", "5060"))
    assert asked.exact(SITE) == "tcp 192.0.2.2:5060 from 192.0.2.1"
    assert asked.plan_line(SITE).startswith("from CTI server (192.0.2.1): connect to")
    with pytest.raises(CannotAskError) as caught:
        kind(Tcp, host="cti", port="cti", from_="sip").run(ports())
    assert caught.value.phase == "login"


@pytest.mark.parametrize(
    ("reply", "kept", "outcome"),
    [("said", 2, "passed"), ("other", 1, "failed"), ("refused", 0, "failed"), ("timed_out", 0, "failed")],
)
def test_a_conversation_passes_only_when_every_turn_was_kept(reply: Any, kept: int, outcome: str) -> None:
    came = capture("220 ready\r\n")
    replies = Replies(TalkReply(reply, kept, came, 0.0123, "192.0.2.1"))
    asked = kind(Tcp, host="cti", port="cti", lines=[{"expect": "220"}, {"send": "QUIT", "expect": "221"}])
    result = asked.run(ports(replies=replies))
    assert (result.outcome, result.values) == (
        outcome,
        {"result": reply, "turns_kept": kept, "elapsed_ms": 12.3, "address": "192.0.2.1"},
    )
    assert result.raw == (("received", b"220 ready\r\n"),)
    assert replies.calls == [("192.0.2.1", 5010, (Turn("", "220"), Turn("QUIT", "221")), 5.0)]
    assert asked.exact(SITE) == "talk 192.0.2.1:5010 >  < 220 > QUIT < 221"


@pytest.mark.parametrize(
    "line", [{}, {"send": "a\r\nb"}, {"send": "a\tb"}, {"expect": ""}, {"send": "x" * 501}, {"say": "x"}, "x"]
)
def test_a_turn_is_one_line(line: Any) -> None:
    with pytest.raises(ValidationError):
        kind(Tcp, host="cti", port="cti", lines=[line])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"lines": [{"expect": "x"}], "tls": "yes"}, "either `lines` or `tls`"),
        ({"lines": [{"expect": "x"}], "from": "cti"}, "only this laptop"),
        ({"tls": "yes", "from": "cti"}, "only this laptop"),
    ],
)
def test_what_does_not_go_together_is_said(body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        bind("tcp", {"host": "sip", "port": "sip", **body}, {})


@pytest.mark.parametrize(
    ("result", "trusted", "why", "days", "outcome", "found"),
    [
        ("open", True, "", 20.04, "passed", "open, trusted, 20 days left, 12.3 ms"),
        (
            "open",
            False,
            "certificate has expired",
            -3.02,
            "failed",
            "open, not trusted (certificate has expired), -3 days left, 12.3 ms",
        ),
        ("open", False, "unsupported protocol", None, "failed", "open, not trusted (unsupported protocol), 12.3 ms"),
        ("not_tls", False, "wrong version number", None, "failed", "not_tls, 12.3 ms"),
        ("refused", False, "", None, "failed", "refused, 12.3 ms"),
        ("timed_out", False, "", None, "failed", "timed_out, 12.3 ms"),
    ],
)
def test_a_certificate_passes_while_it_is_trusted(
    result: Any, trusted: bool, why: str, days: float | None, outcome: str, found: str
) -> None:
    replies = Replies(TlsReply(result, trusted, why, days, "CN=a", "CN=b", 0.0123, "192.0.2.4"))
    said = kind(Tcp, host="web", port="https", tls="yes").run(ports(replies=replies))
    assert (said.outcome, said.found) == (outcome, found)
    assert (said.values["result"], said.values["trusted"]) == (result, trusted)
    assert replies.calls == [("192.0.2.4", 443, 3.0)]


@pytest.mark.parametrize(("days", "outcome"), [(14.0, "passed"), (13.9, "failed"), (None, "failed")])
def test_how_long_a_certificate_must_still_be_valid_is_the_plans(days: float | None, outcome: str) -> None:
    replies = Replies(TlsReply("open", True, "", days, "CN=a", "CN=b", 0.01, "192.0.2.4"))
    result = kind(Tcp, host="web", port="https", tls="yes").run(ports(replies=replies))
    assert judged(result, {"days_left": Condition.model_validate({"at_least": "14"})}).outcome == outcome


# -- sip


def test_what_was_wrong_with_a_response_is_said() -> None:
    replies = Replies(SipReply(None, "invalid response", 4.0, "udp", "192.0.2.2", "another transaction"))
    result = kind(Sip, host="sip", port="sip").run(ports(replies=replies))
    assert (result.outcome, result.values["alive"]) == ("failed", False)
    assert result.found == "silence (invalid response: another transaction), 4 s (udp)"


@pytest.mark.parametrize(
    ("status", "secret", "outcome", "bindings"),
    [
        (200, "seat", "passed", 2),
        (200, "", "passed", 2),
        (401, "", "passed", None),
        (407, "", "passed", None),
        (401, "seat", "failed", None),
        (403, "", "failed", None),
        (404, "seat", "failed", None),
        (None, "", "failed", None),
    ],
)
def test_register_passes_on_success_and_on_the_challenge_where_nobody_can_answer_it(
    status: int | None, secret: str, outcome: str, bindings: int | None
) -> None:
    there = site(sip={"sip": {"user": "seat1", "secret": secret}})
    replies = Replies(SipReply(status, "x", 0.01, "tls", "192.0.2.2", bindings=2))
    asked = kind(Sip, host="sip", port="sip", method="register", transport="tls")
    result = asked.run(ports(replies=replies, site=there))
    assert (result.outcome, result.values["status"], result.values["bindings"]) == (outcome, status, bindings)
    assert replies.calls == [("192.0.2.2", 5060, "tls", 4.0)]
    assert asked.exact(there) == "REGISTER sip:192.0.2.2:5060;transport=tls"


def test_register_at_a_host_without_an_account_is_a_problem_of_the_plan() -> None:
    asked = kind(Sip, hosts=["cti", "sip"], port="sip", method="register")
    assert [field for field, _sentence in asked.problems(SITE)] == ["method", "method"]
    assert asked.problems(site(cti={"sip": {"user": "a"}}, sip={"sip": {"user": "a"}})) == []


@pytest.mark.parametrize(
    ("name", "body"), [("sip", {"host": "sip", "port": "sip"}), ("dns", {"host": "dns", "of": "web"})]
)
def test_sip_and_dns_are_asked_from_this_laptop_only_and_say_so(name: str, body: dict[str, Any]) -> None:
    assert bind(name, {**body, "from": "here"}, {}).problems(SITE) == []
    with pytest.raises(ValidationError, match="only be asked from this laptop"):
        bind(name, {**body, "from": "cti"}, {})


# -- http


def page(status: int | None = 200, body: str = "", **changed: Any) -> HttpReply:
    data = body.encode(changed.pop("charset", "utf-8"))
    given = {
        "result": "answered",
        "status": status,
        "body": data,
        "size_bytes": len(data),
        "location": "",
        "elapsed_s": 0.25,
        "first_byte_s": 0.2,
        "trusted": None,
        "why": "",
        "address": "192.0.2.4",
    }
    return HttpReply(**{**given, **changed})


@pytest.mark.parametrize(
    ("status", "passes", "outcome"),
    [
        (200, None, "passed"),
        (204, None, "passed"),
        (301, None, "failed"),
        (401, None, "failed"),
        (503, None, "failed"),
        (401, ["200", "401"], "passed"),
        (204, "200", "failed"),
    ],
)
def test_a_2xx_passes_or_what_the_plan_says(status: int, passes: Any, outcome: str) -> None:
    replies = Replies(page(status))
    result = kind(Http, host="web", port="http", **({"passes": passes} if passes else {})).run(ports(replies=replies))
    assert (result.outcome, result.values["status"], result.values["elapsed_ms"]) == (outcome, status, 250)
    assert "body_found" not in result.values
    assert replies.calls == [("192.0.2.4", 80, "/", False, 10.0)]


@pytest.mark.parametrize(
    ("body", "charset", "found"),
    [("<p>登录</p>", "utf-8", True), ("<p>登录</p>", "gb18030", True), ("<p>Welcome to the hotel</p>", "utf-8", False)],
)
def test_the_text_of_the_page_decides_whatever_the_status(body: str, charset: str, found: bool) -> None:
    """A portal that says 200 to everything fails: H30."""
    result = kind(Http, host="web", port="http", contains="登录").run(
        ports(replies=Replies(page(200, body, charset=charset)))
    )
    assert (result.outcome, result.values["body_found"]) == ("passed" if found else "failed", found)
    assert result.raw == (() if found else (("body", body.encode(charset)),))


@pytest.mark.parametrize(
    ("result", "why", "said"),
    [
        ("refused", "", "refused, 250 ms"),
        ("timed_out", "", "timed_out, 250 ms"),
        ("not_http", "closed", "not_http, closed, 250 ms"),
        ("not_trusted", "certificate has expired", "not_trusted, certificate has expired, 250 ms"),
    ],
)
def test_no_answer_is_a_measured_failure(result: Any, why: str, said: str) -> None:
    found = kind(Http, host="web", port="https", tls="yes").run(
        ports(replies=Replies(page(None, result=result, why=why)))
    )
    assert (found.outcome, found.found, found.values["result"]) == ("failed", said, result)


def test_a_body_that_had_not_ended_in_time_failed_with_its_status() -> None:
    found = kind(Http, host="web", port="http").run(ports(replies=Replies(page(200, "x", result="timed_out"))))
    assert (found.outcome, found.found) == ("failed", "timed_out, 200, 1 bytes, 250 ms")


@pytest.mark.parametrize("path", ["login", "", "/a b", "/a\r\nX: y", "/登录", "/\x7f", "http://web/", "/" + "a" * 1000])
def test_a_path_is_a_path(path: str) -> None:
    with pytest.raises(ValidationError, match="expected a path such as"):
        kind(Http, host="web", port="http", path=path)


def test_what_is_asked_stands_in_the_journal() -> None:
    asked = kind(Http, host="web", port="https", tls="yes", path="/login?x=1")
    assert asked.exact(SITE) == "GET https://192.0.2.4:443/login?x=1"
    assert asked.plan_line(SITE) == "GET /login?x=1 from web (192.0.2.4), port https (443) (https)"
    elsewhere = kind(Http, host="web", port="http", from_="cti")
    assert elsewhere.exact(SITE) == "GET http://192.0.2.4:80/ from 192.0.2.1"
    assert elsewhere.plan_line(SITE).startswith("from CTI server (192.0.2.1): GET /")


def test_a_password_stays_on_this_laptop() -> None:
    there = site(web={"http": {"user": "ops", "secret": "web"}})
    asked = kind(Http, host="web", port="http", from_="cti")
    ((field, sentence),) = asked.problems(there)
    assert (field, "stays on this laptop" in sentence) == ("from", True)
    with pytest.raises(CannotAskError) as caught:
        asked.run(ports(site=there))
    assert caught.value.phase == "login"


# -- http from a machine of the site: replies as curl 7.88 writes them

TRAILER = "\n<runbook> {code} {size} 0.010 0.020 192.0.2.4 {location}"


def curl(status: int | None, out: str = "", err: str = "", ended: Any = "exit") -> SshReply:
    return SshReply(status, ended, capture(out), capture(err), 0.5)


@pytest.mark.parametrize(
    ("reply", "result", "status", "why"),
    [
        (curl(0, "<p>x</p>" + TRAILER.format(code=200, size=8, location="")), "answered", 200, ""),
        (curl(0, TRAILER.format(code=302, size=0, location="http://a/ b")), "answered", 302, ""),
        (
            curl(
                7,
                TRAILER.format(code="000", size=0, location=""),
                "curl: (7) Failed to connect to 192.0.2.4 port 80 after 0 ms: Connection refused",
            ),
            "refused",
            None,
            "",
        ),
        (curl(7, "", "curl: (7) connect to 192.0.2.4 port 80 failed: No route to host"), "timed_out", None, ""),
        (
            curl(28, TRAILER.format(code="000", size=0, location=""), "curl: (28) Connection timed out"),
            "timed_out",
            None,
            "",
        ),
        (
            curl(28, "x" + TRAILER.format(code=200, size=1, location=""), "curl: (28) Operation timed out"),
            "timed_out",
            200,
            "",
        ),
        (curl(52, "", "curl: (52) Empty reply from server"), "not_http", None, "closed"),
        (curl(1, "", "curl: (1) Received HTTP/0.9 when not allowed"), "not_http", None, "no HTTP"),
        (curl(35, "", "curl: (35) error:0A00010B:SSL routines::wrong version number"), "not_http", None, "no TLS"),
        (
            curl(60, "", "curl: (60) SSL certificate problem: certificate has expired\nMore details here"),
            "not_trusted",
            None,
            "certificate has expired",
        ),
        (
            curl(18, "x" + TRAILER.format(code=200, size=1, location=""), "curl: (18) transfer closed"),
            "answered",
            200,
            "incomplete",
        ),
    ],
)
def test_what_curl_says(reply: SshReply, result: str, status: int | None, why: str) -> None:
    found = read_http_probe(reply, "192.0.2.4", tls=False, origin="cti")
    assert (found.result, found.status, found.why) == (result, status, why)
    if result == "answered" and status == 200 and not why:
        assert (found.body, found.size_bytes, found.elapsed_s, found.first_byte_s) == (b"<p>x</p>", 8, 0.02, 0.01)
    if status == 302:
        assert found.location == "http://a/ b"


@pytest.mark.parametrize(
    ("reply", "phase"),
    [
        (curl(127, "", "env: 'curl': No such file or directory"), "channel"),
        (curl(6, "", "curl: (6) Could not resolve host: web"), "resolve"),
        (curl(7, "", "curl: (7) Couldn't connect to server: Network is unreachable"), "route"),
        (curl(None, ended="deadline"), "channel"),
        (curl(None, ended="lost"), "channel"),
        (curl(None, ended="signal"), "channel"),
    ],
)
def test_a_machine_that_could_not_ask_says_nothing_about_the_server(reply: SshReply, phase: str) -> None:
    with pytest.raises(CannotAskError) as caught:
        read_http_probe(reply, "192.0.2.4", tls=False, origin="cti")
    assert caught.value.phase == phase


def test_a_page_cannot_write_the_end_of_the_reply_itself() -> None:
    forged = TRAILER.format(code=200, size=5, location="http://evil/")
    found = read_http_probe(curl(0, forged + TRAILER.format(code=503, size=60, location="")), "192.0.2.4", tls=False)
    assert (found.status, found.location, found.body) == (503, "", forged.encode())


def test_a_page_too_large_to_keep_is_read_at_its_beginning() -> None:
    trailer = TRAILER.format(code=200, size=900000, location="").encode()
    out = Capture(b"a" * 100, b"b" * 50 + trailer, 900000, sha256(b"").hexdigest())
    found = read_http_probe(SshReply(0, "exit", out, NOTHING, 1.0), "192.0.2.4", tls=True)
    assert (found.status, found.size_bytes, found.body, found.trusted) == (200, 900000, b"a" * 100, True)


def test_each_value_is_a_word_of_its_own_for_curl() -> None:
    linux = Host(address="192.0.2.1")
    host = Host(address="2001:db8::4", name="web.example")
    words = http_probe(linux, host, 8443, path="/a;b?$(x)", tls=True, timeout_s=2.5)
    assert words[:4] == ("env", "LC_ALL=C", "curl", "-q")
    assert words[-4:] == ("--connect-to", "::[2001:db8::4]:8443", "--url", "https://web.example:8443/a;b?$(x)")
    assert words[words.index("--max-time") + 1] == "2.5"
    for system in ("windows", "device"):
        assert http_probe(Host(address="192.0.2.1", system=system), host, 80, path="/", tls=False, timeout_s=1) == ()


# -- dns


@pytest.mark.parametrize(
    ("type_", "name"), [("A", "web.example"), ("AAAA", "web.example"), ("PTR", "4.2.0.192.in-addr.arpa")]
)
def test_what_is_looked_up_for_a_host(type_: str, name: str) -> None:
    replies = Replies(DnsReply("NOERROR", ("192.0.2.4",), 0.0123, "192.0.2.53"))
    asked = kind(Dns, host="dns", of="web", type=type_)
    asked.run(ports(replies=replies))
    assert replies.calls == [("192.0.2.53", 53, name, type_, 5.0)]
    assert asked.exact(SITE) == f"dns 192.0.2.53:53 {name} {type_}"


def test_an_address_that_is_a_name_is_looked_up_itself() -> None:
    there = site(web={"address": "web.centre.example", "name": ""})
    assert kind(Dns, host="dns", of="web").exact(there) == "dns 192.0.2.53:53 web.centre.example A"
    ((field, sentence),) = kind(Dns, host="dns", of="web", type="PTR").problems(there)
    assert (field, "found web" in sentence) == ("of", True)


def test_a_host_without_a_name_is_a_problem_and_is_not_asked_for() -> None:
    asked = kind(Dns, host="dns", of="cti")
    ((field, sentence),) = asked.problems(SITE)
    assert (field, "`name`" in sentence) == ("of", True)
    with pytest.raises(CannotAskError):
        asked.run(ports())


@pytest.mark.parametrize(
    ("rcode", "answers", "outcome", "as_site", "found"),
    [
        ("NOERROR", ("192.0.2.4",), "passed", True, "NOERROR, 192.0.2.4, 12.3 ms"),
        ("NOERROR", ("192.0.2.66", "192.0.2.67"), "passed", False, "NOERROR, 192.0.2.66, 192.0.2.67, 12.3 ms"),
        ("NOERROR", (), "failed", False, "NOERROR, no answer, 12.3 ms"),
        ("NXDOMAIN", (), "failed", False, "NXDOMAIN, no answer, 12.3 ms"),
        ("SERVFAIL", (), "failed", False, "SERVFAIL, no answer, 12.3 ms"),
        (None, (), "failed", False, "silence, 0.012 s"),
    ],
)
def test_a_name_server_passes_with_an_answer(
    rcode: str | None, answers: tuple[str, ...], outcome: str, as_site: bool, found: str
) -> None:
    result = kind(Dns, host="dns", of="web").run(ports(replies=Replies(DnsReply(rcode, answers, 0.0123, "192.0.2.53"))))
    assert (result.outcome, result.found) == (outcome, found)
    assert result.values == {
        "rcode": rcode,
        "answer": ", ".join(answers),
        "answers_count": len(answers),
        "as_site": as_site,
        "elapsed_ms": 12.3,
        "address": "192.0.2.53",
    }


def test_the_name_of_an_address_is_compared_without_its_dot() -> None:
    replies = Replies(DnsReply("NOERROR", ("Web.Example.",), 0.01, "192.0.2.53"))
    assert kind(Dns, host="dns", of="web", type="PTR").run(ports(replies=replies)).values["as_site"] is True
