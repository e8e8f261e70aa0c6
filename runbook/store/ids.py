"""Incident ids: date, plan, four random characters; practice ids say so in front. No path is ever made of anything else."""

from __future__ import annotations

import difflib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, tzinfo

from runbook.model.errors import RunbookError

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What cannot be taken for another character when it is read out: no 0 O, 1 I L, U."""

PRACTICE = ("lab", "drill")
_ID = re.compile(rf"(?:(?:{'|'.join(PRACTICE)})-)?\d{{8}}-[a-z0-9][a-z0-9-]{{0,63}}-[{ALPHABET}]{{4}}")


def new_id(plan_id: str, mode: str, now: datetime, zone: tzinfo) -> str:
    """A fresh id such as `20261104-cti-down-7K3M`; the date is the one that the site's wall clock shows.

    `mode` is live, lab or drill. Whatever a plan is called, the id is a plain file name.
    """
    plan = re.sub(r"[^a-z0-9]+", "-", plan_id.lower()).strip("-")[:60].rstrip("-") or "plan"
    front = f"{mode}-" if mode in PRACTICE else ""
    tail = "".join(secrets.choice(ALPHABET) for _ in range(4))
    return f"{front}{now.astimezone(zone):%Y%m%d}-{plan}-{tail}"


def is_id(name: str) -> bool:
    """Is this the name of an incident folder?"""
    return _ID.fullmatch(name) is not None


def is_practice(incident: str) -> bool:
    """Does the id name a lab run or a drill?"""
    return incident.startswith(tuple(f"{mode}-" for mode in PRACTICE))


def match(ending: str, known: Iterable[str]) -> str:
    """The one id of `known` that is `ending` or ends with it; upper and lower case count as the same.

    Raises RunbookError E-INCIDENT-NONE with the nearest, E-INCIDENT-MANY with those that fit.
    """
    wanted, ids = ending.strip().casefold(), sorted(set(known), reverse=True)
    for fits in (
        [i for i in ids if i.casefold() == wanted],
        [i for i in ids if wanted and i.casefold().endswith(wanted)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise RunbookError("E-INCIDENT-MANY", name=ending, nearest=", ".join(fits[:5]))
    raise RunbookError("E-INCIDENT-NONE", name=ending, nearest=", ".join(_nearest(wanted, ids)) or "-")


def _nearest(wanted: str, ids: list[str]) -> list[str]:
    def likeness(name: str) -> float:
        lower = name.casefold()
        endings = (lower, lower[-len(wanted) :], lower.split("-", 1)[-1])
        return max(difflib.SequenceMatcher(None, wanted, ending).ratio() for ending in endings)

    near = sorted(((likeness(name), name) for name in ids), reverse=True)
    return [name for ratio, name in near[:3] if ratio >= 0.5]
