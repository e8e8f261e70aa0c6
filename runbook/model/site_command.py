"""A named command of the site with the values that a plan gives it: each value is checked by its type and becomes one word."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from runbook.model.lookup import Problems, nearest
from runbook.model.machine import Command, Host, Parameter
from runbook.model.replies import CannotAskError
from runbook.model.schema import is_mac
from runbook.model.text import N_, _

_PARAMETER = re.compile(r"\$([a-z0-9][a-z0-9-]*)")
_INTEGER = re.compile(r"-?\d{1,18}")
_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_/][A-Za-z0-9._@/-]{0,127}")
_ADDRESS = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]{0,252}")
_PORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._:-]{0,63}")
_UNQUOTED = re.compile(r"[A-Za-z0-9._@:/+-]+")
"""A value for a device or for Windows, where nothing can be quoted for certain."""

_TYPES: Mapping[str, tuple[Callable[[str], object], str]] = {
    "integer": (_INTEGER.fullmatch, N_("a whole number")),
    "name": (_NAME.fullmatch, N_("a name of letters, digits and . _ @ - /")),
    "address": (_ADDRESS.fullmatch, N_("a host name or an IP address")),
    "port": (_PORT.fullmatch, N_("the name of a port such as GE1/0/24")),
    "mac": (is_mac, N_("a MAC address such as 00:1a:2b:3c:4d:5e")),
}


def words_of(command: Command, given: Mapping[str, str]) -> tuple[str, ...]:
    """The words of the command with the values in their places, for people to read: nothing is checked."""
    return tuple(given.get(word[1:], word) if _PARAMETER.fullmatch(word) else word for word in command.run)


def checked_words(host: Host, command: Command, given: Mapping[str, str]) -> tuple[str, ...]:
    """The words to send. Raises CannotAskError for a value that is not of its type: nothing was sent then."""
    if problems := value_problems(host, command, given):
        raise CannotAskError("resolve", "; ".join(sentence for _field, sentence in problems))
    return words_of(command, given)


def command_problems(host_name: str, host: Host, name: str, given: Mapping[str, str], *, reads: bool) -> Problems:
    """A command that the host does not have, or that reads where it should change (or the other way round), and its values."""
    command = host.commands.get(name)
    if command is None:
        sentence = _("expected a command of the host {host}, found {found}; nearest: {nearest}")
        return [("command", sentence.format(host=host_name, found=name, nearest=nearest(name, host.commands)))]
    if command.reads and not reads:
        sentence = _("expected a command that changes something; the site file says that {found} only reads")
        return [("command", sentence.format(found=name))]
    if reads and not command.reads:
        sentence = _("expected a command that only reads; the site file does not say `reads: yes` of {found}")
        return [("command", sentence.format(found=name))]
    return value_problems(host, command, given)


def value_problems(host: Host, command: Command, given: Mapping[str, str]) -> Problems:
    """Values that are missing, that the command does not take, or that are not of their type."""
    problems: Problems = []
    for name in command.takes:
        if name not in given:
            problems.append(("with", _("expected a value for `{name}`, found none").format(name=name)))
    for name, value in given.items():
        parameter = command.takes.get(name)
        if parameter is None:
            sentence = _("expected a value that the command takes ({names}), found {found}")
            names = ", ".join(command.takes) or "-"
            problems.append((f"with.{name}", sentence.format(names=names, found=name)))
        elif expected := _expected(host, parameter, value):
            sentence = _("expected {expected}, found {found!r}")
            problems.append((f"with.{name}", sentence.format(expected=expected, found=value[:100])))
    return problems


def port_of(command: Command, given: Mapping[str, str]) -> str:
    """The device's port that the command asks about: its parameter of that type; empty without one."""
    return next(
        (given[name] for name, parameter in command.takes.items() if parameter.type == "port" and name in given), ""
    )


def _expected(host: Host, parameter: Parameter, value: str) -> str:
    if parameter.type == "choice":
        if value not in parameter.choices:
            return _("one of {names}").format(names=", ".join(parameter.choices))
    else:
        fits, expected = _TYPES[parameter.type]
        if not fits(value):
            return _(expected)
    if host.system != "linux" and not _UNQUOTED.fullmatch(value):
        return _("a value of letters, digits and . _ @ : / + - (nothing can be quoted there)")
    return ""
