"""From where a question is asked: this laptop, or a machine of the site that is signed in to and asks from there."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from runbook.model.http_probe import http_probe, read_http_probe
from runbook.model.kind import StepPorts
from runbook.model.lookup import Problems, nearest
from runbook.model.machine import Host
from runbook.model.probes import MARGIN_S, can_probe, ping_probe, read_ping_probe, read_tcp_probe, tcp_probe
from runbook.model.replies import CannotAskError, HttpReply, PingReply, SshReply, TcpReply
from runbook.model.site import Site
from runbook.model.text import _

HERE = "here"
"""This laptop."""

_RESOLVED = re.compile(r"^PING \S+ \(([0-9A-Fa-f.:]+)\)", re.MULTILINE)


def origin_problems(site: Site | None, field: str, origin: str) -> Problems:
    """An origin that is neither this laptop nor a machine of the site."""
    if site is None or origin == HERE or site.machine(origin):
        return []
    sentence = _("expected `here`, or a host or a seat of the site, found {found}; nearest: {nearest}")
    return [(field, sentence.format(found=origin, nearest=nearest(origin, [HERE, *site.hosts, *site.seats])))]


def origin_called(site: Site, origin: str) -> str:
    """What people call the place from where a question is asked."""
    return _("this laptop") if origin == HERE else site.host_title(origin)


def ping_from(ports: StepPorts, origin: str, host: Host, *, count: int, timeout_s: float) -> PingReply:
    """Ping `host` from `origin`. Raises CannotAskError, in phase `login` for a machine that cannot be signed in to."""
    if origin == HERE:
        return ports.world.icmp.ping(host, count=count, timeout_s=timeout_s)
    machine = _machine(ports.site, origin)
    words = ping_probe(machine.system, host.address, count, timeout_s)
    # Windows waits a second between two requests.
    deadline_s = count * (math.ceil(timeout_s) + 1) + MARGIN_S
    reply = ports.world.ssh.run(machine, words, deadline_s=deadline_s)
    return replace(read_ping_probe(reply, count, host.address, origin=origin), address=_resolved(reply) or host.address)


def tcp_from(ports: StepPorts, origin: str, host: Host, port: int, *, timeout_s: float) -> TcpReply:
    """Try a port of `host` from `origin`. Raises CannotAskError, in phase `login` for a machine that cannot be signed in to."""
    if origin == HERE:
        return ports.world.net.tcp(host.address, port, timeout_s=timeout_s)
    machine = _machine(ports.site, origin)
    words = tcp_probe(machine.system, host.address, port, timeout_s)
    reply = ports.world.ssh.run(machine, words, deadline_s=timeout_s + MARGIN_S)
    return read_tcp_probe(reply, host.address, origin=origin)


def http_from(
    ports: StepPorts, origin: str, host: Host, port: int, *, path: str, tls: bool, timeout_s: float
) -> HttpReply:
    """Ask a web server of `host` from `origin`. Raises CannotAskError, in phase `login` for a machine that cannot ask.

    From elsewhere the machine's own authorities decide which certificate is trusted, and no account is used.
    """
    if origin == HERE:
        return ports.world.http.get(host, port, path=path, tls=tls, timeout_s=timeout_s)
    machine = _machine(ports.site, origin)
    words = http_probe(machine, host, port, path=path, tls=tls, timeout_s=timeout_s)
    if not words:
        raise CannotAskError("login", _("a web server cannot be asked from {name}").format(name=origin))
    reply = ports.world.ssh.run(machine, words, deadline_s=timeout_s + MARGIN_S)
    return read_http_probe(reply, host.address, tls=tls, origin=origin)


def _machine(site: Site, origin: str) -> Host:
    machine = site.machine(origin)
    if machine is None:
        raise CannotAskError("resolve", _("the site file has no host or seat {name}").format(name=origin))
    if not can_probe(machine):
        raise CannotAskError(
            "login", _("{name} cannot be signed in to, so nothing is asked from it").format(name=origin)
        )
    return machine


def _resolved(reply: SshReply) -> str:
    """The IP address that the machine's `ping` says it asked; empty where it does not say."""
    found = _RESOLVED.search(reply.stdout.text())
    return found[1] if found else ""
