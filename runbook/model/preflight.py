"""The preflight: what must hold before the night, as findings; and those that need nothing but the site file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runbook.model.machine import Host
from runbook.model.site import Person, Site
from runbook.model.text import _

Result = Literal["good", "bad", "warn", "not_asked"]
Part = Literal["site", "laptop", "host", "contact", "line", "duty", "secret"]

HOST_CHECKS = ("resolves", "answers", "key", "login", "sudo")
"""What is looked at on a host, in this order: what fails makes the rest `not_asked`, which is no fault of its own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `name` is the host's, contact's or secret's; `said` is a sentence for people.

    `warn` is worth knowing and stops nothing; `not_asked` could not be found out, and the reason has a finding of its own.
    """

    part: Part
    name: str
    check: str
    result: Result
    said: str = ""


def of_paper(site: Site, now: datetime) -> Iterator[Finding]:
    """What the site file alone shows: numbers that are missing, and whether somebody is on duty now."""
    for role, contact in site.contacts.items():
        title = contact.title.pick()
        missing = [person for person in contact.people if not person.all_numbers]
        for person in missing:
            sentence = _("{title}: {name} has no telephone number").format(title=title, name=person.name)
            yield Finding("contact", role, "number", "bad", sentence)
        if not contact.people:
            yield Finding("contact", role, "number", "bad", _("{title}: nobody is named").format(title=title))
        elif not missing:
            yield Finding("contact", role, "number", "good", ", ".join(map(_called, contact.people)))
    for name, line in site.lines.items():
        said = ", ".join(line.numbers) or _("{title} has no number").format(title=line.title.pick())
        yield Finding("line", name, "number", "good" if line.numbers else "warn", said)
    yield from _duty(site, now)


def bad(findings: Iterable[Finding]) -> list[Finding]:
    """Those that must be put right."""
    return [finding for finding in findings if finding.result == "bad"]


def result_word(result: str) -> str:
    """The word for a result; never a colour alone."""
    return {"good": _("good"), "bad": _("BAD"), "warn": _("warn"), "not_asked": _("not asked")}[result]


def thing(finding: Finding) -> str:
    """What was looked at, in words."""
    if finding.part in ("laptop", "duty"):
        return f"{_part(finding.part)}, {check_word(finding.check)}"
    return f"{_part(finding.part)} {finding.name}, {check_word(finding.check)}"


def _part(part: str) -> str:
    words = {
        "laptop": _("this laptop"),
        "host": _("host"),
        "contact": _("contact"),
        "line": _("line"),
        "duty": _("duty"),
        "secret": _("secret"),
    }
    return words[part]


def check_word(check: str) -> str:
    """The words for a check."""
    words = {
        "resolves": _("resolves"),
        "answers": _("answers"),
        "key": _("host key"),
        "login": _("login"),
        "sudo": _("sudo"),
        "clock": _("clock"),
        "jump": _("jump host"),
        "number": _("telephone number"),
        "now": _("now"),
        "had": _("to be had"),
        "network": _("network"),
        "fonts": _("fonts"),
        "disk": _("disk"),
        "folder": _("folder"),
        "surroundings": _("surroundings"),
    }
    return words[check]


def commands_of(host: Host) -> dict[str, tuple[str, ...]]:
    """What plans may run on `host` through sudo, by what it is called; parameters stand as a sample of their type."""
    found = {name: tuple(_sample(host, name, word) for word in command.run) for name, command in host.commands.items()}
    return {name: words for name, words in found.items() if words}


def _sample(host: Host, command: str, word: str) -> str:
    parameter = host.commands[command].takes.get(word.removeprefix("$")) if word.startswith("$") else None
    if parameter is None:
        return word
    samples = {"integer": "1", "name": "x", "address": "192.0.2.1", "port": "GE1/0/1", "mac": "00:00:00:00:00:01"}
    return samples.get(parameter.type) or next(iter(parameter.choices), "x")


def _called(person: Person) -> str:
    return f"{person.name} {' / '.join(person.all_numbers)}"


def _duty(site: Site, now: datetime) -> Iterator[Finding]:
    if not site.duty:
        return
    here = now.astimezone(site.zone).replace(tzinfo=None)
    people = [name for duty in site.duty if duty.begins <= here < duty.ends for name in duty.people]
    last = max(duty.ends for duty in site.duty)
    if people:
        yield Finding("duty", "duty", "now", "good", ", ".join(people))
    else:
        sentence = _("nobody is on duty now; the list ends at {time}").format(time=last.strftime("%Y-%m-%d %H:%M"))
        yield Finding("duty", "duty", "now", "bad", sentence)
