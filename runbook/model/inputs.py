"""A plan's inputs: what value fits which type, at load time and when a person answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from runbook.model.playbook import Input
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.units import duration

_WHOLE = re.compile(r"-?\d{1,18}")
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")


def input_problem(declared: Input, value: str, site: Site | None) -> str:
    """What was expected instead of `value`, or nothing when it fits. Without a site its names are not checked."""
    of_site: Mapping[str, Collection[str]] = (
        {"host": site.hosts, "line": site.lines, "contact": site.contacts} if site else {}
    )
    known = declared.choices if declared.type == "choice" else of_site.get(declared.type)
    if known and value not in known:
        return _("expected one of {names}").format(names=", ".join(known))
    if declared.type == "integer" and not _WHOLE.fullmatch(value):
        return _("expected a whole number")
    if declared.type == "time" and not _TIME.fullmatch(value):
        return _("expected a time of day such as 02:51")
    if declared.type == "duration":
        try:
            duration(value)
        except ValueError as error:
            return str(error)
    return ""
