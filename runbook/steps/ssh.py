"""`ssh`: a named command of a host that changes something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems, host_called, machine_problems
from runbook.model.over_ssh import OverSsh, line_for
from runbook.model.remote import act_result, words_sent
from runbook.model.replies import CannotAskError
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.site_command import checked_words, command_problems, words_of
from runbook.model.text import _


class Ssh(OverSsh):
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
    """The host or seat of the site."""
    command: Id
    """The command's name on that host, as the site file has it."""
    with_: dict[Id, str] = Field(default_factory=dict, alias="with")
    """The values for the parameters that the command takes; each becomes one word of it, checked by its type."""

    def sent(self, site: Site) -> list[str]:
        return [line_for(site.machine(self.host), self._words(site))]

    def problems(self, site: Site | None) -> Problems:
        found = machine_problems(site, "host", self.host)
        host = site.machine(self.host) if site else None
        return found + (command_problems(self.host, host, self.command, self.with_, reads=False) if host else [])

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
        host = ports.site.machine(self.host)
        if host is None or host.ssh is None:
            raise CannotAskError("login", _("the site file has no `ssh` for the host {host}").format(host=self.host))
        known = host.commands.get(self.command)
        if known is None or known.reads:
            sentence = _("{name} has no command {command} that changes something")
            raise CannotAskError("resolve", sentence.format(name=self.host, command=self.command))
        words = checked_words(host, known, self.with_)
        deadline_s = ports.timeout_s or known.deadline.total_seconds()
        return act_result(ports.world.ssh.run(host, words, deadline_s=deadline_s))

    def _sent(self, site: Site) -> str:
        host = site.machine(self.host)
        return words_sent(host, self._words(site)) if host else "-"

    def _words(self, site: Site) -> tuple[str, ...]:
        host = site.machine(self.host)
        known = host.commands.get(self.command) if host else None
        return words_of(known, self.with_) if known else ()
