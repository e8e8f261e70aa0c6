"""How the hosts of a site are signed in to: ways over jump hosts that end, and secrets that can be used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from runbook.loader.document import Place
from runbook.loader.validation import Reporter
from runbook.model.errors import Problem
from runbook.model.machine import Host, Login
from runbook.model.site import MOST_JUMPS, Site
from runbook.model.text import _

Names = Callable[[str], Collection[str]]
"""The ids of `hosts`, `seats`, ... as they stand in the file, those of wrong entries too."""


def logins(site: Site, report: Reporter, names: Names) -> Iterator[Problem]:
    """Every problem of the `ssh:` of hosts and seats that no single value has by itself."""
    places: dict[str, Place] = {
        **{name: ("hosts", name) for name in site.hosts},
        **{name: ("seats", name) for name in site.seats},
    }
    ways = {name: machine.ssh for name in places if (machine := site.machine(name)) and machine.ssh}
    jumps = {name: login.jump for name, login in ways.items() if login.jump}
    for name, login in ways.items():
        where: Place = (*places[name], "ssh")
        if login.secret and login.via == "openssh":
            message = _(
                "expected `via: paramiko`, found `openssh`: the system's `ssh` takes no password from a program"
            )
            yield report.problem("E-VALUE-TYPE", (*where, "via"), message)
        if login.jump:
            yield from _jump(report, names, (*where, "jump"), site.hosts.get(login.jump), name, jumps)
            yield from _transport(report, where, login, ways.get(login.jump), login.jump)


def _jump(
    report: Reporter, names: Names, where: Place, through: Host | None, name: str, jumps: Mapping[str, str]
) -> Iterator[Problem]:
    jump = jumps[name]
    way = _way(name, jumps)
    if jump not in names("hosts"):
        yield report.unknown_name(where, _("a host"), jump, names("hosts"))
    elif through and through.ssh is None:
        message = _("expected a host with `ssh:`, found {name!r}, which has none")
        yield report.problem("E-VALUE-TYPE", where, message.format(name=jump))
    elif way[-1] == name:
        message = _("expected a way that ends, found a circle: {way}")
        yield report.problem("E-VALUE-TYPE", where, message.format(way=" -> ".join(way)))
    elif len(way) - 1 > MOST_JUMPS and way[-1] not in way[:-1]:
        message = _("expected a way over at most {most} hosts, found {way}")
        yield report.problem("E-VALUE-TYPE", where, message.format(most=MOST_JUMPS, way=" -> ".join(way)))


def _transport(report: Reporter, where: Place, login: Login, through: Login | None, jump: str) -> Iterator[Problem]:
    """The built-in client goes through no other; the system's `ssh` signs in to every host on the way by itself."""
    if through and login.via == "paramiko" and through.via == "openssh":
        message = _("expected `via: openssh`, as {name!r} has, through which this host is reached")
        yield report.problem("E-VALUE-TYPE", (*where, "jump"), message.format(name=jump))
    if through and login.via == "openssh" and through.secret:
        message = _(
            "expected a jump host without `secret`, found {name!r}: the system's `ssh` takes none from a program"
        )
        yield report.problem("E-VALUE-TYPE", (*where, "jump"), message.format(name=jump))


def _way(name: str, jumps: Mapping[str, str]) -> list[str]:
    """The way from `name` over its jump hosts, up to the first that stands in it twice."""
    way = [name]
    while (following := jumps.get(way[-1])) is not None:
        way.append(following)
        if following in way[:-1]:
            break
    return way
