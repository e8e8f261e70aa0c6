"""Commands on hosts over SSH: one kept connection per host, and a command that is never sent twice."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbook.model.replies import KEEP_BYTES, CannotAskError, SshReply
from runbook.model.site import Host
from runbook.model.text import _

if TYPE_CHECKING:
    import paramiko

    from runbook.world.ssh_transport import Client, Deadlines

# paramiko is imported where it is first used: it costs a quarter of a second that the first screen has not got.

_STALE_S = 5.0
"""How long a kept connection may take to open a channel before it is taken for dead and opened anew."""


def warm_up() -> None:
    """Load the SSH library in a thread, while the person reads."""

    def load() -> None:
        import runbook.world.ssh_exec
        import runbook.world.ssh_login  # noqa: F401

    threading.Thread(target=load, daemon=True).start()


def command_line(argv: Sequence[str], *, sudo: bool = False) -> bytes:
    """`argv` as the one line that SSH carries (RFC 4254 section 6.5), each word quoted for a POSIX shell on the host.

    Raises CannotAskError for a word that no shell can be given.
    """
    words = ["sudo", "-n", "--", *argv] if sudo else list(argv)
    try:
        line = " ".join(shlex.quote(word) for word in words).encode("utf-8")
    except UnicodeEncodeError:
        line = b"\0"
    if b"\0" in line or not argv:
        raise CannotAskError("channel", _("the command is empty, or holds a character that cannot be sent"))
    return line


@dataclass(slots=True)
class _Seat:
    """A host's kept connection, and the lock under which it is opened."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    client: Client | None = None


class LiveSsh:
    """`runbook.model.ports.Ssh` over real connections."""

    def __init__(self, deadlines: Deadlines | None = None) -> None:
        self._deadlines = deadlines
        self._seats: dict[tuple[object, ...], _Seat] = {}
        self._lock = threading.Lock()

    def run(self, host: Host, argv: Sequence[str], *, deadline_s: float, keep_bytes: int = KEEP_BYTES) -> SshReply:
        """Run `argv` on `host`, once, and wait `deadline_s` for its end; opening the connection has its own deadlines.

        `status` None: the command was sent and its end is not known (`lost`, `deadline`). 255 with `signal`: it was
        killed. Raises CannotAskError while it is certain that nothing was started.
        """
        from runbook.world.ssh_exec import Running
        from runbook.world.ssh_login import login_of

        command = command_line(argv, sudo=login_of(host).sudo)
        client, channel = self._channel(host)
        began = time.monotonic()
        running = Running(client, channel, began + deadline_s, keep_bytes)
        try:
            running.send(command)
            ended = running.watch()
            return running.reply(ended, time.monotonic() - began)
        finally:
            running.forget()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            seats, self._seats = list(self._seats.values()), {}
        for seat in seats:
            if seat.client is not None:
                seat.client.close()

    def _channel(self, host: Host) -> tuple[Client, paramiko.Channel]:
        """A channel for one command. A kept connection that has died is found out here, before anything was sent."""
        from runbook.world.ssh_login import logged_in

        seat = self._seat(host)
        deadlines = self._deadlines or _default_deadlines()
        with seat.lock:
            if seat.client is not None:
                if channel := _opened(seat.client, min(_STALE_S, deadlines.channel_s)):
                    return seat.client, channel
                seat.client.close()
                seat.client = None
            seat.client = client = logged_in(host, deadlines)
            if channel := _opened(client, deadlines.channel_s):
                return client, channel
            client.close()
            seat.client = None
            sentence = _("{address} let us in, but opened no channel within {seconds:.0f} s")
            raise CannotAskError("channel", sentence.format(address=host.address, seconds=deadlines.channel_s))

    def _seat(self, host: Host) -> _Seat:
        # Whatever decides who is asked and what is trusted: a reloaded site file must not reuse an old connection.
        login = host.ssh
        key = (host.address, login and login.model_dump_json())
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
        return client.open_session(timeout=seconds)
    except paramiko.ChannelException as error:
        raise CannotAskError("channel", _("the host opens no channel ({reason})").format(reason=said(error))) from None
    except (paramiko.SSHException, EOFError, OSError):
        return None
