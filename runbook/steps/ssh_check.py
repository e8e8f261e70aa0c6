"""`ssh_check`: a named command of a host that only reads, its output read by the site's named reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from runbook.model.host_reading import COUNTS, HostReading
from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems
from runbook.model.machine import Command, Host
from runbook.model.over_ssh import OverSsh, line_for
from runbook.model.parts import worst
from runbook.model.ports_of_devices import port_key
from runbook.model.readers import READERS, VALUES
from runbook.model.readers.printed import Printed
from runbook.model.remote import kept, words_sent
from runbook.model.replies import CannotAskError, SshReply
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.site_command import checked_words, command_problems, port_of, words_of
from runbook.model.text import _


class SshCheck(OverSsh, HostReading):
    """Run a command that the site file names for the host and marks `reads: yes`, and read its output with the command's `reader`.

    What the values must be is the step's `expect`; without one the command's `passes` in the site file; without both the reader's
    own verdict: exit status 0, every trunk up, the bound MAC address and no other, light in both directions.
    """

    NAME: ClassVar[str] = "ssh_check"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {**VALUES, **COUNTS}
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "command": "show-disk"}

    command: Id
    """The command's name on that host, as the site file has it."""
    with_: dict[Id, str] = Field(default_factory=dict, alias="with")
    """The values for the parameters that the command takes; each becomes one word of it, checked by its type."""

    def sent(self, site: Site) -> list[str]:
        return [self._line(site, name) for name in site.members(self.named)]

    def problems(self, site: Site | None) -> Problems:
        found = self.host_problems(site)
        for name in site.members(self.named) if site else ():
            host = site.machine(name) if site else None
            if host:
                found += command_problems(name, host, self.command, self.with_, reads=True)
        return list(dict.fromkeys(found))

    def manual_form(self, site: Site) -> str:
        names = site.members(self.named)
        host = site.machine(names[0]) if names else None
        known = host.commands.get(self.command) if host else None
        shown = words_sent(host, words_of(known, self.with_)) if host and known else self.command
        sentence = _("On the console of {host}: enter {command}. Is what it shows as it should be?")
        return sentence.format(host=self.called(site), command=shown)

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Run the one command and read what it printed. Raises CannotAskError when it did not look, or is not readable."""
        machine = self.machine(ports.site, host)
        known = machine.commands.get(self.command)
        if machine.ssh is None or known is None or not known.reads:
            sentence = _("the site file has no `ssh`, or no reading command {command}, for the host {host}")
            raise CannotAskError("login", sentence.format(command=self.command, host=host))
        words = checked_words(machine, known, self.with_)
        deadline_s = ports.timeout_s or known.deadline.total_seconds()
        reply = ports.world.ssh.run(machine, words, deadline_s=deadline_s)
        port = port_of(known, self.with_)
        read = READERS[known.reader](printed(machine, reply, port, binding(ports.site, host, machine, port)))
        outcome = worst(read.values, known.passes) if known.passes else read.outcome
        return replace(read, outcome=outcome, raw=kept(reply))

    def _line(self, site: Site, name: str) -> str:
        host = site.machine(name)
        known: Command | None = host.commands.get(self.command) if host else None
        return line_for(host, words_of(known, self.with_) if known else ())


def printed(host: Host, reply: SshReply, port: str = "", bound: str = "") -> Printed:
    """What a reader gets. Raises CannotAskError when nobody knows the command's end.

    Many devices close a command's channel without a status: what they printed until then counts, where they printed anything.
    """
    silent = reply.ended != "lost" or not reply.stdout.size_bytes
    if reply.ended == "signal" or (reply.status is None and (host.system != "device" or silent)):
        raise CannotAskError("channel", _("the command's end is not known ({ended})").format(ended=reply.ended))
    return Printed(reply.stdout.text(), reply.stderr.text(), reply.status, port, bound)


def binding(site: Site, name: str, host: Host, port: str) -> str:
    """The MAC address that belongs to `port` of the host `name`: its own `bindings`, else the seat that is plugged in there."""
    if not port:
        return ""
    wanted = port_key(port)
    own = (mac for bound, mac in host.bindings.items() if port_key(bound) == wanted)
    seats = (seat.mac for seat in site.seats.values() if seat.switch == name and port_key(seat.port) == wanted)
    return next((mac for mac in (*own, *seats) if mac), "")
