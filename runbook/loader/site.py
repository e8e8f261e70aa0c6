"""The site file: read strictly, every problem at once, and compared with another fact by fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from runbook.loader.decode import file_bytes
from runbook.loader.document import Document, Mark, Place
from runbook.loader.found import PROBLEMS_LIMIT
from runbook.loader.inventory import Inventory
from runbook.loader.literals import literal_secrets
from runbook.loader.reading import first_key
from runbook.loader.references import scalars
from runbook.loader.validation import Reporter
from runbook.loader.yaml import read_yaml
from runbook.model.errors import Problem, ProblemsError
from runbook.model.ports import JSON
from runbook.model.schema import Model
from runbook.model.site import Site
from runbook.model.text import Text

_PRUNED_AT_MOST = 8


def load_site(path: Path) -> Site:
    """The site of a file. Raises RunbookError E-FILE, or ProblemsError E-SITE-BAD with every problem."""
    return site_of(file_bytes(path), str(path))


def site_of(data: bytes, shown: str) -> Site:
    """The site from a file's bytes. Raises ProblemsError E-SITE-BAD."""
    site, problems = read_site(data, shown)
    if site is None or problems:
        raise ProblemsError("E-SITE-BAD", problems, file=shown)
    return site


def read_site(data: bytes, shown: str, document: Document | None = None) -> tuple[Site | None, list[Problem]]:
    """The site, or None, and every problem of its file (`document`: as it was read). Nothing that is said shows a secret
    that stands in it."""
    report = Reporter(document or read_yaml(data, shown))
    problems = list(report.document.problems)
    tree = report.document.tree
    if not isinstance(tree, dict) or not first_key(report, "site", problems):
        if not isinstance(tree, dict) and tree is not None:
            first_key(report, "site", problems)
        return None, problems
    declared = tree.get("secrets")
    secrets = dict(literal_secrets(report, declared if isinstance(declared, dict) else ()))
    site, invalid = _validated(tree, report)
    problems += invalid
    if site is not None:
        problems += Inventory(site, report).problems()
    hidden = {report.document.at(place, key=key) for place in secrets for key in (False, True)}
    problems = [each for each in problems if Mark(each.line, each.column) not in hidden]
    return (None if invalid else site), sorted({*problems, *secrets.values()})


def _validated(tree: JSON, report: Reporter) -> tuple[Site | None, list[Problem]]:
    """The site of all entries that are right by themselves, so that those are looked at together, and what the others lack."""
    problems: list[Problem] = []
    for _attempt in range(_PRUNED_AT_MOST):
        try:
            return Site.model_validate(tree), problems
        except ValidationError as error:
            problems = problems or report.invalid(error, Site)
            if len(problems) > PROBLEMS_LIMIT:
                break
            tree = _without(tree, list(report.wrong_places(error)))
    return None, problems


def _without(tree: JSON, wrong: Iterable[Place]) -> JSON:
    """The tree without these entries; a list is left out as a whole, its other entries would move."""
    cut = set()
    for place in wrong:
        numbered = next((at for at, part in enumerate(place) if isinstance(part, int)), len(place))
        cut.add(place[:numbered])
    pruned = _pruned(tree, (), cut)
    return {"site": "1", "name": "-", **pruned} if isinstance(pruned, dict) else pruned


def _pruned(node: JSON, place: Place, cut: set[Place]) -> JSON:
    if not isinstance(node, dict):
        return node
    return {key: _pruned(value, (*place, key), cut) for key, value in node.items() if (*place, key) not in cut}


def plain(value: Any) -> JSON:
    """A model as the tree of text that a file holds; what has its default is left out."""
    if isinstance(value, Model):
        fields = type(value).model_fields
        given = {
            field.alias or name: getattr(value, name)
            for name, field in fields.items()
            if name in value.model_fields_set
        }
        return {key: plain(entry) for key, entry in given.items()}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, Text):
        data = value.data()
        return data if isinstance(data, str) else dict(data)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return f"{value // timedelta(microseconds=1) / 1e6:.6f}".rstrip("0").rstrip(".") + "s"
    return "" if value is None else str(value)


def differences(old: Site | None, new: Site) -> list[str]:
    """What another site file says differently, one line for each fact: `hosts.cti.address: 10.0.0.1 -> 10.0.0.2`."""
    before = {} if old is None else dict(_facts(plain(old)))
    after = dict(_facts(plain(new)))
    if old is None:
        return []
    lines = []
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            lines.append(f"{key}: {before.get(key, '-')} -> {after.get(key, '-')}")
    return lines


def _facts(tree: JSON) -> Iterator[tuple[str, str]]:
    for place, text in scalars(tree):
        yield ".".join(str(part + 1) if isinstance(part, int) else part for part in place), text
