"""The fixed table of commands that the lab's SSH servers answer. Nothing is started: a command is a pure function of the state."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from runbook.world.lab.centre import SERVICES
from runbook.world.lab.state import Centre

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOT_FOUND = 127
"""What a POSIX shell ends with when there is no such command."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ends: its exit status (None: never), what it writes, and the lab after it."""

    status: int | None
    centre: Centre
    stdout: str = ""
    stderr: str = ""


def words(command: bytes) -> tuple[str, ...]:
    """The words of a command line as a shell would split them; nothing is expanded."""
    text = command.decode("utf-8", "replace")
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return (text,)


def ended(centre: Centre, host: str, argv: tuple[str, ...], now: float) -> Ended:
    """How `argv` ends on `host` at `now`: `true`, `hostname`, `systemctl VERB -- UNIT`, or since when one runs; 127 for all others."""
    match argv:
        case ("true",):
            return Ended(0, centre)
        case ("hostname",):
            return Ended(0, centre, f"{host}\n")
        case ("systemctl", "is-active" | "start" | "stop" | "restart" as verb, "--", unit):
            name = unit.removesuffix(".service")
            if SERVICES.get(name) != host:
                return _no_unit(centre, verb, name)
            return _is_active(centre, name) if verb == "is-active" else _done(centre, verb, name, now)
        case ("systemctl", "show", "-p", "ActiveEnterTimestamp" as asked, "--", unit):
            known = centre.services.get(unit.removesuffix(".service"))
            return Ended(0, centre, f"{asked}={_printed(known.since) if known else ''}\n")
    return Ended(NOT_FOUND, centre, stderr=f"{argv[0] if argv else ''}: command not found\n")


# The words and numbers are those of systemctl(1): is-active ends with 0 when active, 3 when not, 4 for no such unit.
_ACTIVE = {"running": "active", "starting": "activating", "stopped": "inactive", "broken": "failed"}


def _is_active(centre: Centre, name: str) -> Ended:
    status = centre.services[name].status
    return Ended(0 if status == "running" else 3, centre, f"{_ACTIVE[status]}\n")


def _printed(since: float) -> str:
    """A time as systemd prints it; nothing for a unit that never ran since the machine was started."""
    if not since:
        return ""
    moment = datetime.fromtimestamp(since, UTC)
    return f"{_DAYS[moment.weekday()]} {moment:%Y-%m-%d %H:%M:%S} UTC"


def _no_unit(centre: Centre, verb: str, name: str) -> Ended:
    if verb == "is-active":
        return Ended(4, centre, "inactive\n")
    return Ended(5, centre, stderr=f"Failed to {verb} {name}.service: Unit {name}.service not found.\n")


def _done(centre: Centre, verb: str, name: str, now: float) -> Ended:
    service, case = centre.services[name], centre.case
    if verb == "stop":
        return Ended(0, centre.changed(name, replace(service, status="stopped", until=0.0)))
    if verb == "start" and service.status in ("running", "starting"):
        return Ended(0, centre)
    if name in case.services and case.begun == "hangs":
        return Ended(None, centre.changed(name, replace(service, status="stopped", until=0.0)))
    if name in case.services and case.begun == "stays":
        failed = case.services[name] == "broken"
        said = f"Job for {name}.service failed because the control process exited with error code.\n" if failed else ""
        return Ended(
            1 if failed else 0,
            centre.changed(name, replace(service, status=case.services[name], until=0.0)),
            stderr=said,
        )
    return Ended(0, centre.changed(name, replace(service, status="starting", until=now + case.start_takes_s)))
