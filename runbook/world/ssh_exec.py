"""Running one command on an open connection, exactly once, and saying only what is known of its end."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import paramiko

from runbook.model.ports import Secrets
from runbook.model.replies import KEEP_BYTES, CannotAskError, SshReply
from runbook.model.text import _
from runbook.world.capture import Recorder
from runbook.world.clock import since_boot
from runbook.world.ssh_transport import Client, said

SIGNAL_STATUS = 255
"""The status of a command that a signal ended: RFC 4254 section 6.10 gives none, OpenSSH's client exits with 255."""

_CHUNK_BYTES = 262144
_POLL_S = 0.25
_LINGER_S = 1.0
"""After the exit status: how long a background process may go on holding the streams open before it is left alone."""

Ended = Literal["exit", "signal", "lost", "deadline"]


class Bell(threading.Event):
    """Rung by both streams of a channel; paramiko's clearing of one stream must not hide the other."""

    def clear(self) -> None:
        """Ignored: only `rest` silences the bell."""

    def rest(self) -> None:
        """Silence the bell until it is rung again."""
        super().clear()


@dataclass(slots=True)
class Running:
    """A command on its channel, from before it is sent until its end is known or given up."""

    client: Client
    channel: paramiko.Channel
    deadline: float
    keep_bytes: int = KEEP_BYTES
    secrets: Secrets | None = None
    stdout: Recorder = field(init=False)
    stderr: Recorder = field(init=False)
    bell: Bell = field(default_factory=Bell)

    def __post_init__(self) -> None:
        self.stdout, self.stderr = (
            Recorder(self.keep_bytes, self.secrets.window() if self.secrets else None) for _stream in range(2)
        )

    def send(self, command: bytes) -> None:
        """Ask the host to start `command`. Raises CannotAskError while it is certain that nothing was started.

        Returns when the host has taken the command, or when nobody knows whether it has.
        """
        packets = self.client.packets
        packets.sent.discard(self.channel.remote_chanid)
        failures: list[Exception] = []

        def ask() -> None:
            try:
                self.channel.exec_command(command)
            except (paramiko.SSHException, EOFError, OSError, AssertionError) as error:
                failures.append(error)

        # paramiko waits for the host's answer without a deadline, so it waits in a thread of its own.
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(max(0.0, self.deadline - since_boot()))
        if asking.is_alive():
            self.client.abort()
            asking.join(1.0)
        if self.channel.chanid in packets.refused:
            raise CannotAskError("channel", _("the host refuses to run commands for this account"))
        if not asking.is_alive() and self.channel.remote_chanid not in packets.sent:
            reason = said(failures[0]) if failures else _("the connection was lost")
            raise CannotAskError("channel", _("the command was not sent ({reason})").format(reason=reason))

    def watch(self) -> Ended:
        """Take both streams until the command's end is known, the connection is lost, or the deadline has come."""
        channel = self.channel
        channel.in_buffer.set_event(self.bell)
        channel.in_stderr_buffer.set_event(self.bell)
        exited_at: float | None = None
        while True:
            self.bell.rest()
            exited = channel.status_event.is_set()
            closed = channel.closed or (channel.eof_received and exited)
            taken = self._drain()
            now = since_boot()
            exited_at = now if exited and exited_at is None else exited_at
            if not taken and (closed or (exited_at is not None and now - exited_at > _LINGER_S)):
                return self._end()
            if now >= self.deadline:
                return self._end() if exited else "deadline"
            if not taken:
                self.bell.wait(max(0.0, min(_POLL_S, self.deadline - now)))

    def _drain(self) -> bool:
        """Take what has come on both streams, each at most one chunk; whether there was any."""
        taken = False
        try:
            if self.channel.recv_ready():
                self.stdout.add(self.channel.recv(_CHUNK_BYTES))
                taken = True
            if self.channel.recv_stderr_ready():
                self.stderr.add(self.channel.recv_stderr(_CHUNK_BYTES))
                taken = True
        except (paramiko.SSHException, EOFError, OSError):
            # The connection died while the window was being reopened; the channel's state says how it ended.
            self.client.abort()
        return taken

    def _end(self) -> Ended:
        if self.channel.chanid in self.client.packets.signals:
            return "signal"
        return "exit" if self.channel.exit_status != -1 else "lost"

    def reply(self, ended: Ended, elapsed_s: float) -> SshReply:
        """All that is known, once `watch` has returned `ended`."""
        status = {"exit": self.channel.exit_status, "signal": SIGNAL_STATUS}.get(ended)
        return SshReply(status, ended, self.stdout.capture(), self.stderr.capture(), elapsed_s)

    def forget(self) -> None:
        """Close the channel. The host's process, if there still is one, lives on."""
        packets = self.client.packets
        with suppress(paramiko.SSHException, EOFError, OSError):
            self.channel.close()
        packets.refused.discard(self.channel.chanid)
        packets.signals.pop(self.channel.chanid, None)
