"""`log_search`: is something in the logs of the site's hosts, and when was it written?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar, Literal

from runbook.model.kind import Group, Part, Result, StepPorts
from runbook.model.log_lines import Hit, LogTime, hits
from runbook.model.lookup import Problems, nearest
from runbook.model.outcome import Outcome, Scalar
from runbook.model.over_ssh import OverSsh, line_for
from runbook.model.parts import combined
from runbook.model.remote_files import read_tail_probe, tail_probe
from runbook.model.replies import CannotAskError
from runbook.model.schema import Id, Names, StepId
from runbook.model.site import Log, Site
from runbook.model.text import _
from runbook.model.units import clock_text, duration, local_text

LAST_BYTES = 4 << 20
TIMEOUT_S = 30.0
LISTED = 8
"""How many times a line of the record names; all of them are in the evidence."""


class LogSearch(OverSsh):
    """Look for something in the end (4 MiB) of log files of the site. Any line that holds it makes the reading failed.

    What is looked for stands in the site file, under the log's `finds`. A line's time is read as the log writes it, in the site's
    zone. With `since`, earlier lines do not count; a line without a readable time counts unless a later line is too early.
    """

    NAME: ClassVar[str] = "log_search"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "hits": "How many lines hold it.",
        "first_at": "The time of the first of them, in the site's zone; none without one.",
        "last_at": "The time of the last of them, in the site's zone; none without one.",
        "untimed_count": "How many of them begin with no readable time.",
        "failed_count": "In how many logs it was found.",
        "unreachable_count": "How many logs could not be read.",
        "asked_count": "How many logs were to be read.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"logs": ["cti-core"], "find": "disconnects", "since": "reported"}

    logs: Names
    """The logs of the site, one or several."""
    find: Id
    """What is looked for: a name under `finds` of each of the logs."""
    since: StepId | Literal[""] = ""
    """`reported`, the id of an earlier step (its end), or a duration such as 30m (before now). Empty: all that was read."""

    def sent(self, site: Site) -> list[str]:
        return [self._line(site, name) for name in self.logs]

    def exact(self, site: Site) -> str:
        return f"{self.find}: {super().exact(site)}"

    def problems(self, site: Site | None) -> Problems:
        return [problem for name in self.logs for problem in self._log_problems(site, name)] if site else []

    def manual_form(self, site: Site) -> str:
        places = ", ".join(_place(site, name) for name in self.logs)
        texts = [text for name in self.logs if name in site.logs for text in site.logs[name].finds.get(self.find, ())]
        sentence = _("Look into {places}: is there a line with {texts}, and at what time?")
        return sentence.format(places=places, texts=" / ".join(dict.fromkeys(texts)) or self.find)

    def run(self, ports: StepPorts) -> Result:
        """Read the logs at the same time; one that cannot be read does not lose what another holds."""
        since = _since(ports, self.since)
        found = dict(zip(self.logs, ports.at_once(lambda name: self._look(ports, name, since), self.logs), strict=True))
        zone = ports.site.zone
        parts = [_part(name, answer, zone) for name, answer in found.items()]
        if all(part.outcome == "unreachable" for part in parts):
            raise next(answer for answer in found.values() if isinstance(answer, CannotAskError))
        raw = tuple(
            (f"{name}-{self.find}", _kept(answer)) for name, answer in found.items() if isinstance(answer, tuple)
        )
        whole = combined(parts, tuple((label, data) for label, data in raw if data))
        lines = [hit for answer in found.values() if isinstance(answer, tuple) for hit in answer]
        values = {**whole.values, **_values(lines, zone)}
        shown = "; ".join(f"{part.name}: {part.found}" for part in parts)
        return Result(whole.outcome, values, found=shown, raw=whole.raw, parts=tuple(parts))

    def _look(self, ports: StepPorts, name: str, since: datetime | None) -> tuple[Hit, ...] | CannotAskError:
        try:
            return self._hits(ports, name, since)
        except CannotAskError as cannot:
            return cannot

    def _hits(self, ports: StepPorts, name: str, since: datetime | None) -> tuple[Hit, ...]:
        log = ports.site.logs.get(name)
        machine = ports.site.machine(log.host) if log else None
        texts = log.finds.get(self.find) if log else None
        if log is None or machine is None or not texts:
            raise CannotAskError(
                "resolve", _("the site file has no {find} in the log {name}").format(find=self.find, name=name)
            )
        words = tail_probe(machine, log.path, LAST_BYTES)
        if machine.ssh is None or not words:
            raise CannotAskError("login", _("no file is read from the host {host} over SSH").format(host=log.host))
        reply = ports.world.ssh.run(machine, words, deadline_s=ports.timeout_s or TIMEOUT_S, keep_bytes=LAST_BYTES + 1)
        end = read_tail_probe(reply, log.path, LAST_BYTES)
        # The first line of a cut file is half a line.
        data = end.data.partition(b"\n")[2] if end.truncated else end.data
        return hits(data, texts, LogTime(log.time, ports.site.zone, ports.world.clock.now()), since)

    def _log_problems(self, site: Site, name: str) -> Problems:
        log = site.logs.get(name)
        if log is None:
            sentence = _("expected a log of the site, found {found}; nearest: {nearest}")
            return [("logs", sentence.format(found=name, nearest=nearest(name, site.logs)))]
        if self.find not in log.finds:
            sentence = _("expected something that the log {log} has under `finds`, found {found}; nearest: {nearest}")
            return [("find", sentence.format(log=name, found=self.find, nearest=nearest(self.find, log.finds)))]
        return []

    def _line(self, site: Site, name: str) -> str:
        log: Log | None = site.logs.get(name)
        machine = site.machine(log.host) if log else None
        words = tail_probe(machine, log.path, LAST_BYTES) if log and machine else ()
        return line_for(machine, words)


def _place(site: Site, name: str) -> str:
    log = site.logs.get(name)
    return f"{log.path} ({site.host_title(log.host)})" if log else name


def _since(ports: StepPorts, since: str) -> datetime | None:
    if not since:
        return None
    try:
        length = duration(since)
    except ValueError:
        return ports.since(since)
    return ports.world.clock.now() - length


def _part(name: str, answer: tuple[Hit, ...] | CannotAskError, zone: tzinfo) -> Part:
    if isinstance(answer, CannotAskError):
        return Part(name, "unreachable", f"{answer.phase}: {answer.detail}")
    outcome: Outcome = "failed" if answer else "passed"
    return Part(name, outcome, _said(answer, zone), _values(answer, zone))


def _values(found: Sequence[Hit], zone: tzinfo) -> dict[str, Scalar]:
    times = sorted(hit.at for hit in found if hit.at is not None)
    return {
        "hits": len(found),
        "first_at": local_text(times[0], zone) if times else None,
        "last_at": local_text(times[-1], zone) if times else None,
        "untimed_count": sum(hit.at is None for hit in found),
    }


def _said(found: Sequence[Hit], zone: tzinfo) -> str:
    """Codes and numbers: `3 hits: 02:41:07 02:44:10 02:51:00 (Asia/Shanghai); 1 without time`."""
    times = [clock_text(hit.at, zone) for hit in found if hit.at is not None]
    more = f" +{len(times) - LISTED}" if len(times) > LISTED else ""
    listed = f": {' '.join(times[:LISTED])}{more} ({zone})" if times else ""
    untimed = sum(hit.at is None for hit in found)
    return f"{len(found)} hits{listed}" + (f"; {untimed} without time" if untimed else "")


def _kept(found: Sequence[Hit]) -> bytes:
    return "".join(f"{hit.line}\n" for hit in found).encode("utf-8", "replace")
