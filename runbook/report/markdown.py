"""The facts as Markdown, by the one template; every value passes the gate of `escape`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from runbook.bundled import templates_dir
from runbook.model.text import _
from runbook.model.units import local_text
from runbook.model.words import word
from runbook.report import values
from runbook.report.escape import Hider, Markup, digest, inline, quoted
from runbook.report.record import Facts

TEMPLATE = "report.md.j2"


def markdown(facts: Facts) -> str:
    """The whole report as Markdown (CommonMark with tables), ending with one newline."""
    return tidied(_environment(facts).get_template(TEMPLATE).render(facts=facts))


def tidied(text: str) -> str:
    """What a template made, without spaces at the end of lines and without two empty lines in a row."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    return "\n".join(kept).strip("\n") + "\n"


def _environment(facts: Facts) -> Environment:
    hide = Hider(facts.hidden, _("[number hidden: practice]"))
    titles = {step.id: values.titled(step.number, step.title) for step in facts.steps}
    one_day = {facts.shown(line.at).astimezone(facts.zone).date() for line in facts.timeline}

    def gate(value: object) -> str:
        return value if isinstance(value, Markup) else inline("" if value is None else hide(str(value)))

    environment = gated(gate)
    filters: dict[str, Any] = {
        "word": word,
        "moment": lambda at: values.moment(facts.shown(at) if at else None, facts.zone),
        "clock": lambda at: local_text(facts.shown(at), facts.zone, date=len(one_day) > 1),
        "span": values.length,
        "since": values.since,
        "step": lambda step: titles.get(step, step),
        "quoted": lambda text: quoted(hide(text)),
        "digest": digest,
    }
    environment.filters.update(filters)
    return environment


def gated(gate: Callable[[object], str]) -> Environment:
    """The templates' environment, every value passing through `gate`."""
    environment = Environment(
        loader=FileSystemLoader(templates_dir()),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        finalize=gate,
        trim_blocks=True,
        lstrip_blocks=True,
        # Not HTML: `finalize` is the gate here, and it lets nothing through unescaped.
        autoescape=False,  # noqa: S701
    )
    environment.globals["_"] = _
    return environment
