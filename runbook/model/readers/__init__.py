"""What a named command of the site printed, read as values: one file for each `reader` of the language. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runbook.model.kind import Result
from runbook.model.readers import mac, optical, plain, trunk
from runbook.model.readers.printed import Printed

READERS: Mapping[str, Callable[[Printed], Result]] = {
    "exit": plain.exit_status,
    "text": plain.text,
    "trunk": trunk.states,
    "mac": mac.addresses,
    "optical": optical.power,
}
VALUES: Mapping[str, str] = {
    "exit_status": "The command's exit status; none where a device tells none.",
    "text": "Reader text: what the command printed, its first 4,000 characters.",
    "up_count": "Reader trunk: how many are up.",
    "down_count": "Reader trunk: how many are not.",
    "state": "Reader trunk: up (all of them), part or down.",
    "mac": "Reader mac: the MAC addresses on the port, with commas between them; none without one.",
    "seen_count": "Reader mac: how many MAC addresses are on the port.",
    "bound": "Reader mac: the MAC address that the site file has for the port; none without one.",
    "result": "Reader mac: same (the bound one and no other), different, none (no address on the port) or no_binding.",
    "rx_dbm": "Reader optical: received power in dBm, the lowest that was shown; none without light.",
    "tx_dbm": "Reader optical: transmitted power in dBm, the lowest that was shown; none without light.",
}
"""The values of all readers: which of them a command gives is decided by its `reader`."""
GIVES: Mapping[str, tuple[str, ...]] = {
    "exit": ("exit_status",),
    "text": ("text", "exit_status"),
    "trunk": ("up_count", "down_count", "state", "exit_status"),
    "mac": ("mac", "seen_count", "bound", "result", "exit_status"),
    "optical": ("rx_dbm", "tx_dbm", "exit_status"),
}
"""Which values each reader gives."""
