"""Who writes: every home has a name of its own in the journals that it adds to, so that two laptops never number the same events."""

from __future__ import annotations

import json
import platform
import re
import secrets
from pathlib import Path

from runbook.store.files import private_folder, read_plain, replace_file
from runbook.store.ids import ALPHABET

FILE = "writer.json"
LENGTH = 5
_NAME = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


def writer_of(root: Path) -> str:
    """The writer of a home, made at first use; a fresh one where the home was carried to another machine, or cannot be written.

    Never raises: a name that is used once is as good as one that is kept.
    """
    path, machine = root / FILE, platform.node()
    try:
        kept = json.loads(read_plain(path))
        if kept["machine"] == machine and _NAME.fullmatch(kept["writer"]):
            return str(kept["writer"])
    except (OSError, ValueError, LookupError, TypeError):
        pass
    writer = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    try:
        private_folder(root)
        replace_file(path, json.dumps({"writer": writer, "machine": machine}).encode())
    except OSError:
        pass
    return writer


def beside(writer: str, place: int) -> str:
    """The name of the second, third, ... writer of the same home on one incident: `7K3MQ-2`."""
    return f"{writer}-{place}"
