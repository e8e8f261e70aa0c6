"""What holds between the parts of a site file: names that exist, ids used once, ways that do not contradict each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PureWindowsPath

from runbook.loader.document import Place
from runbook.loader.logins import logins
from runbook.loader.validation import Reporter
from runbook.model.errors import Problem
from runbook.model.machine import Command, Host, Service
from runbook.model.readers import GIVES
from runbook.model.site import Site
from runbook.model.text import _

_FILE, _AGENT = "env-file", "ssh-agent"
_WAYS = ("systemd", "init", "windows", "commands")
_PARAMETER = re.compile(r"\$([a-z][a-z0-9-]*)")
_TIME_EXAMPLE = "%Y-%m-%d %H:%M:%S"
_SAMPLE = datetime(2026, 11, 22, 20, 41, 53)  # noqa: DTZ001 - only its digits are looked at


@dataclass(frozen=True)
class Inventory:
    """One site and the report on its file. `names`: the ids of each part as they stand there, those of wrong entries too."""

    site: Site
    report: Reporter

    def problems(self) -> Iterator[Problem]:
        """Every problem that no single value has by itself."""
        yield from self._ids()
        yield from self._groups()
        yield from logins(self.site, self.report, self.names)
        for place, machine in self.machines():
            yield from self._services(place, machine)
            for name, command in machine.commands.items():
                yield from self._command((*place, "commands", name), command)
            yield from self._login(place, machine)
        yield from self._companies()
        yield from self._duty()
        yield from self._logs()
        yield from self._secrets()

    def names(self, part: str) -> Collection[str]:
        """The ids of `hosts`, `seats`, ... in the file."""
        tree = self.report.document.tree
        found = tree.get(part) if isinstance(tree, dict) else None
        return found if isinstance(found, dict) else ()

    def machines(self) -> Iterator[tuple[Place, Host]]:
        """Every host and seat with its place."""
        for name, host in self.site.hosts.items():
            yield ("hosts", name), host
        for name, seat in self.site.seats.items():
            yield ("seats", name), seat

    # -- names

    def _known(self, place: Place, what: str, name: str, *parts: str) -> Iterator[Problem]:
        known = [each for part in parts for each in self.names(part)]
        if name and name not in known:
            yield self.report.unknown_name(place, what, name, known)

    def _ids(self) -> Iterator[Problem]:
        used: dict[str, str] = {}
        for part in ("hosts", "seats", "groups"):
            for name in self.names(part):
                if name in used:
                    message = _("expected an id that no host, seat or group has yet, found {name!r} of `{part}`")
                    yield self.report.problem(
                        "E-NAME-TWICE", (part, name), message.format(name=name, part=used[name]), key=True
                    )
                used.setdefault(name, part)

    def _groups(self) -> Iterator[Problem]:
        for group, members in self.site.groups.items():
            place: Place = ("groups", group)
            if not members:
                yield self.report.problem("E-VALUE-TYPE", place, _("expected at least one host or seat, found nothing"))
            for number, member in enumerate(members):
                if member in self.names("groups"):
                    message = _("expected a host or a seat, found the group {name!r}: a group holds no groups")
                    yield self.report.problem("E-VALUE-TYPE", (*place, number), message.format(name=member))
                else:
                    yield from self._known((*place, number), _("a host or a seat"), member, "hosts", "seats")

    def _companies(self) -> Iterator[Problem]:
        site = self.site
        for name, trunk in site.trunks.items():
            yield from self._known(("trunks", name, "gateway"), _("a host"), trunk.gateway, "hosts")
            yield from self._known(("trunks", name, "carrier"), _("a carrier"), trunk.carrier, "carriers")
        for name, line in site.leased_lines.items():
            yield from self._known(("leased_lines", name, "carrier"), _("a carrier"), line.carrier, "carriers")
        for part, companies in (("carriers", site.carriers), ("vendors", site.vendors)):
            for name, company in companies.items():
                yield from self._known((part, name, "contact"), _("a contact"), company.contact, "contacts")
                for number, covered in enumerate(company.covers):
                    what = _("a host, a seat or a group")
                    yield from self._known((part, name, "covers", number), what, covered, "hosts", "seats", "groups")
        for name, seat in site.seats.items():
            yield from self._known(("seats", name, "switch"), _("a host"), seat.switch, "hosts")

    # -- hosts and seats

    def _services(self, place: Place, host: Host) -> Iterator[Problem]:
        for name, service in host.services.items():
            where: Place = (*place, "services", name)
            if len(given := _ways(service)) != 1:
                found = " + ".join(given) or _("none of them")
                message = _("expected exactly one of {ways}, found {found}").format(ways=", ".join(_WAYS), found=found)
                yield self.report.problem("E-VALUE-TYPE", where, message)
            elif (given == ["windows"]) != (host.system == "windows") and given != ["commands"]:
                message = _("expected a service of `system: {system}`, found {found}")
                yield self.report.problem(
                    "E-VALUE-TYPE", (*where, given[0]), message.format(system=host.system, found=f"`{given[0]}`")
                )
            for do, words in _service_words(service):
                if not words and do == "status":
                    yield self.report.problem("E-VALUE-TYPE", (*where, "commands", do), _no_words())

    def _login(self, place: Place, host: Host) -> Iterator[Problem]:
        if host.snmp and host.snmp.version == "3" and not host.snmp.user:
            yield self.report.missing_key((*place, "snmp", "user"))

    def _command(self, place: Place, command: Command) -> Iterator[Problem]:
        if not command.run or command.run[0].startswith("$"):
            yield self.report.problem("E-VALUE-TYPE", (*place, "run"), _no_words())
        for name in command.passes:
            if name not in GIVES[command.reader]:
                what = _("a value of the reader {reader}").format(reader=command.reader)
                yield self.report.unknown_name((*place, "passes", name), what, name, GIVES[command.reader], key=True)
        used: set[str] = set()
        for number, word in enumerate(command.run):
            for name in _PARAMETER.findall(word):
                used.add(name)
                if word == f"${name}" and name not in command.takes:
                    what = _("a parameter of `takes`")
                    yield self.report.unknown_name((*place, "run", number), what, name, command.takes)
                elif word != f"${name}" and name in command.takes:
                    message = _("expected the parameter as a word of its own (`${name}`), found {word!r}")
                    message = message.format(name=name, word=word)
                    yield self.report.problem("E-VALUE-TYPE", (*place, "run", number), message)
        for name, parameter in command.takes.items():
            where: Place = (*place, "takes", name)
            if name not in used:
                message = _("expected a word `${name}` in `run`, found none").format(name=name)
                yield self.report.problem("E-VALUE-TYPE", where, message, key=True)
            if (parameter.type == "choice") != bool(parameter.choices):
                message = _("expected `choices` with `type: choice`, and with no other type")
                yield self.report.problem("E-VALUE-TYPE", where, message, key=True)

    # -- people, logs, secrets

    def _duty(self) -> Iterator[Problem]:
        people = [person.name for contact in self.site.contacts.values() for person in contact.people]
        known = [*self.site.roster, *people]
        for number, duty in enumerate(self.site.duty):
            place: Place = ("duty", number)
            if not duty.people:
                yield self.report.problem("E-VALUE-TYPE", place, _("expected at least one name, found nothing"))
            if duty.begins >= duty.ends:
                message = _("expected a time after {begin}, found {found!r}").format(begin=duty.from_, found=duty.to)
                yield self.report.problem("E-VALUE-TYPE", (*place, "to"), message)
            for at, name in enumerate(duty.people):
                if name not in known:
                    what = _("a name of `roster` or of a contact")
                    yield self.report.unknown_name((*place, "people", at), what, name, known)

    def _logs(self) -> Iterator[Problem]:
        for name, log in self.site.logs.items():
            place: Place = ("logs", name)
            yield from self._known((*place, "host"), _("a host or a seat"), log.host, "hosts", "seats")
            if not _time_format(log.time):
                message = _("expected a time format with hours and minutes such as {example}, found {found!r}")
                yield self.report.problem(
                    "E-VALUE-TYPE", (*place, "time"), message.format(example=_TIME_EXAMPLE, found=log.time)
                )
            for found, texts in log.finds.items():
                if not texts or not all(text.strip() for text in texts):
                    message = _("expected texts to look for, found an empty one: every line would count")
                    yield self.report.problem("E-VALUE-TYPE", (*place, "finds", found), message)

    def _secrets(self) -> Iterator[Problem]:
        for name, secret in self.site.secrets.items():
            place: Place = ("secrets", name)
            source, in_file = secret.secret, secret.secret == _FILE
            if in_file and not secret.file:
                yield self.report.missing_key((*place, "file"))
            elif in_file and not secret.file.startswith(("/", "~")) and not PureWindowsPath(secret.file).drive:
                message = _("expected a whole path, such as ~/.config/runbook/secrets.env, found {found!r}")
                yield self.report.problem("E-VALUE-TYPE", (*place, "file"), message.format(found=secret.file))
            elif secret.file and not in_file:
                message = _("expected `file` with `secret: env-file` alone, found it with {source!r}")
                yield self.report.problem("E-VALUE-TYPE", (*place, "file"), message.format(source=source), key=True)
        for place, machine in self.machines():
            for key, account in (
                ("ssh", machine.ssh),
                ("sip", machine.sip),
                ("http", machine.http),
                ("snmp", machine.snmp),
            ):
                declared = self.site.secrets.get(account.secret) if account else None
                if declared and declared.secret == _AGENT:
                    message = _(
                        "expected a secret that has a value; the SSH agent gives none away (for its keys: `agent: yes`)"
                    )
                    yield self.report.problem("E-VALUE-TYPE", (*place, key, "secret"), message)


def _ways(service: Service) -> list[str]:
    return [way for way in _WAYS if getattr(service, way)]


def _service_words(service: Service) -> Iterable[tuple[str, tuple[str, ...]]]:
    commands = service.commands
    return [(do, getattr(commands, do)) for do in ("status", "start", "stop", "restart")] if commands else []


def _no_words() -> str:
    return _("expected the words of a command, its program first")


def _time_format(pattern: str) -> bool:
    try:
        read = datetime.strptime(_SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007
    except ValueError:
        return False
    return (read.hour, read.minute) == (_SAMPLE.hour, _SAMPLE.minute)
