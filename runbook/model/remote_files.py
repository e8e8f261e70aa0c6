"""The end of a file on a machine of the site: which command prints it there, and what its reply holds. Pure; nothing is sent here."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.model.machine import Host
from runbook.model.powershell import literal, powershell
from runbook.model.replies import CannotAskError, Capture, SshReply
from runbook.model.text import _

_WINDOWS_TAIL = (
    "try{{$f=[IO.File]::Open({path},'Open','Read','ReadWrite,Delete');"
    "if($f.Length -gt {size}){{[void]$f.Seek(-{size},'End')}};"
    "$o=[Console]::OpenStandardOutput();$f.CopyTo($o);$o.Flush();exit 0}}"
    "catch{{[Console]::Error.WriteLine($_.Exception.Message);exit 1}}"
)
"""The bytes as they are: PowerShell's own pipe would turn them into text. Not tried on Windows."""


@dataclass(frozen=True, slots=True)
class End:
    """The last bytes of something, and whether there was more before them."""

    data: bytes
    truncated: bool


def tail_probe(host: Host, path: str, last_bytes: int) -> tuple[str, ...]:
    """The words that print the last bytes of a file, one more than are kept: it says whether there was more. Empty for a `device`."""
    if host.system == "windows":
        return powershell(_WINDOWS_TAIL.format(path=literal(path), size=last_bytes + 1))
    if host.system == "device":
        return ()
    return ("tail", "-c", str(last_bytes + 1), "--", path)


def read_tail_probe(reply: SshReply, path: str, last_bytes: int) -> End:
    """The end of the file. Raises CannotAskError when it could not be read there, or not to its end."""
    if reply.status is None or reply.ended == "signal":
        raise CannotAskError("channel", _("the command's end is not known ({ended})").format(ended=reply.ended))
    if reply.status:
        said = " ".join(reply.stderr.text().split())[:200] or f"exit {reply.status}"
        raise CannotAskError("channel", _("{file} cannot be read: {reason}").format(file=path, reason=said))
    return end_of(reply.stdout, last_bytes)


def end_of(capture: Capture, last_bytes: int) -> End:
    """The last bytes of what a command wrote, of which at least so many were kept at its end."""
    whole = capture.head + capture.tail if capture.size_bytes <= len(capture.head) + len(capture.tail) else capture.tail
    return End(whole[-last_bytes:], capture.size_bytes > last_bytes)
