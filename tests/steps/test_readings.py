"""What ping, tcp, sip and a service's status make of each reply."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.replies import CannotAskError, PingReply, SipReply, TcpReply
from runbook.model.site import Site
from runbook.steps.ping import Ping
from runbook.steps.service import Service, command
from runbook.steps.sip import Sip
from runbook.steps.tcp import Tcp
from tests.steps.fakes import SITE, Replies, kind, ports, ssh_reply


@pytest.mark.parametrize(
    ("rtts", "outcome", "values", "found"),
    [
        (
            (1.0, 2.0, 4.0),
            "passed",
            {"loss_pct": 0, "answered": 3, "rtt_avg_ms": 2.333, "jitter_ms": 1.5},
            "loss 0 %, rtt 2.33 ms (icmp)",
        ),
        (
            (0.5,),
            "passed",
            {"loss_pct": 66.667, "answered": 1, "rtt_avg_ms": 0.5, "jitter_ms": None},
            "loss 66.67 %, rtt 0.5 ms (icmp)",
        ),
        ((), "failed", {"loss_pct": 100, "answered": 0, "rtt_avg_ms": None, "jitter_ms": None}, "loss 100 % (icmp)"),
    ],
)
def test_ping_fails_only_on_silence(rtts: tuple[float, ...], outcome: str, values: Any, found: str) -> None:
    replies = Replies(PingReply(3, rtts, "icmp", "192.0.2.1"))
    result = kind(Ping, host="cti", count="3").run(ports(replies=replies))
    assert (result.outcome, result.values, result.found) == (outcome, values, found)
    assert replies.calls == [("192.0.2.1", 3, 1.0)]


def test_ping_shares_the_timeout_among_its_requests() -> None:
    replies = Replies(PingReply(5, (1.0,), "ping (lab)", "192.0.2.1"))
    result = kind(Ping, host="cti").run(ports(replies=replies, timeout_s=2.0))
    assert replies.calls == [("192.0.2.1", 5, 0.4)]
    assert result.found.endswith("(ping (lab))")


@pytest.mark.parametrize(("reply", "outcome"), [("open", "passed"), ("refused", "failed"), ("timed_out", "failed")])
def test_only_an_open_port_passes(reply: Any, outcome: str) -> None:
    replies = Replies(TcpReply(reply, 0.0123, "192.0.2.1"))
    result = kind(Tcp, host="cti", port="cti").run(ports(replies=replies))
    assert (result.outcome, result.values) == (outcome, {"result": reply, "elapsed_ms": 12.3})
    assert replies.calls == [("192.0.2.1", 5010, 3.0)]


@pytest.mark.parametrize(
    ("status", "passes", "outcome", "alive"),
    [
        (200, None, "passed", True),
        (404, None, "passed", True),
        (486, None, "passed", True),
        (499, None, "passed", True),
        (500, None, "failed", True),
        (503, None, "failed", True),
        (603, None, "failed", True),
        (None, None, "failed", False),
        (200, ["200", "404"], "passed", True),
        (404, ["200", "404"], "passed", True),
        (403, "200", "failed", True),
        (503, "503", "passed", True),
        (None, "200", "failed", False),
    ],
)
def test_any_final_response_is_alive_and_the_plan_says_what_passes(
    status: int | None, passes: Any, outcome: str, alive: bool
) -> None:
    replies = Replies(SipReply(status, "Reason", 0.004, "udp", "192.0.2.2"))
    body = {"passes": passes} if passes else {}
    result = kind(Sip, host="sip", port="sip", **body).run(ports(replies=replies))
    assert (result.outcome, result.values["status"], result.values["alive"]) == (outcome, status, alive)
    assert replies.calls == [("192.0.2.2", 5060, "udp", 4.0)]


def test_sip_over_tcp_with_the_step_s_timeout() -> None:
    replies = Replies(SipReply(200, "OK", 0.004, "tcp", "192.0.2.2"))
    result = kind(Sip, host="sip", port="sip", transport="tcp").run(ports(replies=replies, timeout_s=1.5))
    assert replies.calls == [("192.0.2.2", 5060, "tcp", 1.5)]
    assert result.found == "200 OK, 4 ms (tcp)"


@pytest.mark.parametrize(
    ("status", "printed", "outcome", "state"),
    [
        (0, "active\n", "passed", "active"),
        (0, "reloading\n", "passed", "reloading"),
        (0, "whatever the init script says", "passed", "active"),
        (3, "inactive\n", "failed", "inactive"),
        (3, "failed\n", "failed", "failed"),
        (3, "activating\n", "failed", "activating"),
        (3, "dead", "failed", "inactive"),
        (1, "dead but pid file exists", "failed", "inactive"),
        (2, "", "failed", "inactive"),
        (4, "inactive\n", "failed", "unknown-unit"),
    ],
)
def test_a_service_s_status_is_read_from_the_exit_status(status: int, printed: str, outcome: str, state: str) -> None:
    replies = Replies(ssh_reply(status, printed))
    result = kind(Service, host="cti", name="cti-core", do="status").run(ports(replies=replies))
    assert (result.outcome, result.values) == (outcome, {"state": state, "exit_status": status})
    assert result.raw == ((("stdout", printed.encode()),) if printed else ())
    assert replies.calls == [("192.0.2.1", ("systemctl", "is-active", "--", "cti-core"), 10.0)]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (ssh_reply(127, err="systemctl: command not found"), "127: systemctl: command not found"),
        (ssh_reply(1, err="sudo: a password is required"), "sudo: a password is required"),
        (ssh_reply(255), "255: -"),
        (ssh_reply(None, ended="lost"), "lost"),
        (ssh_reply(None, ended="deadline"), "deadline"),
        (ssh_reply(None, ended="signal"), "signal"),
    ],
)
def test_a_command_that_could_not_look_says_nothing_about_the_service(reply: Any, said: str) -> None:
    with pytest.raises(CannotAskError, match=said) as error:
        kind(Service, host="cti", name="cti-core", do="status").run(ports(replies=Replies(reply)))
    assert error.value.phase == "channel"


def test_what_the_way_there_says_is_passed_on() -> None:
    refused = CannotAskError("connect", "refused")
    with pytest.raises(CannotAskError) as error:
        kind(Service, host="cti", name="cti-core", do="status").run(ports(replies=Replies(refused)))
    assert error.value is refused


def test_a_host_without_ssh_is_not_even_tried() -> None:
    with pytest.raises(CannotAskError) as error:
        kind(Service, host="sip", name="SipServer", do="status").run(ports())
    assert error.value.phase == "login"


@pytest.mark.parametrize(
    ("name", "do", "words"),
    [
        ("cti-core", "status", ("systemctl", "is-active", "--", "cti-core")),
        ("cti-core", "restart", ("systemctl", "restart", "--", "cti-core")),
        ("cti-core", "start", ("systemctl", "start", "--", "cti-core")),
        ("cti-core", "stop", ("systemctl", "stop", "--", "cti-core")),
        ("old", "status", ("/opt/old/ctl", "status")),
        ("old", "restart", ("/opt/old/ctl", "restart")),
        ("old", "stop", ()),
        ("empty", "status", ()),
        ("unknown", "status", ()),
    ],
)
def test_the_words_of_a_service_command(name: str, do: Any, words: tuple[str, ...]) -> None:
    assert command(SITE.hosts["cti"], name, do) == words


def test_the_plan_says_what_will_be_sent_sudo_included() -> None:
    data = SITE.model_dump(by_alias=True, exclude_defaults=True)
    data["hosts"]["cti"]["ssh"]["sudo"] = "yes"
    restart = kind(Service, host="cti", name="cti-core", do="restart")
    assert restart.plan_line(SITE) == "ssh ops@192.0.2.1: systemctl restart -- cti-core"
    assert restart.plan_line(Site.model_validate(data)) == "ssh ops@192.0.2.1: sudo -n -- systemctl restart -- cti-core"
    assert restart.act(Site.model_validate(data)).endswith(": sudo -n -- systemctl restart -- cti-core")
