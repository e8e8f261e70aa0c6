"""Host keys and algorithms: what a host may show, what the site file pins, and how the two are compared. Pure; asks nobody.

Nothing here reads or writes a known_hosts file, and nothing accepts a key that the site file does not hold.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runbook.model.errors import RunbookError
from runbook.model.replies import CannotAskError

ALGORITHMS: Mapping[str, tuple[str, ...]] = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Key type -> the signature algorithms it is accepted with. An RSA key signs with SHA-2 only: RFC 8332 section 3."""

ALL_ALGORITHMS = tuple(name for names in ALGORITHMS.values() for name in names)

WEAK: Mapping[str, tuple[str, ...]] = {
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
}
"""Switched off unless the site file calls the host `legacy` (CBC with a server that lacks strict key exchange: CVE-2023-48795)."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A host's whole public key: its type, and its blob in base64."""

    type: str
    base64: str

    @classmethod
    def parse(cls, line: str) -> PublicKey:
        """From `TYPE BASE64`, as the site file holds it."""
        kind, _space, blob = line.partition(" ")
        return cls(kind, blob.strip())

    @property
    def fingerprint(self) -> str:
        """`SHA256:...` as OpenSSH prints it; says so when the base64 is broken."""
        try:
            digest = hashlib.sha256(base64.b64decode(self.base64, validate=True)).digest()
        except binascii.Error:
            return "SHA256:(not readable)"
        return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")

    def __str__(self) -> str:
        return f"{self.type} {self.base64}"


def offered(pinned: Sequence[PublicKey]) -> tuple[str, ...]:
    """The host-key algorithms to offer: those of the pinned types alone, so that a host with several keys shows a pinned one."""
    return (
        tuple(name for key in dict.fromkeys(key.type for key in pinned) for name in ALGORITHMS.get(key, ()))
        or ALL_ALGORITHMS
    )


def refusal(host: str, shown: PublicKey, pinned: Iterable[PublicKey]) -> CannotAskError | None:
    """None when `shown` is one of `pinned`, type and blob; else the error that names both fingerprints and what to do."""
    known = tuple(pinned)
    if shown in known:
        return None
    return refused(host, f"{shown.type} {shown.fingerprint}", known)


def refused(host: str, found: str, pinned: Sequence[PublicKey]) -> CannotAskError:
    """The error for a host that showed the key `found` (type and fingerprint), which is none of `pinned`."""
    expected = ", ".join(f"{key.type} {key.fingerprint}" for key in pinned)
    code = "E-SSH-KEY-CHANGED" if pinned else "E-SSH-KEY-UNKNOWN"
    error = RunbookError(code, host=host, found=found, expected=expected)
    return CannotAskError("host_key", f"{error.text()} {error.next()}", code=code)
