"""The table of commands, as a pure function."""

from __future__ import annotations

import pytest

from runbook.world.lab.commands import ended, words
from runbook.world.lab.state import Service, centre_in

NOW = 1000.0


def systemctl(
    case: str, verb: str, unit: str = "cti-core", host: str = "cti", status: str = ""
) -> tuple[int | None, str]:
    centre = centre_in(case)
    if status:
        centre = centre.changed("cti-core", Service(status, NOW + 1))  # type: ignore[arg-type]
    end = ended(centre, host, ("systemctl", verb, "--", unit), NOW)
    return end.status, (end.stdout + end.stderr).strip()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("running", (0, "active")),
        ("starting", (3, "activating")),
        ("stopped", (3, "inactive")),
        ("broken", (3, "failed")),
    ],
)
def test_is_active_ends_as_systemctl_does(state: str, expected: tuple[int, str]) -> None:
    assert systemctl("healthy", "is-active", status=state) == expected


@pytest.mark.parametrize(("unit", "host"), [("nosuch", "cti"), ("SipServer", "cti"), ("cti-core", "sip")])
def test_a_unit_of_another_host_is_unknown(unit: str, host: str) -> None:
    assert systemctl("healthy", "is-active", unit, host)[0] == 4
    assert systemctl("healthy", "restart", unit, host)[0] == 5


def test_the_units_suffix_may_be_written() -> None:
    assert systemctl("healthy", "is-active", "cti-core.service") == (0, "active")


@pytest.mark.parametrize(
    ("case", "verb", "status", "state"),
    [
        ("healthy", "start", 0, "running"),
        ("healthy", "stop", 0, "stopped"),
        ("healthy", "restart", 0, "starting"),
        ("service-stopped", "start", 0, "starting"),
        ("service-stopped", "restart", 0, "starting"),
        ("restart-fails", "start", 0, "stopped"),
        ("restart-fails", "restart", 0, "stopped"),
        ("service-broken", "restart", 1, "broken"),
        ("restart-hangs", "restart", None, "stopped"),
        ("restart-hangs", "stop", 0, "stopped"),
        ("slow", "restart", 0, "starting"),
    ],
)
def test_what_an_act_brings_is_the_cases_matter(case: str, verb: str, status: int | None, state: str) -> None:
    end = ended(centre_in(case), "cti", ("systemctl", verb, "--", "cti-core"), NOW)
    assert (end.status, end.centre.services["cti-core"].status) == (status, state)


def test_a_case_breaks_its_own_services_only() -> None:
    end = ended(centre_in("restart-fails"), "sip", ("systemctl", "restart", "--", "SipServer"), NOW)
    assert (end.status, end.centre.services["SipServer"]) == (0, Service("starting", NOW + 3))


def test_a_starting_service_runs_when_its_time_has_come_and_not_before() -> None:
    starting = ended(centre_in("service-stopped"), "cti", ("systemctl", "restart", "--", "cti-core"), NOW).centre
    assert starting.next_change() == NOW + 3
    assert starting.at(NOW + 2.999).services["cti-core"].status == "starting"
    assert starting.at(NOW + 3).services["cti-core"].status == "running"
    assert starting.at(NOW + 3).next_change() is None


@pytest.mark.parametrize(
    "command",
    [
        b"",
        b"sh",
        b"systemctl",
        b"systemctl restart cti-core",
        b"systemctl is-active -- cti-core; rm -rf x",
        b"systemctl is-active -- cti-core && true",
        b"systemctl is-active -- $(true)",
        b"systemctl mask -- cti-core",
        b"sudo -n true",
        b"'unclosed",
        b"\xff\xfe",
        b"/bin/true",
    ],
)
def test_whatever_is_not_in_the_table_is_not_found_and_changes_nothing(command: bytes) -> None:
    before = centre_in("service-stopped")
    end = ended(before, "cti", words(command), NOW)
    assert end.centre is before
    assert end.status in (127, 4)
    assert (end.status == 4) == (command == b"systemctl is-active -- $(true)"), "an odd unit is only an unknown unit"


def test_words_are_split_as_the_shell_quoting_of_the_product_joins_them() -> None:
    assert words(b"systemctl is-active -- 'a b'") == ("systemctl", "is-active", "--", "a b")


def test_since_when_a_service_runs_is_told_as_systemd_does() -> None:
    """Nothing before the first start; the time of the last start from then on, also while the service is stopped again."""
    asked = ("systemctl", "show", "-p", "ActiveEnterTimestamp", "--", "cti-core")
    centre = centre_in("service-stopped")
    assert ended(centre, "cti", asked, NOW).stdout == "ActiveEnterTimestamp=\n"
    centre = ended(centre, "cti", ("systemctl", "restart", "--", "cti-core"), NOW).centre.at(NOW + 60)
    told = "ActiveEnterTimestamp=Thu 1970-01-01 00:16:43 UTC\n"
    assert ended(centre, "cti", asked, NOW + 61).stdout == told
    centre = ended(centre, "cti", ("systemctl", "stop", "--", "cti-core"), NOW + 62).centre
    assert ended(centre, "cti", asked, NOW + 63).stdout == told
