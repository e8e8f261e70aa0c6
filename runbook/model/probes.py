"""Other hosts asked from a machine of the site: which command is run there, and what its reply says. Pure pairs; nothing is sent here.

A command gets its values as words of its own, never inside a script. `system` is the host's `system` in the site file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from runbook.model.machine import Host
from runbook.model.powershell import literal, powershell
from runbook.model.replies import CannotAskError, Phase, PingReply, SshReply, TcpReply
from runbook.model.text import _

System = Literal["linux", "windows", "device"]

MARGIN_S = 5.0
"""What a probe's command gets beyond its own timeouts before its end is given up: the login shell, a slow name server."""

_PING_INTERVAL_S = 0.2
_CONNECT = 'exec 3<>"/dev/tcp/$0/$1"'
"""bash(1), REDIRECTION: opens a TCP connection. The address is `$0`, the port `$1`."""

_WINDOWS_CONNECT = (
    "$c=New-Object Net.Sockets.TcpClient([Net.Sockets.AddressFamily]::{family});"
    "try{{$r=$c.BeginConnect({address},{port},$null,$null);"
    "if(-not $r.AsyncWaitHandle.WaitOne({timeout_ms})){{exit 12}};"
    "$c.EndConnect($r);exit 10}}catch{{$e=$_.Exception;"
    "while($e -and -not ($e -is [Net.Sockets.SocketException])){{$e=$e.InnerException}};"
    "if(-not $e){{exit 15}};"
    "switch($e.ErrorCode){{10061{{exit 11}}10054{{exit 11}}10060{{exit 12}}10065{{exit 12}}"
    "11001{{exit 13}}11002{{exit 13}}11004{{exit 13}}10051{{exit 14}}10050{{exit 14}}}};exit 15}}"
)
"""Its exit status says it (the numbers are Winsock's): `Test-NetConnection` tells a refusal and silence apart in no way."""

_WINDOWS_RESULTS: Mapping[int, Literal["open", "refused", "timed_out"]] = {10: "open", 11: "refused", 12: "timed_out"}
_WINDOWS_PHASES: Mapping[int, Phase] = {13: "resolve", 14: "route"}

_NOT_ASKED: tuple[tuple[str, Phase], ...] = (
    ("network is unreachable", "route"),
    ("no route to host", "route"),
    ("network is down", "link"),
    ("operation not permitted", "permission"),
    ("permission denied", "permission"),
    ("lacking privilege", "permission"),
    ("unknown host", "resolve"),
    ("bad address", "resolve"),
    ("name or service not known", "resolve"),
    ("name resolution", "resolve"),
    ("no address associated", "resolve"),
)
_MISSING = (126, 127, 9009)
"""The exit status of a command that is not there or must not run: a POSIX shell's, and that of Windows' `cmd`."""


def can_probe(host: Host) -> bool:
    """Whether this tool knows how to ask another host from `host`."""
    return host.ssh is not None and host.system != "device"


def ping_probe(system: System, address: str, count: int, timeout_s: float) -> tuple[str, ...]:
    """The words that send `count` echo requests to `address`, each waited for `timeout_s`; empty for a `device`."""
    if system == "windows":
        return ("ping", "-n", str(count), "-w", str(round(timeout_s * 1000)), address)
    if system == "device":
        return ()
    # Older pings read only whole seconds.
    seconds = str(max(1, math.ceil(timeout_s)))
    pace = str(_PING_INTERVAL_S)
    return ("env", "LC_ALL=C", "ping", "-n", "-c", str(count), "-i", pace, "-W", seconds, "--", address)


def read_ping_probe(reply: SshReply, count: int, address: str, *, origin: str = "") -> PingReply:
    """What a `ping_probe` on the machine `origin` says; the means is `ping from ORIGIN`. Silence is loss.

    Raises CannotAskError when the machine has no ping, or could not ask: no route, no name, no permission, no end.
    """
    said = _said(reply, origin)
    rtts = ping_times(said)[:count]
    if not rtts:
        _refuse_known(said, origin)
        # Every ping prints how much was lost, in whatever language; one that prints nothing of the kind sent nothing.
        if "100%" not in said and "100.0%" not in said:
            raise _not_asked("channel", origin, said)
    return PingReply(count, rtts, f"ping from {origin}" if origin else "ping", address)


def tcp_probe(system: System, address: str, port: int, timeout_s: float) -> tuple[str, ...]:
    """The words that connect to `port` of `address` and close, within `timeout_s`; empty for a `device`."""
    if system == "windows":
        script = _WINDOWS_CONNECT.format(
            family="InterNetworkV6" if ":" in address else "InterNetwork",
            address=literal(address),
            port=port,
            timeout_ms=round(timeout_s * 1000),
        )
        return powershell(script)
    if system == "device":
        return ()
    return ("env", "LC_ALL=C", "timeout", f"{timeout_s:g}", "bash", "-c", _CONNECT, address, str(port))


def read_tcp_probe(reply: SshReply, address: str, *, origin: str = "") -> TcpReply:
    """What a `tcp_probe` on the machine `origin` says: open, refused or timed out; the time holds the way to the machine, too.

    Raises CannotAskError when the machine lacks a tool (`timeout`, `bash`), or could not ask: no route, no name, no end.
    """
    said = _said(reply, origin)
    status = reply.status or 0
    if status in _WINDOWS_RESULTS:
        return TcpReply(_WINDOWS_RESULTS[status], reply.elapsed_s, address)
    if status in _WINDOWS_PHASES:
        raise _not_asked(_WINDOWS_PHASES[status], origin, f"exit {status}")
    if status == 0:
        return TcpReply("open", reply.elapsed_s, address)
    if status == 124:  # timeout(1)
        return TcpReply("timed_out", reply.elapsed_s, address)
    low = said.lower()
    if "connection refused" in low or "connection reset" in low:
        return TcpReply("refused", reply.elapsed_s, address)
    # A neighbour that answers no ARP is silent, as from this laptop.
    if "connection timed out" in low or "no route to host" in low:
        return TcpReply("timed_out", reply.elapsed_s, address)
    _refuse_known(said, origin)
    raise _not_asked("channel", origin, said)


def ping_times(said: str) -> tuple[float, ...]:
    """The round-trip times in ms that a system's `ping` printed, whatever its language; each stands on a line with a TTL."""
    lines = [line for line in said.splitlines() if re.search(r"\b(ttl|hlim)=", line, re.IGNORECASE) or "<1ms" in line]
    times = [re.search(r"[=<] ?(\d+(?:[.,]\d+)?) ?ms", line) for line in lines]
    return tuple(float(found[1].replace(",", ".")) for found in times if found)


def _said(reply: SshReply, origin: str) -> str:
    """What the command printed. Raises CannotAskError when there was no such command, or its end is not known."""
    said = reply.stdout.text() + reply.stderr.text()
    if reply.status is None:
        raise CannotAskError("channel", _("the command's end is not known ({ended})").format(ended=reply.ended))
    if reply.status in _MISSING or reply.ended == "signal":
        raise _not_asked("channel", origin, said)
    return said


def _refuse_known(said: str, origin: str) -> None:
    for words, phase in _NOT_ASKED:
        if words in said.lower():
            raise _not_asked(phase, origin, said)


def _not_asked(phase: Phase, origin: str, said: str) -> CannotAskError:
    sentence = _("{origin} could not ask: {said}")
    return CannotAskError(phase, sentence.format(origin=origin or "-", said=" ".join(said.split())[:200] or "-"))
