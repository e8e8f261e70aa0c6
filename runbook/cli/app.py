"""The `runbook` command: the table of commands, each imported only to be run, and the one place that ends the program."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command as click_command

from runbook import __version__
from runbook.cli.common import chosen_language, lang_option, speak_language, spoken
from runbook.model.errors import EXIT_MACHINE, RunbookError
from runbook.model.text import N_, _

PROGRAM = "runbook"

COMMANDS: dict[str, tuple[str, str]] = {
    "start": ("start", N_("Walk a playbook: diagnose, act, record.")),
    "resume": ("resume", N_("Go on with an open incident where it stands.")),
    "list": ("list", N_("List the playbooks.")),
    "show": ("show", N_("Print a playbook as it will be walked.")),
    "check": ("check", N_("Check playbooks and say every problem with its line.")),
    "new": ("new", N_("Write a playbook to begin with.")),
    "schema": ("schema", N_("Print the JSON Schema of a file, for editors.")),
    "status": ("status", N_("Show the incidents: clocks, debts, deadlines.")),
    "log": ("log", N_("Show the events of an incident.")),
    "note": ("note", N_("Add a note or a file to an incident.")),
    "close": ("close", N_("Close an incident when nothing is open.")),
    "handover": ("handover", N_("Hand an incident over to the next shift.")),
    "report": ("report", N_("Write the report of an incident.")),
    "export": ("export", N_("Write everything of an incident into one file.")),
    "import": ("import_", N_("Take in what exports of incidents hold.")),
    "verify": ("verify", N_("Say which events are proven by what, and what is not.")),
    "init": ("init", N_("Write a commented site file to fill in.")),
    "site": ("site", N_("Check the site file, collect host keys.")),
    "lab": ("lab", N_("Run the built-in practice call centre.")),
    "explain": ("explain", N_("Explain an error code, a step kind, a key or a topic.")),
}
"""Command -> its module in `runbook.cli` and its line in `--help`. A module has `command`, or `app` for a group."""


class LazyGroup(TyperGroup):
    """Lists every command from the table and imports a command's module only to run it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (_module, line) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=_(line), rich_markup_mode=None))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that `args` begin with, imported now."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in COMMANDS else listed, rest


def loaded(name: str) -> Any:
    """The parser of one command, made from its module; every command takes `--lang`."""
    module, line = COMMANDS[name]
    source = import_module(f"runbook.cli.{module}")
    app = getattr(source, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False)
        app.command(name)(source.command)
    app.rich_markup_mode = None
    parser = click_command(app)
    parser.name, parser.help = name, _(line)
    for subcommand in getattr(parser, "commands", {}).values():
        spoken(subcommand)
    return spoken(parser)


def application() -> Any:
    """The parser of the whole command line, in the language that is spoken."""
    app = typer.Typer(
        name=PROGRAM,
        cls=LazyGroup,
        help=_("Walk through a contingency plan, remember everything, write the report."),
        invoke_without_command=True,
        rich_markup_mode=None,
    )
    app.callback()(overview)
    parser = click_command(app)
    parser.params[:0] = [version_option(), lang_option()]
    return spoken(parser)


def overview(ctx: typer.Context) -> int | None:
    """What is open and what to type, when no command was given."""
    if ctx.invoked_subcommand is not None:
        return None
    from runbook.cli.overview import command

    return command()


def version_option() -> TyperOption:
    """The `--version` option: answers and ends, whatever else was typed."""
    return TyperOption(
        param_decls=["version", "--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_say_version,
        help=_("Show the version and exit."),
    )


def _say_version(ctx: Any, option: Any, wanted: bool) -> None:
    if wanted:
        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


def run(arguments: Sequence[str]) -> int:
    """Parse and run one command line; its exit code. Raises whatever the command raises."""
    parser = application()
    if f"_{PROGRAM.upper()}_COMPLETE" in os.environ:
        parser.main(args=list(arguments), prog_name=PROGRAM)  # answers the shell and exits
    try:
        with parser.make_context(PROGRAM, list(arguments)) as context:
            return int(parser.invoke(context) or 0)
    except typer.Exit as ending:
        return ending.exit_code


def _stands_somewhere() -> None:
    """Raises RunbookError E-FOLDER-GONE where the current folder was deleted, or its disk taken away: no relative path means anything."""
    try:
        Path.cwd()
    except OSError:
        raise RunbookError("E-FOLDER-GONE") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; what went wrong is said on stderr, never as a traceback."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if sys.stdout is None:
            raise BrokenPipeError(errno.EBADF, os.strerror(errno.EBADF))
        # A terminal that lacks a character shows `?`; it must not stop the walk.
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        # Imports make thousands of objects that stay: looking through them every 700 is a tenth of a short command's time.
        gc.set_threshold(300_000)
        # Looking for plugins reads the metadata of every installed package, and no other package is to take part in validation.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        speak_language(chosen_language(given, os.environ))
        _stands_somewhere()
        code = run(given)
        sys.stdout.flush()
        # What is left needs no last look: the interpreter's own would take a tenth of a second.
        gc.freeze()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that turns failures into exit codes
        return _said(error)
    return code


def _said(error: Exception | KeyboardInterrupt) -> int:
    try:
        from runbook.cli.failures import said

        return said(error)
    except MemoryError:
        # Nothing is left to say it with; the code in the registry's own letters needs no memory.
        with suppress(OSError):
            os.write(2, b"E-MEMORY\n")
        return EXIT_MACHINE
