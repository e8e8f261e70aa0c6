"""`ssh`: a named command of a host that changes something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runbook.model.lookup import Problems, host_called, host_problems, nearest
from runbook.model.remote import act_result, command_line, words_sent
from runbook.model.replies import CannotAskError
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.step import Group, Kind, Result, StepPorts
from runbook.model.text import _


class Ssh(Kind):
    """Run a command that the site file names for the host, and that changes something. The plan never holds the command itself.

    Exit status 0 is done; `verify` says whether it worked. When its end is not known, the outcome is unknown.
    """

    NAME: ClassVar[str] = "ssh"
    GROUP: ClassVar[Group] = "action"
    VALUES: ClassVar[Mapping[str, str]] = {
        "exit_status": "The command's exit status; none when nobody knows it.",
        "elapsed_s": "How long the command took, in seconds.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "command": "free-disk"}

    host: Id
    """The host of the site."""
    command: Id
    """The command's name on that host, as the site file has it."""

    def plan_line(self, site: Site) -> str:
        host, words = site.hosts.get(self.host), self._words(site)
        if host is None or host.ssh is None or not words:
            return self.manual_form(site)
        return command_line(host, words)

    def exact(self, site: Site) -> str:
        host, words = site.hosts[self.host], self._words(site)
        return command_line(host, words) if host.ssh and words else super().exact(site)

    def problems(self, site: Site | None) -> Problems:
        found = host_problems(site, "host", self.host)
        host = site.hosts.get(self.host) if site else None
        if host is None:
            return found
        known = host.commands.get(self.command)
        if known is None:
            sentence = _("expected a command of the host {host}, found {found}; nearest: {nearest}")
            near = nearest(self.command, host.commands)
            return [*found, ("command", sentence.format(host=self.host, found=self.command, nearest=near))]
        if known.reads:
            sentence = _("expected a command that changes something; the site file says that {found} only reads")
            return [*found, ("command", sentence.format(found=self.command))]
        return found

    def act(self, site: Site) -> str:
        return _("Run the command {name} on {host}: {command}").format(
            name=self.command, host=host_called(site, self.host), command=self._sent(site)
        )

    def target(self, site: Site) -> str:
        return f"host:{self.host}"

    def manual_form(self, site: Site) -> str:
        return _("On the console of {host}: do what the command {name} does ({command}).").format(
            host=host_called(site, self.host), name=self.command, command=self._sent(site)
        )

    def run(self, ports: StepPorts) -> Result:
        """Run the one command; its deadline is the step's `timeout`, else the site file's."""
        host = ports.site.hosts[self.host]
        if host.ssh is None:
            raise CannotAskError("login", _("the site file has no `ssh` for the host {host}").format(host=self.host))
        known = host.commands[self.command]
        deadline_s = ports.timeout_s or known.deadline.total_seconds()
        return act_result(ports.world.ssh.run(host, known.run, deadline_s=deadline_s))

    def _sent(self, site: Site) -> str:
        host = site.hosts.get(self.host)
        return words_sent(host, self._words(site)) if host else "-"

    def _words(self, site: Site) -> tuple[str, ...]:
        host = site.hosts.get(self.host)
        known = host.commands.get(self.command) if host else None
        return known.run if known else ()
