"""Peers for the tests of the live ports, and fakes that break off where no real server does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook.world.ssh import LiveSsh
from runbook.world.ssh_transport import Deadlines
from tests import peers

QUICK = Deadlines(resolve_s=2, connect_s=2, banner_s=0.6, key_exchange_s=2, login_s=2, channel_s=1.5)


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    """One OpenSSH server for the whole run."""
    with peers.sshd(tmp_path_factory.mktemp("sshd"), kinds=("ed25519", "ecdsa", "rsa")) as server:
        yield server


@pytest.fixture
def ssh() -> Iterator[LiveSsh]:
    """The SSH port, with short deadlines."""
    port = LiveSsh(QUICK)
    yield port
    port.close()


@pytest.fixture(scope="session")
def kamailio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a kamailio that answers 200."""
    with peers.kamailio(tmp_path_factory.mktemp("kamailio")) as port:
        yield port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for one peer."""
    return tmp_path / "peer"
