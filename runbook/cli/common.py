"""What every command line shares: the language that is spoken, and the `--lang` option."""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperOption

from runbook.bundled import locale_dir
from runbook.model.text import DEFAULT_LANGUAGE, _, speak

LANGUAGES = ("en", "zh")
DOMAIN = "runbook"


def named_language(arguments: Sequence[str]) -> str | None:
    """The value of `--lang` wherever it stands, else None. Read before parsing, because help texts are spoken too."""
    found = None
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang" and place + 1 < len(arguments):
            found = arguments[place + 1]
        elif argument.startswith("--lang="):
            found = argument.removeprefix("--lang=")
    return found


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """`--lang`, else the terminal's locale, else English; always one of `LANGUAGES`."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    for wanted in (named_language(arguments), locale.partition("_")[0].partition(".")[0]):
        if wanted in LANGUAGES:
            return wanted
    return DEFAULT_LANGUAGE


def speak_language(language: str) -> None:
    """Speak `language` from here on: the program's sentences, the parser's, and the plans'."""
    if language == DEFAULT_LANGUAGE:
        speak(language, None)
        return
    folder = str(locale_dir())
    # The parser asks gettext by itself, which knows the language from the environment only.
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, folder)
    gettext.textdomain(DOMAIN)
    catalogue = gettext.translation(DOMAIN, folder, [language], fallback=True)
    # An empty msgid names the catalogue's header, which is not a sentence.
    speak(language, lambda message: catalogue.gettext(message) if message else "")


def lang_option() -> TyperOption:
    """The `--lang` option: it refuses a language there is not; the language itself is taken by `named_language`."""
    return TyperOption(
        param_decls=["lang", "--lang"],
        type=str,
        metavar="|".join(LANGUAGES),
        expose_value=False,
        callback=_known_language,
        autocompletion=lambda: list(LANGUAGES),
        help=_("The language of screens and reports."),
    )


def _known_language(ctx: Any, option: Any, value: Any) -> Any:
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(_("{found!r} is none of: {known}").format(found=value, known=", ".join(LANGUAGES)))
    return value
