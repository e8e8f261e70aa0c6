"""`service`: is a service of a host running, or start, stop, restart it over SSH."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from runbook.model.lookup import Problems, host_called, host_problems, nearest
from runbook.model.remote import act_result, command_line, kept, words_sent
from runbook.model.replies import CannotAskError, SshReply
from runbook.model.schema import Id, Name
from runbook.model.site import Host, Site
from runbook.model.step import Group, Kind, Result, StepPorts
from runbook.model.text import N_, _

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


class Service(Kind):
    """Look at a service of a host over SSH (`do: status`, which changes nothing), or start, stop or restart it.

    Running passes, stopped failed. A command that could not look at all (not found, not allowed) is unreachable. A start, stop or
    restart that ended well is only done: `verify` says whether it worked.
    """

    NAME: ClassVar[str] = "service"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "state": "For `status`: active, inactive, failed, activating ..., or unknown-unit.",
        "exit_status": "The command's exit status; none when nobody knows it.",
        "elapsed_s": "For the others: how long the command took, in seconds.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "name": "cti-core", "do": "status"}

    host: Id
    """The host of the site."""
    name: Name
    """The service's name on that host, as the site file has it."""
    do: Do
    """status, start, stop or restart."""

    def plan_line(self, site: Site) -> str:
        host = site.hosts.get(self.host)
        words = command(host, self.name, self.do) if host else ()
        if host is None or host.ssh is None or not words:
            return self.manual_form(site)
        return command_line(host, words)

    def exact(self, site: Site) -> str:
        host = site.hosts[self.host]
        words = command(host, self.name, self.do)
        return command_line(host, words) if host.ssh and words else super().exact(site)

    def problems(self, site: Site | None) -> Problems:
        found = host_problems(site, "host", self.host)
        host = site.hosts.get(self.host) if site else None
        if host is None or host.ssh is None:
            return found
        if self.name not in host.services:
            sentence = _("expected a service of the host {host}, found {found}; nearest: {nearest}")
            near = nearest(self.name, host.services)
            return [*found, ("name", sentence.format(host=self.host, found=self.name, nearest=near))]
        if not command(host, self.name, self.do):
            sentence = _("the site file has no {do} command for the service {name} of the host {host}")
            return [*found, ("do", sentence.format(do=self.do, name=self.name, host=self.host))]
        return found

    def act(self, site: Site) -> str:
        if self.do == "status":
            return ""
        host = site.hosts.get(self.host)
        words = words_sent(host, command(host, self.name, self.do)) if host else ""
        return _(_ACTS[self.do]).format(name=self.name, host=host_called(site, self.host), command=words or "-")

    def target(self, site: Site) -> str:
        return f"host:{self.host}"

    def changes(self) -> bool:
        return self.do != "status"

    def manual_form(self, site: Site) -> str:
        return _(_BY_HAND[self.do]).format(host=host_called(site, self.host), name=self.name)

    def run(self, ports: StepPorts) -> Result:
        """Run the one command over SSH."""
        host = ports.site.hosts[self.host]
        words = command(host, self.name, self.do)
        if host.ssh is None:
            raise CannotAskError("login", _("the site file has no `ssh` for the host {host}").format(host=self.host))
        if not words:
            sentence = _("the site file has no {do} command for the service {name} of the host {host}")
            raise CannotAskError("channel", sentence.format(do=self.do, name=self.name, host=self.host))
        if self.do == "status":
            return reading(ports.world.ssh.run(host, words, deadline_s=ports.timeout_s or STATUS_TIMEOUT_S))
        return act_result(ports.world.ssh.run(host, words, deadline_s=ports.timeout_s or ACT_TIMEOUT_S))


def command(host: Host, name: str, do: Do) -> tuple[str, ...]:
    """The words to run on `host`, one by one; empty when the site file has none."""
    known = host.services.get(name)
    if known is None:
        return ()
    if known.commands is not None:
        words: tuple[str, ...] = getattr(known.commands, do)
        return words
    return ("systemctl", "is-active" if do == "status" else do, "--", known.systemd) if known.systemd else ()


def reading(reply: SshReply) -> Result:
    """What a status command says: 0 runs, 1 to 3 do not, 4 is no such unit (systemctl(1); LSB init scripts).

    Any other end says nothing about the service: raises CannotAskError.
    """
    status, printed = reply.status, reply.stdout.text().strip().lower()
    refused = reply.stderr.text().strip()
    if status is None or status not in range(5) or (status and refused.startswith("sudo:")):
        raise CannotAskError("channel", _no_answer(reply, refused))
    known = printed if printed in _STATES else ""
    state = {0: known or "active", 4: "unknown-unit"}.get(status, known or "inactive")
    outcome: Literal["passed", "failed"] = "passed" if status == 0 else "failed"
    return Result(outcome, {"state": state, "exit_status": status}, found=f"{state} (exit {status})", raw=kept(reply))


def _no_answer(reply: SshReply, refused: str) -> str:
    if reply.status is None:
        return _("the command's end is not known ({ended})").format(ended=reply.ended)
    return _("the status command ended with {status}: {said}").format(status=reply.status, said=refused[:200] or "-")
