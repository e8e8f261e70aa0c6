"""`service`: is a service of a host running, or start, stop, restart it over SSH."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import PrivateAttr, model_validator

from runbook.model.host_reading import COUNTS, HostReading
from runbook.model.kind import Group, Kind, Result, StepPorts
from runbook.model.lookup import Problems, nearest
from runbook.model.machine import Host
from runbook.model.over_ssh import OverSsh, line_for
from runbook.model.powershell import literal, powershell
from runbook.model.remote import act_result, kept, words_sent
from runbook.model.replies import CannotAskError, SshReply
from runbook.model.schema import ServiceName
from runbook.model.site import Site
from runbook.model.systemd import active_since, since_words
from runbook.model.text import N_, ExpectedError, _

STATUS_TIMEOUT_S = 10.0
ACT_TIMEOUT_S = 60.0

Do = Literal["status", "start", "stop", "restart"]

_BY_HAND: Mapping[Do, str] = {
    "status": N_("On the console of {host}: is the service {name} running?"),
    "start": N_("On the console of {host}: start the service {name}."),
    "stop": N_("On the console of {host}: stop the service {name}."),
    "restart": N_("On the console of {host}: restart the service {name}."),
}
_ACTS: Mapping[Do, str] = {
    "start": N_("Start the service {name} on {host}: {command}"),
    "stop": N_("Stop the service {name} on {host}: {command}"),
    "restart": N_("Restart the service {name} on {host}: {command}"),
}
_STATES = ("active", "reloading", "inactive", "failed", "activating", "deactivating", "maintenance")
"""What `systemctl is-active` prints (systemd's unit states)."""
_WINDOWS: Mapping[Do, str] = {
    "status": "if(-not $s){exit 4};if($s.Status -eq 'Running'){exit 0};exit 3",
    "start": "try{Start-Service -Name $n -ErrorAction Stop;exit 0}catch{exit 1}",
    "stop": "try{Stop-Service -Name $n -ErrorAction Stop;exit 0}catch{exit 1}",
    "restart": "try{Restart-Service -Name $n -ErrorAction Stop;exit 0}catch{exit 1}",
}
"""The exit status decides: what Windows prints depends on its language. A service that others need is not stopped (no `-Force`)."""


class Service(OverSsh, HostReading):
    """Look at a service of a host over SSH (`do: status`, which changes nothing), or start, stop or restart it.

    Running passes, stopped failed. A command that could not look at all (not found, not allowed) is unreachable. A start, stop or
    restart that ended well is only done: `verify` says whether it worked. The site file says how a service is managed: by
    systemd, by a script in /etc/init.d, by Windows over OpenSSH (not tried on Windows: only on recorded replies), or by commands.
    """

    NAME: ClassVar[str] = "service"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "state": "For `status`: active, inactive, failed, activating ..., or unknown-unit.",
        "exit_status": "The command's exit status; none when nobody knows it.",
        "elapsed_s": "For the others: how long the command took, in seconds.",
        **COUNTS,
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "name": "cti-core", "do": "status"}

    name: ServiceName
    """The service's name on that host, as the site file has it."""
    do: Do
    """status, start, stop or restart. Only a status is read of several `hosts`."""
    _and_since: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def _acts_on_one(self) -> Self:
        if self.do != "status" and not self.host:
            raise ExpectedError(_("expected `host`: a service is started, stopped or restarted on one host at a time"))
        return self

    def sent(self, site: Site) -> list[str]:
        lines = [self._line(site, name) for name in site.members(self.named)]
        if self._and_since and (host := site.machine(self.host or "")):
            lines.append(line_for(host.without_sudo(), since_words(host.services[self.name].systemd)))
        return lines

    def problems(self, site: Site | None) -> Problems:
        found = self.host_problems(site)
        for name in site.members(self.named) if site else ():
            host = site.machine(name) if site else None
            if host and host.ssh:
                found += self._service_problems(name, host)
        return list(dict.fromkeys(found))

    def _service_problems(self, name: str, host: Host) -> Problems:
        if self.name not in host.services:
            sentence = _("expected a service of the host {host}, found {found}; nearest: {nearest}")
            near = nearest(self.name, host.services)
            return [("name", sentence.format(host=name, found=self.name, nearest=near))]
        if not command(host, self.name, self.do):
            return [("do", self._no_command(name))]
        return []

    def act(self, site: Site) -> str:
        if self.do == "status":
            return ""
        host = site.machine(self.host or "")
        words = words_sent(host, command(host, self.name, self.do)) if host else ""
        return _(_ACTS[self.do]).format(name=self.name, host=self.called(site), command=words or "-")

    def target(self, site: Site) -> str:
        return f"host:{self.host}"

    def changes(self) -> bool:
        return self.do != "status"

    def afterwards(self, site: Site) -> Kind | None:
        """Its status, and since when it runs: systemd tells that; an init script, Windows and a site's own command do not."""
        host = site.machine(self.host or "")
        known = host.services.get(self.name) if host else None
        if self.do == "status" or known is None or not known.systemd:
            return None
        status = Service(host=self.host, name=self.name, do="status")
        status._and_since = True
        return status

    def manual_form(self, site: Site) -> str:
        return _(_BY_HAND[self.do]).format(host=self.called(site), name=self.name)

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Run the one command over SSH."""
        machine = self.machine(ports.site, host)
        words = command(machine, self.name, self.do)
        if machine.ssh is None:
            raise CannotAskError("login", _("the site file has no `ssh` for the host {host}").format(host=host))
        if not words:
            raise CannotAskError("channel", self._no_command(host))
        if self.do == "status":
            reply = ports.world.ssh.run(machine, words, deadline_s=ports.timeout_s or STATUS_TIMEOUT_S)
            found = reading(reply, script=bool(machine.services[self.name].init))
            return self._with_since(ports, machine, found) if self._and_since else found
        return act_result(ports.world.ssh.run(machine, words, deadline_s=ports.timeout_s or ACT_TIMEOUT_S))

    def _with_since(self, ports: StepPorts, machine: Host, found: Result) -> Result:
        """The status with the time of the last start; without it where the host does not tell."""
        words = since_words(machine.services[self.name].systemd)
        try:
            # Anybody may ask this; a list for sudo need not name it.
            reply = ports.world.ssh.run(machine.without_sudo(), words, deadline_s=ports.timeout_s or STATUS_TIMEOUT_S)
        except CannotAskError:
            return found
        since = active_since(reply.stdout.text(), ports.site.zone) if reply.status == 0 else ""
        raw = (*found.raw, *(("since", data) for name, data in kept(reply) if name == "stdout"))
        return replace(found, values={**found.values, "since": since or None}, raw=raw)

    def _line(self, site: Site, name: str) -> str:
        host = site.machine(name)
        words = command(host, self.name, self.do) if host else ()
        return line_for(host, words)

    def _no_command(self, host: str) -> str:
        sentence = _("the site file has no {do} command for the service {name} of the host {host}")
        return sentence.format(do=self.do, name=self.name, host=host)


def command(host: Host, name: str, do: Do) -> tuple[str, ...]:
    """The words to run on `host`, one by one; empty when the site file has none."""
    known = host.services.get(name)
    if known is None:
        return ()
    if known.commands is not None:
        words: tuple[str, ...] = getattr(known.commands, do)
        return words
    if known.init:
        return (f"/etc/init.d/{known.init}", do)
    if known.windows:
        found = "$s=Get-Service -Name $n -ErrorAction SilentlyContinue;" if do == "status" else ""
        return powershell(f"$n={literal(known.windows)};{found}{_WINDOWS[do]}")
    return ("systemctl", "is-active" if do == "status" else do, "--", known.systemd) if known.systemd else ()


def reading(reply: SshReply, *, script: bool = False) -> Result:
    """What a status command says: 0 runs, 1 to 3 do not, 4 is no such unit (systemctl(1)).

    The 4 of an init `script` is "status unknown" (Linux Standard Base, Init Script Actions). That and any other end say nothing
    about the service: raises CannotAskError.
    """
    status, printed = reply.status, reply.stdout.text().strip().lower()
    refused = reply.stderr.text().strip()
    known_ends = range(4 if script else 5)
    if status is None or status not in known_ends or (status and refused.startswith("sudo:")):
        raise CannotAskError("channel", _no_answer(reply, refused))
    known = printed if printed in _STATES else ""
    state = {0: known or "active", 4: "unknown-unit"}.get(status, known or "inactive")
    outcome: Literal["passed", "failed"] = "passed" if status == 0 else "failed"
    return Result(outcome, {"state": state, "exit_status": status}, found=f"{state} (exit {status})", raw=kept(reply))


def _no_answer(reply: SshReply, refused: str) -> str:
    if reply.status is None:
        return _("the command's end is not known ({ended})").format(ended=reply.ended)
    return _("the status command ended with {status}: {said}").format(status=reply.status, said=refused[:200] or "-")
