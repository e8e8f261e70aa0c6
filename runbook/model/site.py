"""The site: hosts, lines, contacts, people. Everything that a plan names and does not know."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from runbook.model.schema import Address, Duration, Id, Model, Name, OneOrMore, PhoneNumber, Port, Sentence, YesNo
from runbook.model.text import ExpectedError, Text, _
from runbook.model.units import duration


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


HostKey = Annotated[str, AfterValidator(_host_key)]
Zone = Annotated[str, AfterValidator(_zone)]


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
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()


class Service(Model):
    """A service on a host: a systemd unit, or a map of commands."""

    systemd: Name = ""
    """The unit's name."""
    commands: Commands | None = None
    """The commands, where systemd does not manage it."""


class Command(Model):
    """A named command of a host, for `ssh` steps."""

    run: tuple[str, ...]
    """The words of the command, passed one by one."""
    reads: YesNo = False
    """Whether it changes nothing at all."""
    deadline: Duration = duration("60s")
    """After this time its end is unknown."""


class Host(Model):
    """One machine or device."""

    address: Address
    """Its IP address or name."""
    title: Sentence | None = None
    """What people call it."""
    ports: dict[Id, Port] = Field(default_factory=dict)
    """Its ports by name, such as {sip: 5060}."""
    ssh: Login | None = None
    """How to sign in; without it, its steps take their manual form."""
    services: dict[Name, Service] = Field(default_factory=dict)
    """Its services by name."""
    commands: dict[Id, Command] = Field(default_factory=dict)
    """Its named commands."""


class Line(Model):
    """A telephone line or a pool of lines."""

    title: Sentence
    """What people call it."""
    numbers: Annotated[tuple[PhoneNumber, ...], OneOrMore] = ()
    """Its numbers."""


class Person(Model):
    """One person of a contact, in backup order."""

    name: str
    """The person's name, or the post."""
    number: PhoneNumber | Literal[""] = ""
    """The number to dial."""


class Contact(Model):
    """A role that plans call, with its people in the order in which they are tried."""

    title: Sentence
    """What people call the role."""
    people: tuple[Person, ...] = ()
    """Who to call first, second, ..."""


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
    lines: dict[Id, Line] = Field(default_factory=dict)
    """Telephone lines by id: hotline, emergency, ..."""
    contacts: dict[Id, Contact] = Field(default_factory=dict)
    """Roles by id: leadership, cs-lead, carrier, vendor, onsite-ops, ..."""
    roster: tuple[str, ...] = ()
    """The technicians who may run plans here."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def role(self, contact: str) -> str:
        """What people call the contact `contact`."""
        return self.contacts[contact].title.pick() if contact in self.contacts else contact

    def host_title(self, host: str) -> str:
        """What people call the host `host`: its title and address."""
        known = self.hosts[host]
        title = (known.title or Text.of(host)).pick()
        return f"{title} ({known.address})"
