"""The lab's control port: one JSON line asks, one JSON line answers. `Control` is the asking side, `serve_control` the other.

A request is `{"token": ..., "op": ...}` with `ping` (`host`, `count`), `status`, `break` (`case`), `fix`, `stop`, `stay` or
`attach`. The connection of an `attach` is kept open, and while it is, the lab stays; after `stay` it does so until `stop`.
"""

from __future__ import annotations

import hmac
import json
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from runbook.model.text import _
from runbook.world.lab.centre import ADDRESS
from runbook.world.lab.folder import CONTROL, read_setup

ANSWER_S = 5.0
LONGEST_LINE = 65536


class LabGoneError(Exception):
    """No lab of this folder answers."""


class Control:
    """Asks the lab of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, op: str, **values: object) -> dict[str, Any]:
        """The answer to one request. Raises LabGoneError when no lab of this folder answers."""
        with closing(self._connected()) as sock:
            return self._exchange(sock, op, values)

    def attach(self) -> socket.socket:
        """A connection that keeps the lab running until it is closed. Raises LabGoneError."""
        sock = self._connected()
        try:
            self._exchange(sock, "attach", {})
        except BaseException:
            sock.close()
            raise
        return sock

    def _connected(self) -> socket.socket:
        setup = read_setup(self._folder)
        if setup is None:
            raise LabGoneError(_("There is no lab in {folder}.").format(folder=self._folder))
        self._token = setup.token
        try:
            return socket.create_connection((ADDRESS, setup.ports[CONTROL]), timeout=ANSWER_S)
        except OSError:
            raise LabGoneError(_("The lab in {folder} is not running.").format(folder=self._folder)) from None

    def _exchange(self, sock: socket.socket, op: str, values: dict[str, object]) -> dict[str, Any]:
        try:
            sock.sendall(json.dumps({"token": self._token, "op": op, **values}).encode() + b"\n")
            answer = json.loads(read_line(sock))
        except (OSError, ValueError):
            answer = None
        if not isinstance(answer, dict) or "error" in answer:
            raise LabGoneError(_("The lab in {folder} does not answer.").format(folder=self._folder))
        return answer


def read_line(sock: socket.socket) -> bytes:
    """Bytes up to the first line end, or to the end of the stream. Raises OSError when the line is too long."""
    line = b""
    while b"\n" not in line:
        if len(line) > LONGEST_LINE:
            raise OSError("line too long")
        received = sock.recv(4096)
        if not received:
            break
        line += received
    return line.partition(b"\n")[0]


def serve_control(sock: socket.socket, token: str, answer: Callable[[str, dict[str, Any]], dict[str, Any]]) -> str:
    """Answer one request and return its `op`; empty when it was none of ours, which is not answered at all."""
    sock.settimeout(ANSWER_S)
    try:
        request = json.loads(read_line(sock))
        if not hmac.compare_digest(str(request["token"]).encode(), token.encode()):
            return ""
        op = str(request["op"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    answered = json.dumps(answer(op, request)).encode() + b"\n"
    with suppress(OSError):
        sock.sendall(answered)
    return op
