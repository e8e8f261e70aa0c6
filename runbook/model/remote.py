"""What a host is sent over SSH, how an act over SSH ended, and which of its bytes are kept."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from runbook.model.kind import Result
from runbook.model.machine import Host
from runbook.model.powershell import literal, powershell, script_of
from runbook.model.replies import CannotAskError, SshReply
from runbook.model.text import _

_WINDOWS_PLAIN = re.compile(r"[A-Za-z0-9._:/\\=+-]+")
"""A word that `cmd` and PowerShell both read as it stands."""


def line_sent(host: Host, words: Sequence[str]) -> str:
    """`words` as the one line that SSH carries (RFC 4254 section 6.5), read on `host` as exactly these words.

    Quoted for a POSIX shell on `linux`. A `device` has none, and would read a quote as it stands: its words go unquoted. On
    `windows` words that need quoting go as an encoded PowerShell script. Raises CannotAskError for what cannot be sent.
    """
    if not words or not all(_is_text(word) for word in words):
        raise _unsendable()
    if host.system == "windows":
        return " ".join(_windows_words(words))
    if host.system == "device":
        if not all(word.isprintable() and word.strip() for word in words):
            raise _unsendable()
        return " ".join(words)
    return shlex.join(["sudo", "-n", "--", *words] if host.ssh and host.ssh.sudo else words)


def words_sent(host: Host, words: Sequence[str]) -> str:
    """The command line as the host will get it, for people to read: an encoded script in plain text."""
    if not words:
        return ""
    try:
        if host.system == "windows" and (script := script_of(_windows_words(words))):
            return f"powershell {script}"
        return line_sent(host, words)
    except CannotAskError:
        return " ".join(words)


def _windows_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words themselves, or an encoded script that calls the first with the others."""
    if all(_WINDOWS_PLAIN.fullmatch(word) for word in words):
        return tuple(words)
    # PowerShell hands these to a program changed: a double quote, and a backslash before the quote that it adds itself.
    if any('"' in word or not word or (" " in word and word.endswith("\\")) for word in words):
        raise _unsendable()
    return powershell("& " + " ".join(literal(word) for word in words) + ";exit $LASTEXITCODE")


def _is_text(word: str) -> bool:
    """Whether the word is UTF-8 without NUL: all that a command line can hold."""
    return "\0" not in word and not any("\ud800" <= letter <= "\udfff" for letter in word)


def _unsendable() -> CannotAskError:
    return CannotAskError("channel", _("the command is empty, or holds a character that cannot be sent"))


def command_line(host: Host, words: Sequence[str]) -> str:
    """Where and as whom a command will run, by which way, and its words. What is weaker than usual is said."""
    login = host.ssh
    if login is None:
        return f"ssh -@{host.address}: {words_sent(host, words)}"
    weak = " (legacy algorithms)" if login.legacy else ""
    through = f" through {login.jump}" if login.jump else ""
    return f"ssh{weak} {login.user}@{host.address}{through}: {words_sent(host, words)}"


def kept(reply: SshReply) -> tuple[tuple[str, bytes], ...]:
    """What the command wrote, to keep as evidence; silent streams are left out."""
    streams = (("stdout", reply.stdout), ("stderr", reply.stderr))
    return tuple((name, written.text().encode()) for name, written in streams if written.size_bytes)


def act_result(reply: SshReply) -> Result:
    """The end of a command that changes: 0 is done, another status an error; no status means that nobody knows."""
    elapsed_s = round(reply.elapsed_s, 3)
    if reply.status is None and reply.ended != "signal":
        return Result(
            "unknown",
            {"exit_status": None, "elapsed_s": elapsed_s},
            found=reply.ended,
            raw=kept(reply),
            ended="unknown",
        )
    values = {"exit_status": reply.status, "elapsed_s": elapsed_s}
    if reply.status == 0:
        return Result("passed", values, found="exit 0", raw=kept(reply), ended="done")
    found = reply.ended if reply.status is None else f"exit {reply.status}"
    return Result("failed", values, found=found, raw=kept(reply), ended="error")
