"""Small facts remembered between runs: who was here last, which site, what was accepted. Losing them costs a question, no more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from runbook.store.files import private_folder, read_plain, replace_file

FILE = "settings.json"
ACCEPTED_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last user's name, the last site file with its SHA-256, and the SHA-256 of what was accepted in a current folder."""

    user: str = ""
    site_path: str = ""
    site_sha256: str = ""
    accepted: tuple[str, ...] = ()


class Settings:
    """The remembered facts of one home folder."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE

    def load(self) -> Remembered:
        """What is remembered; nothing when there is none or it cannot be read. Never raises."""
        try:
            data = json.loads(read_plain(self._path))
        except (OSError, ValueError, RecursionError):
            return Remembered()
        if not isinstance(data, dict):
            return Remembered()
        user, path, sha256 = (_text(data.get(key)) for key in ("user", "site_path", "site_sha256"))
        return Remembered(user, path, sha256, _texts(data))

    def remember_user(self, name: str) -> bool:
        """Remember who was here. False when it could not be stored; never raises."""
        return self._store(replace(self.load(), user=name))

    def remember_site(self, path: str, sha256: str) -> bool:
        """Remember the site file that was used. False when it could not be stored; never raises."""
        return self._store(replace(self.load(), site_path=path, site_sha256=sha256))

    def accept(self, sha256s: Iterable[str]) -> bool:
        """Remember that these were accepted; the oldest are forgotten. False when it could not be stored; never raises."""
        kept = dict.fromkeys((*self.load().accepted, *sha256s))
        return self._store(replace(self.load(), accepted=tuple(kept)[-ACCEPTED_AT_MOST:]))

    def _store(self, facts: Remembered) -> bool:
        try:
            private_folder(self._path.parent)
            replace_file(self._path, json.dumps(asdict(facts), ensure_ascii=True, indent=1).encode())
        except OSError:
            return False
        return True


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(data: dict[str, Any]) -> tuple[str, ...]:
    found = data.get("accepted")
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()
