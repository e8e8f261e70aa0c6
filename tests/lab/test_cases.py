"""Every case of the table, over real sockets, and how one becomes another while the lab runs."""

from __future__ import annotations

import time
import urllib.request

import pytest

from runbook.model.errors import RunbookError
from runbook.model.replies import CannotAskError
from runbook.world.lab.cases import CASES, known_case
from tests.lab.running import StartLab

# case: the CTI service's port, SIP of the SIP server, is-active, pings of three that are answered
SEEN = {
    "healthy": ("open", 200, (0, "active"), 3),
    "service-stopped": ("refused", 503, (3, "inactive"), 3),
    "restart-fails": ("refused", 503, (3, "inactive"), 3),
    "service-broken": ("refused", 503, (3, "failed"), 3),
    "restart-hangs": ("refused", 503, (3, "inactive"), 3),
    "host-down": ("refused", 503, None, 0),
    "slow": ("refused", 503, (3, "inactive"), 3),
}


def test_every_case_has_its_row() -> None:
    assert SEEN.keys() == CASES.keys()
    assert all(case.line.endswith(".") for case in CASES.values())


@pytest.mark.parametrize("case", SEEN)
def test_a_case_looks_as_its_row_says(start_lab: StartLab, case: str) -> None:
    lab = start_lab(case)
    port, sip, active, pings = SEEN[case]
    assert lab.tcp("cti", "cti") == port
    assert lab.sip("sip", "udp", timeout_s=5) == sip
    assert lab.sip("sip", "tcp", timeout_s=5) == sip
    reply = lab.world.icmp.ping(lab.host("cti"), count=3, timeout_s=1)
    assert (len(reply.rtts_ms), reply.sent, reply.means) == (pings, 3, "ping (lab)")
    if active is not None:
        assert lab.systemctl("is-active") == active
    else:
        with pytest.raises(CannotAskError):
            lab.systemctl("is-active")


@pytest.mark.parametrize("case", SEEN)
def test_no_case_touches_the_other_hosts(start_lab: StartLab, case: str) -> None:
    lab = start_lab(case)
    assert lab.tcp("db", "database") == "open"
    assert lab.systemctl("is-active", "URSStatServer", "cim") == (0, "active")
    assert lab.systemctl("is-active", "ivr-core", "ivr") == (0, "active")
    assert {lab.sip(host, timeout_s=5) for host in ("gvp", "ivr", "gateway-a", "gateway-b")} == {200}
    with urllib.request.urlopen(f"http://127.0.0.1:{lab.host('app').ports['http']}/", timeout=10) as page:
        assert (page.status, page.read()) == (200, b"ok\n")
    assert len(lab.world.icmp.ping(lab.host("cim"), count=1, timeout_s=1).rtts_ms) == 1


def test_a_restart_brings_the_service_back_after_three_seconds(start_lab: StartLab) -> None:
    lab = start_lab("service-stopped")
    assert lab.systemctl("restart") == (0, "")
    began = time.monotonic()
    assert (lab.systemctl("is-active"), lab.tcp("cti", "cti"), lab.sip("sip")) == ((3, "activating"), "refused", 503)
    while lab.tcp("cti", "cti") == "refused":
        assert time.monotonic() - began < 5
        time.sleep(0.02)
    assert 2.7 < time.monotonic() - began < 4
    assert (lab.systemctl("is-active"), lab.sip("sip"), lab.sip("cti", "tcp")) == ((0, "active"), 200, 200)


def test_a_restart_that_fails_says_that_it_worked_and_changes_nothing(start_lab: StartLab) -> None:
    lab = start_lab("restart-fails")
    assert lab.systemctl("restart") == (0, "")
    time.sleep(3.2)
    assert (lab.systemctl("is-active"), lab.tcp("cti", "cti")) == ((3, "inactive"), "refused")


def test_a_broken_service_refuses_to_start(start_lab: StartLab) -> None:
    status, said = start_lab("service-broken").systemctl("restart")
    assert status == 1
    assert "failed" in said


def test_a_hanging_restart_never_ends_and_is_counted_once(start_lab: StartLab) -> None:
    lab = start_lab("restart-hangs")
    assert lab.systemctl("restart", deadline_s=1)[0] is None
    assert lab.systemctl("is-active") == (3, "inactive")
    assert [(act["argv"][1], act["status"]) for act in lab.acts()] == [("restart", None), ("is-active", 3)]


def test_slow_answers_come_two_seconds_later(start_lab: StartLab) -> None:
    lab = start_lab("slow")
    reply = lab.world.sip.options(lab.host("sip"), lab.host("sip").ports["sip"], transport="udp", timeout_s=5)
    assert (reply.status, reply.elapsed_s > 1.9) == (503, True)
    assert lab.run("cti", "true").elapsed_s > 1.9


def test_a_stopped_sip_server_is_silent_and_refuses(start_lab: StartLab) -> None:
    lab = start_lab("healthy")
    assert lab.systemctl("stop", "SipServer", "sip") == (0, "")
    assert (lab.sip("sip", "udp", timeout_s=1), lab.sip("sip", "tcp"), lab.tcp("sip", "sip")) == (None, None, "refused")
    assert lab.sip("cti") == 200
    assert lab.systemctl("start", "SipServer", "sip") == (0, "")


def test_break_and_fix_work_at_once_while_the_lab_runs(start_lab: StartLab) -> None:
    lab = start_lab("healthy")
    assert lab.systemctl("is-active") == (0, "active")
    for _round in range(5):
        lab.ask("break", case="service-stopped")
        assert (lab.tcp("cti", "cti"), lab.systemctl("is-active")) == ("refused", (3, "inactive"))
        lab.ask("fix")
        assert (lab.tcp("cti", "cti"), lab.systemctl("is-active")) == ("open", (0, "active"))


def test_a_host_that_goes_down_drops_those_who_are_signed_in(start_lab: StartLab) -> None:
    lab = start_lab("healthy")
    assert lab.systemctl("is-active") == (0, "active")
    lab.ask("break", case="host-down")
    with pytest.raises(CannotAskError):
        lab.systemctl("is-active")
    lab.ask("fix")
    assert lab.systemctl("is-active") == (0, "active")


def test_an_unknown_case_is_refused_with_the_list_of_cases(start_lab: StartLab) -> None:
    for refused in (lambda: known_case("host-dwon", plan="cti-down"), lambda: start_lab("host-dwon")):
        with pytest.raises(RunbookError) as raised:
            refused()
        assert raised.value.code == "E-LAB-CASE"
        assert "host-down" in raised.value.text()
