"""A report that can be read and printed, of an incident of any length: what is left out is counted, and said where it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from runbook.model.text import _
from runbook.report.record import Facts, Line
from runbook.report.walked import Attempt, StepFacts

TIMELINE, EDGES, NOTES, EVIDENCE, ATTEMPTS, LOOKS = 1_000, 100, 400, 2_000, 20, 40
"""Lines of the timeline; of its beginning and its end whatever they say; notes; pieces of evidence; attempts of a step; looks in one."""
T = TypeVar("T")


def shortened(facts: Facts) -> Facts:
    """The same facts, of each long list its two ends; of the timeline also what people did and what changed the world between them.

    `facts.omitted` says in words what is left out. An incident of a usual length is not touched.
    """
    steps = tuple(_step(step) for step in facts.steps)
    notes, evidence = _ends(facts.notes, NOTES), _ends(facts.evidence, EVIDENCE)
    timeline = _timeline(facts)
    counts = (
        (_("{count} events of the timeline"), len(facts.timeline) - sum(line.seq > 0 for line in timeline)),
        (_("{count} attempts of steps"), sum(step.earlier for step in steps)),
        (_("{count} readings within attempts"), _looks(facts.steps, ATTEMPTS) - _looks(steps, ATTEMPTS)),
        (_("{count} notes"), len(facts.notes) - len(notes)),
        (_("{count} pieces of evidence"), len(facts.evidence) - len(evidence)),
    )
    omitted = tuple(said.format(count=count) for said, count in counts if count)
    return replace(facts, timeline=timeline, steps=steps, notes=notes, evidence=evidence, omitted=omitted)


def _timeline(facts: Facts) -> tuple[Line, ...]:
    """The lines that are printed; a line with the number 0 stands where others are left out."""
    lines = facts.timeline
    if len(lines) <= TIMELINE:
        return lines
    places = range(len(lines))
    weighty = _ends([place for place in places[EDGES:-EDGES] if not lines[place].routine], TIMELINE - 2 * EDGES)
    kept = [*places[:EDGES], *weighty, *places[-EDGES:]]
    found: list[Line] = []
    for before, place in zip([-1, *kept], kept, strict=False):
        if missing := place - before - 1:
            said = _("{count} events are left out here; runbook log {incident} shows them.")
            gap = lines[before + 1]
            found.append(replace(gap, seq=0, who="", what=said.format(count=missing, incident=facts.incident)))
        found.append(lines[place])
    return tuple(found)


def _step(step: StepFacts) -> StepFacts:
    """The last attempts; how many came before them."""
    earlier = max(0, len(step.attempts) - ATTEMPTS)
    return replace(step, attempts=tuple(map(_attempt, step.attempts[earlier:])), earlier=earlier)


def _attempt(attempt: Attempt) -> Attempt:
    return replace(attempt, looks=_ends(attempt.looks, LOOKS)) if len(attempt.looks) > LOOKS else attempt


def _looks(steps: Sequence[StepFacts], last: int) -> int:
    return sum(len(attempt.looks) for step in steps for attempt in step.attempts[-last:])


def _ends(items: Sequence[T], most: int) -> tuple[T, ...]:
    """The first and the last half of `most`; all where there are no more."""
    return tuple(items) if len(items) <= most else (*items[: most // 2], *items[-(most - most // 2) :])
