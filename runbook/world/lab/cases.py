"""The ways in which the lab can be broken: one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runbook.model.errors import RunbookError
from runbook.model.text import N_

Begun = Literal["runs", "stays", "hangs"]


@dataclass(frozen=True, slots=True)
class Case:
    """One way to be broken, or whole.

    services: the service states that the case begins with; all others run.
    begun: what `start` and `restart` of one of these services bring: it `runs` after `start_takes_s`; it `stays` as it is,
        although the command ends with 0 (1 for a broken service); the command `hangs` and never ends.
    hosts_down: hosts that answer nothing.
    answer_delay_s: how much later every answer comes.
    """

    line: str
    services: dict[str, Literal["stopped", "broken"]] = field(default_factory=dict)
    begun: Begun = "runs"
    start_takes_s: float = 3.0
    hosts_down: tuple[str, ...] = ()
    answer_delay_s: float = 0.0


HEALTHY = "healthy"

CASES: dict[str, Case] = {
    HEALTHY: Case(N_("Everything runs.")),
    "service-stopped": Case(
        N_("The CTI service is stopped; a restart brings it back after three seconds."), {"cti-core": "stopped"}
    ),
    "restart-fails": Case(
        N_("The CTI service is stopped, and a restart says that it worked and changes nothing."),
        {"cti-core": "stopped"},
        "stays",
    ),
    "service-broken": Case(
        N_("The CTI service is broken: a restart ends with an error."), {"cti-core": "broken"}, "stays"
    ),
    "restart-hangs": Case(
        N_("The CTI service is stopped, and the restart command never ends."), {"cti-core": "stopped"}, "hangs"
    ),
    "host-down": Case(
        N_("The CTI server answers nothing: no ping, no port, no login."), {"cti-core": "stopped"}, hosts_down=("cti",)
    ),
    "slow": Case(
        N_(
            "The CTI service is stopped; every answer takes two seconds, and a restart brings the service back after twenty."
        ),
        {"cti-core": "stopped"},
        start_takes_s=20.0,
        answer_delay_s=2.0,
    ),
}

DEFAULTS = {"cti-down": "service-stopped"}
"""The case in which `start PLAN --lab` starts a lab of its own."""


def known_case(name: str, *, plan: str = "PLAN") -> Case:
    """The case `name`; raises E-LAB-CASE, which lists them all. `plan` is what the person wanted to start."""
    if name not in CASES:
        raise RunbookError("E-LAB-CASE", name=name, nearest=", ".join(CASES), plan=plan)
    return CASES[name]
