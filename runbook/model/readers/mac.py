"""Reader `mac`: which MAC addresses a switch has learned on a port, compared with the one that the site file binds to it.

Reads the tables of Huawei and H3C (`display mac-address`), Cisco and Ruijie (`show mac address-table`).
"""

from __future__ import annotations

import re

from runbook.model.kind import Result
from runbook.model.outcome import Outcome
from runbook.model.ports_of_devices import port_key, ports_in
from runbook.model.readers.printed import Printed
from runbook.model.schema import mac_written

_MAC = re.compile(
    r"(?<![0-9A-Fa-f.:-])(?:(?:[0-9A-Fa-f]{4}[.-]){2}[0-9A-Fa-f]{4}|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})"
    r"(?![0-9A-Fa-f.:-])"
)
_NONE, _NO_BINDING, _SAME, _DIFFERENT = "none", "no_binding", "same", "different"
_OUTCOMES: dict[str, Outcome] = {_SAME: "passed", _DIFFERENT: "failed", _NONE: "failed", _NO_BINDING: "warned"}


def addresses(printed: Printed) -> Result:
    """The addresses on the port, and whether it is the bound one. Several of which one is not bound are `different`."""
    seen = list(dict.fromkeys(mac for line in printed.lines() for mac in _of_line(line, printed.port)))
    bound = mac_written(printed.binding) if printed.binding else ""
    result = _result(seen, bound)
    values = {
        "mac": ",".join(seen) or None,
        "seen_count": len(seen),
        "bound": bound or None,
        "result": result,
        "exit_status": printed.status,
    }
    return Result(_OUTCOMES[result], values, found=f"{result}: {', '.join(seen[:4]) or '-'}, bound {bound or '-'}")


def _result(seen: list[str], bound: str) -> str:
    if not bound:
        return _NO_BINDING
    if not seen:
        return _NONE
    return _SAME if seen == [bound] else _DIFFERENT


def _of_line(line: str, port: str) -> list[str]:
    """The addresses of single stations on this line, unless it is another port's or the switch's own."""
    found = [mac_written(text) for text in _MAC.findall(line)]
    rest = _MAC.sub(" ", line)
    if not found or re.search(r"\b(cpu|self|router|drop)\b", rest, re.IGNORECASE):
        return []
    ports = ports_in(rest)
    if port and ports and port_key(port) not in ports:
        return []
    # The lowest bit of the first byte marks a group's address (IEEE 802).
    return [mac for mac in found if not int(mac[:2], 16) & 1]
