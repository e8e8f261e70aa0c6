"""What stands on the screen before the first step and at the beginning of each: pure functions from the plan to lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook.model.clocks import Clock
from runbook.model.playbook import Playbook, Step, WaitFor
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.units import clock_text, local_text, span
from runbook.ui.glyphs import Shown, boxed, clipped, fold
from runbook.ui.status import limit_line
from runbook.ui.words import PHASES, STATUS, mark, word

HEIGHT = 24
RECENT_AT_MOST = 3
FIRST_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Recent:
    """An earlier incident of the plan: when, how it ended (`recovered`, ...), how long it took, and the step that helped."""

    at: datetime
    status: str
    took: timedelta | None = None
    helped: str = ""


def first_screen(
    plan: Playbook,
    site: Site,
    *,
    plan_origin: str,
    site_origin: str,
    now: datetime,
    width: int = 80,
    mode: str = "live",
    running: Sequence[Clock] = (),
    recent: Sequence[Recent] = (),
    height: int = HEIGHT,
) -> list[Shown]:
    """Is this the right plan, what is done first, which clocks run, where plan and site come from, and the way out.

    At most `height` - 4 lines, so that the first question fits below: earlier incidents, then long sentences, give way.
    """
    for sentence_lines, recents in ((9, RECENT_AT_MOST), (2, RECENT_AT_MOST), (2, 1), (1, 1), (1, 0)):
        lines = [
            *_right_plan(plan, mode, width, sentence_lines),
            *_first_steps(plan, width, sentence_lines),
            *_clock_lines(running, site, now, width),
            *_origins(plan, site, plan_origin, site_origin, width),
            *_recent(recent[:recents], site, width),
            Shown(_("Way out: q pauses at any time, nothing is lost; runbook resume goes on."), "dim"),
        ]
        if len(lines) <= height - 4:
            break
    return lines


def _right_plan(plan: Playbook, mode: str, width: int, at_most: int) -> list[Shown]:
    header = plan.header
    title = " · ".join(part for part in (mark(mode), header.severity, _flat(header.title.pick())) if part)
    lines = [Shown(part, "bold") for part in fold(title, width, "  ")]
    lines += _said(_("Right plan when: {sentence}"), header.use_when.pick(), width, at_most)
    if header.not_when:
        lines += _said(_("Not when: {sentence}"), header.not_when.pick(), width, at_most)
    return lines + _said(_("Affected: {sentence}"), header.impact.pick(), width, at_most)


def _first_steps(plan: Playbook, width: int, at_most: int) -> list[Shown]:
    first = [step for step in plan.steps if step.keys.first][:FIRST_AT_MOST]
    if not first:
        return []
    lines = [f"{step.number}. {_flat(step.title.pick())}" for step in first]
    if at_most == 1:
        lines = [clipped(line, width - 4) for line in lines]
    return [Shown(line, "bold") for line in boxed(lines, width, _("First"))]


def _clock_lines(running: Sequence[Clock], site: Site, now: datetime, width: int) -> list[Shown]:
    if not running:
        return [Shown(_("Clocks: this plan names none."))]
    limits = [
        _("{limit} (at {at})").format(limit=limit_line(clock, now), at=clock_text(clock.due, site.zone)[:5])
        for clock in running
    ]
    folded = fold(_("Clocks: {limits}").format(limits=" · ".join(limits)), width, "  ")
    return [
        Shown(line) for line in (folded if len(folded) <= 3 else [*folded[:2], clipped(folded[2], width - 3) + "..."])
    ]


def _origins(plan: Playbook, site: Site, plan_origin: str, site_origin: str, width: int) -> list[Shown]:
    texts = (
        _("Plan: {id} {version}, {steps} steps; from {origin}").format(
            id=plan.id, version=plan.header.version, steps=len(plan.steps), origin=plan_origin
        ),
        _("Site: {name}; from {origin}").format(name=site.name, origin=site_origin),
    )
    return [Shown(line) for text in texts for line in fold(text, width, "  ")[:2]]


def _recent(recent: Sequence[Recent], site: Site, width: int) -> list[Shown]:
    if not recent:
        return []
    lines = [Shown(_("Last incidents of this plan:"))]
    for one in recent:
        when = local_text(one.at, site.zone)[:10]
        took = _(" after {span}").format(span=span(one.took)) if one.took is not None else ""
        helped = _("; helped: {step}").format(step=_flat(one.helped)) if one.helped else ""
        lines.append(Shown(clipped(f"  {when}  {word(STATUS, one.status)}{took}{helped}", width)))
    return lines


def step_screen(
    step: Step, plan: Playbook, site: Site, *, line: str = "", attempt: int = 1, width: int = 80
) -> list[Shown]:
    """One action: its number, phase and title, why it is there, what exactly will be run and what should be read."""
    head = _("Step {number} of {total}").format(number=step.number, total=len(plan.steps))
    again = _("attempt {attempt}").format(attempt=attempt) if attempt > 1 else ""
    role = _("for: {role}").format(role=site.role(step.keys.role)) if step.keys.role else ""
    lines = [Shown("")]
    lines.append(Shown(" · ".join(part for part in (head, word(PHASES, step.keys.phase), role, again) if part), "dim"))
    lines += [Shown(part, "bold") for part in fold(_flat(step.title.pick()), width, "  ")]
    if step.keys.why:
        lines += _said(_("Why: {sentence}"), step.keys.why.pick(), width, 3)
    if step.keys.note:
        lines += _said(_("Not in the source: {sentence}"), step.keys.note.pick(), width, 2)
    if step.changes or step.reads:
        words = _("Will do: {line}") if step.changes else _("Will run: {line}")
        lines += [Shown(part) for part in fold(words.format(line=line or plan_line(step, site)), width, "  ")]
    if step.keys.expect:
        said = "; ".join(f"{name}: {expected.said()}" for name, expected in step.keys.expect.items())
        lines += _said(_("Expected: {sentence}"), said, width, 2)
    if step.keys.approval:
        lines += _said(_("Needs the yes of: {sentence}"), _approvers(step, site), width, 2)
    return lines


def plan_line(step: Step, site: Site) -> str:
    """What a step runs or asks, as far as the plan alone says it."""
    if isinstance(step.sample, WaitFor):
        return _("read {kind} every {every}, at most {limit}").format(
            kind="/".join(step.sample.until), every=span(step.sample.every), limit=span(step.sample.limit)
        )
    return step.sample.plan_line(site)


def _approvers(step: Step, site: Site) -> str:
    rule = step.keys.approval
    assert rule is not None
    names = [site.role(name) for name in (rule.by, rule.or_) if name]
    return _(" or ").join(names)


def _said(pattern: str, sentence: str, width: int, at_most: int) -> list[Shown]:
    return _limited(fold(pattern.format(sentence=_flat(sentence)), width, "  "), at_most, width)


def _limited(lines: list[str], at_most: int, width: int) -> list[Shown]:
    """The first lines, the last of them ending in dots where something is missing."""
    if len(lines) > at_most:
        lines = [*lines[: at_most - 1], clipped(lines[at_most - 1] + " " * width, width)]
    return [Shown(line) for line in lines]


def _flat(sentence: str) -> str:
    return " ".join(sentence.split())
