"""The leaf kinds, one file each. This package finds them; a kind is added by adding its file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from runbook.model.kind import Kind
from runbook.model.playbook import replaced
from runbook.model.ports import JSON


@cache
def kinds() -> Mapping[str, type[Kind]]:
    """Every leaf kind by its key, in alphabetical order."""
    found: dict[str, type[Kind]] = {}
    for module in sorted(info.name for info in iter_modules(__path__)):
        for member in vars(import_module(f"{__name__}.{module}")).values():
            if isinstance(member, type) and issubclass(member, Kind) and member is not Kind and hasattr(member, "NAME"):
                found[member.NAME] = member
    return dict(sorted(found.items()))


def bind(kind: str, body: Mapping[str, JSON], values: Mapping[str, str]) -> Kind:
    """The kind with every reference of `body` replaced by its value's text, validated. Raises pydantic.ValidationError."""
    return kinds()[kind].model_validate(replaced(dict(body), values))
