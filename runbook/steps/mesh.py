"""`mesh`: does every machine of a list reach every machine of another, by ping and by port?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from runbook.model.kind import Group, Kind, Part, Result, StepPorts
from runbook.model.lookup import Problems, machine_problems, nearest
from runbook.model.origins import HERE, origin_called, ping_from, tcp_from
from runbook.model.outcome import Outcome, Scalar
from runbook.model.parts import combined
from runbook.model.replies import CannotAskError
from runbook.model.schema import Count, Id, Names, OneOrMore
from runbook.model.site import Site
from runbook.model.text import _

ECHO_TIMEOUT_S = 1.0
CONNECT_TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One question of the matrix: a ping where `port` is empty."""

    origin: str
    target: str
    port: str = ""

    @property
    def name(self) -> str:
        return f"{self.target}:{self.port}" if self.port else self.target


class Mesh(Kind):
    """Ping, and try each named port, from every machine of `from` to every machine of `to`, but from none to itself.

    It failed when one of them is not reached; it is warned when one could not be asked, with the list. A target without such a
    port is only pinged.
    """

    NAME: ClassVar[str] = "mesh"
    GROUP: ClassVar[Group] = "reading"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "loss_pct": "Of each ping: requests without an answer, in per cent.",
        "rtt_avg_ms": "Of each ping: mean round-trip time in milliseconds; none when nothing was answered.",
        "result": "Of each port: open, refused or timed_out.",
        "failed_count": "How many questions failed.",
        "unreachable_count": "How many could not be asked.",
        "asked_count": "How many were asked.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"from": ["here", "cti"], "to": ["cti", "sip"], "ports": ["sip"]}

    from_: Names = Field(default=(HERE,), alias="from", min_length=1)
    """From where: `here` (this laptop), and hosts, seats or groups of the site with `ssh`."""
    to: Names = Field(min_length=1)
    """The hosts, seats or groups that must be reached."""
    ports: Annotated[tuple[Id, ...], OneOrMore] = ()
    """The names of ports that are tried besides the ping, on each target that has them."""
    count: Count = 3
    """How many echo requests each ping sends."""

    def plan_line(self, site: Site) -> str:
        origins, targets = self._called(site)
        if not self.ports:
            return _("ping from each of {origins} to each of {targets}").format(origins=origins, targets=targets)
        return _("ping and try the ports {ports} from each of {origins} to each of {targets}").format(
            ports=", ".join(self.ports), origins=origins, targets=targets
        )

    def exact(self, site: Site) -> str:
        ports = f" and {','.join(self.ports)}" if self.ports else ""
        return f"mesh: ping{ports} from {','.join(self._origins(site))} to {','.join(site.members(self.to))}"

    def problems(self, site: Site | None) -> Problems:
        found = [problem for name in self.to for problem in machine_problems(site, "to", name)]
        found += [problem for name in self.from_ if name != HERE for problem in machine_problems(site, "from", name)]
        found += [("ports", self._number(port)) for port in self.ports if port.isdecimal()]
        if site is None or found:
            return found
        found += [("ports", self._nobodys(site, port)) for port in self.ports if not self._having(site, port)]
        if not self._cells(site):
            found.append(("to", _("expected another machine than in `from`: none is asked from itself")))
        return found

    def manual_form(self, site: Site) -> str:
        origins, targets = self._called(site)
        ports = _(" and try the ports {ports}").format(ports=", ".join(self.ports)) if self.ports else ""
        return _("At each of {origins}, ping each of {targets}{ports}. Does every one answer?").format(
            origins=origins, targets=targets, ports=ports
        )

    def run(self, ports: StepPorts) -> Result:
        """Ask all at the same time. One that cannot be asked loses no other."""
        return combined(ports.at_once(lambda cell: self._ask(ports, cell), self._cells(ports.site)))

    def _ask(self, ports: StepPorts, cell: Cell) -> Part:
        try:
            outcome, values, found = self._port(ports, cell) if cell.port else self._ping(ports, cell)
        except CannotAskError as cannot:
            return Part(cell.name, "unreachable", f"{cannot.phase}: {cannot.detail}", origin=cell.origin)
        return Part(cell.name, outcome, found, values, cell.origin)

    def _ping(self, ports: StepPorts, cell: Cell) -> tuple[Outcome, Mapping[str, Scalar], str]:
        each_s = ECHO_TIMEOUT_S if ports.timeout_s is None else ports.timeout_s / self.count
        target = ports.site.machine(cell.target)
        assert target is not None  # `_cells` makes none for a name that is no machine
        reply = ping_from(ports, cell.origin, target, count=self.count, timeout_s=each_s)
        average = round(sum(reply.rtts_ms) / len(reply.rtts_ms), 3) if reply.rtts_ms else None
        found = f"loss {reply.loss_pct:.4g} %" + (f", avg {average:.2f} ms" if average is not None else "")
        values: dict[str, Scalar] = {"loss_pct": round(reply.loss_pct, 3), "rtt_avg_ms": average}
        return "passed" if reply.rtts_ms else "failed", values, f"{found} ({reply.means})"

    def _port(self, ports: StepPorts, cell: Cell) -> tuple[Outcome, Mapping[str, Scalar], str]:
        target = ports.site.machine(cell.target)
        assert target is not None
        timeout_s = ports.timeout_s or CONNECT_TIMEOUT_S
        reply = tcp_from(ports, cell.origin, target, target.ports[cell.port], timeout_s=timeout_s)
        return "passed" if reply.result == "open" else "failed", {"result": reply.result}, reply.result

    def _origins(self, site: Site) -> tuple[str, ...]:
        return site.members(self.from_)

    def _cells(self, site: Site) -> list[Cell]:
        """Every question, origin by origin, target by target: the ping first, then its ports."""
        return [
            Cell(origin, target, port)
            for origin in self._origins(site)
            for target in site.members(self.to)
            for port in ("", *self.ports)
            if origin != target and (known := site.machine(target)) and (not port or port in known.ports)
        ]

    def _called(self, site: Site) -> tuple[str, str]:
        origins = ", ".join(origin_called(site, origin) if origin == HERE else origin for origin in self._origins(site))
        return origins, ", ".join(site.members(self.to))

    def _having(self, site: Site, port: str) -> list[str]:
        members = [(name, site.machine(name)) for name in site.members(self.to)]
        return [name for name, known in members if known and port in known.ports]

    def _nobodys(self, site: Site, port: str) -> str:
        known = {name for target in site.members(self.to) if (host := site.machine(target)) for name in host.ports}
        sentence = _("expected a port name of one of the hosts in `to`, found {found}; nearest: {nearest}")
        return sentence.format(found=port, nearest=nearest(port, known))

    def _number(self, port: str) -> str:
        sentence = _("expected the name of a port, found the number {found}; numbers stay in site.yaml, under `ports`")
        return sentence.format(found=port)
