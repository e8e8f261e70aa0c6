"""`dns`: does a name server answer, and with what? (RFC 1035)"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any, ClassVar, Literal

from pydantic import Field

from runbook.model.host_reading import COUNTS, HostReading, OnlyHere
from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems, machine_problems
from runbook.model.machine import Host
from runbook.model.outcome import Outcome, Scalar
from runbook.model.replies import CannotAskError, DnsReply
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.text import _

TIMEOUT_S = 5.0


class Dns(HostReading):
    """Ask a name server for a host of the site. At least one answer without an error passes; silence failed.

    What is looked up is the host's `name` in the site file, or its address where that is a name; with `type: PTR` its IP address.
    """

    NAME: ClassVar[str] = "dns"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "rcode": "NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...; none for silence.",
        "answer": "The answers, with commas between them.",
        "answers_count": "How many answers of the asked type came.",
        "as_site": "Whether the answers hold the address that the site file has for the host; none where that is a name.",
        "elapsed_ms": "How long it took, in milliseconds.",
        "address": "The IP address of the name server that was asked.",
        **COUNTS,
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "dns", "of": "web"}

    port: Id = "dns"
    """The port's name on the name server."""
    of: Id
    """The host or seat of the site that is looked up."""
    type: Literal["A", "AAAA", "CNAME", "PTR"] = "A"
    """What is asked for: A (IPv4 address), AAAA (IPv6 address), CNAME (alias) or PTR (the name of an address)."""
    from_: OnlyHere = Field(default="here", alias="from")
    """Where it is asked from: only `here`, this laptop."""

    def plan_line(self, site: Site) -> str:
        return _("ask {host}, port {port}, for {name} ({type})").format(
            host=self.called(site), port=self.port_called(site, self.port), name=self._asked(site), type=self.type
        )

    def exact(self, site: Site) -> str:
        return f"dns {self.places(site, self.port)} {self._asked(site)} {self.type}"

    def problems(self, site: Site | None) -> Problems:
        found = self.host_problems(site) + self.port_problems(site, self.port)
        if site is None or (machine := site.machine(self.of)) is None:
            return found + machine_problems(site, "of", self.of)
        if not question(machine, self.type):
            found.append(("of", self._nothing()))
        return found

    def manual_form(self, site: Site) -> str:
        sentence = _(
            "On a computer of the same network, run nslookup -type={type} {name} and read what {host} answers."
        )
        return sentence.format(type=self.type, name=self._asked(site), host=self.called(site))

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Ask one name server."""
        known, port = self.machine(ports.site, host), self.port_of(ports.site, host, self.port)
        of = self.machine(ports.site, self.of)
        name = question(of, self.type)
        if not name:
            raise CannotAskError("resolve", self._nothing())
        timeout_s = ports.timeout_s or TIMEOUT_S
        reply = ports.world.dns.look_up(known.address, port, name=name, type_=self.type, timeout_s=timeout_s)
        return reading(reply, _in_site(of, self.type))

    def _asked(self, site: Site) -> str:
        of = site.machine(self.of)
        return (question(of, self.type) if of else "") or self.of

    def _nothing(self) -> str:
        if self.type == "PTR":
            return _("expected a host with an IP address, found {found}, which has only a name").format(found=self.of)
        return _("expected a host with a `name` in the site file, found {found}, which has none").format(found=self.of)


def question(of: Host, type_: str) -> str:
    """The name that is looked up for a host; empty where the site has none."""
    address = _ip(of)
    if type_ != "PTR":
        return of.name or (of.address if address is None else "")
    return ip_address(address).reverse_pointer if address else ""


def reading(reply: DnsReply, in_site: str | None = None) -> Result:
    """What an answer says; `in_site`: what the site file has for the host, to compare."""
    elapsed_ms = round(reply.elapsed_s * 1000, 1)
    values: dict[str, Scalar] = {
        "rcode": reply.rcode,
        "answer": ", ".join(reply.answers),
        "answers_count": len(reply.answers),
        "as_site": None if in_site is None else in_site in [answer.rstrip(".").lower() for answer in reply.answers],
        "elapsed_ms": elapsed_ms,
        "address": reply.address,
    }
    if reply.rcode is None:
        return Result("failed", values, found=f"silence, {reply.elapsed_s:.2g} s")
    outcome: Outcome = "passed" if reply.rcode == "NOERROR" and reply.answers else "failed"
    return Result(outcome, values, found=f"{reply.rcode}, {values['answer'] or 'no answer'}, {elapsed_ms:g} ms")


def _ip(host: Host) -> str | None:
    with suppress(ValueError):
        return str(ip_address(host.address))
    return None


def _in_site(of: Host, type_: str) -> str | None:
    """What the site file would answer; None where it cannot."""
    address = _ip(of)
    if type_ == "PTR":
        return of.name.rstrip(".").lower() or None
    fits = address is not None and type_ in ("A", "AAAA") and (":" in address) == (type_ == "AAAA")
    return address if fits else None
