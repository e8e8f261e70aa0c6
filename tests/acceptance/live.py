"""A call centre made of programs that other projects wrote: OpenSSH's sshd, kamailio or sipp, and a site file that names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.terminal import Terminal
from tests.peers import Sshd, free_port

CONTROL = """\
case "$1" in
status) test "$(cat {state})" = running || exit 3 ;;
restart) echo running > {state} ;;
*) exit 64 ;;
esac"""


@dataclass
class CallCentre:
    """The site file `path`, the sshd behind its host `cti`, and the service that it controls."""

    path: Path
    sshd: Sshd
    state: Path

    def restarts(self) -> int:
        """How often the server executed the restart."""
        return sum(line.endswith(" restart") for line in self.sshd.executions())

    def looks(self) -> int:
        """How often the server executed the status command."""
        return sum(line.endswith(" status") for line in self.sshd.executions())


def call_centre(folder: Path, sshd: Sshd, sip_port: int, *, sip_address: str = "127.0.0.1", **login: Any) -> CallCentre:
    """A site whose CTI service is stopped until somebody restarts it over SSH; `login` changes `ssh:` of its host."""
    state = folder / "service"
    state.write_text("stopped\n", encoding="utf-8")
    control = sshd.script("cti-control", CONTROL.format(state=state))
    ssh = {"user": sshd.user, "port": str(sshd.port), "key": str(sshd.key), "host_keys": [sshd.host_key()], **login}
    address = str(ssh.pop("address", "127.0.0.1"))
    commands = {do: [control, do] for do in ("status", "restart")}
    roles = ("leadership", "cs-lead", "onsite-ops", "carrier", "vendor")
    tree: Mapping[str, Any] = {
        "site": "1",
        "name": "Real daemons",
        "hosts": {
            "cti": {
                "address": address,
                "ports": {"cti": str(free_port())},
                "ssh": ssh,
                "services": {"cti-core": {"commands": commands}},
            },
            "sip": {"address": sip_address, "ports": {"sip": str(sip_port)}},
        },
        "lines": {line: {"title": line, "numbers": [f"000-{n}"]} for n, line in enumerate(("hotline", "emergency"), 1)},
        "contacts": {role: {"title": role, "people": [{"name": f"Post {role}", "number": "000-9"}]} for role in roles},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(tree, indent=1), encoding="utf-8")
    return CallCentre(path, sshd, state)


def walk_to_restart(at: Terminal) -> None:
    """Answer by hand from the start until the screen asks for the number of the restart."""
    at.answer("When was the fault reported?", "now")
    at.answer("Who answered?", "1")
    at.answer("Call the hotline from outside and listen", "1")
    at.answer("One agent tries to sign in", "1")
    for title in ("answers ping", "service's port is open", "answers and serves calls", "CTI service is running"):
        at.answer(title, "")
    at.answer("Does cs-lead approve?", "1")
    at.answer("Name of the person who approves", "Leader A")
    at.until("To do it, type 9 by hand")
    at.until("type 9 >")
