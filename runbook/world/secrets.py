"""The site's secrets: fetched by name when a port needs one, and taken out of whatever is kept or shown."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from runbook.model.errors import system_said
from runbook.model.redaction import Redactor, Window
from runbook.model.replies import CannotAskError
from runbook.model.site import Secret
from runbook.model.text import _
from runbook.world.deadline import within

_KEYRING_S = 20.0
"""How long the keyring may take: it may ask the person for its own password."""
_LARGEST_FILE = 65536
_TYPED = ("prompt",)

Ask = Callable[[str], str | None]
"""Asks the person for a secret, unseen; None when nobody is at a terminal."""


class SiteSecrets:
    """`runbook.model.ports.Secrets` of a site file. Each secret is fetched once in a run.

    `ask` reaches the person for secrets of `prompt`; `tell` says, once, that a secret cannot be taken out of outputs.
    """

    def __init__(
        self,
        declared: Mapping[str, Secret],
        ask: Ask = lambda _question: None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._declared = declared
        self._ask, self._tell = ask, tell or (lambda _line: None)
        self._lock = threading.RLock()
        self._had: dict[str, str] = {}
        self._asked_for: set[str] = set()
        self._redactor = Redactor()

    def value(self, name: str) -> str:
        """The secret. Raises CannotAskError (`login`) when it is not to be had, with what to type."""
        # One after the other: a person is asked one question, and the keyring once.
        with self._lock:
            if name not in self._had:
                value = self._fetched(name)
                if not self._redactor.learn(name, value):
                    self._tell(
                        _(
                            "The secret {name} is too short or too common a word to be taken out of outputs. Change it soon."
                        ).format(name=name)
                    )
                self._had[name] = value
            return self._had[name]

    def ready(self) -> None:
        """Ask the person now, once, for the secrets that she types. What she does not type is asked for again when it is needed."""
        for name, secret in self._declared.items():
            if secret.secret in _TYPED and name not in self._asked_for:
                with suppress(CannotAskError):
                    self.value(name)

    def declare(self, declared: Mapping[str, Secret]) -> None:
        """Another site file holds from here on: what is kept elsewhere now is fetched anew; what was given out stays unsaid."""
        with self._lock:
            same = {name for name, secret in declared.items() if self._declared.get(name) == secret}
            self._had = {name: value for name, value in self._had.items() if name in same}
            self._declared = declared
        self.learn_files()

    def learn_files(self) -> None:
        """Take what the secret files hold out of everything from now on, before anything asks for it. Asks nobody, raises nothing."""
        for name, secret in self._declared.items():
            with suppress(CannotAskError):
                if secret.file:
                    self._redactor.learn(name, of_file(name, secret))

    def redacted(self, text: str) -> str:
        return self._redactor.text(text)

    def redacted_bytes(self, data: bytes) -> bytes:
        return self._redactor.data(data)

    def window(self) -> Window:
        return self._redactor.window()

    def _fetched(self, name: str) -> str:
        secret = self._declared.get(name)
        if secret is None:
            raise _not_had(name, _("the site file does not declare it"))
        match secret.secret:
            case "keyring":
                return of_keyring(name, secret)
            case "env-file":
                return of_file(name, secret)
            case "prompt":
                return self._asked(name)
            case _:
                raise _not_had(
                    name, _("the SSH agent gives no secret away: write `agent: yes` where its keys are used")
                )

    def _asked(self, name: str) -> str:
        if threading.current_thread() is not threading.main_thread():
            # Two questions at one keyboard: what is typed would go into the wrong one.
            raise _not_had(name, _("it has to be typed, and another question stands already"))
        self._asked_for.add(name)
        typed = self._ask(_("The secret {name} of this site (it is not shown, and not kept):").format(name=name))
        if not typed:
            raise _not_had(name, _("it is asked for, and nobody typed it at a terminal"))
        return typed


def of_keyring(name: str, secret: Secret) -> str:
    """The secret from this laptop's keyring. Raises CannotAskError."""
    import keyring
    from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

    entry = secret.name or name
    try:
        value = within(_KEYRING_S, lambda: keyring.get_password(secret.service, entry))
    except NoKeyringError:
        reason = _("this laptop has no keyring that a program can open; `env-file` and `prompt` need none")
        raise _not_had(name, reason) from None
    except KeyringLocked:
        raise _not_had(name, _("the keyring is locked: unlock it, then try again")) from None
    except TimeoutError:
        raise _not_had(
            name, _("the keyring did not answer within {seconds:.0f} s").format(seconds=_KEYRING_S)
        ) from None
    except (KeyringError, OSError, RuntimeError) as error:
        raise _not_had(name, _("the keyring failed ({reason})").format(reason=type(error).__name__)) from None
    if not value:
        command = f"keyring set {secret.service} {entry}"
        raise _not_had(name, _("the keyring has none of this name; type: {command}").format(command=command))
    return value


def of_file(name: str, secret: Secret) -> str:
    """The secret from its file of NAME=VALUE lines, which only its owner may read. Raises CannotAskError."""
    path = Path(secret.file).expanduser()
    try:
        text = _private_text(name, path)
    except (OSError, UnicodeDecodeError) as error:
        reason = _("it is not UTF-8 text") if isinstance(error, UnicodeDecodeError) else system_said(error)
        raise _not_had(name, _("{file} cannot be read: {reason}").format(file=path, reason=reason)) from None
    value = values_of(text).get(secret.name or name)
    if not value:
        entry = secret.name or name
        raise _not_had(name, _("{file} has no line {entry}=...").format(file=path, entry=entry))
    return value


def values_of(text: str) -> dict[str, str]:
    """The values of a text of NAME=VALUE lines; lines with `#` and empty ones say nothing, quotes around a value fall away."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip()
        if not equals or name.lstrip().startswith("#"):
            continue
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def _private_text(name: str, path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise _not_had(name, _("{file} is not a plain file").format(file=path))
        geteuid = getattr(os, "geteuid", None)
        if geteuid is not None and status.st_uid != geteuid():
            raise _not_had(name, _("{file} belongs to somebody else").format(file=path))
        if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
            command = f"chmod 600 {path}"
            raise _not_had(name, _("others may read {file}; type: {command}").format(file=path, command=command))
        return file.read(_LARGEST_FILE).decode("utf-8")


def _not_had(name: str, reason: str) -> CannotAskError:
    sentence = _("the secret {name} is not to be had: {reason}").format(name=name, reason=reason)
    return CannotAskError("login", sentence)
