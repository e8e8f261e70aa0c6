"""Certificates for the tests of TLS: of an own authority, expired, signed by themselves, for another name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NAME = "web.example"
DAYS = 30


@dataclass(frozen=True)
class Certificate:
    """The files of one certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """An authority in a folder, and what it signs. `file`: its own certificate."""

    folder: Path
    file: Path
    _name: x509.Name
    _key: ec.EllipticCurvePrivateKey

    def sign(
        self, label: str, *, name: str = NAME, address: str = "127.0.0.1", days: float = DAYS, own: bool = False
    ) -> Certificate:
        """A certificate for `name` and `address` that expires in `days` (negative: has expired); `own`: signed by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _named(name)
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if own else self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address(address))]), critical=False
            )
            .sign(key if own else self._key, hashes.SHA256())
        )
        return _stored(self.folder, label, made, key)


def authority(folder: Path) -> Authority:
    """A new authority whose files lie in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = _named("Test authority"), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=500))
        .not_valid_after(now + timedelta(days=500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(folder, _stored(folder, "authority", made, key).certificate, name, key)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _stored(folder: Path, label: str, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Certificate:
    files = Certificate(folder / f"{label}.pem", folder / f"{label}.key")
    files.certificate.write_bytes(made.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
