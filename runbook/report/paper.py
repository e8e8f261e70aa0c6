"""What the paper form of a plan says: the same steps as the walk, as a person does them by hand. Frozen facts for the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from runbook.loader.needs import needs_of
from runbook.model.clocks import Scheme
from runbook.model.playbook import Playbook
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.units import span
from runbook.report.paper_steps import PaperStep, conditions, number_of, paper_step, people_of, way


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole form. `inputs`: question, default. `limits`: what, how long. `people`: role, people with numbers."""

    plan: Playbook
    site: str
    severity: str
    inputs: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, timedelta], ...]
    people: tuple[tuple[str, tuple[str, ...]], ...]
    lines: tuple[tuple[str, str], ...]
    raised: str
    offers: tuple[str, ...]
    steps: tuple[PaperStep, ...]
    recovered: str
    recovered_then: str


def paper(plan: Playbook, site: Site | None, scheme: Scheme | None) -> Paper:
    """The form of a plan; with a site, its names, addresses and numbers are filled in."""
    here = site or Site(site="1", name="")
    header, rule = plan.header, plan.header.clocks
    level = scheme.levels.get(rule.level) if scheme and rule else None
    limits = level.limits if level and scheme else {}
    own = [step for step in plan.steps if not step.plan or step.plan == plan.id]
    named = sorted({need for step in own for need in needs_of(step, plan)})
    return Paper(
        plan=plan,
        site=here.name,
        severity=header.severity,
        inputs=tuple((entry.ask.pick(), entry.default or "") for entry in header.inputs.values()),
        limits=tuple((scheme.metrics[metric].pick(), limit) for metric, limit in limits.items()) if scheme else (),
        people=tuple((here.role(need.name), people_of(need.name, here)) for need in named if need.what == "contact"),
        lines=tuple(_line(need.name, here) for need in named if need.what == "line"),
        raised=_raised(plan),
        offers=tuple(_offers(plan)),
        steps=tuple(paper_step(step, plan, here) for step in own),
        recovered=header.recovered.ask.pick(),
        recovered_then=way(header.recovered.then, plan),
    )


def _line(name: str, site: Site) -> tuple[str, str]:
    known = site.lines.get(name)
    return (known.title.pick(), ", ".join(known.numbers)) if known else (name, "")


def _offers(plan: Playbook) -> Iterator[str]:
    for offer in plan.header.offers:
        since = _("the report of the fault") if offer.since == "reported" else number_of(offer.since, plan)
        leads = way(offer.go, plan) if offer.go else _("form {plan}").format(plan=offer.start)
        sentence = _("{after} after {since}: {title} ({way})")
        yield sentence.format(after=span(offer.after), since=since, title=offer.title.pick(), way=leads)


def _raised(plan: Playbook) -> str:
    """When the severity rises."""
    rule = plan.header.raise_
    when = " ".join(conditions(rule.when, plan, plan.header)) if rule else ""
    return _("{severity}: {when}").format(severity=rule.to, when=when) if rule else ""
