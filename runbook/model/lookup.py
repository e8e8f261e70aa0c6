"""Names that a plan uses, looked up in the site: what people call them, and a sentence for each that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from runbook.model.site import Site
from runbook.model.text import _

Problems = list[tuple[str, str]]
"""(field, sentence) for each name that the site does not have."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names most like `name`; where none is like it, the first few."""
    names = sorted(known)
    return ", ".join(get_close_matches(name, names, n=3, cutoff=0.5) or names[:6]) or "-"


def host_problems(site: Site | None, field: str, host: str) -> Problems:
    """A host that the site does not have."""
    if site is None or host in site.hosts:
        return []
    sentence = _("expected a host of the site, found {found}; nearest: {nearest}")
    return [(field, sentence.format(found=host, nearest=nearest(host, site.hosts)))]


def machine_problems(site: Site | None, field: str, name: str) -> Problems:
    """A host, seat or group that the site does not have."""
    if site is None or site.machine(name) or name in site.groups:
        return []
    sentence = _("expected a host, a seat or a group of the site, found {found}; nearest: {nearest}")
    known = [*site.hosts, *site.seats, *site.groups]
    return [(field, sentence.format(found=name, nearest=nearest(name, known)))]


def port_problems(site: Site | None, field: str, host: str, port: str) -> Problems:
    """A port name that the host does not have, or a number in its place."""
    if port.isdecimal():
        sentence = _(
            "expected the name of a port, found the number {found}; numbers stay in site.yaml, under hosts.{host}.ports"
        )
        return [(field, sentence.format(found=port, host=host))]
    known = site.machine(host) if site else None
    if known is None or port in known.ports:
        return []
    sentence = _("expected a port name of the host {host}, found {found}; nearest: {nearest}")
    return [(field, sentence.format(host=host, found=port, nearest=nearest(port, known.ports)))]


def contact_problems(site: Site | None, field: str, contact: str) -> Problems:
    """A contact that the site does not have."""
    if site is None or contact in site.contacts:
        return []
    sentence = _("expected a contact of the site, found {found}; nearest: {nearest}")
    return [(field, sentence.format(found=contact, nearest=nearest(contact, site.contacts)))]


def line_problems(site: Site | None, field: str, line: str) -> Problems:
    """A telephone line that the site does not have."""
    if site is None or line in site.lines:
        return []
    sentence = _("expected a line of the site, found {found}; nearest: {nearest}")
    return [(field, sentence.format(found=line, nearest=nearest(line, site.lines)))]


def port_called(site: Site, host: str, port: str) -> str:
    """A port by its name, with its number where the site gives one: `sip (5060)`."""
    known = site.machine(host)
    number = known.ports.get(port) if known else None
    return f"{port} ({number})" if number else port


def host_called(site: Site, host: str) -> str:
    """What people call a host, with its address; the id alone where the site does not have it."""
    return site.host_title(host)


def line_called(site: Site, line: str, *, numbers: bool = True) -> str:
    """What people call a line, with its numbers; the id alone where the site does not have it."""
    if line not in site.lines:
        return line
    known = site.lines[line]
    title = known.title.pick()
    return f"{title} ({', '.join(known.numbers)})" if numbers and known.numbers else title
