"""Readings of hosts: one host, or every member of a group at the same time, each with a result of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from runbook.model.kind import Kind, Part, Result, StepPorts
from runbook.model.lookup import Problems, machine_problems, port_called, port_problems
from runbook.model.machine import Host
from runbook.model.origins import HERE
from runbook.model.parts import combined
from runbook.model.replies import CannotAskError
from runbook.model.schema import Id, Names
from runbook.model.site import Site
from runbook.model.text import ExpectedError, _

COUNTS = {
    "failed_count": "With `hosts`: how many failed.",
    "unreachable_count": "With `hosts`: how many could not be asked.",
    "asked_count": "With `hosts`: how many were asked.",
}
"""The values of a reading of several hosts, beside those of each host."""


class HostReading(Kind):
    """A reading of `host`, or of each of `hosts`. A subclass says what one host is asked (`probe`)."""

    host: Id | None = None
    """The host or seat of the site."""
    hosts: Names = ()
    """Several hosts, seats or groups instead: each gets a result, and `failed_count` says how many failed."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.host is None) == (not self.hosts):
            raise ValueError(_("expected either `host` or `hosts`"))
        return self

    @property
    def origin(self) -> str:
        """From where the hosts are asked: this laptop, unless a subclass has `from`."""
        return HERE

    @property
    def named(self) -> tuple[str, ...]:
        """What the plan names: one host, or hosts and groups."""
        return self.hosts or ((self.host,) if self.host else ())

    def called(self, site: Site) -> str:
        """What people call the host, or the hosts."""
        if self.host:
            return site.host_title(self.host)
        return _("each of {names}").format(names=", ".join(site.members(self.hosts)))

    def host_problems(self, site: Site | None) -> Problems:
        """Hosts, seats and groups that the site does not have."""
        field = "host" if self.host else "hosts"
        return [problem for name in self.named for problem in machine_problems(site, field, name)]

    @staticmethod
    def machine(site: Site, host: str) -> Host:
        """The host or seat of this name. Raises CannotAskError where the site has none (any more)."""
        known = site.machine(host)
        if known is None:
            raise CannotAskError("resolve", _("the site file has no host or seat {name}").format(name=host))
        return known

    def port_problems(self, site: Site | None, port: str) -> Problems:
        """A port name that a host does not have, for each of the hosts; or a number in its place, once."""
        names = site.members(self.named) if site else self.named
        found = [problem for name in names for problem in port_problems(site, "port", name, port)]
        return found[:1] if port.isdecimal() else found

    @staticmethod
    def port_of(site: Site, host: str, port: str) -> int:
        """The number of a host's port. Raises CannotAskError where the site has none (any more)."""
        known = HostReading.machine(site, host)
        if port not in known.ports:
            sentence = _("the site file has no port {port} for the host {name}")
            raise CannotAskError("resolve", sentence.format(port=port, name=host))
        return known.ports[port]

    def port_called(self, site: Site, port: str) -> str:
        """A port by its name, with its number where one host is asked."""
        return port_called(site, self.host, port) if self.host else port

    def places(self, site: Site, port: str) -> str:
        """Every `address:port` that is asked, the same in every language."""
        hosts = [(name, site.machine(name)) for name in site.members(self.named)]
        return " ".join(
            f"{_bracketed(host.address)}:{host.ports.get(port, port)}" if host else f"{name}:{port}"
            for name, host in hosts
        )

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Ask one host. Raises CannotAskError."""
        raise AssertionError(f"{type(self).__name__} has no probe")

    def run(self, ports: StepPorts) -> Result:
        """Ask the host; or all of them at the same time, where one that cannot be asked does not lose another's answer."""
        if self.host:
            return self.probe(ports, self.host)
        return several(ports, ports.site.members(self.hosts), lambda host: self.probe(ports, host), self.origin)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _only_here(value: Any) -> Any:
    if value != HERE:
        raise ExpectedError(_("expected `here`: this can only be asked from this laptop"))
    return value


OnlyHere = Annotated[Literal["here"], BeforeValidator(_only_here)]
"""The `from` of a reading that no other machine can take."""


def several(ports: StepPorts, names: Sequence[str], probe: Callable[[str], Result], origin: str = HERE) -> Result:
    """Every name probed at the same time: a part for each, and what they say together (`parts.combined`)."""

    def asked(name: str) -> tuple[Part, tuple[tuple[str, bytes], ...]]:
        try:
            found = probe(name)
        except CannotAskError as cannot:
            return Part(name, "unreachable", f"{cannot.phase}: {cannot.detail}", origin=origin), ()
        raw = tuple((f"{name}-{label}", data) for label, data in found.raw)
        return Part(name, found.outcome, found.found, found.values, origin), raw

    answers = ports.at_once(asked, names)
    raw = tuple(kept for _part, kept_of in answers for kept in kept_of)
    return combined([part for part, _raw in answers], raw)
