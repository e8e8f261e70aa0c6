"""The lab's process: `python -m runbook.world.lab.server FOLDER [--pipe] [--case NAME]`.

It binds 127.0.0.1 only, prints one JSON line when every port answers, and serves until it is told to stop. With `--pipe` it
also ends when its standard input closes, which the death of the process that started it does, unless another program
is attached to it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.model.errors import RunbookError
from runbook.model.text import _
from runbook.world.lab.answers import LONGEST, http_answer, sip_answer, sip_requests
from runbook.world.lab.cases import CASES, HEALTHY
from runbook.world.lab.centre import DOORS, MACHINES, SERVICES, USER, Door
from runbook.world.lab.commands import Ended, ended, words
from runbook.world.lab.control import serve_control
from runbook.world.lab.folder import CONTROL, Setup, append_act, claim, furnish, write
from runbook.world.lab.gates import Gate, Gates
from runbook.world.lab.state import Centre, centre_from, centre_in

if TYPE_CHECKING:
    from runbook.world.lab.sshd import Keys

IDLE_S = 60.0
"""A caller that says nothing for this long is hung up on."""


class Server:
    """The running lab: its state, kept in the folder at every change, and everything that answers."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        self._folder, self._setup = folder, setup
        self._changing = threading.RLock()
        self._centre = centre_from(_read(folder / "state.json"))
        self._keys: Keys | None = None
        self._keepers, self._ends_alone, self._ending = 0, False, False
        # First of all: whoever holds the control port owns the folder.
        control = self._bound(CONTROL, is_open=lambda: True, serve=self._serve_control)
        self._gates = Gates([control, *(self._gate(door) for door in DOORS)])

    def _bound(self, key: str, **answers: Any) -> Gate:
        deadline = time.monotonic() + 2
        while True:
            try:
                return Gate(self._setup.ports[key], **answers)
            except OSError:
                # The lab before this one may be ending at this moment.
                if time.monotonic() > deadline:
                    reason = _("port {port} ({name}) of this lab is taken by another program")
                    raise RunbookError("E-LAB", reason=reason.format(port=self._setup.ports[key], name=key)) from None
                time.sleep(0.05)

    def _gate(self, door: Door) -> Gate:
        answers: dict[str, Any] = {"is_open": lambda: self.centre().is_open(door), "delay_s": self._delay_s}
        if door.speaks == "ssh":
            return self._bound(door.key, serve=lambda connection: self._serve_ssh(connection, door.host), **answers)
        if door.speaks == "http":
            return self._bound(door.key, serve=self._serve_http, **answers)
        if door.speaks == "tcp":
            return self._bound(door.key, serve=_listen_only, **answers)

        def answer(request: bytes, peer: tuple[str, int]) -> bytes | None:
            return sip_answer(request, serving=self.centre().runs(door.serves), peer=peer)

        def serve(connection: socket.socket) -> None:
            peer, stream = connection.getpeername(), b""
            connection.settimeout(IDLE_S)
            while len(stream) < LONGEST and (received := connection.recv(LONGEST)):
                requests, stream = sip_requests(stream + received)
                for request in requests:
                    time.sleep(self._delay_s())
                    connection.sendall(answer(request, peer) or b"")

        return self._bound(door.key, serve=serve, answer=answer, **answers)

    # -- the state ------------------------------------------------------------------------------------------------------

    def centre(self) -> Centre:
        """The lab as it is now."""
        return self._centre.at(time.time())

    def become(self, centre: Centre) -> None:
        """Keep a new state, and return when every port is as it says."""
        self.keep_state(centre)
        self._gates.changed()

    def keep_state(self, centre: Centre) -> None:
        """Keep a new state, for a loop that does not run yet or looks by itself."""
        with self._changing:
            self._centre = centre
            write(self._folder / "state.json", json.dumps(centre.data()))

    def run(self, host: str, command: bytes) -> tuple[Ended, float]:
        """Run one command of the table: written down first, then done; how it ends, and how much later to say so."""
        argv = words(command)
        with self._changing:
            before = self.centre()
            end = ended(before, host, argv, time.time())
            act = {"time": datetime.now(UTC).isoformat(), "host": host, "argv": list(argv), "status": end.status}
            append_act(self._folder, act)
            if end.centre is not before:
                self.become(end.centre)
        return end, self._delay_s()

    def _delay_s(self) -> float:
        return self._centre.case.answer_delay_s

    # -- those who answer -----------------------------------------------------------------------------------------------

    def _serve_ssh(self, connection: socket.socket, host: str) -> None:
        from runbook.world.lab import sshd

        with self._changing:
            keys = self._keys = self._keys or sshd.Keys(self._folder, USER)
        sshd.serve(connection, keys, lambda command: self.run(host, command))

    def _serve_http(self, connection: socket.socket) -> None:
        connection.settimeout(IDLE_S)
        request = b""
        while b"\r\n\r\n" not in request and len(request) < LONGEST and (received := connection.recv(LONGEST)):
            request += received
        time.sleep(self._delay_s())
        connection.sendall(http_answer(request))

    def _serve_control(self, connection: socket.socket) -> None:
        op = serve_control(connection, self._setup.token, self._answer)
        if op == "stop":
            self._gates.end()
        elif op == "attach":
            connection.settimeout(None)
            with suppress(OSError):
                connection.recv(1)
            self.keep(-1)

    def _answer(self, op: str, request: dict[str, Any]) -> dict[str, Any]:
        centre = self.centre()
        if op == "ping" and request.get("host") in MACHINES:
            rtt_ms = 0.4 + 1000 * centre.case.answer_delay_s
            count = min(int(request.get("count", 1)), 1000)
            return {"rtts_ms": [rtt_ms] * count if centre.is_up(request["host"]) else []}
        if op == "break" and request.get("case") in CASES:
            self.become(centre_in(request["case"]))
        elif op == "fix":
            self.become(centre_in(HEALTHY))
        elif op == "attach":
            if not self.keep(1):
                return {"error": "ending"}
        elif op not in ("status", "stop"):
            return {"error": "unknown request"}
        return self._status()

    def _status(self) -> dict[str, Any]:
        centre = self.centre()
        hosts = [
            {
                "name": name,
                "up": centre.is_up(name),
                "ports": {door.name: self._setup.ports[door.key] for door in DOORS if door.host == name},
                "services": {
                    service: centre.services[service].status for service, host in SERVICES.items() if host == name
                },
            }
            for name in MACHINES
        ]
        return {"case": centre.case_name, "hosts": hosts}

    # -- its life -------------------------------------------------------------------------------------------------------

    def keep(self, change: int) -> bool:
        """Count one more, or one fewer, that needs the lab; with none left, a lab that was started with a pipe ends.

        False: it is ending already, and keeps nobody.
        """
        with self._changing:
            if self._ending:
                return False
            self._keepers += change
            self._ending = self._ends_alone and self._keepers == 0
            if self._ending:
                self._gates.end()
            return True

    def watch_input(self) -> None:
        """End when standard input closes and nobody else is attached."""
        self._ends_alone = True
        self.keep(1)

        def wait() -> None:
            with suppress(OSError):
                while os.read(0, 4096):
                    pass
            self.keep(-1)

        threading.Thread(target=wait, daemon=True).start()

    def serve(self) -> None:
        """Furnish the folder, say that the lab is ready, and serve until the end."""
        furnish(self._folder, self._setup)
        self._gates.adjust_now()
        _say({"ready": True, "pid": os.getpid(), "folder": str(self._folder)})
        threading.Thread(target=_import_sshd, daemon=True).start()
        self._gates.serve(lambda: self.centre().next_change())


def _import_sshd() -> None:
    # A quarter of a second, spent while the first caller still reads the screen; its connection waits in the backlog.
    from runbook.world.lab import sshd  # noqa: F401


def _listen_only(connection: socket.socket) -> None:
    connection.settimeout(IDLE_S)
    while connection.recv(4096):
        pass


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _say(line: dict[str, Any]) -> None:
    with suppress(OSError, ValueError):
        print(json.dumps(line), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Serve the lab of the folder that `arguments` name; 0 when it was told to stop, 1 when it did not start."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    folder = Path(arguments[0])
    try:
        server = Server(folder, claim(folder))
        if "--case" in arguments:
            server.keep_state(centre_in(arguments[arguments.index("--case") + 1]))
        if "--pipe" in arguments:
            server.watch_input()
        server.serve()
    except RunbookError as error:
        _say({"error": str(error.values.get("reason", error))})
        return 1
    except OSError as error:
        _say({"error": f"{error.strerror or type(error).__name__}: {error.filename or folder}"})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
