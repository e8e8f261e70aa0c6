"""Collecting a host's public keys, for `runbook site scan`. Signs in nowhere and trusts nothing."""

from __future__ import annotations

from runbook.model.replies import CannotAskError
from runbook.model.text import _
from runbook.world.ssh_keys import ALGORITHMS, PublicKey
from runbook.world.ssh_transport import Deadlines, NoCommonHostKeyError, open_client


def host_keys(
    address: str, port: int, *, legacy: bool = False, deadlines: Deadlines | None = None
) -> tuple[PublicKey, ...]:
    """One key of each type that the SSH server at `address` has, each proven by a key exchange of its own.

    Raises CannotAskError when the server cannot be asked, or has no key of a type that is accepted.
    """
    found = []
    for algorithms in ALGORITHMS.values():
        try:
            client, key = open_client(address, port, algorithms, deadlines or Deadlines(), legacy=legacy)
        except NoCommonHostKeyError:
            continue
        client.close()
        found.append(key)
    if not found:
        raise CannotAskError("key_exchange", _("the SSH server has no host key of a type that is accepted"))
    return tuple(found)
