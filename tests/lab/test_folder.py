"""What the lab keeps: private files, a whole site file, and nobody who can be dialled."""

from __future__ import annotations

import os
import re
import stat

import pytest

from runbook.world.lab.centre import MACHINES, SEATS
from runbook.world.lab.folder import FIRST_PORT, LAST_PORT, read_setup
from tests.lab.running import StartLab

DIALLABLE = re.compile(r"(?<![\w+/.-])\+?\d[\d ()-]{5,}\d(?![\w+/.])")
ROLES = "leadership cs-lead onsite-ops carrier vendor comms network maint agents everyone-told"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_folder_and_files_are_their_owners_only(start_lab: StartLab) -> None:
    running = start_lab("service-stopped")
    running.systemctl("restart")
    assert stat.S_IMODE(running.folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in running.folder.iterdir()}
    assert {"lab.json", "state.json", "acts.jsonl", "site.yaml", "host_key", "user_key"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert not [name for name in modes if name.endswith(".part")]


def test_the_site_file_is_whole(start_lab: StartLab) -> None:
    running = start_lab("healthy")
    site = running.site
    assert (site.hosts.keys(), site.seats.keys()) == (MACHINES.keys(), SEATS.keys())
    assert site.members(("gateways", "sample-seats")) == ("gateway-a", "gateway-b", *SEATS)
    assert set(ROLES.split()) <= site.contacts.keys()
    assert site.lines.keys() == {"hotline", "emergency"}
    assert (site.name, site.time_zone) == ("Lab call centre", "Asia/Shanghai")
    for name, host in site.hosts.items():
        assert host.address == "127.0.0.1"
        assert host.ports or host.ssh, f"{name} could not be told from the others"
        assert host.title is not None
        assert host.title.pick("en") != host.title.pick("zh")
        assert (host.ssh is not None) >= bool(host.services)
        if host.ssh:
            assert len(host.ssh.host_keys) == 1
    for contact in site.contacts.values():
        assert contact.people
        assert contact.title.pick("zh") != contact.title.pick("en")


def test_nobody_in_the_lab_can_be_dialled(start_lab: StartLab) -> None:
    running = start_lab("service-stopped")
    running.systemctl("restart")
    assert [
        person.number for contact in running.site.contacts.values() for person in contact.people if person.number
    ] == []
    assert [line.numbers for line in running.site.lines.values() if line.numbers] == []
    for path in running.folder.iterdir():
        text = re.sub(r'"time": "[^"]*"|"until": [\d.]+|AAAA\S+', "", path.read_text(encoding="utf-8"))
        if not text.startswith("-----BEGIN OPENSSH"):
            assert DIALLABLE.findall(text) == [], path.name


def test_the_search_finds_numbers() -> None:
    for number in ("010-6234 1234", "95598001", "+86 10 6234 1234", "01062341234"):
        assert DIALLABLE.search(f"number: {number}\n"), number


def test_every_door_has_a_port_that_no_outgoing_connection_is_given(start_lab: StartLab) -> None:
    setup = read_setup(start_lab("healthy").folder)
    assert setup is not None
    assert len(set(setup.ports.values())) == len(setup.ports)
    assert all(FIRST_PORT <= port < LAST_PORT for port in setup.ports.values())


def test_hosts_are_known_by_their_ports(start_lab: StartLab) -> None:
    running = start_lab("host-down")
    answering = {
        name: len(running.world.icmp.ping(host, count=1, timeout_s=1).rtts_ms)
        for name, host in running.site.hosts.items()
    }
    assert answering == {name: 0 if name == "cti" else 1 for name in MACHINES}


def test_acts_count_every_command_with_time_host_and_words(start_lab: StartLab) -> None:
    running = start_lab("service-stopped")
    running.systemctl("is-active")
    running.systemctl("restart")
    running.systemctl("is-active", "URSStatServer", "cim")
    acts = running.acts()
    assert [(act["host"], act["argv"][1], act["argv"][3], act["status"]) for act in acts] == [
        ("cti", "is-active", "cti-core", 3),
        ("cti", "restart", "cti-core", 0),
        ("cim", "is-active", "URSStatServer", 0),
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", act["time"]) for act in acts)


def test_practice_says_so_and_this_laptop_is_never_the_fault(start_lab: StartLab) -> None:
    world = start_lab("host-down").world
    view = world.laptop.look()
    assert (view.link, view.gateway, view.gateway_answers) == (True, "lab", True)
    assert world.phone.number("95598") != "95598"
    assert world.phone.sentence("Hello.").startswith("This is an exercise")
