"""Ping by the kernel's own times, over datagram and raw sockets, in network namespaces where each can be had."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests import peers

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.needs_root

BOTH = pytest.mark.parametrize(("groups", "means"), [("0 2147483647", "icmp"), ("1 0", "raw icmp")])
"""`net.ipv4.ping_group_range`: datagram sockets for everybody, and for nobody."""

ANSWER_LATE = """
import socket, struct, threading, time
from runbook.world import icmp
responder = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def answer(packet, address, after_s):
    time.sleep(after_s)
    body = packet[24:]
    def checksum(data):
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        total = (total & 0xFFFF) + (total >> 16)
        return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    reply = struct.pack("!BBH", 0, 0, checksum(struct.pack("!BBH", 0, 0, 0) + body)) + body
    responder.sendto(reply, address)
def serve():
    while True:
        packet, address = responder.recvfrom(2048)
        if packet[20] == 8:
            threading.Thread(target=answer, args=(packet, address, DELAY), daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
"""
"""Answers echo requests instead of the kernel, each after DELAY seconds."""


def inside(script: str, groups: str, *more: str) -> Any:
    """What the script prints as JSON in a network namespace of its own, where only loopback is up."""
    up = ["ip link set lo up", f"sysctl -qw net.ipv4.ping_group_range='{groups}'", *more, 'exec "$@"']
    python = [sys.executable, "-c", textwrap.dedent(script)]
    peers.program("ip")
    done = subprocess.run(
        [peers.program("unshare"), "-n", "sh", "-c", " && ".join(up), "sh", *python],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@BOTH
def test_both_families_are_pinged_by_the_means_that_the_system_allows(groups: str, means: str) -> None:
    script = """
    import json
    from runbook.world.icmp import probe
    replies = [probe(address, count=3, timeout_s=1) for address in ("127.0.0.1", "::1")]
    print(json.dumps([[reply.means, len(reply.rtts_ms), min(reply.rtts_ms) > 0] for reply in replies]))
    """
    assert inside(script, groups) == [[means, 3, True]] * 2


@BOTH
def test_two_hundred_at_once_lose_nothing_and_invent_no_round_trip(groups: str, means: str) -> None:
    script = """
    import json
    from runbook.engine.at_once import at_once
    from runbook.world.icmp import probe
    replies = at_once(lambda n: probe(f"127.0.0.{n}", count=2, timeout_s=5), range(1, 201))
    rtts = [rtt for reply in replies for rtt in reply.rtts_ms]
    print(json.dumps([sorted({reply.means for reply in replies}), len(rtts), max(rtts)]))
    """
    found, answers, longest_ms = inside(script, groups)
    assert (found, answers) == ([means], 400)
    assert longest_ms < 20


@BOTH
def test_a_program_that_is_woken_late_measures_the_same(groups: str, means: str) -> None:
    """The reply waits 300 ms before it is read: that is this program's time, not the network's."""
    script = """
    import json, select, time
    from runbook.world import icmp
    class Late:
        def __init__(self):
            self.poller = poll()
            self.register = self.poller.register
        def poll(self, timeout_ms):
            time.sleep(0.3)
            return self.poller.poll(timeout_ms)
    poll, select.poll = select.poll, Late
    reply = icmp.probe("127.0.0.1", count=1, timeout_s=5)
    print(json.dumps([reply.means, reply.rtts_ms]))
    """
    found, (rtt_ms,) = inside(script, groups)
    assert found == means
    assert rtt_ms < 100


@BOTH
def test_a_reply_that_comes_late_is_as_long_as_it_took(groups: str, means: str) -> None:
    script = ANSWER_LATE.replace("DELAY", "0.15") + textwrap.dedent(
        """
        import json
        reply = icmp.probe("127.0.0.1", count=2, timeout_s=5)
        print(json.dumps([reply.means, min(reply.rtts_ms), len(reply.rtts_ms)]))
        """
    )
    found, shortest_ms, answers = inside(script, groups, "sysctl -qw net.ipv4.icmp_echo_ignore_all=1")
    assert (found, answers) == (means, 2)
    assert shortest_ms >= 150


@BOTH
def test_an_answer_after_its_time_is_loss_and_not_the_next_one_s_answer(groups: str, means: str) -> None:
    script = ANSWER_LATE.replace("DELAY", "0.3") + textwrap.dedent(
        """
        import json
        reply = icmp.probe("127.0.0.1", count=3, timeout_s=0.15)
        print(json.dumps([reply.means, reply.sent, reply.rtts_ms]))
        """
    )
    assert inside(script, groups, "sysctl -qw net.ipv4.icmp_echo_ignore_all=1") == [means, 3, []]


@pytest.mark.parametrize(("family", "address"), [("ICMPv4Socket", "127.0.0.1"), ("ICMPv6Socket", "::1")])
def test_a_raw_socket_gets_no_packet_of_another_ping(family: str, address: str) -> None:
    script = """
    import json, select, socket
    from icmplib import ICMPRequest, FAMILY as Socket
    from runbook.world.icmp_kernel import KernelTimes
    with Socket() as ours, Socket() as other:
        times = KernelTimes.on(ours.sock, identifier=4711, raw=True)
        for n in range(20):
            request = ICMPRequest("ADDRESS", 4712, n)
            other.send(request)
            other.receive(request, 1)
        silent = select.select([ours.sock], [], [], 0.2)[0] == []
        rtts = []
        for sent, awaited in ((7, 6), (8, 8)):
            request = ICMPRequest("ADDRESS", 4711, sent)
            ours.send(request)
            rtts.append(times.rtt_ms(awaited, request.time, 0.2))
        print(json.dumps([silent, *rtts]))
    """
    silent, another_number, rtt_ms = inside(script.replace("FAMILY", family).replace("ADDRESS", address), "1 0")
    assert (silent, another_number) == (True, None)
    assert rtt_ms < 20


def test_without_the_kernels_times_icmplib_s_are_taken() -> None:
    script = """
    import json
    from runbook.world import icmp, icmp_kernel
    icmp_kernel._SO_TIMESTAMPING = 9999
    reply = icmp.probe("127.0.0.1", count=2, timeout_s=1)
    print(json.dumps([reply.means, len(reply.rtts_ms)]))
    """
    assert inside(script, "0 2147483647") == ["icmp", 2]
