"""What ping, tcp, sip and a service's status make of each reply."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.model.host_reading import COUNTS
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
            {"loss_pct": 0, "received": 3, "rtt_min_ms": 1, "rtt_avg_ms": 2.333, "rtt_max_ms": 4, "jitter_ms": 1.5},
            "loss 0 %, avg 2.33 ms, jitter 1.50 ms, MOS estimate from ICMP 4.40 (icmp)",
        ),
        (
            (0.5,),
            "passed",
            {"loss_pct": 66.667, "received": 1, "rtt_avg_ms": 0.5, "jitter_ms": None},
            "loss 66.67 %, avg 0.50 ms, MOS estimate from ICMP 1.38 (icmp)",
        ),
        (
            (),
            "failed",
            {"loss_pct": 100, "received": 0, "rtt_avg_ms": None, "jitter_ms": None, "mos_estimate": None},
            "loss 100 % (icmp)",
        ),
    ],
)
def test_ping_fails_only_on_silence(rtts: tuple[float, ...], outcome: str, values: Any, found: str) -> None:
    replies = Replies(PingReply(3, rtts, "icmp", "192.0.2.1"))
    result = kind(Ping, host="cti", count="3").run(ports(replies=replies))
    assert (result.outcome, result.found) == (outcome, found)
    assert values.items() <= result.values.items()
    assert (result.values["sent"], result.values["address"]) == (3, "192.0.2.1")
    assert set(result.values) == set(Ping.VALUES) - set(COUNTS)
    assert replies.calls == [("192.0.2.1", 3, 1.0)]


def test_a_name_s_resolved_address_is_recorded() -> None:
    """H32: what a name stood for when it was asked is in the record."""
    result = kind(Ping, host="sip").run(ports(replies=Replies(PingReply(5, (1.0,), "icmp", "198.51.100.7"))))
    assert result.values["address"] == "198.51.100.7"
    assert result.found.endswith("(icmp, 198.51.100.7)")


def test_a_group_gives_a_result_for_each_of_its_hosts() -> None:
    replies = Replies(PingReply(5, (1.0,), "icmp", "192.0.2.1"))
    pinged = kind(Ping, hosts=["cti", "sip"])
    result = pinged.run(ports(replies=replies))
    assert [(part.name, part.origin, part.outcome) for part in result.parts] == [
        ("cti", "here", "passed"),
        ("sip", "here", "passed"),
    ]
    assert (result.values["failed_count"], result.values["asked_count"]) == (0, 2)
    assert pinged.exact(SITE) == "ping -c 5 192.0.2.1 192.0.2.2"


def test_a_ping_from_another_machine_runs_that_machine_s_own_ping_over_ssh() -> None:
    said = "PING sip (198.51.100.7) 56(84) bytes of data.\n64 bytes from 198.51.100.7: icmp_seq=1 ttl=64 time=3.5 ms\n"
    replies = Replies(ssh_reply(0, said))
    pinged = kind(Ping, host="sip", count="1", from_="cti")
    result = pinged.run(ports(replies=replies))
    assert (result.outcome, result.values["rtt_avg_ms"], result.values["address"]) == ("passed", 3.5, "198.51.100.7")
    ((address, words, _deadline_s),) = replies.calls
    assert (address, words[-1]) == ("192.0.2.1", "192.0.2.2")
    assert "ping" in words
    assert pinged.exact(SITE) == "ping -c 1 192.0.2.2 from 192.0.2.1"
    assert pinged.plan_line(SITE).startswith("from CTI server (192.0.2.1): ping sip")


def test_a_machine_that_cannot_be_signed_in_to_pings_nothing() -> None:
    with pytest.raises(CannotAskError) as caught:
        kind(Ping, host="cti", from_="sip").run(ports())
    assert caught.value.phase == "login"
    ((field, sentence),) = kind(Ping, host="cti", from_="ctu").problems(SITE)
    assert (field, "nearest: cti" in sentence) == ("from", True)


def test_ping_shares_the_timeout_among_its_requests() -> None:
    replies = Replies(PingReply(5, (1.0,), "ping (lab)", "192.0.2.1"))
    result = kind(Ping, host="cti").run(ports(replies=replies, timeout_s=2.0))
    assert replies.calls == [("192.0.2.1", 5, 0.4)]
    assert result.found.endswith("(ping (lab))")


@pytest.mark.parametrize(("reply", "outcome"), [("open", "passed"), ("refused", "failed"), ("timed_out", "failed")])
def test_only_an_open_port_passes(reply: Any, outcome: str) -> None:
    replies = Replies(TcpReply(reply, 0.0123, "192.0.2.1"))
    result = kind(Tcp, host="cti", port="cti").run(ports(replies=replies))
    assert (result.outcome, result.values) == (
        outcome,
        {"result": reply, "elapsed_ms": 12.3, "address": "192.0.2.1"},
    )
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


SYSTEMD_PRINTS = [
    ("ActiveEnterTimestamp=Mon 2026-11-30 10:38:43 UTC\n", "2026-11-30T10:38:43.000Z"),
    ("ActiveEnterTimestamp=Mon 2026-11-30 18:38:43 CST\n", "2026-11-30T10:38:43.000Z"),  # as the site's zone is called
    ("ActiveEnterTimestamp=Mon 2026-11-30 13:38:43 +03\r\n", "2026-11-30T10:38:43.000Z"),
    ("ActiveEnterTimestamp=Mon 2026-11-30 16:08:43 +0530\n", "2026-11-30T10:38:43.000Z"),
    ("ActiveEnterTimestamp=Mon 2026-11-30 10:38:43.123456 UTC\n", "2026-11-30T10:38:43.000Z"),
    ("ActiveEnterTimestamp=Mon 2026-11-30 05:38:43 EST\n", "2026-11-30 05:38:43 EST"),
    ("ActiveEnterTimestamp=Sat 0001-01-01 00:00:00 +14\n", "0001-01-01 00:00:00 +14"),
    ("ActiveEnterTimestamp=\n", None),  # systemd 252: never active since the machine was started
    ("ActiveEnterTimestamp=n/a\n", None),
    ("ActiveEnterTimestamp=Mon 2026-13-41 10:38:43 UTC\n", None),
    ("Welcome to cti!\nActiveEnterTimestamp=Mon 2026-11-30 10:38:43 UTC\n", "2026-11-30T10:38:43.000Z"),
    ("", None),
    ("\x1b[2J" * 99, None),
]


@pytest.mark.parametrize(("printed", "since"), SYSTEMD_PRINTS)
def test_since_when_a_service_runs_is_as_systemd_prints_it(printed: str, since: str | None) -> None:
    """The time is UTC where the zone that the host names is known here, else the host's own words, else nothing; it decides nothing."""
    replies = Replies(ssh_reply(0, printed))
    look = kind(Service, host="cti", name="cti-core", do="restart").afterwards(SITE)
    result = look.run(ports(replies=replies))
    assert (result.outcome, result.found, result.values["since"]) == ("passed", "active (exit 0)", since)
    assert replies.calls[1][1] == ("systemctl", "show", "-p", "ActiveEnterTimestamp", "--", "cti-core")


def test_since_when_a_service_runs_is_asked_without_sudo() -> None:
    """Anybody may ask systemd for it, so a host's list for sudo need not name it; the line that is shown says so."""
    tree = SITE.hosts["cti"].model_dump(exclude_defaults=True, by_alias=True)
    cti = type(SITE.hosts["cti"]).model_validate({**tree, "ssh": {**tree["ssh"], "sudo": True}})
    site = SITE.model_copy(update={"hosts": {**SITE.hosts, "cti": cti}})
    look = kind(Service, host="cti", name="cti-core", do="restart").afterwards(site)
    status, since = look.exact(site).split("; ")
    assert "sudo -n -- systemctl is-active" in status
    assert since.endswith(": systemctl show -p ActiveEnterTimestamp -- cti-core")


@pytest.mark.parametrize(("name", "do"), [("old", "restart"), ("cti-core", "status"), ("unknown", "restart")])
def test_only_systemd_tells_since_when_a_service_runs(name: str, do: str) -> None:
    """A site's own command, an init script and Windows are not asked for a start time; a status is no act."""
    assert kind(Service, host="cti", name=name, do=do).afterwards(SITE) is None


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
