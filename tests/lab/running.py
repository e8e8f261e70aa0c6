"""A lab that is up, as tests talk to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runbook.model.machine import Host
from runbook.model.ports import World
from runbook.model.replies import SshReply
from runbook.model.site import Site
from runbook.world.lab.child import Kept
from runbook.world.lab.control import Control
from runbook.world.lab.folder import acts


@dataclass
class RunningLab:
    """A lab that is up, its site and its world."""

    folder: Path
    kept: Kept
    site: Site
    world: World

    def host(self, name: str) -> Host:
        return self.site.hosts[name]

    def ask(self, op: str, **values: object) -> dict[str, Any]:
        return Control(self.folder).ask(op, **values)

    def tcp(self, host: str, port: str) -> str:
        return self.world.net.tcp("127.0.0.1", self.host(host).ports[port], timeout_s=2).result

    def sip(self, host: str, transport: Any = "udp", timeout_s: float = 2) -> int | None:
        return self.world.sip.options(
            self.host(host), self.host(host).ports["sip"], transport=transport, timeout_s=timeout_s
        ).status

    def run(self, host: str, *argv: str, deadline_s: float = 10) -> SshReply:
        return self.world.ssh.run(self.host(host), argv, deadline_s=deadline_s)

    def systemctl(
        self, verb: str, unit: str = "cti-core", host: str = "cti", deadline_s: float = 10
    ) -> tuple[int | None, str]:
        reply = self.run(host, "systemctl", verb, "--", unit, deadline_s=deadline_s)
        return reply.status, (reply.stdout.text() or reply.stderr.text()).strip()

    def acts(self) -> list[dict[str, Any]]:
        return list(acts(self.folder))


def site_of(folder: Path) -> Site:
    return Site.model_validate(yaml.load((folder / "site.yaml").read_text(encoding="utf-8"), yaml.BaseLoader))


StartLab = Callable[..., RunningLab]
