"""One machine of the site: how it is reached and signed in to, its services, its commands, its ports."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from runbook.model.outcome import Expectation
from runbook.model.schema import (
    Address,
    Duration,
    Id,
    Mac,
    Model,
    Name,
    PhoneNumber,
    Port,
    Sentence,
    ServiceName,
    YesNo,
)
from runbook.model.text import ExpectedError, _
from runbook.model.units import duration


def _host_key(value: str) -> str:
    parts = value.split()
    if len(parts) != 2 or not parts[0].startswith(("ssh-", "ecdsa-", "sk-")):
        raise ExpectedError(
            _("expected a whole public host key as `runbook site scan` writes it, such as ssh-ed25519 AAAA...")
        )
    return value


HostKey = Annotated[str, AfterValidator(_host_key)]


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

    def without_sudo(self) -> Self:
        """The same host, its commands not sent through sudo."""
        plain = self.ssh.model_copy(update={"sudo": False}) if self.ssh else None
        return self.model_copy(update={"ssh": plain})


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
