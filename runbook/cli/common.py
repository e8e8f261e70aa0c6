"""What every command line shares: the language that is spoken, and the options `--lang` and `--help`."""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperOption

from runbook.bundled import locale_dir
from runbook.model.text import DEFAULT_LANGUAGE, N_, _, speak

if TYPE_CHECKING:
    from runbook.model.site import Site

LANGUAGES = ("en", "zh")
DOMAIN = "runbook"
THE_PARSERS_OWN = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("Install completion for the current shell."),
    N_("Show completion for the current shell, to copy it or customize the installation."),
)
"""The parser's words in help; the headings it looks up by itself."""


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


def spoken(parser: Any) -> Any:
    """The parser with a usage line in the person's language, and with `--lang` and `--help` among its options."""

    def format_usage(ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, " ".join(parser.collect_usage_pieces(ctx)), prefix=_("Usage: "))

    parser.format_usage = format_usage
    for option in parser.params:
        if getattr(option, "help", None) in THE_PARSERS_OWN:
            option.help = _(option.help)
    if all(parameter.name != "lang" for parameter in parser.params):
        parser.params.append(lang_option())
    parser.params.append(help_option())
    return parser


def help_option() -> TyperOption:
    """The `--help` option. The parser's own one speaks English only."""
    return TyperOption(
        param_decls=["help", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_say_help,
        help=_("Show this message and exit."),
    )


def _say_help(ctx: Any, option: Any, wanted: bool) -> None:
    if wanted:
        print(ctx.get_help())
        raise typer.Exit


def speak_language_of(site: Site, arguments: Sequence[str] | None = None) -> None:
    """From here on the site's own language, where its file names one and the command line does not."""
    if site.language and named_language(sys.argv[1:] if arguments is None else arguments) is None:
        speak_language(site.language)


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
