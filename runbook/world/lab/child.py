"""Starting the lab: as a child that ends with this process, or by itself until `runbook lab down`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.world.lab.cases import known_case
from runbook.world.lab.control import Control, LabGoneError
from runbook.world.lab.folder import make_private, read_setup

READY_S = 20.0
END_S = 5.0


class Kept(Protocol):
    """What keeps a lab running for this process."""

    def wait_ready(self) -> None: ...

    def close(self) -> None: ...


class LabChild:
    """A lab of our own, on its way; it ends when `close` is called or when this process is no more, however it ended.

    When another program started the same lab first, that one is used, and broken as `case` says.
    """

    def __init__(self, folder: Path, case: str | None = None, *, default: str | None = None) -> None:
        self._folder, self._case = folder, case
        self._process = _started(folder, case or default, pipe=True)
        self._line: bytes | None = None
        self._other: Attached | None = None

    def wait_ready(self) -> None:
        """Return when every port answers. Raises E-LAB with the reason."""
        if self._line is not None:
            return
        self._line = _next_line(self._process, READY_S)
        if reason := _not_ready(self._line):
            self.close()
            try:
                self._other = _attached(self._folder, self._case)
            except LabGoneError:
                raise RunbookError("E-LAB", reason=reason) from None

    def close(self) -> None:
        """End the lab, unless another program is attached to it."""
        if self._other is not None:
            self._other.close()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        if stdin.closed:
            return
        with suppress(OSError):
            stdin.close()
        # It ends, or says that it stays.
        stays = _next_line(self._process, END_S)
        stdout.close()
        if stays:
            _forget(self._process)
        else:
            self._process.wait()


class Attached:
    """A lab that somebody else started, kept running until `close` or until this process is no more."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def wait_ready(self) -> None:
        """It is."""

    def close(self) -> None:
        """Let it go."""
        self._connection.close()


def ensure_lab(home: Path, case: str | None, *, default: str | None = None) -> tuple[Path, Kept]:
    """The lab of `home`, as `open_lab` gives it; its folder, and what keeps it running until it is closed."""
    folder = home / "lab"
    return folder, open_lab(folder, case, default=default)


def open_lab(folder: Path, case: str | None = None, *, default: str | None = None) -> Kept:
    """The lab of `folder` that is up, else a child of our own, which may still be on its way (`wait_ready`).

    `case` breaks it in that way. Without one a lab that is up stays as it is, and a new child is broken in the way of
    `default`, or without that goes on as the folder says. The site file is there when this returns. Raises E-LAB-CASE,
    E-LAB.
    """
    for name in (case, default):
        if name is not None:
            known_case(name)
    try:
        return _attached(folder, case)
    except LabGoneError:
        child = LabChild(folder, case, default=default)
    if not (folder / "site.yaml").exists():
        child.wait_ready()
    return child


def reopen_lab(folder: Path) -> Kept:
    """The lab of `folder` for somebody who knows its ports: as `open_lab`, but never a new one. Raises E-LAB."""
    if read_setup(folder) is None:
        raise RunbookError("E-LAB", reason=_("there is no lab in {folder} any more").format(folder=folder))
    return open_lab(folder)


def start_detached(folder: Path, case: str | None = None) -> None:
    """Let the lab run until it is told to stop: the one that is up, else a new one. Returns when every port answers.

    Raises E-LAB-CASE, E-LAB.
    """
    if case is not None:
        known_case(case)
    try:
        Control(folder).ask("stay")
        if case is not None:
            Control(folder).ask("break", case=case)
        return
    except LabGoneError:
        pass
    process = _started(folder, case, pipe=False)
    assert process.stdout is not None
    line = _next_line(process, READY_S)
    process.stdout.close()
    _forget(process)
    if reason := _not_ready(line):
        raise RunbookError("E-LAB", reason=reason)


def _attached(folder: Path, case: str | None) -> Attached:
    control = Control(folder)
    connection = control.attach()
    if case is not None:
        control.ask("break", case=case)
    return Attached(connection)


def _started(folder: Path, case: str | None, *, pipe: bool) -> subprocess.Popen[bytes]:
    try:
        make_private(folder)
        log = os.open(folder / "lab.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise RunbookError("E-LAB", reason=f"{error.strerror}: {error.filename}") from None
    command = [sys.executable, "-P", "-m", "runbook.world.lab.server", str(folder.absolute())]
    command += ["--pipe"] if pipe else []
    command += ["--case", case] if case else []
    # -P keeps the current folder out of the import path: only this very package may be the lab.
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")]))
    # Signals of the terminal are meant for the person's program, not for the lab.
    own_group: dict[str, Any] = (
        {
            "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
            | getattr(subprocess, "CREATE_NO_WINDOW", 0)
        }
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
            cwd=folder,
            **own_group,
        )
    except OSError as error:
        raise RunbookError("E-LAB", reason=f"{error.strerror}: {sys.executable}") from None
    finally:
        os.close(log)


def _next_line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """The next line that the child says; empty when it ended, or said nothing in time (then it is ended)."""
    assert process.stdout is not None
    overdue = threading.Timer(seconds, process.kill)
    overdue.daemon = True
    overdue.start()
    try:
        return process.stdout.readline()
    finally:
        overdue.cancel()


def _forget(process: subprocess.Popen[bytes]) -> None:
    # It outlives us on purpose; without this the interpreter warns about a child that still runs.
    process.returncode = 0


def _not_ready(line: bytes) -> str:
    """Why the child is not ready; empty when it is."""
    try:
        said = json.loads(line)
    except ValueError:
        return _("its process ended at once; lab.log in its folder says more")
    return "" if said.get("ready") else _(said["error"]).format(**said["values"])


def stop(folder: Path) -> bool:
    """Stop the lab of `folder`, whoever started it, and wait until it is gone; whether there was one. Raises E-LAB."""
    try:
        Control(folder).ask("stop")
    except LabGoneError:
        return False
    deadline = time.monotonic() + END_S
    while time.monotonic() < deadline:
        try:
            Control(folder).ask("status")
        except LabGoneError:
            return True
        time.sleep(0.02)
    raise RunbookError("E-LAB", reason=_("the one before does not end"))
