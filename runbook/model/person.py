"""One person under one name: however she types it, and as the site's roster spells it."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

NAME_AT_MOST = 80


def person_key(name: str) -> str:
    """The name without what may differ when the same person types it: case, width, spaces, marks."""
    folded = normalize("NFKC", normalize("NFKC", name).casefold())
    return "".join(letter for letter in folded if letter.isalnum()) or folded.strip()


def same_person(one: str, other: str) -> bool:
    return person_key(one) == person_key(other)


def on_roster(name: str, roster: Sequence[str]) -> str:
    """The name as the roster spells it; a name that is not there on one line, at most NAME_AT_MOST characters."""
    found = {person_key(entry): entry for entry in roster}
    return found.get(person_key(name)) or " ".join(name.split())[:NAME_AT_MOST]
