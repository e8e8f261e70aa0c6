"""Values without a type in a command: an input of type `text` may hold anything, and a command's words are no place for that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from runbook.loader.blocks import Raw
from runbook.loader.references import scalars
from runbook.model.errors import Problem
from runbook.model.playbook import Input
from runbook.model.text import _

_KINDS = ("ssh", "ssh_check", "collect")
_INPUT = re.compile(r"\$inputs\.(\S+)")


def untyped(inputs: Mapping[str, Input], raws: Sequence[Raw]) -> Iterator[Problem]:
    """Every input of type `text` that a step, or a reading inside it, gives to a named command."""
    for raw in raws:
        for inner, text in scalars(dict(raw.tree)):
            found = _INPUT.fullmatch(text)
            declared = inputs.get(found[1]) if found else None
            if "with" in inner and any(kind in inner for kind in _KINDS) and declared and declared.type == "text":
                sentence = _("expected a value with a type in a command, found the input {name!r} of type `text`")
                assert found is not None
                yield raw.report.problem("E-UNTYPED", (*raw.place, *inner), sentence.format(name=found[1]))
