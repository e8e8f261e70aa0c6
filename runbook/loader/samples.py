"""A text that a reference could stand for, so that a step can be checked before anything is known."""

from __future__ import annotations

from runbook.model.inputs import input_problem, names_of
from runbook.model.playbook import Input
from runbook.model.site import Site

# A sample must be a number, a text and a name at once: what a step found is only known when it has run.
UNKNOWN_SAMPLE = "10"
_SAMPLES = {"text": "text", "integer": "10", "duration": "5m", "time": "02:51", "choice": "choice"}


def input_sample(entry: Input, site: Site | None) -> str:
    """A text that the input could have."""
    if entry.default and not input_problem(entry, entry.default, site):
        return entry.default
    if entry.choices:
        return entry.choices[0]
    if site and (known := names_of(entry.type, site)):
        return next(iter(known))
    return _SAMPLES.get(entry.type, entry.type)
