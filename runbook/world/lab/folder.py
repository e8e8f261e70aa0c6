"""The lab's folder: everything it keeps, 0700 and 0600, so that it can be started again as it was.

`lab.json`   ports and token, made once; pid of the last server
`state.json` case and services, replaced at every change
`acts.jsonl` one line for every SSH command, appended before the command is answered
`site.yaml`  the site file of this lab
`host_key`, `user_key` and their `.pub`: made once, for this lab only
`lab.log`    what the server's mistakes look like, for the authors of this program
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.world.lab.centre import ADDRESS, DOORS, Door
from runbook.world.lab.sitefile import site_text

# Below the ports that Linux, macOS and Windows give to outgoing connections: a closed door cannot be taken by one.
FIRST_PORT, LAST_PORT = 20000, 32000
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Setup:
    """What a lab is made with: the ports of its doors by key and of `control`, the secret of its control port, its server."""

    token: str
    ports: dict[str, int]
    pid: int = 0


def read_setup(folder: Path) -> Setup | None:
    """The setup that `folder` holds; None when there is no lab in it. Raises E-LAB when it cannot be understood."""
    path = folder / "lab.json"
    deadline = time.monotonic() + 1
    while True:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            ports = {str(key): int(port) for key, port in data["ports"].items()}
            setup = Setup(str(data["token"]), ports, int(data["pid"]))
            break
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Another process may be writing it at this moment.
            if time.monotonic() > deadline:
                reason = _("{file} cannot be read ({error})").format(file=path, error=type(error).__name__)
                raise RunbookError("E-LAB", reason=reason) from None
            time.sleep(0.05)
    if {CONTROL, *(door.key for door in DOORS)} - setup.ports.keys():
        raise RunbookError("E-LAB", reason=_("{file} was made by another version").format(file=path))
    return setup


def make_private(folder: Path) -> None:
    """Make `folder`, and above it whatever is missing, for its owner only."""
    if not folder.parent.exists():
        make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def claim(folder: Path) -> Setup:
    """The setup of `folder`, made now when there is none. Two that claim a new folder at once get the same."""
    make_private(folder)
    with suppress(OSError):  # a stick without owners refuses
        folder.chmod(0o700)
    if setup := read_setup(folder):
        return setup
    made = Setup(secrets.token_urlsafe(24), free_ports(DOORS))
    with suppress(FileExistsError):
        _create(folder / "lab.json", json.dumps(asdict(made)))
    return read_setup(folder) or made


def furnish(folder: Path, setup: Setup) -> None:
    """Make the keys where there are none, and write the site file and this process's id. Only for whoever holds the control port."""
    for name in ("host_key", "user_key"):
        if not (folder / f"{name}.pub").exists():
            private, public = _key_pair()
            write(folder / name, private)
            write(folder / f"{name}.pub", public)
    host_key = (folder / "host_key.pub").read_text(encoding="utf-8").strip()
    write(folder / "site.yaml", site_text(setup.ports, host_key, str(folder.absolute() / "user_key")))
    write(folder / "lab.json", json.dumps(asdict(replace(setup, pid=os.getpid()))))


def free_ports(doors: tuple[Door, ...]) -> dict[str, int]:
    """Ports that nobody listens at now, for all `doors` and for `control`, over TCP and UDP alike."""
    tried = secrets.SystemRandom().sample(range(FIRST_PORT, LAST_PORT), LAST_PORT - FIRST_PORT)
    free = (port for port in tried if _is_free(port))
    return dict(zip((CONTROL, *(door.key for door in doors)), free, strict=False))


def _is_free(port: int) -> bool:
    try:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as sock:
                sock.bind((ADDRESS, port))
    except OSError:
        return False
    return True


def write(path: Path, text: str) -> None:
    """Replace a file whole; it is readable by its owner only."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    _create(part, text)
    part.replace(path)


def _create(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _key_pair() -> tuple[str, str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode(), public.decode() + "\n"


def append_act(folder: Path, act: dict[str, Any]) -> None:
    """Add one line to `acts.jsonl`."""
    descriptor = os.open(folder / "acts.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(act, ensure_ascii=False) + "\n")


def acts(folder: Path) -> Iterator[dict[str, Any]]:
    """Every SSH command that this lab ever took, oldest first: `time`, `host`, `argv`, `status` (None: it never ended)."""
    path = folder / "acts.jsonl"
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
