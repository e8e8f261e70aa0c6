"""A home of its own for each test; what the store told; small disks that are taken away at the end."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.disks import Disk
from tests.store.conftest import _temporary, begin, clock, home, journals, told

__all__ = ["_temporary", "begin", "clock", "home", "journals", "told"]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts file systems: `mounted(NAME, *ARGUMENTS of mount)`; their place."""
    mounts: list[Path] = []

    def mount(name: str, *arguments: str) -> Path:
        path = tmp_path / name
        path.mkdir(exist_ok=True)
        subprocess.run(["mount", *arguments, str(path)], check=True)
        mounts.append(path)
        return path

    yield mount
    for path in reversed(mounts):
        subprocess.run(["umount", "-l", str(path)], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Disk]]:
    """Makes disks of their own file system."""
    disks: list[Disk] = []

    def made(*arguments: str) -> Disk:
        name = len(disks)
        disks.append(Disk(tmp_path / f"disk{name}.img", tmp_path / f"disk{name}", *arguments))
        return disks[-1]

    yield made
    for each in disks:
        each.take_away()
