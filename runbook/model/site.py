"""The site: hosts, lines, contacts, people. Everything that a plan names and does not know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from runbook.model.outcome import Expectation
from runbook.model.schema import (
    Address,
    Count,
    Decimal,
    Duration,
    Id,
    Mac,
    Model,
    Name,
    OneOrMore,
    PhoneNumber,
    Port,
    Sentence,
    ServiceName,
    YesNo,
)
from runbook.model.text import ExpectedError, Text, _
from runbook.model.units import duration

MOMENT = "%Y-%m-%d %H:%M"
"""How a day and time is written in a site file."""


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ExpectedError(_("expected a time zone such as Asia/Shanghai")) from None
    return value


def _host_key(value: str) -> str:
    parts = value.split()
    if len(parts) != 2 or not parts[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise ExpectedError(
            _("expected a whole public host key as `runbook site scan` writes it, such as ssh-ed25519 AAAA...")
        )
    return value


def _moment(value: str) -> str:
    try:
        datetime.strptime(value, MOMENT)  # noqa: DTZ007 - the site's zone is known where it is compared
    except ValueError:
        raise ExpectedError(_("expected a day and a time such as 2026-11-22 20:00")) from None
    return value


HostKey = Annotated[str, AfterValidator(_host_key)]
Zone = Annotated[str, AfterValidator(_zone)]
Moment = Annotated[str, AfterValidator(_moment)]


MOST_JUMPS = 3
"""Over so many hosts a way to a host may lead; more are taken for a mistake."""


class Login(Model):
    """How this laptop signs in to a host over SSH."""

    user: Name
    """The account on the host."""
    port: Port = 22
    """The TCP port of its SSH server."""
    key: str = ""
    """The private key file of this laptop; `~` is the home folder. Empty: only the SSH agent."""
    agent: YesNo = False
    """Whether the SSH agent's keys may be used."""
    secret: Id | Literal[""] = ""
    """The secret that is the passphrase of `key`; without a key the account's password. Never with `via: openssh`."""
    via: Literal["paramiko", "openssh"] = "paramiko"
    """`openssh`: the system's own `ssh`, for old gear that the built-in client refuses."""
    jump: Id | Literal[""] = ""
    """The host of this site through which it is reached; that host's own `ssh` is used first. Three on a way at most."""
    host_keys: tuple[HostKey, ...] = ()
    """The host's whole public keys, as `runbook site scan` writes them. Any other key is refused."""
    legacy: YesNo = False
    """Whether old algorithms (CBC, 3DES, MD5, SHA-1) are allowed for this host. Printed in the report."""
    sudo: YesNo = False
    """Whether service commands run through `sudo -n`."""


class Commands(Model):
    """The commands of a service that systemd does not manage; each is one list of words, never a shell line."""

    status: tuple[str, ...]
    """Exit status 0: running; 3: stopped."""
    start: tuple[str, ...] = ()
    """Starts it."""
    stop: tuple[str, ...] = ()
    """Stops it."""
    restart: tuple[str, ...] = ()
    """Restarts it."""


class Service(Model):
    """A service on a host: a systemd unit, an init script, a Windows service, or a map of commands. Exactly one of them."""

    systemd: Name = ""
    """The unit's name."""
    init: Name = ""
    """The name of its script in /etc/init.d."""
    windows: ServiceName = ""
    """The name of the Windows service (`Get-Service`). Not tried on Windows: only on recorded replies."""
    commands: Commands | None = None
    """The commands, where nothing of these manages it."""


class Parameter(Model):
    """A value that a plan gives to a command. It is passed as one word, whatever is in it."""

    type: Literal["integer", "name", "address", "port", "mac", "choice"]
    """integer, name (letters, digits and . _ @ - /), address, port (the name of a device's port, such as GE1/0/24), mac or choice"""
    choices: tuple[str, ...] = ()
    """The choices of a `choice`."""


Reader = Literal["exit", "text", "trunk", "mac", "optical"]


class Command(Model):
    """A named command of a host, for `ssh_check` (with `reads: yes`) and `ssh` steps."""

    run: tuple[str, ...]
    """The words of the command, passed one by one. A word `$NAME` is the value of the parameter NAME."""
    takes: dict[Id, Parameter] = Field(default_factory=dict)
    """The parameters, with the type of each."""
    reads: YesNo = False
    """Whether it changes nothing at all."""
    reader: Reader = "exit"
    """What its output is read as: exit (its status), text, trunk, mac (the MAC address of a port), optical (power in dBm)."""
    passes: dict[str, Expectation] = Field(default_factory=dict)
    """What the reader's values must be, where the plan does not say."""
    deadline: Duration = duration("60s")
    """After this time its end is unknown."""


class SipAccount(Model):
    """The account with which a SIP server is asked for its bindings."""

    user: Name
    """The user part of its address."""
    domain: Address | Literal[""] = ""
    """The domain; empty: the host's address."""
    secret: Id | Literal[""] = ""
    """The secret of the account; without it the server's challenge is the answer."""


class HttpAccount(Model):
    """How a web server is asked."""

    user: str = ""
    """The account of HTTP basic authentication."""
    secret: Id | Literal[""] = ""
    """The account's secret."""


class Snmp(Model):
    """How a device is asked over SNMP. Kept for the people who do; no step kind of this version asks."""

    version: Literal["2c", "3"] = "2c"
    """The protocol's version."""
    secret: Id
    """The secret that is its community, or its user's pass phrase."""
    user: Name | Literal[""] = ""
    """The user of version 3."""


class Host(Model):
    """One machine or device."""

    address: Address
    """Its IP address or name."""
    title: Sentence | None = None
    """What people call it."""
    name: Address | Literal[""] = ""
    """The name under which its certificate is checked, and which a `dns` step looks up; empty: the address."""
    system: Literal["linux", "windows", "device"] = "linux"
    """What runs on it: decides how files are read and other hosts are probed from it."""
    ports: dict[Id, Port] = Field(default_factory=dict)
    """Its ports by name, such as {sip: 5060}."""
    ssh: Login | None = None
    """How to sign in; without it, its steps take their manual form."""
    sip: SipAccount | None = None
    """The account for `sip` steps with `method: register`."""
    http: HttpAccount | None = None
    """The account for `http` steps."""
    snmp: Snmp | None = None
    """How it is asked over SNMP."""
    ca: str = ""
    """The certificate file of the authority that signed its certificate; empty: the authorities that this laptop trusts."""
    services: dict[ServiceName, Service] = Field(default_factory=dict)
    """Its services by name."""
    commands: dict[Id, Command] = Field(default_factory=dict)
    """Its named commands."""
    bindings: dict[str, Mac] = Field(default_factory=dict)
    """Which MAC address belongs to which of its ports, for the reader `mac`."""


class Seat(Host):
    """An agent's place: its computer, its telephone, and where it is plugged in."""

    floor: str = ""
    """The floor or room."""
    extension: PhoneNumber | Literal[""] = ""
    """The telephone's extension."""
    switch: Id | Literal[""] = ""
    """The switch of the site that it is plugged in to."""
    port: str = ""
    """The port of that switch."""
    mac: Mac | Literal[""] = ""
    """The MAC address of its computer."""


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
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

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
