"""Files of this laptop, read for `collect` and `log_search`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runbook.model.errors import system_said
from runbook.model.replies import CannotAskError, FileReply
from runbook.model.text import _


class LiveFiles:
    """`runbook.model.ports.Files` over this machine's own disk."""

    def read(self, path: str, *, last_bytes: int) -> FileReply:
        """The last bytes of a regular file; a pipe or a device is never opened for reading. Raises CannotAskError."""
        try:
            # Opening a pipe without this would wait for a writer.
            with open(Path(path).expanduser(), "rb", opener=_opener) as file:
                size = os.fstat(file.fileno()).st_size
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise CannotAskError("permission", _("{file} is no regular file").format(file=path))
                file.seek(max(0, size - last_bytes))
                return FileReply(file.read(last_bytes), size)
        except (OSError, ValueError, RuntimeError) as error:
            sentence = _("{file} cannot be read: {reason}")
            raise CannotAskError("permission", sentence.format(file=path, reason=system_said(error))) from None


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
