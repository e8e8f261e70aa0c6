"""A program with a home of its own, and one OpenSSH server for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import peers
from tests.acceptance.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    with peers.sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server
