"""Ping: over an unprivileged ICMP socket where the system allows one, else a raw one, else the system's own `ping`."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from runbook.model.machine import Host
from runbook.model.probes import ping_times
from runbook.model.replies import CannotAskError, PingReply
from runbook.model.text import _
from runbook.world.clock import pause_until, since_boot
from runbook.world.icmp_kernel import KernelTimes
from runbook.world.net import cannot_ask, phase, resolve

INTERVAL_S = 0.2
"""Between two requests: the shortest that the system's `ping` grants to everybody."""

_PAYLOAD_BYTES = 56
_RAW_AT_ONCE = threading.BoundedSemaphore(20)
"""Every raw socket gets a copy of every reply; with 200 of them the measured times were off by up to 236 ms. Linux filters them."""


class LiveIcmp:
    """`runbook.model.ports.Icmp` over this machine's own network."""

    def ping(self, host: Host, *, count: int, timeout_s: float) -> PingReply:
        """Send `count` echo requests (RFC 792, RFC 4443) one by one, each waited for `timeout_s`; silence is loss.

        `means` of the reply: `icmp`, `raw icmp` or `system ping`. Raises CannotAskError in phase `resolve`, `route`,
        `link` or `permission`.
        """
        return probe(resolve(host.address)[0], count=count, timeout_s=timeout_s)


def probe(ip: str, *, count: int, timeout_s: float) -> PingReply:
    """As `LiveIcmp.ping`, for an IP address, which may carry a scope (`fe80::1%eth0`)."""
    from icmplib import ICMPSocketError, SocketPermissionError

    try:
        return PingReply(count, _echoes(ip, count, timeout_s, privileged=False), "icmp", ip)
    except ICMPSocketError:
        pass
    try:
        with _RAW_AT_ONCE if not sys.platform.startswith("linux") else nullcontext():
            return PingReply(count, _echoes(ip, count, timeout_s, privileged=True), "raw icmp", ip)
    except SocketPermissionError:
        return PingReply(count, _system_ping(ip, count, timeout_s), "system ping", ip)
    except ICMPSocketError as error:
        # No socket at all: a system without this family.
        raise cannot_ask(ip, _number(error) or errno.EAFNOSUPPORT) from None


def _echoes(ip: str, count: int, timeout_s: float, *, privileged: bool) -> tuple[float, ...]:
    """The round-trip times in ms. Raises icmplib's SocketPermissionError before anything was sent, or CannotAskError."""
    from icmplib import ICMPError, ICMPRequest, ICMPSocketError, ICMPv4Socket, ICMPv6Socket, TimeoutExceeded
    from icmplib.utils import unique_identifier

    rtts: list[float] = []
    identifier = unique_identifier()
    with (ICMPv6Socket if ":" in ip else ICMPv4Socket)(privileged=privileged) as sock:
        times = KernelTimes.on(sock.sock, identifier=identifier, raw=privileged)
        for sequence in _paced(count):
            request = ICMPRequest(ip, identifier, sequence, payload_size=_PAYLOAD_BYTES)
            try:
                sock.send(request)
                if times:
                    rtt_ms = times.rtt_ms(sequence, request.time, timeout_s)
                    rtts += [rtt_ms] if rtt_ms is not None else []
                    continue
                reply = sock.receive(request, timeout_s)
                reply.raise_for_status()
                # icmplib measures with the wall clock, which may be set back meanwhile.
                rtts.append(max(0.0, reply.time - request.time) * 1000)
            except (TimeoutExceeded, ICMPError):
                continue
            except (ICMPSocketError, OSError) as error:
                code = error.errno if isinstance(error, OSError) else _number(error)
                if code is not None and phase(code):
                    raise cannot_ask(ip, code) from None
    return tuple(rtts)


def _number(error: Exception) -> int | None:
    """The system's error number behind an error of icmplib."""
    return error.__context__.errno if isinstance(error.__context__, OSError) else None


def _paced(count: int) -> Iterator[int]:
    begun = since_boot()
    for number in range(count):
        pause_until(begun + number * INTERVAL_S)
        yield number


def _system_ping(ip: str, count: int, timeout_s: float) -> tuple[float, ...]:
    try:
        done = subprocess.run(
            ping_command(sys.platform, ip, count, timeout_s),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=count * (timeout_s + 1) + 5,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except OSError:
        raise CannotAskError(
            "permission", _("this laptop allows no ping: neither ICMP sockets nor the system's ping")
        ) from None
    except subprocess.TimeoutExpired:
        return ()
    said = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
    rtts = ping_times(said)
    if not rtts and (code := ping_error(said)):
        raise cannot_ask(ip, code)
    return rtts[:count]


def ping_command(platform: str, ip: str, count: int, timeout_s: float) -> Sequence[str]:
    """The system's `ping` on `platform` (a value of `sys.platform`), as a list of words; `ip` cannot be read as an option."""
    if platform == "win32":
        return ("ping", "-n", str(count), "-w", str(round(timeout_s * 1000)), ip)
    if platform == "darwin":
        return ("ping6" if ":" in ip else "ping", "-n", "-c", str(count), "-i", str(INTERVAL_S), "--", ip)
    return ("ping", "-n", "-c", str(count), "-i", str(INTERVAL_S), "-W", f"{timeout_s:g}", "--", ip)


def ping_error(said: str) -> int | None:
    """The error number behind a system's `ping` that could not ask; None when it asked and nobody answered."""
    for words, code in (
        ("network is unreachable", errno.ENETUNREACH),
        ("no route to host", errno.ENETUNREACH),
        ("network is down", errno.ENETDOWN),
        ("operation not permitted", errno.EPERM),
        ("permission denied", errno.EPERM),
        ("lacking privilege", errno.EPERM),
    ):
        if words in said.lower():
            return code
    return None
