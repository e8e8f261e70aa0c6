"""The lab's site file: as complete as a real one, except that nobody in it can be dialled and anybody may practise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runbook.world.lab.centre import ADDRESS, CONTACTS, DOORS, FLOOR, GROUPS, LINES, MACHINES, SEATS, USER

NAME = "Lab call centre"


def site_text(ports: Mapping[str, int], host_key: str, user_key: str) -> str:
    """The text of `site.yaml` for a lab with these ports and keys."""
    lines = [
        "# The lab's own site file. It is written anew whenever the lab starts.",
        *_block(_site(ports, host_key, user_key)),
    ]
    return "\n".join(lines) + "\n"


def _site(ports: Mapping[str, int], host_key: str, user_key: str) -> dict[str, Any]:
    return {
        "site": "1",
        "name": NAME,
        "time_zone": "Asia/Shanghai",
        "hosts": {name: _host(name, ports, host_key, user_key) for name in MACHINES},
        "seats": {name: {**_host(name, ports, host_key, user_key), "floor": FLOOR} for name in SEATS},
        "groups": {name: list(members) for name, members in GROUPS.items()},
        "lines": {name: {"title": title} for name, title in LINES.items()},
        "contacts": {
            role: {"title": title, "people": [{"name": person, "number": ""} for person in people]}
            for role, (title, people) in CONTACTS.items()
        },
    }


def _host(name: str, ports: Mapping[str, int], host_key: str, user_key: str) -> dict[str, Any]:
    machine = MACHINES.get(name) or SEATS[name]
    host: dict[str, Any] = {"address": ADDRESS, "title": machine.title}
    if named := {door.name: ports[door.key] for door in DOORS if door.host == name and door.speaks != "ssh"}:
        host["ports"] = named
    if machine.ssh:
        host["ssh"] = {"user": USER, "port": ports[f"{name}/ssh"], "key": user_key, "host_keys": [host_key]}
    if machine.services:
        host["services"] = {service: {"systemd": service} for service in machine.services}
    return host


def _block(value: Mapping[str, Any] | Sequence[Any], depth: int = 0) -> Iterator[str]:
    """YAML of maps, lists, texts and whole numbers; every text in the double quotes that JSON and YAML share."""
    pairs = value.items() if isinstance(value, Mapping) else ((None, entry) for entry in value)
    for key, entry in pairs:
        lead = "  " * depth + ("-" if key is None else f"{key}:")
        if isinstance(entry, (dict, list)):
            yield lead
            yield from _block(entry, depth + 1)
        else:
            yield f"{lead} {entry if isinstance(entry, int) else json.dumps(entry, ensure_ascii=False)}"
