"""The part of a site that a plan uses, as it is kept with the incident."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml
from pydantic import ValidationError

from runbook.loader.references import scalars
from runbook.loader.site import plain
from runbook.loader.validation import Reporter
from runbook.loader.yaml import read_yaml
from runbook.model.errors import ProblemsError
from runbook.model.playbook import Header, Playbook
from runbook.model.ports import JSON
from runbook.model.site import Site

_ANY_HOST = frozenset({"host", "seat", "seats"})


def site_text_of(site: Site, plan: Playbook) -> bytes:
    """The part of the site that the plan uses, as a site file: what it names, what that leads to, and everybody's titles.

    Reading it again gives the same facts. Where the plan asks for a host or seat, all of them are kept.
    """
    used = _used(site, plan)
    tree = plain(site)
    assert isinstance(tree, dict)
    for part in ("hosts", "seats", "groups", "lines", "contacts", "trunks", "logs", "files"):
        known = tree.get(part)
        if isinstance(known, dict):
            tree[part] = {key: value for key, value in known.items() if key in used}
            if not tree[part] and part not in ("hosts", "lines", "contacts"):
                del tree[part]
    text: str = yaml.safe_dump({"site": "1", **tree}, allow_unicode=True, sort_keys=False, width=150)
    return text.encode()


def kept_site(data: bytes, shown: str) -> Site:
    """The site that was kept. What it no longer names is no problem. Raises ProblemsError E-SITE-BAD when it cannot be read."""
    report = Reporter(read_yaml(data, shown))
    try:
        if not report.document.problems:
            return Site.model_validate(report.document.tree, context={"kept": True})
        problems = list(report.document.problems)
    except ValidationError as error:
        problems = report.invalid(error, Site)
    raise ProblemsError("E-SITE-BAD", problems, file=shown)


def _used(site: Site, plan: Playbook) -> set[str]:
    """Every id of the site that the plan names, and those that these need: members, jump hosts, switches, gateways, contacts."""
    named = set(_named(plan))
    asked = {entry.type for header in _headers(plan) for entry in header.inputs.values()}
    for types, parts in (
        (_ANY_HOST, (site.hosts, site.seats, site.groups)),
        ({"line"}, (site.lines,)),
        ({"contact"}, (site.contacts,)),
    ):
        if asked & types:
            named.update(*parts)
    needs = dict(_needs(site))
    waiting = list(named)
    while waiting:
        found = set(needs.get(waiting.pop(), ())) - named
        named |= found
        waiting += found
    return named


def _headers(plan: Playbook) -> Iterator[Header]:
    """The headers of every playbook that may be walked, here or beside this one."""
    for each in (plan, *plan.beside.values()):
        yield from (each.header, *each.others.values())


def _needs(site: Site) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each id of the site with the ids that its facts name."""
    machines: Mapping[str, object] = {**site.hosts, **site.seats}
    for name in machines:
        host, seat = site.machine(name), site.seats.get(name)
        assert host is not None
        # A switch's ports are compared with the seats that are plugged in there.
        plugged = (other for other, each in site.seats.items() if each.switch == name and each.mac)
        yield name, tuple(filter(None, (host.ssh.jump if host.ssh else "", seat.switch if seat else "", *plugged)))
    yield from site.groups.items()
    yield from ((name, (log.host,)) for name, log in site.logs.items())
    companies = {**site.carriers, **site.vendors}
    yield from ((name, (company.contact,)) for name, company in companies.items())
    for name, trunk in site.trunks.items():
        carrier = companies.get(trunk.carrier)
        yield name, tuple(filter(None, (trunk.gateway, carrier.contact if carrier else "")))
    for name, line in site.leased_lines.items():
        carrier = companies.get(line.carrier)
        yield name, (carrier.contact,) if carrier else ()


def _named(plan: Playbook) -> Iterator[str]:
    """Every name in the plan's steps that may be one of the site's."""
    yield "leadership"  # whom the key ! calls
    for step in (step for each in (plan, *plan.beside.values()) for step in each.steps):
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
        for _name, value in step.sample:
            # A kind may name a contact or a line by default.
            yield from (text for text in (value if isinstance(value, tuple) else (value,)) if isinstance(text, str))
    for header in _headers(plan):
        for entry in header.inputs.values():
            yield from (part.strip() for part in (entry.default or "").split(","))
