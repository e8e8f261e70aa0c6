"""The site file: read strictly, and the part of it that a plan uses, kept with the incident."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from runbook.loader.decode import file_bytes
from runbook.loader.reading import first_key
from runbook.loader.references import scalars
from runbook.loader.validation import Reporter
from runbook.loader.yaml import read_yaml
from runbook.model.errors import Problem, ProblemsError
from runbook.model.playbook import Playbook
from runbook.model.ports import JSON
from runbook.model.schema import Model
from runbook.model.site import Site
from runbook.model.text import Text, _

_ANY_HOST = ("host", "seat", "seats")


def load_site(path: Path) -> Site:
    """The site of a file. Raises RunbookError E-FILE, or ProblemsError E-SITE-BAD with every problem."""
    return site_of(file_bytes(path), str(path))


def site_of(data: bytes, shown: str) -> Site:
    """The site from a file's bytes. Raises ProblemsError E-SITE-BAD."""
    site, problems = read_site(data, shown)
    if site is None or problems:
        raise ProblemsError("E-SITE-BAD", problems, file=shown)
    return site


def read_site(data: bytes, shown: str) -> tuple[Site | None, list[Problem]]:
    """The site, or None, and every problem of its file."""
    report = Reporter(read_yaml(data, shown))
    problems = list(report.document.problems)
    if report.document.tree is None or not first_key(report, "site", problems):
        return None, problems
    try:
        site = Site.model_validate(report.document.tree)
    except ValidationError as error:
        return None, sorted({*problems, *report.invalid(error, Site)})
    problems += _services(site, report)
    return site, sorted(problems)


def _services(site: Site, report: Reporter) -> Iterator[Problem]:
    for name, host in site.hosts.items():
        for service, how in host.services.items():
            if bool(how.systemd) == bool(how.commands):
                message = _("expected either `systemd` or `commands`, found {found}").format(
                    found=_("both") if how.systemd else _("neither")
                )
                yield report.problem("E-VALUE-TYPE", ("hosts", name, "services", service), message)


def site_text_of(site: Site, plan: Playbook) -> bytes:
    """The part of the site that the plan uses, as a site file: hosts, lines and contacts that it names, and everybody's titles.

    Reading it again gives the same facts. Where the plan asks for a host, all hosts are kept.
    """
    named = set(_named(plan))
    asked = {entry.type for entry in plan.header.inputs.values()}
    tree = _plain(site)
    assert isinstance(tree, dict)
    for part, wanted in (("hosts", _ANY_HOST), ("lines", ("line",)), ("contacts", ("contact",))):
        known = tree.get(part)
        if isinstance(known, dict) and not asked.intersection(wanted):
            tree[part] = {key: value for key, value in known.items() if key in named}
    text: str = yaml.safe_dump({"site": "1", **tree}, allow_unicode=True, sort_keys=False, width=150)
    return text.encode()


def _named(plan: Playbook) -> Iterator[str]:
    """Every name in the plan's steps that may be one of the site's."""
    for step in plan.steps:
        keys = step.keys
        trees: list[JSON] = [dict(step.body)]
        if keys.verify:
            trees.append(dict(keys.verify.reading))
        yield from (
            name for name in (keys.role, *((keys.approval.by, keys.approval.or_) if keys.approval else ())) if name
        )
        for tree in trees:
            for _place, text in scalars(tree):
                match = re.fullmatch(r"\$site\.(.+)\.[a-z_]+", text)
                yield match[1] if match else text
        for name, value in step.sample:
            if isinstance(value, str) and name:
                yield value  # a kind may name a contact or a line by default
    yield from (entry.default for entry in plan.header.inputs.values() if entry.default)


def _plain(value: Any) -> JSON:
    """A model as the tree of text that a file holds; what has its default is left out."""
    if isinstance(value, Model):
        fields = type(value).model_fields
        given = {
            field.alias or name: getattr(value, name)
            for name, field in fields.items()
            if name in value.model_fields_set
        }
        return {key: _plain(entry) for key, entry in given.items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
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
    before = {} if old is None else dict(_facts(_plain(old)))
    after = dict(_facts(_plain(new)))
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
