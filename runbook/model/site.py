"""The site: hosts, lines, contacts, people. Everything that a plan names and does not know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from runbook.model.machine import Host, Seat
from runbook.model.schema import (
    Count,
    Decimal,
    Id,
    Model,
    OneOrMore,
    PhoneNumber,
    Sentence,
)
from runbook.model.text import ExpectedError, Text, _
from runbook.model.units import zone_known, zone_named

MOMENT = "%Y-%m-%d %H:%M"
"""How a day and time is written in a site file."""


def _zone(value: str, info: ValidationInfo) -> str:
    # What was kept with an incident is opened with whatever zone data this machine has.
    if not (info.context or {}).get("kept") and not zone_known(value):
        raise ExpectedError(_("expected a time zone such as Asia/Shanghai"))
    return value


def _moment(value: str) -> str:
    try:
        datetime.strptime(value, MOMENT)  # noqa: DTZ007 - the site's zone is known where it is compared
    except ValueError:
        raise ExpectedError(_("expected a day and a time such as 2026-11-22 20:00")) from None
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Moment = Annotated[str, AfterValidator(_moment)]


MOST_JUMPS = 3
"""Over so many hosts a way to a host may lead; more are taken for a mistake."""


class Line(Model):
    """A telephone line or a pool of lines."""

    title: Sentence
    """What people call it."""
    numbers: Annotated[tuple[PhoneNumber, ...], OneOrMore] = ()
    """Its numbers."""


class Trunk(Model):
    """A trunk between a gateway and the telephone network or the exchange."""

    title: Sentence
    """What people call it."""
    gateway: Id
    """The host that it ends at."""
    port: str = ""
    """The port of that host."""
    channels: Count | None = None
    """How many calls it carries."""
    carrier: Id | Literal[""] = ""
    """Whose it is: a carrier of the site."""


class LeasedLine(Model):
    """A leased line that the call centre rents, or looks after for a customer."""

    title: Sentence
    """What people call it."""
    circuit: str = ""
    """The number under which the carrier knows it."""
    tier: str = ""
    """Its service level, as the contract calls it."""
    distance_km: Decimal | None = None
    """How far it is to the place where it ends."""
    customer: str = ""
    """Whose line it is."""
    carrier: Id | Literal[""] = ""
    """Who provides it: a carrier of the site."""


class Person(Model):
    """One person of a contact, in backup order."""

    name: str
    """The person's name, or the post."""
    number: PhoneNumber | Literal[""] = ""
    """The number to dial first."""
    numbers: Annotated[tuple[PhoneNumber, ...], OneOrMore] = ()
    """Further numbers, in the order in which they are tried."""
    mail: str = ""
    """The person's mail address."""

    @property
    def all_numbers(self) -> tuple[str, ...]:
        """Every number, the first one first."""
        return (*((self.number,) if self.number else ()), *self.numbers)


class Contact(Model):
    """A role that plans call, with its people in the order in which they are tried."""

    title: Sentence
    """What people call the role."""
    people: tuple[Person, ...] = ()
    """Who to call first, second, ..."""


class Company(Model):
    """A carrier or a vendor: who is called, and what they are responsible for."""

    title: Sentence
    """What people call it."""
    contact: Id
    """The contact of this site that calls reach."""
    contract: str = ""
    """The number of the contract."""
    until: str = ""
    """The day on which it ends."""
    covers: tuple[Id, ...] = ()
    """The hosts that it is responsible for."""


class Duty(Model):
    """Who is on duty when."""

    from_: Annotated[Moment, Field(alias="from")]
    """The day and time at which it begins, such as 2026-11-22 20:00."""
    to: Moment
    """The day and time at which it ends."""
    people: Annotated[tuple[str, ...], OneOrMore]
    """Their names, as in `roster` or in a contact."""

    @property
    def begins(self) -> datetime:
        """When it begins, by the clock of the site's zone."""
        return datetime.strptime(self.from_, MOMENT)  # noqa: DTZ007

    @property
    def ends(self) -> datetime:
        """When it ends, by the clock of the site's zone."""
        return datetime.strptime(self.to, MOMENT)  # noqa: DTZ007


class Log(Model):
    """A log file of a host, and what is looked for in it."""

    host: Id
    """The host that has it."""
    path: str
    """Where it is on that host."""
    time: str = "%Y-%m-%d %H:%M:%S"
    """How the time at the beginning of a line is written (strftime)."""
    finds: dict[Id, Annotated[tuple[str, ...], OneOrMore]] = Field(default_factory=dict)
    """What can be found: name -> texts; a line that contains one of them counts."""


class Secret(Model):
    """Where a secret is kept. The site file never holds one."""

    secret: Literal["keyring", "env-file", "prompt", "ssh-agent"]
    """keyring (this laptop's), env-file (a file of NAME=VALUE lines), prompt (asked for when needed), ssh-agent (keys only)"""
    service: str = "runbook"
    """For `keyring`: the service's name there."""
    name: str = ""
    """For `keyring` and `env-file`: the name there; empty: the secret's own."""
    file: str = ""
    """For `env-file`: the file; only its owner may read it."""


class Site(Model):
    """One call centre, as `site.yaml` describes it."""

    site: Literal["1"]
    """The version of this file's language."""
    name: str
    """The site's name, as screens and reports show it."""
    time_zone: Zone = "Asia/Shanghai"
    """The zone in which times are shown."""
    language: Literal["en", "zh", ""] = ""
    """The site's language, unless --lang says otherwise; empty: the terminal's."""
    hosts: dict[Id, Host] = Field(default_factory=dict)
    """Hosts and devices by id."""
    seats: dict[Id, Seat] = Field(default_factory=dict)
    """The agents' places by id."""
    groups: dict[Id, Annotated[tuple[Id, ...], OneOrMore]] = Field(default_factory=dict)
    """Groups of hosts or seats by id, such as gateways. Hosts, seats and groups share their ids: each is used once."""
    lines: dict[Id, Line] = Field(default_factory=dict)
    """Telephone lines by id: hotline, emergency, ..."""
    contacts: dict[Id, Contact] = Field(default_factory=dict)
    """Roles by id: leadership, cs-lead, carrier, vendor, onsite-ops, ..."""
    trunks: dict[Id, Trunk] = Field(default_factory=dict)
    """Trunks by id."""
    leased_lines: dict[Id, LeasedLine] = Field(default_factory=dict)
    """Leased lines by id."""
    carriers: dict[Id, Company] = Field(default_factory=dict)
    """Carriers by id."""
    vendors: dict[Id, Company] = Field(default_factory=dict)
    """Manufacturers and service companies by id."""
    roster: tuple[str, ...] = ()
    """The technicians who may run plans here."""
    duty: tuple[Duty, ...] = ()
    """Who is on duty when."""
    logs: dict[Id, Log] = Field(default_factory=dict)
    """Log files by id, for `log_search`."""
    files: dict[Id, str] = Field(default_factory=dict)
    """Files that can be collected by id: the path on whatever machine a step names."""
    secrets: dict[Id, Secret] = Field(default_factory=dict)
    """Secrets by name: where each is kept, never what it is."""

    @property
    def zone(self) -> tzinfo:
        return zone_named(self.time_zone)

    def machine(self, name: str) -> Host | None:
        """The host or the seat of this name."""
        return self.hosts.get(name) or self.seats.get(name)

    def members(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The hosts and seats that ids and groups name, each once, in order; a name that is neither stands for itself."""
        return tuple(dict.fromkeys(self._members(names)))

    def _members(self, names: tuple[str, ...]) -> Iterator[str]:
        for name in names:
            yield from self.groups.get(name, (name,))

    def role(self, contact: str) -> str:
        """What people call the contact `contact`."""
        return self.contacts[contact].title.pick() if contact in self.contacts else contact

    def host_title(self, host: str) -> str:
        """What people call the host `host`: its title and address."""
        known = self.machine(host)
        if known is None:
            return host
        title = (known.title or Text.of(host)).pick()
        return f"{title} ({known.address})"
