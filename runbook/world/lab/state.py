"""What the lab is like at one moment, as frozen data; every change is a pure function."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from runbook.world.lab.cases import CASES, HEALTHY, Case
from runbook.world.lab.centre import SERVICES, Door

Status = Literal["running", "stopped", "starting", "broken"]


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `until` is when a starting one begins to run, `since` when it last began to; in seconds since 1970."""

    status: Status
    until: float = 0.0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Centre:
    """The case that the lab is in, and its services."""

    case_name: str
    services: dict[str, Service]

    @property
    def case(self) -> Case:
        return CASES[self.case_name]

    def at(self, now: float) -> Centre:
        """The same with every service running whose start is over."""
        if not any(service.status == "starting" and service.until <= now for service in self.services.values()):
            return self
        settled = {
            name: Service("running", since=service.until)
            if service.status == "starting" and service.until <= now
            else service
            for name, service in self.services.items()
        }
        return replace(self, services=settled)

    def next_change(self) -> float | None:
        """When the next starting service begins to run; None when none is starting."""
        return min((service.until for service in self.services.values() if service.status == "starting"), default=None)

    def runs(self, service: str) -> bool:
        """Whether `service` runs on a host that is up; also when no service is named."""
        return not service or (self.services[service].status == "running" and self.is_up(SERVICES[service]))

    def is_up(self, host: str) -> bool:
        """Whether `host` answers anything at all."""
        return host not in self.case.hosts_down

    def is_open(self, door: Door) -> bool:
        """Whether something listens at `door`."""
        return self.is_up(door.host) and self.runs(door.needs)

    def changed(self, name: str, service: Service) -> Centre:
        """The same with one service in another state."""
        return replace(self, services={**self.services, name: service})

    def data(self) -> dict[str, Any]:
        """What `state.json` holds."""
        services = {name: asdict(service) for name, service in self.services.items()}
        return {"case": self.case_name, "services": services}


def centre_in(case_name: str) -> Centre:
    """The lab as the case `case_name` begins."""
    given = CASES[case_name].services
    return Centre(case_name, {name: Service(given.get(name, "running")) for name in SERVICES})


def centre_from(data: Any) -> Centre:
    """The lab as `data` of `state.json` says; healthy where that cannot be understood."""
    try:
        kept = {
            name: Service(entry["status"], float(entry["until"]), float(entry.get("since", 0)))
            for name, entry in data["services"].items()
        }
        centre = Centre(data["case"], {name: kept[name] for name in SERVICES})
    except (KeyError, TypeError, ValueError, AttributeError):
        return centre_in(HEALTHY)
    known = centre.case_name in CASES and all(service.status in get_args(Status) for service in kept.values())
    return centre if known else centre_in(HEALTHY)
