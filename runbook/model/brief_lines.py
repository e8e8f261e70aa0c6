"""A brief in words, on one screen or one page: longer lists are cut, and what was cut is said."""

from __future__ import annotations

from collections.abc import Mapping
from unicodedata import east_asian_width

from runbook.model.brief import SECTIONS, Brief, Item
from runbook.model.text import _
from runbook.model.units import local_text, span
from runbook.model.words import practice_mark, word

SCREEN_CELLS = 78
SCREEN_LINES = 13
"""So many lines of items, or two for each section, stand on a screen of 24 with the head, the foot, a question and the keys."""
PAGE_LINES = 28
"""So many on a page of A4, of about so many narrow letters each."""
PAGE_CELLS = 100
WHOLE = ("open", "now")
"""The sections whose lines are never cut short."""
OPEN_AT_MOST = 8
"""So many of what is open are shown before anything else gets a second line."""


def shares(wanted: Mapping[str, int], room: int) -> dict[str, int]:
    """How many lines each section gets: what is open first, then two for each, then one more in turn while there is room.

    A section that gets fewer than it wants says in its last line how many are left out.
    """
    given = {name: min(count, OPEN_AT_MOST if name == "open" else 2) for name, count in wanted.items()}
    while sum(given.values()) < room:
        short = [name for name in given if given[name] < wanted[name]]
        if not short:
            break
        for name in short[: room - sum(given.values())]:
            given[name] += 1
    return given


def cut(brief: Brief, room: int) -> dict[str, tuple[list[Item], int]]:
    """The items of each section that has any, as many as fit into `room` lines, and how many are left out."""
    wanted = {name: len(brief.section(name)) + (brief.count(name) > len(brief.section(name))) for name in SECTIONS}
    found: dict[str, tuple[list[Item], int]] = {}
    for name, lines in shares({name: count for name, count in wanted.items() if count}, room).items():
        items = list(brief.section(name))
        shown = items if lines >= wanted[name] == brief.count(name) else items[: lines - 1]
        found[name] = (shown, brief.count(name) - len(shown))
    return found


def more(brief: Brief, section: str, count: int) -> str:
    """That so many are not shown, and what shows them."""
    commands = {"next": f"runbook show {brief.plan}", "clocks": f"runbook status {brief.incident} --clocks"}
    command = commands.get(section, f"runbook log {brief.incident}")
    return _("and {count} more: {command}").format(count=count, command=command)


def brief_lines(brief: Brief) -> list[str]:
    """The brief for a terminal of 80 columns: the head, a label before each section, the foot with what to type next."""
    found = cut(brief, SCREEN_LINES)
    labels = {name: word(name, "brief") for name in found}
    width = max(map(cells, labels.values()), default=0) + 2
    lines = [*_head(brief)]
    for name, (items, left_out) in found.items():
        texts = [item.text if name in WHOLE else clipped(item.text, SCREEN_CELLS - width) for item in items]
        texts += [more(brief, name, left_out)] if left_out else []
        for place, text in enumerate(texts):
            label = labels[name] if place == 0 else ""
            lines.append(label + " " * (width - cells(label)) + text)
    return [*lines, *_foot(brief)]


def _head(brief: Brief) -> list[str]:
    mark = [practice_mark(brief.mode)] if practice_mark(brief.mode) else []
    since = _("reported {at}, {elapsed} ago").format(
        at=local_text(brief.reported_at, brief.zone), elapsed=span(brief.elapsed)
    )
    status = word(brief.status, "status")
    if brief.paused:
        status += " (" + _("paused: {why}").format(why=word(brief.paused, "paused")) + ")"
    handed = [_("From {who} to {name}").format(who=brief.who, name=brief.to)] if brief.to else []
    return [
        " · ".join([_("HANDOVER"), *mark, brief.incident, brief.title]),
        " · ".join([f"{brief.plan} {brief.version}", brief.severity, status]),
        " · ".join([since, _("saved #{code}").format(code=brief.code)]),
        *handed,
    ]


def _foot(brief: Brief) -> list[str]:
    return [
        _("Head: {hash}").format(hash=brief.head),
        _("Go on with: {command}").format(command=f"runbook resume {brief.incident}"),
    ]


def cells(text: str) -> int:
    """About how many columns of a terminal the text takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def clipped(text: str, at_most: int) -> str:
    """The text, its end left out where it would take more columns."""
    if cells(text) <= at_most:
        return text
    kept, used = "", 0
    for letter in text:
        used += cells(letter)
        if used > at_most - 3:
            break
        kept += letter
    return kept.rstrip() + "..."
