"""What this laptop sees of itself: its links, its gateway, and whether the gateway answers."""

from __future__ import annotations

import ipaddress
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from runbook.model.replies import CannotAskError, LaptopView
from runbook.world.icmp import probe

_ROUTES_4, _ROUTES_6 = Path("/proc/net/route"), Path("/proc/net/ipv6_route")
_UP_AND_GATEWAY = 0x3  # RTF_UP | RTF_GATEWAY of linux/route.h


class LiveLaptop:
    """`runbook.model.ports.Laptop` over this machine."""

    def look(self) -> LaptopView:
        """Look at links and gateway: at most one second for the tables and one for the gateway's answer. Never raises.

        A link is any interface but loopback that is up and has a carrier. Without a gateway, or where ping is not
        allowed, whether it answers could not be found out.
        """
        gateway = default_gateway()
        return LaptopView(link=link_is_up(), gateway=gateway, gateway_answers=_answers(gateway) if gateway else None)


def link_is_up() -> bool:
    """Whether an interface other than loopback is up. True where the system does not say: then nothing is concluded from it."""
    try:
        import psutil

        return any(
            state.isup and not _is_loopback(name, getattr(state, "flags", ""))
            for name, state in psutil.net_if_stats().items()
        )
    except (ImportError, OSError, RuntimeError):
        return True


def _is_loopback(name: str, flags: str) -> bool:
    return "loopback" in flags.split(",") or name.lower().startswith(("lo0", "loopback")) or name == "lo"


def default_gateway() -> str:
    """The IP address of the default gateway, IPv4 before IPv6, a link-local one with its scope; empty when there is none."""
    if sys.platform == "linux":
        return gateway_4(_lines(_ROUTES_4)) or gateway_6(_lines(_ROUTES_6))
    command = ("route", "print", "0.0.0.0") if sys.platform == "win32" else ("netstat", "-rn")  # noqa: S104 - a route, no socket
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=1, check=False)
        return gateway_of_table(done.stdout.decode("utf-8", "replace"))
    return ""


def gateway_4(lines: Iterable[str]) -> str:
    """The default gateway of Linux's `/proc/net/route` with the lowest metric; empty when there is none."""
    found: list[tuple[int, str]] = []
    for line in lines:
        with suppress(ValueError, IndexError):
            words = line.split()
            if (
                int(words[1], 16) == 0
                and int(words[7], 16) == 0
                and int(words[3], 16) & _UP_AND_GATEWAY == _UP_AND_GATEWAY
            ):
                # The kernel prints the four network bytes as if they were one integer of this machine.
                found.append((int(words[6]), str(ipaddress.IPv4Address(int(words[2], 16).to_bytes(4, sys.byteorder)))))
    return min(found)[1] if found else ""


def gateway_6(lines: Iterable[str]) -> str:
    """The default gateway of Linux's `/proc/net/ipv6_route` with the lowest metric; empty when there is none."""
    found: list[tuple[int, str]] = []
    for line in lines:
        with suppress(ValueError, IndexError):
            words = line.split()
            gateway = ipaddress.IPv6Address(bytes.fromhex(words[4]))
            if (
                int(words[0], 16) == 0
                and int(words[1], 16) == 0
                and int(words[8], 16) & _UP_AND_GATEWAY == _UP_AND_GATEWAY
            ):
                found.append((int(words[5], 16), f"{gateway}%{words[9]}" if gateway.is_link_local else str(gateway)))
    return min(found)[1] if found else ""


def gateway_of_table(text: str) -> str:
    """The default gateway of a printed route table: `netstat -rn` of BSD and macOS, `route print` of Windows."""
    for line in text.splitlines():
        match = re.match(r"\s*(?:default|0\.0\.0\.0/0|0\.0\.0\.0\s+0\.0\.0\.0)\s+(\S+)", line)
        if match:
            with suppress(ValueError):
                ipaddress.ip_address(match[1])
                return match[1]
    return ""


def _answers(gateway: str) -> bool | None:
    try:
        return bool(probe(gateway, count=1, timeout_s=1).rtts_ms)
    except CannotAskError as error:
        return None if error.phase == "permission" else False
    except (OSError, ImportError):
        return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
