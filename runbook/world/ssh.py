"""Commands on hosts over SSH: one kept connection per host, or the system's `ssh`; a command is never sent twice."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbook.model.machine import Host
from runbook.model.ports import Secrets
from runbook.model.remote import line_sent
from runbook.model.replies import KEEP_BYTES, CannotAskError, SshReply
from runbook.model.text import _
from runbook.world.clock import since_boot
from runbook.world.deadline import within
from runbook.world.ssh_ways import Ways, login_of

if TYPE_CHECKING:
    import paramiko

    from runbook.world.ssh_transport import Client, Deadlines

# paramiko is imported where it is first used: it costs a quarter of a second that the first screen has not got.

SESSIONS = 8
"""So many commands at once over one connection: OpenSSH's `MaxSessions` is 10, and someone else may be signed in (sshd_config(5))."""

_STALE_S = 5.0
"""How long a kept connection may take to open a channel before it is taken for dead and opened anew."""


def warm_up() -> None:
    """Load the SSH library in a thread, while the person reads."""

    def load() -> None:
        import runbook.world.ssh_exec
        import runbook.world.ssh_login  # noqa: F401

    threading.Thread(target=load, daemon=True).start()


def command_line(host: Host, argv: Sequence[str]) -> bytes:
    """`argv` as the bytes of the one line that SSH carries. Raises CannotAskError for a word that cannot be sent."""
    return line_sent(host, argv).encode("utf-8")


@dataclass(slots=True)
class _Seat:
    """A host's kept connection, the lock under which it is opened, and the turns of the commands that go over it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    turns: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(SESSIONS))
    client: Client | None = None


class LiveSsh:
    """`runbook.model.ports.Ssh` over real connections."""

    def __init__(
        self,
        deadlines: Deadlines | None = None,
        *,
        hosts: Mapping[str, Host] | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._deadlines = deadlines
        self._ways = Ways(hosts or {}, secrets)
        self._seats: dict[tuple[object, ...], _Seat] = {}
        self._lock = threading.Lock()

    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float, keep_bytes: int = KEEP_BYTES) -> SshReply:
        """Run `argv` on `host`, once, and wait `deadline_s` for its end; opening the connection has its own deadlines.

        `status` None: the command was sent and its end is not known (`lost`, `deadline`). 255 with `signal`: it was
        killed. Raises CannotAskError while it is certain that nothing was started.
        """
        login = login_of(host)
        command = command_line(host, argv)
        if login.via == "openssh":
            from runbook.world.openssh import OpenSsh

            client = OpenSsh(self._ways, self._deadlines or _default_deadlines())
            return client.run(host, command, deadline_s=deadline_s, keep_bytes=keep_bytes)
        return self._run(host, command, deadline_s, keep_bytes)

    def _run(self, host: Host, command: bytes, deadline_s: float, keep_bytes: int) -> SshReply:
        from runbook.world.ssh_exec import Running

        seat = self._seat(host)
        with seat.turns:
            client, channel = self._channel(host, seat)
            began = since_boot()
            running = Running(client, channel, began + deadline_s, keep_bytes, self._ways.secrets)
            try:
                running.send(command)
                ended = running.watch()
                return running.reply(ended, since_boot() - began)
            finally:
                running.forget()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            seats, self._seats = list(self._seats.values()), {}
        for seat in seats:
            if seat.client is not None:
                seat.client.close()

    def _channel(self, host: Host, seat: _Seat) -> tuple[Client, paramiko.Channel]:
        """A channel for one command. A kept connection that has died is found out here, before anything was sent."""
        from runbook.world.ssh_login import logged_in

        deadlines = self._deadlines or _default_deadlines()
        with seat.lock:
            if seat.client is not None:
                if channel := _opened(seat.client, min(_STALE_S, deadlines.channel_s)):
                    return seat.client, channel
                seat.client.close()
                seat.client = None
            seat.client = client = logged_in(host, deadlines, self._ways)
            if channel := _opened(client, deadlines.channel_s):
                return client, channel
            client.close()
            seat.client = None
            sentence = _("{address} let us in, but opened no channel within {seconds:.0f} s")
            raise CannotAskError("channel", sentence.format(address=host.address, seconds=deadlines.channel_s))

    def _seat(self, host: Host) -> _Seat:
        # Whatever decides who is asked and what is trusted: a reloaded site file must not reuse an old connection.
        key = tuple(step.model_dump_json(include={"address", "ssh"}) for step in (host, *self._ways.jumps(host)))
        with self._lock:
            return self._seats.setdefault(key, _Seat())


def _default_deadlines() -> Deadlines:
    from runbook.world.ssh_transport import Deadlines

    return Deadlines()


def _opened(client: Client, seconds: float) -> paramiko.Channel | None:
    """A new channel, or None when the connection is dead. Raises CannotAskError when the host answers that it opens none."""
    import paramiko

    from runbook.world.ssh_transport import said

    try:
        # paramiko's own deadline is a wall time, which may be set back meanwhile.
        return within(seconds + 1, lambda: client.open_session(timeout=seconds))
    except paramiko.ChannelException as error:
        raise CannotAskError("channel", _("the host opens no channel ({reason})").format(reason=said(error))) from None
    except (paramiko.SSHException, EOFError, OSError):
        return None
