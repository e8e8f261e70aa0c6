"""Text for people: the program's own sentences (`_`) and a plan's sentences in several languages (`Text`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

DEFAULT_LANGUAGE = "en"
EXAMPLE = "{en: ..., zh: ...}"


class _Spoken:
    """What is spoken in this process. Not a context variable: threads begin with an empty context and would fall back to English."""

    language: ClassVar[str] = DEFAULT_LANGUAGE
    lookup: ClassVar[Callable[[str], str] | None] = None


def _(message: str) -> str:
    """The program's sentence `message` in the person's language; English where the catalogue has none."""
    return _Spoken.lookup(message) if _Spoken.lookup else message


def N_(message: str) -> str:
    """Mark a sentence for the catalogue that is looked up later with `_`."""
    return message


def speak(language: str, lookup: Callable[[str], str] | None) -> None:
    """Set the person's language (`en`, `zh`) and its catalogue for this run. Called once, by `cli`."""
    _Spoken.language = language
    _Spoken.lookup = lookup


def language() -> str:
    """The person's language."""
    return _Spoken.language


class ExpectedError(ValueError):
    """Says what was expected, and only that: who asked for the value adds what was found."""


@dataclass(frozen=True, slots=True)
class Text:
    """A plan's sentence in one or several languages. `Text.of("...")` is a sentence in no named language."""

    by_language: tuple[tuple[str, str], ...]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> object:
        """For pydantic: an object of this class, nothing inside it."""
        from pydantic_core.core_schema import is_instance_schema

        return is_instance_schema(cls)

    @classmethod
    def of(cls, value: str | Mapping[str, str] | Text) -> Text:
        """From a sentence or a map of languages; raises ExpectedError, a ValueError, for anything else."""
        if isinstance(value, Text):
            return value
        if isinstance(value, str):
            return cls((("", value),))
        if isinstance(value, Mapping) and value and all(isinstance(v, str) for v in value.values()):
            return cls(tuple((str(k), v) for k, v in value.items()))
        raise ExpectedError(_("expected a sentence or a map of languages, such as {example}").format(example=EXAMPLE))

    def pick(self, wanted: str | None = None) -> str:
        """The sentence in `wanted` (default: the person's language), else the one without language, else English, else the first."""
        texts = dict(self.by_language)
        for key in (wanted or language(), "", DEFAULT_LANGUAGE):
            if key in texts:
                return texts[key]
        return self.by_language[0][1] if self.by_language else ""

    def __str__(self) -> str:
        return self.pick()

    def data(self) -> str | dict[str, str]:
        """What a YAML or JSON file holds for this text."""
        texts = dict(self.by_language)
        return texts[""] if list(texts) == [""] else texts


_SEEN_THROUGH = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str) -> str:
    """`text` with every character that cannot be seen written out (`\\u{1b}`); newline and tab stay. Twice changes nothing."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if letter in "\n\t" or not _unseen(letter) else f"\\u{{{ord(letter):x}}}" for letter in text)


def _unseen(letter: str) -> bool:
    return letter in _FILLERS or unicodedata.category(letter) in _SEEN_THROUGH
