"""What stands above the question when a step begins: one action at a time."""

from __future__ import annotations

from runbook.model.playbook import Playbook, Step, Together, WaitFor
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.units import span
from runbook.model.words import word
from runbook.ui.glyphs import Shown, fold
from runbook.ui.sentences import flat, said


def step_screen(
    step: Step, plan: Playbook, site: Site, *, line: str = "", attempt: int = 1, width: int = 80
) -> list[Shown]:
    """One action: its number, phase and title, why it is there, what exactly will be run and what should be read."""
    head = _("Step {number} of {total}").format(number=step.number, total=_last(step, plan))
    again = _("attempt {attempt}").format(attempt=attempt) if attempt > 1 else ""
    role = _("for: {role}").format(role=site.role(step.keys.role)) if step.keys.role else ""
    lines = [Shown("")]
    branch = _("branch: {name}").format(name=step.lane.rpartition("/")[2]) if step.lane else ""
    about = (head, branch, word(step.keys.phase, "phase"), _playbook(step, plan), role, again)
    lines.append(Shown(" · ".join(part for part in about if part), "dim"))
    lines += [Shown(part, "bold") for part in fold(flat(step.title.pick()), width, "  ")]
    if step.keys.why:
        lines += said(_("Why: {sentence}"), step.keys.why.pick(), width, 3)
    if step.keys.note:
        lines += said(_("Note: {sentence}"), step.keys.note.pick(), width, 2)
    if step.changes or step.reads:
        words = _("Will do: {line}") if step.changes else _("Will run: {line}")
        lines += [Shown(part) for part in fold(words.format(line=line or plan_line(step, site)), width, "  ")]
    if isinstance(step.sample, Together):
        lines += said(_("At the same time: {sentence}"), ", ".join(step.sample.branches), width, 2)
    if step.keys.expect:
        wanted = "; ".join(f"{name}: {expected.said()}" for name, expected in step.keys.expect.items())
        lines += said(_("Expected: {sentence}"), wanted, width, 2)
    if step.keys.approval:
        lines += said(_("Needs the yes of: {sentence}"), _approvers(step, site), width, 2)
    return lines


def _last(step: Step, plan: Playbook) -> int:
    """The number of the last step of the playbook that this one belongs to."""
    return max(other.number for other in plan.steps if other.plan == step.plan)


def _playbook(step: Step, plan: Playbook) -> str:
    """Which playbook the step belongs to, where that is not the one that the walk began with."""
    return _("in: {title}").format(title=flat(plan.header_of(step.plan).title.pick())) if step.plan else ""


def plan_line(step: Step, site: Site) -> str:
    """What a step runs or asks, as far as the plan alone says it."""
    if isinstance(step.sample, WaitFor):
        return _("read {kind} every {every}, at most {limit}").format(
            kind="/".join(step.sample.until), every=span(step.sample.every), limit=span(step.sample.limit)
        )
    if isinstance(step.sample, Together):
        return _("at the same time: {branches}").format(branches=" | ".join(step.sample.branches))
    return step.sample.plan_line(site)


def _approvers(step: Step, site: Site) -> str:
    rule = step.keys.approval
    assert rule is not None
    names = [site.role(name) for name in (rule.by, rule.or_) if name]
    return _(" or ").join(names)
