"""What `runbook show` prints above the steps: a playbook's header in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from runbook.model.text import _
from runbook.model.units import span

if TYPE_CHECKING:
    from runbook.model.playbook import Header, Playbook


def head(plan: Playbook) -> list[str]:
    """The header of the plan."""
    header = plan.header
    lines = [
        f"{header.id} {header.version}  {header.severity}  {header.title.pick()}",
        _("file: {file}").format(file=plan.origin),
        _("use when: {text}").format(text=header.use_when.pick()),
    ]
    if header.not_when:
        lines.append(_("not when: {text}").format(text=header.not_when.pick()))
    lines.append(_("impact: {text}").format(text=header.impact.pick()))
    return [*lines, *_rules(header)]


def other(plan: Playbook, name: str) -> list[str]:
    """The header of a playbook that the plan leads to, above its steps."""
    header = plan.header_of(name)
    reached = _("Reached by a target: {id} {version}  {severity}  {title}").format(
        id=header.id, version=header.version, severity=header.severity, title=header.title.pick()
    )
    return ["", reached, *_rules(header)]


def _rules(header: Header) -> Iterator[str]:
    """Inputs, the test of success, what raises the severity, and offers."""
    for name, entry in header.inputs.items():
        default = _(" (default {value})").format(value=entry.default) if entry.default else ""
        yield _("input {name}: {question}{default}").format(name=name, question=entry.ask.pick(), default=default)
    yield _("recovered: {question} yes -> {then}").format(
        question=header.recovered.ask.pick(), then=header.recovered.then
    )
    if header.raise_:
        yield _("severity {to} when: {when}").format(to=header.raise_.to, when=_conditions(header.raise_.when))
    for offer in header.offers:
        when = _(", when {when}").format(when=_conditions(offer.when)) if offer.when else ""
        yield _("offer {after} after {since}{when}: {title} -> {way}").format(
            after=span(offer.after), since=offer.since, when=when, title=offer.title.pick(), way=offer.go or offer.start
        )


def _conditions(when: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{what}: {'/'.join(wanted)}" for what, wanted in when.items())
