"""`ping`: does a host answer echo requests, and how much is lost?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field

from runbook.model.lookup import Problems, host_called, host_problems
from runbook.model.replies import PingReply
from runbook.model.schema import Count, Id
from runbook.model.site import Site
from runbook.model.step import Group, Kind, Result, StepPorts
from runbook.model.text import _

ECHO_TIMEOUT_S = 1.0


class Ping(Kind):
    """Send echo requests to a host. Silence is a measured value: when nothing comes back, it failed."""

    NAME: ClassVar[str] = "ping"
    GROUP: ClassVar[Group] = "reading"
    VALUES: ClassVar[Mapping[str, str]] = {
        "loss_pct": "Requests without an answer, in per cent.",
        "answered": "How many requests were answered.",
        "rtt_avg_ms": "Mean round-trip time in milliseconds; none when nothing was answered.",
        "jitter_ms": "Mean difference between neighbouring round-trip times in milliseconds; none below two answers.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"host": "cti", "count": "5"}

    host: Id
    """The host of the site."""
    count: Count = 5
    """How many echo requests are sent."""
    from_: Literal["here"] = Field(default="here", alias="from")
    """Where they are sent from: `here`, this laptop."""

    def plan_line(self, site: Site) -> str:
        return _("ping {host}, {count} times").format(host=host_called(site, self.host), count=self.count)

    def exact(self, site: Site) -> str:
        return f"ping -c {self.count} {site.hosts[self.host].address}"

    def problems(self, site: Site | None) -> Problems:
        return host_problems(site, "host", self.host)

    def manual_form(self, site: Site) -> str:
        where = host_called(site, self.host)
        return _("On a computer of the same network, ping {host} {count} times. Does it answer?").format(
            host=where, count=self.count
        )

    def run(self, ports: StepPorts) -> Result:
        """Ping the host. A step's `timeout` is shared out among the requests."""
        each_s = ECHO_TIMEOUT_S if ports.timeout_s is None else ports.timeout_s / self.count
        return reading(ports.world.icmp.ping(ports.site.hosts[self.host], count=self.count, timeout_s=each_s))


def reading(reply: PingReply) -> Result:
    """What a ping says: failed when every request was lost; a part of them is for `expect` to judge."""
    rtts = reply.rtts_ms
    average = round(sum(rtts) / len(rtts), 3) if rtts else None
    values = {
        "loss_pct": round(reply.loss_pct, 3),
        "answered": len(rtts),
        "rtt_avg_ms": average,
        "jitter_ms": _jitter_ms(rtts),
    }
    measured = f"loss {reply.loss_pct:.4g} %" + (f", rtt {average:.3g} ms" if average is not None else "")
    return Result("passed" if rtts else "failed", values, found=f"{measured} ({reply.means})")


def _jitter_ms(rtts_ms: Sequence[float]) -> float | None:
    steps = [abs(after - before) for before, after in pairwise(rtts_ms)]
    return round(sum(steps) / len(steps), 3) if steps else None
