"""Keeping what a remote command writes, however much it is: its beginning, its end, its size and its SHA-256."""

from __future__ import annotations

import hashlib

from runbook.model.redaction import Redactor, Window
from runbook.model.replies import KEEP_BYTES, Capture


class Recorder:
    """Collects one stream in bounded memory, the run's secrets taken out before anything is kept, counted or hashed."""

    def __init__(self, keep_bytes: int = KEEP_BYTES, window: Window | None = None) -> None:
        self._keep_bytes = keep_bytes
        self._window = window or Redactor().window()
        self._head, self._tail = bytearray(), bytearray()
        self._size = 0
        self._sha256 = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._take(self._window.feed(data))

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        self._sha256.update(data)
        room = self._keep_bytes - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room > 0 else data
        # Cut now and then, not each time: cutting moves what remains.
        if len(self._tail) > 4 * self._keep_bytes:
            del self._tail[: -self._keep_bytes]

    def capture(self) -> Capture:
        """All that came, once nothing more is added."""
        self._take(self._window.end())
        return Capture(bytes(self._head), bytes(self._tail[-self._keep_bytes :]), self._size, self._sha256.hexdigest())
