"""`sip`: does a SIP server answer a request, or which bindings does it have? (RFC 3261)"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from runbook.model.host_reading import COUNTS, HostReading, OnlyHere
from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems
from runbook.model.machine import Host
from runbook.model.outcome import Outcome, Scalar
from runbook.model.replies import SipReply
from runbook.model.schema import Id, OneOrMore, Whole
from runbook.model.site import Site
from runbook.model.text import _

TIMEOUT_S = 4.0
FINAL_FAILURE = 500
"""Server failures (RFC 3261 section 21.5) and global ones (21.6) begin here: it lives and cannot serve."""
SUCCESS = range(200, 300)
CHALLENGES = (401, 407)

FinalStatus = Annotated[Whole, Field(ge=200, le=699)]


class Sip(HostReading):
    """Send OPTIONS to a SIP server. Any final response means that it is alive; silence failed.

    With `passes` only those status codes pass. Without it every final response below 500 passes: a server that answers
    5xx or 6xx is alive and cannot serve, so it failed.

    `method: register` asks for the bindings of the host's `sip` account and changes none. Without `passes` a 2xx passes; where the
    site has no secret for the account, the server's challenge (401, 407) passes, too.
    """

    NAME: ClassVar[str] = "sip"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "status": "The status code of the final response; none for silence.",
        "alive": "Whether any final response came.",
        "bindings": "With `method: register`: how many bindings the account has; none unless a 2xx came.",
        "elapsed_ms": "How long it took, in milliseconds.",
        "address": "The IP address that was asked.",
        **COUNTS,
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "sip", "port": "sip"}

    port: Id
    """The port's name on that host."""
    method: Literal["options", "register"] = "options"
    """The request that is sent; `register` without a Contact, so that nothing changes."""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    """How it is sent."""
    passes: Annotated[tuple[FinalStatus, ...], OneOrMore] = ()
    """The status codes that pass; without it every final response below 500, or a 2xx to `register`."""
    from_: OnlyHere = Field(default="here", alias="from")
    """Where it is asked from: only `here`, this laptop."""

    def plan_line(self, site: Site) -> str:
        return _("SIP {method} over {transport} to {host}, port {port}").format(
            method=self.method.upper(),
            transport=self.transport.upper(),
            host=self.called(site),
            port=self.port_called(site, self.port),
        )

    def exact(self, site: Site) -> str:
        places = self.places(site, self.port).split(" ")
        return f"{self.method.upper()} " + " ".join(f"sip:{place};transport={self.transport}" for place in places)

    def problems(self, site: Site | None) -> Problems:
        found = self.host_problems(site) + self.port_problems(site, self.port)
        if self.method == "register" and site:
            sentence = _("expected an account for `register`: the host {host} has no `sip` in the site file")
            hosts = [(name, site.machine(name)) for name in site.members(self.named)]
            found += [("method", sentence.format(host=name)) for name, host in hosts if host and host.sip is None]
        return found

    def manual_form(self, site: Site) -> str:
        return _(
            "On the console of {host}, or with a telephone that registers there: does the SIP server answer?"
        ).format(host=self.called(site))

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Send the request once (UDP repeats it by timer T1) and wait for a final response."""
        known, port = self.machine(ports.site, host), self.port_of(ports.site, host, self.port)
        timeout_s = ports.timeout_s or TIMEOUT_S
        ask = ports.world.sip.options if self.method == "options" else ports.world.sip.register
        reply = ask(known, port, transport=self.transport, timeout_s=timeout_s)
        return reading(reply, self.passes or self._good(known), bindings=self.method == "register")

    def _good(self, host: Host) -> Collection[int]:
        if self.method == "options":
            return range(200, FINAL_FAILURE)
        return SUCCESS if host.sip and host.sip.secret else (*SUCCESS, *CHALLENGES)


def reading(reply: SipReply, passes: Collection[int], *, bindings: bool = False) -> Result:
    """What a reply, or silence, says; with `bindings` a success says how many there are."""
    elapsed_ms = round(reply.elapsed_s * 1000, 1)
    values: dict[str, Scalar] = {
        "status": reply.status,
        "alive": reply.status is not None,
        "elapsed_ms": elapsed_ms,
        "address": reply.address,
    }
    if bindings:
        values["bindings"] = reply.bindings if reply.status in SUCCESS else None
    if reply.status is None:
        return Result("failed", values, found=f"{_silence(reply)}, {reply.elapsed_s:.2g} s ({reply.transport})")
    outcome: Outcome = "passed" if reply.status in passes else "failed"
    bound = f", {reply.bindings} bindings" if values.get("bindings") is not None else ""
    return Result(outcome, values, found=f"{reply.status} {reply.reason}{bound}, {elapsed_ms:g} ms ({reply.transport})")


def _silence(reply: SipReply) -> str:
    """Why there is no response, in codes."""
    why = f"{reply.reason}: {reply.invalid}" if reply.invalid else reply.reason
    return f"silence ({why})" if why else "silence"
