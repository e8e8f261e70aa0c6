"""PowerShell over SSH: a script as words that neither `cmd` nor PowerShell can read differently. Not tried on Windows."""

from __future__ import annotations

import base64
import re

_PLAIN = re.compile(r"[A-Za-z0-9._:@/\\ -]*")
_QUIET = "$ProgressPreference='SilentlyContinue';[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false;"
"""Progress bars would come as XML on the error stream; output is UTF-8 whatever the code page."""


def powershell(script: str) -> tuple[str, ...]:
    """The words that run `script`: base64 of UTF-16LE (`-EncodedCommand`), so that no shell on the way sees its text.

    The exit status is the script's own (`exit N`); without one 1 when it broke, else 0.
    """
    encoded = base64.b64encode((_QUIET + script).encode("utf-16-le")).decode("ascii")
    return ("powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded)


def script_of(words: tuple[str, ...]) -> str:
    """The script inside the words that `powershell` made, for people to read; empty for other words."""
    if words[:1] != ("powershell",) or words[-2:-1] != ("-EncodedCommand",):
        return ""
    return base64.b64decode(words[-1]).decode("utf-16-le").removeprefix(_QUIET)


def literal(value: str) -> str:
    """`value` as a PowerShell expression that is a text and nothing else, whatever is in it.

    PowerShell takes five characters for a single quote; so whatever is not plain goes as base64.
    """
    if _PLAIN.fullmatch(value):
        return f"'{value}'"
    encoded = base64.b64encode(value.encode("utf-8")).decode("ascii")
    return f"([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{encoded}')))"
