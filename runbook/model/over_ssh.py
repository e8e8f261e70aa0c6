"""Kinds that run commands over SSH: what is shown and recorded of them is the command lines themselves."""

from __future__ import annotations

from collections.abc import Sequence

from runbook.model.kind import Kind
from runbook.model.machine import Host
from runbook.model.remote import command_line
from runbook.model.site import Site


class OverSsh(Kind):
    """A kind whose plan line, and whose exact line in the record, is a command line for each machine."""

    def sent(self, site: Site) -> Sequence[str]:
        """Each machine's command line; empty where the machine cannot be signed in to, or the site has no command."""
        raise AssertionError(f"{type(self).__name__} does not say what it sends")

    def plan_line(self, site: Site) -> str:
        lines = self.sent(site)
        return "; ".join(lines) if lines and all(lines) else self.manual_form(site)

    def exact(self, site: Site) -> str:
        lines = self.sent(site)
        return "; ".join(lines) if lines and all(lines) else super().exact(site)


def line_for(machine: Host | None, words: Sequence[str]) -> str:
    """The command line with which `machine` gets these words; empty where it gets none."""
    return command_line(machine, words) if machine and machine.ssh and words else ""
