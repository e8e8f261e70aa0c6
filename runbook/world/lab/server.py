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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook.model.errors import RunbookError
from runbook.model.text import N_
from runbook.world.lab.answers import LONGEST, http_answer, sip_answer, sip_requests
from runbook.world.lab.cases import CASES, HEALTHY
from runbook.world.lab.centre import DOORS, MACHINES, SEATS, SERVICES, USER, Door
from runbook.world.lab.control import serve_control
from runbook.world.lab.folder import CONTROL, Setup, claim, furnish
from runbook.world.lab.gates import Gate, Gates
from runbook.world.lab.memory import Memory
from runbook.world.lab.state import centre_in

if TYPE_CHECKING:
    from runbook.world.lab.sshd import Keys

TAKEN = N_("port {port} ({name}) of this lab is taken by another program")
IDLE_S = 60.0
"""A caller that says nothing for this long is hung up on."""


class PortTakenError(Exception):
    """Another program has a port of this lab: its number and its key."""


class Server:
    """Everything that answers in the running lab."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        self._folder, self._setup = folder, setup
        self.memory = Memory(folder, changed=self._adjust)
        self._lock = threading.Lock()
        self._keys: Keys | None = None
        self._keepers, self._ends_alone, self._ending = 0, False, False
        # First of all: whoever holds the control port owns the folder.
        control = self._bound(CONTROL, is_open=lambda: True, serve=self._serve_control)
        self._gates: Gates = Gates([control, *(self._gate(door) for door in DOORS)])

    def _adjust(self) -> None:
        self._gates.changed()

    def _bound(self, key: str, **answers: Any) -> Gate:
        deadline = time.monotonic() + 2
        while True:
            try:
                return Gate(self._setup.ports[key], **answers)
            except OSError:
                # The lab before this one may be ending at this moment.
                if time.monotonic() > deadline:
                    raise PortTakenError(self._setup.ports[key], key) from None
                time.sleep(0.05)

    def _gate(self, door: Door) -> Gate:
        answers: dict[str, Any] = {
            "is_open": lambda: self.memory.centre().is_open(door),
            "delay_s": self.memory.delay_s,
        }
        if door.speaks == "ssh":
            return self._bound(door.key, serve=lambda connection: self._serve_ssh(connection, door.host), **answers)
        if door.speaks == "http":
            return self._bound(door.key, serve=self._serve_http, **answers)
        if door.speaks == "tcp":
            return self._bound(door.key, serve=_listen_only, **answers)

        def answer(request: bytes, peer: tuple[str, int]) -> bytes | None:
            return sip_answer(request, serving=self.memory.centre().runs(door.serves), peer=peer)

        def serve(connection: socket.socket) -> None:
            peer, stream = connection.getpeername(), b""
            connection.settimeout(IDLE_S)
            while len(stream) < LONGEST and (received := connection.recv(LONGEST)):
                requests, stream = sip_requests(stream + received)
                for request in requests:
                    time.sleep(self.memory.delay_s())
                    connection.sendall(answer(request, peer) or b"")

        return self._bound(door.key, serve=serve, answer=answer, **answers)

    # -- those who answer -----------------------------------------------------------------------------------------------

    def _serve_ssh(self, connection: socket.socket, host: str) -> None:
        from runbook.world.lab import sshd

        with self._lock:
            keys = self._keys = self._keys or sshd.Keys(self._folder, USER)
        sshd.serve(connection, keys, lambda command: self.memory.run(host, command))

    def _serve_http(self, connection: socket.socket) -> None:
        connection.settimeout(IDLE_S)
        request = b""
        while b"\r\n\r\n" not in request and len(request) < LONGEST and (received := connection.recv(LONGEST)):
            request += received
        time.sleep(self.memory.delay_s())
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
        centre = self.memory.centre()
        if op == "ping" and request.get("host") in {**MACHINES, **SEATS}:
            rtt_ms = 0.4 + 1000 * centre.case.answer_delay_s
            count = min(int(request.get("count", 1)), 1000)
            return {"rtts_ms": [rtt_ms] * count if centre.is_up(request["host"]) else []}
        if op == "break" and request.get("case") in CASES:
            self.memory.become(centre_in(request["case"]))
        elif op == "fix":
            self.memory.become(centre_in(HEALTHY))
        elif op == "attach":
            if not self.keep(1):
                return {"error": "ending"}
        elif op == "stay":
            self._ends_alone = False
        elif op not in ("status", "stop"):
            return {"error": "unknown request"}
        return self._status()

    def _status(self) -> dict[str, Any]:
        centre = self.memory.centre()
        hosts = [
            {
                "name": name,
                "up": centre.is_up(name),
                "ports": {door.name: self._setup.ports[door.key] for door in DOORS if door.host == name},
                "services": {
                    service: centre.services[service].status for service, host in SERVICES.items() if host == name
                },
            }
            for name in {**MACHINES, **SEATS}
        ]
        return {"case": centre.case_name, "hosts": hosts}

    # -- its life -------------------------------------------------------------------------------------------------------

    def keep(self, change: int) -> bool:
        """Count one more, or one fewer, that needs the lab; with none left, a lab that was started with a pipe ends.

        False: it is ending already, and keeps nobody.
        """
        with self._lock:
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
            if not self._ending:
                _say({"stays": True})

        threading.Thread(target=wait, daemon=True).start()

    def serve(self) -> None:
        """Furnish the folder, say that the lab is ready, and serve until the end."""
        furnish(self._folder, self._setup)
        self._gates.adjust_now()
        _say({"ready": True, "pid": os.getpid(), "folder": str(self._folder)})
        threading.Thread(target=_import_sshd, daemon=True).start()
        self._gates.serve(lambda: self.memory.centre().next_change())


def _import_sshd() -> None:
    # A quarter of a second, spent while the first caller still reads the screen; its connection waits in the backlog.
    from runbook.world.lab import sshd  # noqa: F401


def _listen_only(connection: socket.socket) -> None:
    connection.settimeout(IDLE_S)
    while connection.recv(4096):
        pass


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
            server.memory.keep(centre_in(arguments[arguments.index("--case") + 1]))
        if "--pipe" in arguments:
            server.watch_input()
        server.serve()
    except PortTakenError as error:
        port, name = error.args
        _say({"error": TAKEN, "values": {"port": port, "name": name}})
        return 1
    except RunbookError as error:
        _say({"error": "{reason}", "values": {"reason": str(error.values.get("reason", error))}})
        return 1
    except OSError as error:
        said = f"{error.strerror or type(error).__name__}: {error.filename or folder}"
        _say({"error": "{reason}", "values": {"reason": said}})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
