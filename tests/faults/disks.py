"""Disks that fail on demand: an ext4 file system in a file, whose power can be cut and which can be frozen.

A cut: the file system is shut down without writing its log (FS_IOC_GOINGDOWN, NOLOGFLUSH), unmounted and mounted again. What
is not modelled: a drive whose own cache lies.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FS_IOC_GOINGDOWN, NOLOGFLUSH = 0x8004587D, 2  # _IOR('X', 125, u32), linux/fs.h; ext4, xfs, f2fs
OPTIONS = "commit=300"


class Disk:
    """A file system at `mount`. Needs root."""

    def __init__(self, image: Path, mount: Path, *arguments: str) -> None:
        """`arguments` go to mkfs."""
        self.image, self.mount = image, mount
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(32 << 20)
        run("mkfs.ext4", "-q", *arguments, image)
        self._mount()

    def cut(self) -> None:
        """The battery is pulled: what was not forced to the device is gone, and nothing can be stored."""
        pull(self.mount)

    def boot(self) -> None:
        """The machine is on again: what the device holds."""
        run("umount", self.mount)
        self._mount()

    def _mount(self) -> None:
        # A device of its own each time: where another name space still holds the old mount, the file system that was shut
        # down lives on behind it, and the same device would give us that one again.
        device = run("losetup", "--find", "--show", self.image).strip()
        try:
            run("mount", "-o", OPTIONS, device, self.mount)
        finally:
            run("losetup", "--detach", device)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """A disk that answers no write: whoever writes waits, and cannot be ended, until it answers again."""
        run("fsfreeze", "-f", self.mount)
        try:
            yield
        finally:
            run("fsfreeze", "-u", self.mount)

    def take_away(self) -> None:
        """Unmount it, whatever its state."""
        subprocess.run(["umount", "-l", str(self.mount)], check=False, capture_output=True)


def pull(mount: Path) -> None:
    """Shut the file system down as it is on the device now."""
    import fcntl

    handle = os.open(mount, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, FS_IOC_GOINGDOWN, NOLOGFLUSH.to_bytes(4, "little"))
    finally:
        os.close(handle)


def run(*arguments: object) -> str:
    """A command that has to succeed; what it says."""
    done = subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True, text=True)
    return done.stdout
