"""The lab as a `World`: real sockets on 127.0.0.1, and the lab itself where loopback has nothing to show."""

from __future__ import annotations

from pathlib import Path

from runbook.model.errors import RunbookError
from runbook.model.machine import Host
from runbook.model.ports import World
from runbook.model.replies import CannotAskError, LaptopView, PingReply
from runbook.model.text import _
from runbook.world.clock import LiveClock
from runbook.world.dns import LiveDns
from runbook.world.files import LiveFiles
from runbook.world.http import LiveHttp
from runbook.world.lab.centre import DOORS
from runbook.world.lab.control import Control, LabGoneError
from runbook.world.lab.folder import read_setup
from runbook.world.net import LiveNet
from runbook.world.outbox import PrintedOutbox
from runbook.world.phone import PracticePhone
from runbook.world.secrets import SiteSecrets
from runbook.world.sip import LiveSip
from runbook.world.ssh import LiveSsh

MEANS = "ping (lab)"


def lab(folder: Path) -> World:
    """The world of the lab in `folder`. Whether the lab runs shows when it is asked."""
    secrets = SiteSecrets({})
    return World(
        clock=LiveClock(),
        icmp=LabIcmp(folder),
        net=LiveNet(),
        sip=LiveSip(secrets),
        http=LiveHttp(secrets),
        dns=LiveDns(),
        ssh=LiveSsh(),
        files=LiveFiles(),
        outbox=PrintedOutbox(),
        laptop=LabLaptop(),
        phone=PracticePhone(),
        secrets=secrets,
    )


class LabIcmp:
    """`runbook.model.ports.Icmp` that asks the lab: all its hosts share one address, so each is known by its ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._control = Control(folder)

    def ping(self, host: Host, *, count: int, timeout_s: float) -> PingReply:
        """What the lab says of `host`. Raises CannotAskError when the lab does not run or has no such host."""
        try:
            name = self._name(host)
            answer = self._control.ask("ping", host=name, count=count)
        except LabGoneError as gone:
            raise CannotAskError("connect", str(gone)) from None
        except RunbookError as error:
            raise CannotAskError("connect", error.text()) from None
        rtts = tuple(float(rtt) for rtt in answer.get("rtts_ms", ()))
        return PingReply(count, rtts[:count], MEANS, host.address)

    def _name(self, host: Host) -> str:
        setup = read_setup(self._folder)
        theirs = {*host.ports.values(), *([host.ssh.port] if host.ssh else [])}
        for door in DOORS if setup else ():
            if setup and setup.ports[door.key] in theirs:
                return door.host
        raise CannotAskError(
            "resolve", _("the lab has no host at {address} with these ports").format(address=host.address)
        )


class LabLaptop:
    """`runbook.model.ports.Laptop` of practice: this laptop is never the fault."""

    def look(self) -> LaptopView:
        """A link that is up and a gateway that answers."""
        return LaptopView(link=True, gateway="lab", gateway_answers=True)
