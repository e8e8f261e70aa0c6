"""TCP, names, ping and the laptop's own view, on this machine's own network and on one that is cut off."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook.model.machine import Host
from runbook.model.probes import ping_times
from runbook.model.replies import CannotAskError
from runbook.world import icmp, net
from runbook.world.clock import LiveClock
from runbook.world.icmp import LiveIcmp, ping_command, ping_error
from runbook.world.laptop import LiveLaptop, default_gateway, gateway_4, gateway_6, gateway_of_table
from runbook.world.net import LiveNet, resolve
from tests import peers

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "cases"


@contextmanager
def listener(backlog: int = 5) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        yield server.getsockname()[1]


def test_an_open_port_is_open() -> None:
    with listener() as port:
        reply = LiveNet().tcp("127.0.0.1", port, timeout_s=2)
    assert (reply.result, reply.address) == ("open", "127.0.0.1")
    assert reply.elapsed_s < 1


def test_a_closed_port_refuses() -> None:
    assert LiveNet().tcp("127.0.0.1", peers.free_port(), timeout_s=2).result == "refused"


def test_a_port_that_does_not_answer_times_out() -> None:
    # A full backlog: the kernel drops what comes, as a firewall does.
    with listener(0) as port, socket.socket() as first, socket.socket() as second:
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        reply = LiveNet().tcp("127.0.0.1", port, timeout_s=0.6)
    assert reply.result == "timed_out"
    assert 0.5 < reply.elapsed_s < 1.5


def test_a_name_whose_first_address_is_dead_is_open_by_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net, "resolve", lambda address, deadline_s: ("127.0.0.2", "127.0.0.1"))
    with listener() as port:
        reply = LiveNet().tcp("cti.example", port, timeout_s=2)
    assert (reply.result, reply.address) == ("open", "127.0.0.1")


def test_a_system_without_ipv6_asks_over_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    class Only4(socket.socket):
        def __init__(self, family: int = socket.AF_INET, *words: int, **more: int) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *words, **more)

    monkeypatch.setattr(net, "resolve", lambda address, deadline_s: ("2001:db8::1", "127.0.0.1"))
    with listener() as port:
        monkeypatch.setattr(socket, "socket", Only4)
        reply = LiveNet().tcp("cti.example", port, timeout_s=2)
        with pytest.raises(CannotAskError) as caught:
            icmp.probe("::1", count=1, timeout_s=1)
        monkeypatch.undo()
    assert caught.value.phase == "route"
    assert reply.result == "open"


def test_an_ip_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert resolve("192.0.2.1") == ("192.0.2.1",)
    assert resolve("2001:DB8::1") == ("2001:db8::1",)


def test_a_name_that_does_not_resolve_is_said_in_phase_resolve() -> None:
    with pytest.raises(CannotAskError, match=r"nobody\.invalid") as caught:
        LiveNet().tcp("nobody.invalid", 80, timeout_s=5)
    assert caught.value.phase == "resolve"


def test_a_name_server_that_hangs_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_more: time.sleep(3))
    began = time.monotonic()
    with pytest.raises(CannotAskError, match="within") as caught:
        LiveNet().tcp("slow.example", 80, timeout_s=0.3)
    assert caught.value.phase == "resolve"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "address", ["-oProxyCommand=x", "-f", "8.8.8.8; x", "a b", "::1%eth0;x", "user@host@x", "", "$(x)", "а.example"]
)
def test_what_could_be_an_option_or_a_command_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    with pytest.raises(CannotAskError) as caught:
        resolve(address)
    assert caught.value.phase == "resolve"


def test_this_machine_answers_ping() -> None:
    reply = LiveIcmp().ping(Host(address="localhost"), count=3, timeout_s=1)
    assert (reply.sent, len(reply.rtts_ms), reply.loss_pct, reply.address) == (3, 3, 0, "127.0.0.1")
    assert reply.means in ("icmp", "raw icmp", "system ping")


def test_the_systems_ping_answers_the_same() -> None:
    peers.program("ping")
    assert len(icmp._system_ping("127.0.0.1", 2, 1)) == 2


@pytest.mark.parametrize("path", sorted((CASES / "ping").glob("*.txt")), ids=lambda path: path.stem)
def test_reading_what_a_systems_ping_printed(path: Path) -> None:
    expected, _line, said = path.read_text(encoding="utf-8").partition("\n")
    times, code = expected.removeprefix("# ").split(" | ")
    assert [f"{time:g}" for time in ping_times(said)] == times.split()
    assert (ping_error(said) is not None) == (code == "cannot ask")


def test_the_words_of_the_systems_ping() -> None:
    assert ping_command("linux", "192.0.2.1", 5, 2) == (
        "ping",
        "-n",
        "-c",
        "5",
        "-i",
        "0.2",
        "-W",
        "2",
        "--",
        "192.0.2.1",
    )
    assert ping_command("win32", "192.0.2.1", 5, 0.5) == ("ping", "-n", "5", "-w", "500", "192.0.2.1")
    assert ping_command("darwin", "2001:db8::1", 5, 2)[0] == "ping6"


def test_the_clock_goes_on() -> None:
    clock = LiveClock()
    (boot, first), wall = clock.boot(), clock.now()
    clock.wait(0.02)
    assert clock.boot()[0] == boot
    assert clock.boot()[1] - first >= 0.02
    assert clock.now() >= wall
    assert str(wall.tzinfo) == "UTC"
    clock.wait(-1)


def test_the_boot_id_is_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from runbook.world import clock

    clock._boot_id.cache_clear()
    monkeypatch.setattr(clock, "_BOOT_ID", tmp_path / "absent")
    try:
        assert LiveClock().boot()[0].startswith("process-")
    finally:
        clock._boot_id.cache_clear()


def test_the_laptop_looks_at_itself_in_time() -> None:
    began = time.monotonic()
    view = LiveLaptop().look()
    assert time.monotonic() - began < 3
    assert (view.gateway_answers is None) or view.gateway


ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t01000A0A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t00000A0A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
broken line
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the file's integers are the machine's own")
def test_linux_default_gateway_of_the_lowest_metric() -> None:
    assert gateway_4(ROUTES.splitlines()) == "10.10.0.1"
    assert gateway_4([]) == ""


def test_linux_ipv6_default_gateway_with_its_scope() -> None:
    none, link_local = "0" * 32, "fe80" + "0" * 27 + "1"
    lines = [
        f"{none} 00 {none} 00 {none} ffffffff 00000001 00000000 00200200       lo",
        f"{none} 00 {none} 00 {link_local} 00000400 00000001 00000000 00000003     eth0",
    ]
    assert gateway_6(lines) == "fe80::1%eth0"


@pytest.mark.parametrize(
    ("table", "gateway"),
    [
        (
            "Destination        Gateway            Flags\ndefault            192.168.1.1        UGScg  en0\n",
            "192.168.1.1",
        ),
        ("default            link#12            UCSIg  utun\ndefault  10.0.0.1  UG\n", "10.0.0.1"),
        (
            "Network Destination  Netmask  Gateway\n          0.0.0.0          0.0.0.0      192.0.2.1     192.0.2.7     25\n",
            "192.0.2.1",
        ),
        ("nothing here", ""),
    ],
)
def test_gateway_of_a_printed_table(table: str, gateway: str) -> None:
    assert gateway_of_table(table) == gateway


@pytest.mark.needs_root
def test_a_laptop_without_any_network_cannot_ask() -> None:
    script = """
    from runbook.model.replies import CannotAskError
    from runbook.model.replies import Turn
    from runbook.model.machine import Host
    from runbook.model.site import Site
    from runbook.world.live import live
    world = live(Site(site="1", name="Cut off"))
    host = Host(address="192.0.2.1", ssh={"user": "a"})
    for name, ask in {
        "tcp": lambda: world.net.tcp(host.address, 80, timeout_s=1),
        "icmp": lambda: world.icmp.ping(host, count=1, timeout_s=1),
        "talk": lambda: world.net.talk(host.address, 80, [Turn("a", "b")], timeout_s=1),
        "tls": lambda: world.net.tls(host, 443, timeout_s=1),
        "udp": lambda: world.sip.options(host, 5060, transport="udp", timeout_s=1),
        "sip over tcp": lambda: world.sip.options(host, 5060, transport="tcp", timeout_s=1),
        "sip over tls": lambda: world.sip.options(host, 5061, transport="tls", timeout_s=1),
        "http": lambda: world.http.get(host, 80, path="/", tls=False, timeout_s=1),
        "https": lambda: world.http.get(host, 443, path="/", tls=True, timeout_s=1),
        "dns": lambda: world.dns.look_up(host.address, 53, name="a.example", type_="A", timeout_s=1),
        "ssh": lambda: world.ssh.run(host, ["true"], deadline_s=1),
    }.items():
        try:
            print(name, ask())
        except CannotAskError as error:
            print(name, error.phase)
    view = world.laptop.look()
    print(view.link, repr(view.gateway), view.gateway_answers)
    """
    done = subprocess.run(
        [peers.program("unshare"), "-n", sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "tcp route",
        "icmp route",
        "talk route",
        "tls route",
        "udp route",
        "sip over tcp route",
        "sip over tls route",
        "http route",
        "https route",
        "dns route",
        "ssh route",
        "False '' None",
    ], done.stderr


def test_the_gateway_of_this_machine_is_an_address_or_none() -> None:
    assert default_gateway().count("\n") == 0
