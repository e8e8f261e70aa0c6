"""The second way to a host: the system's own `ssh`, for old gear and hardware keys. One process a command, nothing left behind.

It gets a configuration and the pinned keys in a folder made for that one call, and reads none of its usual files.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from runbook.model.errors import system_said
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError, SshReply
from runbook.model.text import _
from runbook.world import openssh_config as config
from runbook.world.capture import Recorder
from runbook.world.clock import since_boot
from runbook.world.ssh_keys import PublicKey, refused
from runbook.world.ssh_transport import Deadlines
from runbook.world.ssh_ways import Ways, login_of

_POLL_S = 0.05
_CHUNK_BYTES = 65536
_LOG_BYTES = 4 << 20
"""A host that fills the log further is not listened to any longer."""


@dataclass(frozen=True, slots=True)
class OpenSsh:
    """Runs commands with the system's `ssh`, by the contract of `runbook.model.ports.Ssh`."""

    ways: Ways
    deadlines: Deadlines

    def run(self, host: Host, command: bytes, *, deadline_s: float, keep_bytes: int) -> SshReply:
        """Run the line `command` on `host`, once. Raises CannotAskError while it is certain that nothing was started."""
        way = (*self.ways.jumps(host), host)
        if named := next((step for step in way if login_of(step).secret), None):
            sentence = _("{address} has a `secret`, which the system's `ssh` takes from no program")
            raise CannotAskError("login", sentence.format(address=named.address))
        program = _program()
        with tempfile.TemporaryDirectory(prefix="runbook-ssh-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            self._write(folder, way, program)
            argv = [program, "-F", str(folder / "config"), "-E", str(folder / "log"), "-T", "-n", "--", config.TARGET]
            secrets = self.ways.secrets
            recorders = [Recorder(keep_bytes, secrets.window() if secrets else None) for _stream in range(2)]
            call = _Call([*map(os.fsencode, argv), command], folder / "log", _surroundings(way), recorders)
            reply = call.run(self._way_s() * len(way), deadline_s)
            return reply if reply else self._nothing_started(way, call)

    def _recorder(self, keep_bytes: int) -> Recorder:
        return Recorder(keep_bytes, self.ways.secrets.window() if self.ways.secrets else None)

    def _way_s(self) -> float:
        """What the way to one host may take."""
        each = self.deadlines
        return each.resolve_s + each.connect_s + each.banner_s + each.key_exchange_s + each.login_s + each.channel_s

    def _write(self, folder: Path, way: Sequence[Host], program: str) -> None:
        if len(way) > 1 and not _plain(str(folder)):
            # `ssh` starts itself for a jump host, through a shell, with the path as it stands.
            sentence = _("the temporary folder {folder!r} has a character that jump hosts do not allow")
            raise CannotAskError("login", sentence.format(folder=str(folder)))
        old = _old_algorithms(program) if any(login_of(step).legacy for step in way) else {}
        setting = config.Setting(folder / "known_hosts", os.devnull, self.deadlines.connect_s, old)
        (folder / "known_hosts").write_text(config.known_hosts(way), encoding="ascii", newline="\n")
        (folder / "config").write_text(config.configuration(way, setting), encoding="utf-8", newline="\n")

    def _nothing_started(self, way: Sequence[Host], call: _Call) -> SshReply:
        log, stderr = call.log(), call.stderr.capture().text()
        if config.refused_to_run(log):
            raise CannotAskError("channel", _("the host refuses to run commands for this account"))
        phase, said = config.why_not(log, stderr)
        if phase == "host_key":
            self._refused_key(way, log)
        if not said:
            said = _("the system's `ssh` did not go on") if call.given_up else _("no reason given")
        address = way[-1].address
        raise CannotAskError(phase, _("{address} was not reached ({reason})").format(address=address, reason=said))

    def _refused_key(self, way: Sequence[Host], log: str) -> None:
        """Raise the error of the host whose key was refused: its own log names it; for a jump host it is looked at again."""
        if shown := config.shown_key(log):
            pinned = [PublicKey.parse(line) for line in login_of(way[-1]).host_keys]
            raise refused(way[-1].address, shown, pinned)
        from runbook.world.ssh_login import checked

        for jump in way[:-1]:
            try:
                checked(jump, self.deadlines, self.ways).close()
            except CannotAskError as cannot:
                if cannot.phase == "host_key":
                    raise


class _Call:
    """One process of `ssh`, watched from its start to its end."""

    def __init__(
        self, argv: Sequence[bytes], log: Path, environment: Mapping[str, str], recorders: Sequence[Recorder]
    ) -> None:
        self.argv, self.environment, self._log = argv, environment, log
        self.stdout, self.stderr = recorders
        self.given_up = False

    def run(self, budget_s: float, deadline_s: float) -> SshReply | None:
        """The end of the command, or None when nothing was started. `budget_s` is for the way to it."""
        began = since_boot()
        process = self._started()
        readers = [self._reader(process.stdout, self.stdout), self._reader(process.stderr, self.stderr)]
        sent_at = self._watch(process, began + budget_s, deadline_s)
        _end(process)
        for reader in readers:
            reader.join(2.0)
        log = self.log()
        if not config.started(log) or config.refused_to_run(log):
            return None
        status, ended = (None, "deadline") if self.given_up else config.ended_by(log, process.returncode)
        elapsed_s = since_boot() - (sent_at or began)
        return SshReply(status, _ended(ended), self.stdout.capture(), self.stderr.capture(), elapsed_s)

    def log(self) -> str:
        """What `ssh` has said so far."""
        try:
            with self._log.open("rb") as file:
                return file.read(_LOG_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:
            return ""

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                list(self.argv) if sys.platform != "win32" else [os.fsdecode(word) for word in self.argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(self.environment),
                # Ctrl-C at the keyboard is for the person's question, not for the command.
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            sentence = _("the system's `ssh` did not start ({reason})")
            raise CannotAskError("channel", sentence.format(reason=system_said(error))) from None

    def _watch(self, process: subprocess.Popen[bytes], way_ends: float, deadline_s: float) -> float | None:
        """Wait for the end, or until time is up; when the command was seen to be sent."""
        sent_at: float | None = None
        while process.poll() is None:
            now = since_boot()
            if sent_at is None and config.started(self.log()):
                sent_at = now
            if now >= (way_ends if sent_at is None else sent_at + deadline_s) or self._flooded():
                self.given_up = True
                return sent_at
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
        return sent_at

    def _flooded(self) -> bool:
        with suppress(OSError):
            return self._log.stat().st_size > _LOG_BYTES
        return False

    @staticmethod
    def _reader(stream: IO[bytes] | None, recorder: Recorder) -> threading.Thread:
        def read() -> None:
            assert stream is not None
            with suppress(OSError, ValueError), stream:
                while data := os.read(stream.fileno(), _CHUNK_BYTES):
                    recorder.add(data)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread


def _ended(ended: str) -> Literal["exit", "signal", "lost", "deadline"]:
    return ended  # type: ignore[return-value]  # one of these four, from `_Call.run`


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and the jump hosts' processes that it started; one that has ended took these with it."""
    if process.poll() is None:
        with suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _program() -> str:
    """The absolute path of the system's `ssh`; never one of the current folder. Raises CannotAskError."""
    found = shutil.which("ssh")
    if not found or not Path(found).is_absolute() or Path(found).parent == Path.cwd():
        raise CannotAskError("login", _("this laptop has no `ssh` program, and the site file says `via: openssh`"))
    return found


def _surroundings(way: Sequence[Host]) -> dict[str, str]:
    """The environment of `ssh`: no agent unless the site file allows one, nothing that asks a person."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SSH_", "DISPLAY", "LC_"))}
    agent = os.environ.get("SSH_AUTH_SOCK", "")
    if agent and any(login_of(host).agent for host in way):
        kept["SSH_AUTH_SOCK"] = agent
    return {**kept, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


def _old_algorithms(program: str) -> dict[str, list[str]]:
    """Which of the old algorithms this `ssh` still has: one that it does not know would be an error."""
    return {kind: [name for name in names if name in _known(program, kind)] for kind, names in config.OLD.items()}


def _known(program: str, kind: str) -> list[str]:
    try:
        done = subprocess.run(
            [program, "-Q", kind], capture_output=True, stdin=subprocess.DEVNULL, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.decode("ascii", "replace").split()


def _plain(path: str) -> bool:
    return all(letter.isalnum() or letter in "/\\:._-" for letter in path)
