"""The names of a device's ports: GE1/0/24, Gi1/0/24 and `GigabitEthernet 1/0/24` are the same port."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KINDS: Mapping[str, str] = {
    "ge": "g",
    "gi": "g",
    "gig": "g",
    "gigabitethernet": "g",
    "xge": "x",
    "te": "x",
    "ten": "x",
    "tengigabitethernet": "x",
    "xgigabitethernet": "x",
    "fe": "f",
    "fa": "f",
    "fastethernet": "f",
    "e": "e",
    "eth": "e",
    "ethernet": "e",
    "ethtrunk": "a",
    "bagg": "a",
    "bridgeaggregation": "a",
    "po": "a",
    "portchannel": "a",
    "ag": "a",
    "aggregateport": "a",
}
"""How Huawei, H3C, Cisco and Ruijie write the kind of a port, hyphens left out."""

_PORT = re.compile(r"(?<![\w/.-])([A-Za-z][A-Za-z-]*?)\s?(\d+(?:/\d+)*(?:\.\d+)?)(?![\w/])")
Port = tuple[str, str]


def port_key(name: str) -> Port:
    """A port in the spelling that all its names share: its kind and its numbers."""
    found = _PORT.fullmatch(name.strip())
    return _key(found[1], found[2]) if found else ("", name.strip().lower())


def ports_in(line: str) -> set[Port]:
    """The ports that a line names: a known kind of port with its numbers, or a word with numbers between slashes."""
    return {
        _key(kind, numbers)
        for kind, numbers in _PORT.findall(line)
        if "/" in numbers or kind.lower().replace("-", "") in _KINDS
    }


def _key(kind: str, numbers: str) -> Port:
    word = kind.lower().replace("-", "")
    return _KINDS.get(word, word), numbers
