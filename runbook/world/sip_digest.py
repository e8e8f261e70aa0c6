"""Answering the challenge of a SIP server: RFC 2617 with MD5, RFC 8760 with SHA-256. Pure; sends nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

CHALLENGES = {"www-authenticate": "Authorization", "proxy-authenticate": "Proxy-Authorization"}
"""The field that challenges (RFC 3261 sections 22.2 and 22.3), and the one that answers it."""
PARAMETER_LENGTH = 512
"""A realm or nonce that is longer is not repeated to anybody."""

_PARAMETER = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_HASHES: dict[str, Callable[[bytes], str]] = {"MD5": _md5, "SHA-256": _sha256}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server wants to be proven. `answered_in`: the field that answers. Quoted texts are as they came, their escapes included."""

    answered_in: str
    realm: str
    nonce: str
    opaque: str
    algorithm: str
    qop: bool


def challenge(fields: Iterable[tuple[str, str]]) -> Challenge | None:
    """The first Digest challenge of the header fields (name in lower case, value) that can be answered here.

    The first, because a server puts the one that it likes best first (RFC 8760 section 2.4).
    """
    for name, value in fields:
        scheme, _space, rest = value.partition(" ")
        if name not in CHALLENGES or scheme.lower() != "digest":
            continue
        given = {key.lower(): quoted or plain for key, quoted, plain in _PARAMETER.findall(rest)}
        algorithm, qops = given.get("algorithm", "MD5").upper(), given.get("qop", "")
        # Whatever is repeated to the server must not be able to end a line of the next request.
        realm, nonce, opaque = (given.get(key, "") for key in ("realm", "nonce", "opaque"))
        repeated = (realm, nonce, opaque)
        usable = nonce and all(text.isprintable() and len(text) <= PARAMETER_LENGTH for text in repeated)
        with_auth = "auth" in [qop.strip().lower() for qop in qops.split(",")]
        if usable and algorithm in _HASHES and (with_auth or not qops):
            return Challenge(CHALLENGES[name], realm, nonce, opaque, algorithm, with_auth)
    return None


def answer(challenged: Challenge, *, method: str, uri: str, user: str, secret: str, cnonce: str) -> str:
    """The header field that answers the challenge, as one line; the secret itself is not in it (RFC 2617 section 3.2.2)."""
    hashed = _HASHES[challenged.algorithm]

    def h(*parts: str) -> str:
        return hashed(":".join(parts).encode())

    known, asked = h(user, challenged.realm, secret), h(method, uri)
    given = {
        "username": f'"{user}"',
        "realm": f'"{challenged.realm}"',
        "nonce": f'"{challenged.nonce}"',
        "uri": f'"{uri}"',
        "algorithm": challenged.algorithm,
    }
    if challenged.qop:
        count = "00000001"
        given["response"] = f'"{h(known, challenged.nonce, count, cnonce, "auth", asked)}"'
        given |= {"qop": "auth", "nc": count, "cnonce": f'"{cnonce}"'}
    else:
        given["response"] = f'"{h(known, challenged.nonce, asked)}"'
    if challenged.opaque:
        given["opaque"] = f'"{challenged.opaque}"'
    words = ", ".join(f"{key}={value}" for key, value in given.items())
    return f"{challenged.answered_in}: Digest {words}"
