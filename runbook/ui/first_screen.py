"""The first screen: is this the right plan, what is done first, which clocks run, and the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from runbook.model.clocks import Scheme, clocks
from runbook.model.playbook import Playbook
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.units import clock_text, local_text, span, utc_read
from runbook.model.words import practice_mark, word
from runbook.ui.glyphs import Shown, boxed, clipped, fold
from runbook.ui.sentences import flat, limited, said

HEIGHT = 24
EARLIER_AT_MOST = 3
FIRST_AT_MOST = 3


class Origins(Protocol):
    """Where the plan's and the site's files were found."""

    @property
    def plan(self) -> str: ...

    @property
    def site(self) -> str: ...


class Earlier(Protocol):
    """An earlier incident of the plan, as a list of incidents has it; times are UTC texts as stored."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def opened_at(self) -> str: ...


def first_screen(
    plan: Playbook,
    site: Site,
    scheme: Scheme | None,
    origins: Origins,
    earlier: Sequence[Earlier] = (),
    *,
    mode: str,
    now: datetime,
    width: int = 80,
    height: int = HEIGHT,
    helped: Mapping[str, str] | None = None,
) -> list[Shown]:
    """The lines of the first screen: at most `height` - 4 of them where they can be, so that the first question fits below.

    The clocks are counted from `now`, until the time of the report is known. `helped`: incident id -> the step that brought
    service back. Earlier incidents give way first, then long sentences.
    """
    lines: list[Shown] = []
    for sentence_lines, count in ((9, EARLIER_AT_MOST), (2, EARLIER_AT_MOST), (2, 1), (1, 1), (1, 0)):
        lines = [
            *_right_plan(plan, mode, width, sentence_lines),
            *_first_steps(plan, width, sentence_lines),
            *_limits(plan, scheme, site, now, width),
            *_origins(plan, site, origins, width),
            *_earlier(earlier[:count], helped or {}, site, width),
            *limited(
                fold(_("Way out: q pauses at any time and nothing is lost; runbook resume goes on."), width, "  "),
                2,
                width,
            ),
        ]
        if len(lines) <= height - 4:
            break
    return lines


def _right_plan(plan: Playbook, mode: str, width: int, at_most: int) -> list[Shown]:
    header = plan.header
    title = " · ".join(part for part in (practice_mark(mode), header.severity, flat(header.title.pick())) if part)
    lines = [Shown(part, "bold") for part in fold(title, width, "  ")]
    lines += said(_("Right plan when: {sentence}"), header.use_when.pick(), width, at_most)
    if header.not_when:
        lines += said(_("Not when: {sentence}"), header.not_when.pick(), width, at_most)
    return lines + said(_("Affected: {sentence}"), header.impact.pick(), width, at_most)


def _first_steps(plan: Playbook, width: int, at_most: int) -> list[Shown]:
    first = [step for step in plan.own if step.keys.first][:FIRST_AT_MOST]
    if not first:
        return []
    lines = [f"{step.number}. {flat(step.title.pick())}" for step in first]
    if at_most == 1:
        lines = [clipped(line, width - 4) for line in lines]
    return [Shown(line, "bold") for line in boxed(lines, width, _("First"))]


def _limits(plan: Playbook, scheme: Scheme | None, site: Site, now: datetime, width: int) -> list[Shown]:
    rule = plan.header.clocks
    if rule is None or scheme is None or rule.level not in scheme.levels:
        return [Shown(_("Clocks: this plan names none."))]
    limits = [
        _("{limit} {span} ({at})").format(
            limit=clock.title, span=span(clock.limit), at=clock_text(clock.due, site.zone, seconds=False)
        )
        for clock in clocks(scheme, rule.level, now, {})
    ]
    head = _("Clocks from the report on (if it was now): {limits}")
    return limited(fold(head.format(limits=" · ".join(limits)), width, "  "), 3, width)


def _origins(plan: Playbook, site: Site, origins: Origins, width: int) -> list[Shown]:
    texts = (
        _("Plan: {id} {version}, {count} steps; from {origin}").format(
            id=plan.id, version=plan.header.version, count=len(plan.own), origin=origins.plan
        ),
        _("Site: {name}; from {origin}").format(name=site.name, origin=origins.site),
    )
    return [line for text in texts for line in limited(fold(text, width, "  "), 2, width)]


def _earlier(earlier: Sequence[Earlier], helped: Mapping[str, str], site: Site, width: int) -> list[Shown]:
    if not earlier:
        return []
    lines = [Shown(_("Last incidents of this plan:"))]
    for one in earlier:
        day = local_text(utc_read(one.opened_at), site.zone)[:10] if one.opened_at else "-"
        what = _("; helped: {step}").format(step=flat(helped[one.id])) if helped.get(one.id) else ""
        lines.append(Shown(clipped(f"  {day}  {one.id}  {word(one.state, 'status')}{what}", width)))
    return lines
