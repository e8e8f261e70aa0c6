"""A plan's inputs: what value fits which type, at load time and when a person answers."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from runbook.model.playbook import Input
from runbook.model.site import Site
from runbook.model.text import ExpectedError, _
from runbook.model.units import duration

_WHOLE = re.compile(r"-?\d{1,18}")
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
_LISTED_AT_MOST = 12


def input_problem(declared: Input, value: str, site: Site | None) -> str:
    """What was expected instead of `value`, or nothing when it fits. Without a site its names are not checked."""
    try:
        answered(declared, value, site)
    except ExpectedError as error:
        return str(error)
    return ""


def answered(declared: Input, value: str, site: Site | None) -> str:
    """The value as it is kept: an id of the site in its own spelling, several with commas.

    Raises ExpectedError with what was expected, and what was probably meant. Without a site its names are not checked.
    """
    value = value.strip()
    match declared.type:
        case "choice":
            return _one_of(value, declared.choices)
        case "integer" if not _WHOLE.fullmatch(value):
            raise ExpectedError(_("expected a whole number"))
        case "time" if not _TIME.fullmatch(value):
            raise ExpectedError(_("expected a time of day such as 02:51"))
        case "duration":
            duration(value)
        case "seats":
            return _several(value, site)
        case "host" | "seat" | "line" | "contact" if site:
            return _one_of(value, names_of(declared.type, site))
    return value


def names_of(type_: str, site: Site) -> Collection[str]:
    """The ids of a site that an input of this type may be."""
    of_seats = [name for name, members in site.groups.items() if all(member in site.seats for member in members)]
    known: dict[str, Collection[str]] = {
        "host": site.hosts,
        "seat": site.seats,
        "seats": [*site.seats, *of_seats],
        "line": site.lines,
        "contact": site.contacts,
    }
    return known.get(type_, ())


def _several(value: str, site: Site | None) -> str:
    names = [name.strip() for name in re.split("[,\uff0c\u3001]", value) if name.strip()]
    if not names:
        raise ExpectedError(_("expected one seat or group, or several with commas between them"))
    known = names_of("seats", site) if site else None
    return ", ".join(dict.fromkeys(name if known is None else _one_of(name, known) for name in names))


def _one_of(value: str, known: Collection[str]) -> str:
    folded = {name.casefold(): name for name in known}
    if value in known:
        return value
    if value.casefold() in folded:
        return folded[value.casefold()]
    if not known:
        raise ExpectedError(_("expected a name of the site, which has none of this kind"))
    near = [folded[name] for name in get_close_matches(value.casefold(), folded, n=3, cutoff=0.5)]
    listed = list(known)[:_LISTED_AT_MOST]
    meant = _(" (nearest: {names})").format(names=", ".join(near)) if near else ""
    if near and len(known) > len(listed):
        raise ExpectedError(_("expected a name of the site") + meant)
    names = ", ".join([*listed, *(["..."] if len(known) > len(listed) else [])])
    raise ExpectedError(_("expected one of {names}").format(names=names) + meant)
