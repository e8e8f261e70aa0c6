"""`ping`: does a host answer echo requests, how much is lost, and how long does it take?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from runbook.model.host_reading import COUNTS, HostReading
from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems
from runbook.model.origins import HERE, origin_called, origin_problems, ping_from
from runbook.model.outcome import Scalar
from runbook.model.replies import PingReply
from runbook.model.schema import Count, Id
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.voice_quality import mos_estimate

ECHO_TIMEOUT_S = 1.0


class Ping(HostReading):
    """Send echo requests to a host, or to each of several. Silence is a measured value: when nothing comes back, it failed.

    `mos_estimate` is how a telephone call might sound, from 1 (bad) to 4.5, reckoned from loss, round-trip time and jitter by the
    E-model of ITU-T G.107. It is an estimate from ICMP and never a measurement of voice.
    """

    NAME: ClassVar[str] = "ping"
    GROUP: ClassVar[Group] = "reading"
    KEEPS_EVIDENCE: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "loss_pct": "Requests without an answer, in per cent.",
        "sent": "How many requests were sent.",
        "received": "How many requests were answered.",
        "rtt_min_ms": "Shortest round-trip time in milliseconds; none when nothing was answered.",
        "rtt_avg_ms": "Mean round-trip time in milliseconds; none when nothing was answered.",
        "rtt_max_ms": "Longest round-trip time in milliseconds; none when nothing was answered.",
        "jitter_ms": "Mean difference between neighbouring round-trip times in milliseconds; none below two answers.",
        "mos_estimate": "Mean opinion score estimated from ICMP by ITU-T G.107, for G.711; none when nothing was answered.",
        "address": "The IP address that was asked.",
        **COUNTS,
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "count": "5"}

    count: Count = 5
    """How many echo requests are sent."""
    from_: Id = Field(default=HERE, alias="from")
    """Where they are sent from: `here` (this laptop), or a host or seat of the site with `ssh`."""

    @property
    def origin(self) -> str:
        return self.from_

    def plan_line(self, site: Site) -> str:
        line = _("ping {host}, {count} times").format(host=self.called(site), count=self.count)
        return (
            line
            if self.from_ == HERE
            else _("from {origin}: {line}").format(origin=origin_called(site, self.from_), line=line)
        )

    def exact(self, site: Site) -> str:
        addresses = [host.address if (host := site.machine(name)) else name for name in site.members(self.named)]
        line = f"ping -c {self.count} {' '.join(addresses)}"
        machine = site.machine(self.from_)
        return line if self.from_ == HERE else f"{line} from {machine.address if machine else self.from_}"

    def problems(self, site: Site | None) -> Problems:
        return self.host_problems(site) + origin_problems(site, "from", self.from_)

    def manual_form(self, site: Site) -> str:
        where, host = origin_called(site, self.from_), self.called(site)
        if self.from_ == HERE:
            sentence = _("On a computer of the same network, ping {host} {count} times. Does it answer?")
            return sentence.format(host=host, count=self.count)
        return _("At {origin}, ping {host} {count} times. Does it answer?").format(
            origin=where, host=host, count=self.count
        )

    def probe(self, ports: StepPorts, host: str) -> Result:
        """Ping one host. A step's `timeout` is shared out among the requests."""
        each_s = ECHO_TIMEOUT_S if ports.timeout_s is None else ports.timeout_s / self.count
        known = self.machine(ports.site, host)
        return reading(ping_from(ports, self.from_, known, count=self.count, timeout_s=each_s), known.address)


def reading(reply: PingReply, asked: str = "") -> Result:
    """What a ping says: failed when every request was lost; a part of them is for `expect` to judge. `asked`: the address in the site."""
    rtts = reply.rtts_ms
    average = sum(rtts) / len(rtts) if rtts else None
    mos = mos_estimate(reply.loss_pct, average, reply.jitter_ms)
    values: dict[str, Scalar] = {
        "loss_pct": round(reply.loss_pct, 3),
        "sent": reply.sent,
        "received": len(rtts),
        "rtt_min_ms": _ms(min(rtts, default=None)),
        "rtt_avg_ms": _ms(average),
        "rtt_max_ms": _ms(max(rtts, default=None)),
        "jitter_ms": _ms(reply.jitter_ms),
        "mos_estimate": mos,
        "address": reply.address,
    }
    said = [f"loss {reply.loss_pct:.4g} %"]
    if average is not None:
        said.append(f"avg {_short(average)} ms")
    if reply.jitter_ms is not None:
        said.append(f"jitter {_short(reply.jitter_ms)} ms")
    if mos is not None:
        said.append(f"MOS estimate from ICMP {mos:.2f}")
    means = reply.means if reply.address == asked or not asked else f"{reply.means}, {reply.address}"
    return Result("passed" if rtts else "failed", values, found=f"{', '.join(said)} ({means})")


def _short(milliseconds: float) -> str:
    """For a line: what is below a hundredth of a millisecond says nothing."""
    return f"{milliseconds:.2f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
