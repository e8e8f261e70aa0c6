"""`sip`: does a SIP server answer a request? (RFC 3261)"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from runbook.model.lookup import Problems, host_called, host_problems, port_called, port_problems
from runbook.model.outcome import Outcome
from runbook.model.replies import SipReply
from runbook.model.schema import Id, OneOrMore, Whole
from runbook.model.site import Site
from runbook.model.step import Group, Kind, Result, StepPorts
from runbook.model.text import _

TIMEOUT_S = 4.0
FINAL_FAILURE = 500
"""Server failures (RFC 3261 section 21.5) and global ones (21.6) begin here: it lives and cannot serve."""

FinalStatus = Annotated[Whole, Field(ge=200, le=699)]


class Sip(Kind):
    """Send OPTIONS to a SIP server. Any final response means that it is alive; silence failed.

    With `passes` only those status codes pass. Without it every final response below 500 passes: a server that answers
    5xx or 6xx is alive and cannot serve, so it failed.
    """

    NAME: ClassVar[str] = "sip"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "status": "The status code of the final response; none for silence.",
        "alive": "Whether any final response came.",
        "elapsed_ms": "How long it took, in milliseconds.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "sip", "port": "sip"}

    host: Id
    """The host of the site."""
    port: Id
    """The port's name on that host."""
    method: Literal["options"] = "options"
    """The request that is sent."""
    transport: Literal["udp", "tcp"] = "udp"
    """How it is sent."""
    passes: Annotated[tuple[FinalStatus, ...], OneOrMore] = ()
    """The status codes that pass; without it every final response below 500."""

    def plan_line(self, site: Site) -> str:
        return _("SIP {method} over {transport} to {host}, port {port}").format(
            method=self.method.upper(),
            transport=self.transport.upper(),
            host=host_called(site, self.host),
            port=port_called(site, self.host, self.port),
        )

    def exact(self, site: Site) -> str:
        host = site.hosts[self.host]
        return f"{self.method.upper()} sip:{host.address}:{host.ports[self.port]};transport={self.transport}"

    def problems(self, site: Site | None) -> Problems:
        return host_problems(site, "host", self.host) + port_problems(site, "port", self.host, self.port)

    def manual_form(self, site: Site) -> str:
        return _(
            "On the console of {host}, or with a telephone that registers there: does the SIP server answer?"
        ).format(host=host_called(site, self.host))

    def run(self, ports: StepPorts) -> Result:
        """Send the request once (UDP repeats it by timer T1) and wait for a final response."""
        host = ports.site.hosts[self.host]
        timeout_s = ports.timeout_s or TIMEOUT_S
        reply = ports.world.sip.options(host, host.ports[self.port], transport=self.transport, timeout_s=timeout_s)
        return reading(reply, self.passes)


def reading(reply: SipReply, passes: Collection[int] = ()) -> Result:
    """What a reply, or silence, says. `passes` empty: every final response below 500."""
    elapsed_ms = round(reply.elapsed_s * 1000, 1)
    values = {"status": reply.status, "alive": reply.status is not None, "elapsed_ms": elapsed_ms}
    if reply.status is None:
        return Result("failed", values, found=f"silence, {reply.elapsed_s:.2g} s ({reply.transport})")
    good = reply.status in passes if passes else reply.status < FINAL_FAILURE
    outcome: Outcome = "passed" if good else "failed"
    return Result(outcome, values, found=f"{reply.status} {reply.reason}, {elapsed_ms:g} ms ({reply.transport})")
