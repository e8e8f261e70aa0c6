"""`tcp`: does a port of a host accept a connection?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbook.model.lookup import Problems, host_called, host_problems, port_called, port_problems
from runbook.model.outcome import Outcome
from runbook.model.replies import TcpReply
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.step import Group, Kind, Result, StepPorts
from runbook.model.text import _

TIMEOUT_S = 3.0


class Tcp(Kind):
    """Connect to a port and close again. Only an open port passes; refused and timed out are told apart."""

    NAME: ClassVar[str] = "tcp"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "result": "open, refused or timed_out.",
        "elapsed_ms": "How long the attempt took, in milliseconds.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "port": "cti"}

    host: Id
    """The host of the site."""
    port: Id
    """The port's name on that host."""

    def plan_line(self, site: Site) -> str:
        return _("connect to {host}, port {port}").format(
            host=host_called(site, self.host), port=port_called(site, self.host, self.port)
        )

    def exact(self, site: Site) -> str:
        host = site.hosts[self.host]
        return f"tcp {host.address}:{host.ports[self.port]}"

    def problems(self, site: Site | None) -> Problems:
        return host_problems(site, "host", self.host) + port_problems(site, "port", self.host, self.port)

    def manual_form(self, site: Site) -> str:
        return _("On a computer of the same network, try port {port} of {host}. Is it open, refused or silent?").format(
            port=port_called(site, self.host, self.port), host=host_called(site, self.host)
        )

    def run(self, ports: StepPorts) -> Result:
        """Try the port once."""
        host = ports.site.hosts[self.host]
        return reading(ports.world.net.tcp(host.address, host.ports[self.port], timeout_s=ports.timeout_s or TIMEOUT_S))


def reading(reply: TcpReply) -> Result:
    """What one attempt to connect says."""
    elapsed_ms = round(reply.elapsed_s * 1000, 1)
    outcome: Outcome = "passed" if reply.result == "open" else "failed"
    return Result(
        outcome, {"result": reply.result, "elapsed_ms": elapsed_ms}, found=f"{reply.result}, {elapsed_ms:g} ms"
    )
