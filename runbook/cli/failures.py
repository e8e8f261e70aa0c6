"""How a command that failed ends: its sentence, what to type next, its exit code, and the log of a mistake of ours."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import typer
from typer.exceptions import TyperException

from runbook.cli.usage import spoken_usage
from runbook.model.errors import EXIT_INTERRUPTED, ProblemsError, RunbookError, system_said
from runbook.model.redaction import gate_of
from runbook.model.text import _
from runbook.ui.safe_text import safe

_NO_PLACE_TO_WRITE = {errno.EPIPE, errno.EBADF, errno.EIO, errno.ENOSPC, errno.EROFS, errno.EDQUOT}


def said(error: Exception | KeyboardInterrupt) -> int:
    """Say on stderr what happened and what to type next; the exit code. Never raises, never shows a traceback."""
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return EXIT_INTERRUPTED
    redact = gate_of(error)
    known = as_runbook_error(error)
    lines = [f"{known.code}: {known.text()}", _("Next: {command}").format(command=known.next())]
    if isinstance(known, ProblemsError):
        lines[:0] = [str(problem) for problem in known.problems]
    # When not even stderr can be written, the exit code still tells.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write("\n".join(safe(redact(line)) for line in lines) + "\n")
        sys.stderr.flush()
    if known.code == "E-OUTPUT":
        _drop_pending_output()
    return known.exit_code


def as_runbook_error(error: Exception) -> RunbookError:
    """Any exception as an error of the registry: usage, output, or (with a log written) a mistake of ours."""
    if isinstance(error, RunbookError):
        return error
    if isinstance(error, TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "runbook"
        return RunbookError("E-USAGE", sentence=spoken_usage(error.format_message()), next=f"{command} --help")
    if isinstance(error, OSError) and error.errno in _NO_PLACE_TO_WRITE:
        return RunbookError("E-OUTPUT", reason=system_said(error))
    if out_of_memory(error):
        return RunbookError("E-MEMORY")
    # Taken out before it is cut: half a secret would not be found.
    reason = gate_of(error)(f"{type(error).__name__}: {error}")[:200]
    return RunbookError("E-BUG", reason=reason, file=_logged(error))


def out_of_memory(error: BaseException) -> bool:
    """Whether it says that memory ran out: Python's own error, the system's, or that of the loader of a library."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    said = str(error) if isinstance(error, ImportError | RuntimeError) else ""
    known = ("failed to map", "annot allocate memory", "can't start new thread")
    return isinstance(error, MemoryError) or any(words in said for words in known)


def _logged(error: Exception) -> str:
    now = datetime.now(UTC)
    text = f"{now.isoformat()} python {sys.version} {sys.platform}\n{''.join(traceback.format_exception(error))}"
    for folder in _log_folders():
        path = folder / f"bug-{now:%Y%m%dT%H%M%S%f}.log"
        with suppress(OSError, RuntimeError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as log:
                log.write(gate_of(error)(text))
            return str(path)
    return _("no file, because none could be written")


def _log_folders() -> list[Path]:
    if home := os.environ.get("RUNBOOK_HOME"):
        preferred = Path(home) / "log"
    else:
        from platformdirs import user_log_path

        preferred = user_log_path("runbook", appauthor=False)
    return [preferred, Path(tempfile.gettempdir())]


def _drop_pending_output() -> None:
    # What is still buffered would fail again while the interpreter ends, with its own message and exit code.
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
