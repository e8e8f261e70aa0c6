"""A conversation over TCP: a line is sent, a text is waited for, in bounded time and memory."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Literal

from runbook.model.replies import NOTHING, CannotAskError, TalkReply, Turn
from runbook.model.text import _
from runbook.world.capture import Recorder
from runbook.world.clock import since_boot
from runbook.world.net import RESOLVE_S, connect, resolve

WINDOW_BYTES = 65536
"""A text that has not come within so many bytes since the last one is not waited for any longer."""


def conversation(address: str, port: int, turns: Sequence[Turn], timeout_s: float) -> TalkReply:
    """Connect, and take the turns in order; `timeout_s` holds for everything together. Raises CannotAskError.

    What a turn expects is searched for in what came since the last text that was found, the two ends of line included.
    """
    if any(letter in turn.send for turn in turns for letter in "\r\n\0"):
        raise CannotAskError("channel", _("a line that is sent cannot hold an end of line"))
    began = since_boot()
    deadline = began + timeout_s
    attempt = connect(resolve(address, min(timeout_s, RESOLVE_S)), port, deadline - since_boot())
    if attempt.connection is None:
        unanswered: Literal["refused", "timed_out"] = "refused" if attempt.result == "refused" else "timed_out"
        return TalkReply(unanswered, 0, NOTHING, since_boot() - began, attempt.address)
    with attempt.connection as sock:
        talk = _Talk(sock, deadline)
        kept = talk.take(turns)
    result: Literal["said", "other"] = "said" if kept == len(turns) else "other"
    return TalkReply(result, kept, talk.recorder.capture(), since_boot() - began, attempt.address)


class _Talk:
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline
        self._unmatched = b""
        self.recorder = Recorder(WINDOW_BYTES // 2)

    def take(self, turns: Sequence[Turn]) -> int:
        """How many turns were kept before one was not."""
        for number, turn in enumerate(turns):
            try:
                if turn.send:
                    self._sock.settimeout(self._left())
                    self._sock.sendall(turn.send.encode() + b"\r\n")
                if turn.expect and not self._wait_for(turn.expect.encode()):
                    return number
            except OSError:  # silence until the deadline, or a connection that was broken off
                return number
        return len(turns)

    def _wait_for(self, wanted: bytes) -> bool:
        while (at := self._unmatched.find(wanted)) < 0:
            if len(self._unmatched) > WINDOW_BYTES:
                return False
            self._sock.settimeout(self._left())
            received = self._sock.recv(16384)
            if not received:
                return False
            self.recorder.add(received)
            self._unmatched += received
        self._unmatched = self._unmatched[at + len(wanted) :]
        return True

    def _left(self) -> float:
        left = self._deadline - since_boot()
        if left <= 0:
            raise TimeoutError
        return left
