"""Folders and files that are ours alone, written so that they survive a power cut; the same on every system that has less to offer."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

from runbook.model.text import _

FOLDER_MODE, FILE_MODE = 0o700, 0o600
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class UnsafeError(OSError):
    """A folder or file that somebody else may have put there."""


def ours(status: os.stat_result) -> bool:
    """Does this belong to the person who runs the program? Always true where the system has no such numbers."""
    geteuid = getattr(os, "geteuid", None)
    return geteuid is None or status.st_uid == geteuid()


def private_folder(path: Path) -> Path:
    """Make the folder (and what lies above it), or take the one that is there; mode 0700 whatever the umask.

    Raises UnsafeError when it is a symbolic link or somebody else's; OSError when it cannot be made.
    """
    if not path.parent.exists():
        private_folder(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(FOLDER_MODE)
        fsync_folder(path.parent)
    status = own_folder(path)
    if os.name == "posix" and stat.S_IMODE(status.st_mode) != FOLDER_MODE:
        # A stick without owners (FAT) refuses: its mode is that of the mount.
        with contextlib.suppress(OSError):
            path.chmod(FOLDER_MODE)
    return path


def own_folder(path: Path) -> os.stat_result:
    """The status of a folder that is there. Raises UnsafeError when it is a symbolic link or somebody else's, OSError when it is none."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise UnsafeError(_("{path} is a symbolic link").format(path=path))
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    if not ours(status):
        raise UnsafeError(_("{path} belongs to somebody else").format(path=path))
    return status


def fsync_folder(path: Path) -> None:
    """Make the names in a folder durable. Does nothing where folders cannot be opened."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def new_file(path: Path, data: bytes = b"") -> None:
    """Create a file that was not there, mode 0600, its bytes durable (its name is when the folder is synced). Raises OSError."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NOFOLLOW, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        if hasattr(os, "fchmod"):
            with contextlib.suppress(OSError):
                os.fchmod(handle, FILE_MODE)
        file.write(data)
        file.flush()
        os.fsync(handle)


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in place at once: after a crash either the old or the whole new one is there. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        new_file(temporary, data)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    fsync_folder(path.parent)


def plain_file(path: Path) -> os.stat_result:
    """The status of a regular file that is ours and has one name. Raises UnsafeError, or OSError when it is not there."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeError(_("{path} is not a plain file").format(path=path))
    if not ours(status):
        raise UnsafeError(_("{path} belongs to somebody else").format(path=path))
    if status.st_nlink > 1:
        raise UnsafeError(_("{path} has a second name").format(path=path))
    return status


def read_plain(path: Path) -> bytes:
    """The bytes of a regular file, never through a symbolic link, never blocking on a pipe. Raises OSError."""
    with open_plain(path) as file:
        return file.read()


def open_plain(path: Path) -> BinaryIO:
    """A regular file to read from; otherwise as `read_plain`."""
    handle = os.open(path, os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0))
    file = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise UnsafeError(_("{path} is not a plain file").format(path=path))
    return file


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """What is left of an open file, a part at a time."""
    return iter(lambda: file.read(1 << 20), b"")


def digest_of(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a regular file. Raises OSError."""
    size, digest = 0, hashlib.sha256()
    with open_plain(path) as file:
        for chunk in chunks_of(file):
            size += len(chunk)
            digest.update(chunk)
    return size, digest.hexdigest()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of `path` when the block ends well; else nothing has changed. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    new_file(temporary)
    try:
        with temporary.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    fsync_folder(path.parent)
