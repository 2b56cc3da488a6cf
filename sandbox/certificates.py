"""The sandbox's own root certificate, and what it signs: the ACME server's issuer, S3's name."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.credentials import write_private

_RENEW_BEFORE = timedelta(days=30)


class Certificates:
    """Files in `<home>/ca`; the root is also `<home>/acme-root.pem`, for clients."""

    def __init__(self, home: Path, clone_id: str):
        self._folder = home / "ca"
        self._root_path = home / "acme-root.pem"
        self._clone_id = clone_id

    def ensure(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if not (self._folder / "root.pem").exists():
            self._make_authority("root", None, path_length=1, days=3650)
        root = (self._folder / "root.pem").read_bytes()
        if not self._root_path.exists() or self._root_path.read_bytes() != root:
            self._root_path.write_bytes(root)
        if not (self._folder / "issuer.pem").exists():
            self._make_authority("issuer", "root", path_length=0, days=3600)

    @property
    def root(self) -> bytes:
        return (self._folder / "root.pem").read_bytes()

    def pair(self, name: str) -> tuple[bytes, bytes]:
        """Certificate and key, PEM."""
        folder = self._folder
        return (folder / f"{name}.pem").read_bytes(), (folder / f"{name}.key").read_bytes()

    def server(self, name: str, names: Sequence[str], address: str) -> tuple[bytes, bytes]:
        """A server's certificate, made anew when it nears its end or its names change."""
        path = self._folder / f"{name}.pem"
        wanted: list[x509.GeneralName] = [x509.DNSName(dns) for dns in names]
        wanted.append(x509.IPAddress(ipaddress.ip_address(address)))
        if path.exists():
            present = x509.load_pem_x509_certificate(path.read_bytes())
            found = present.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            fresh = present.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE
            if fresh and list(found) == wanted:
                return self.pair(name)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(names[0], key.public_key(), days=397)
            .issuer_name(self._subject("root"))
            .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key("root"), hashes.SHA256())
        )
        self._write(name, certificate, key)
        return self.pair(name)

    def _make_authority(
        self, name: str, signer: str | None, *, path_length: int, days: int
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        title = f"Local cloud {self._clone_id} {name}"
        issuer = self._subject(signer) if signer else _named(title)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(title, key.public_key(), days=days)
            .issuer_name(issuer)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(self._key(signer) if signer else key, hashes.SHA256())
        )
        self._write(name, certificate, key)

    def _write(
        self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        """The key first: a certificate that exists has its key."""
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(self._folder / f"{name}.key", private)
        public = certificate.public_bytes(serialization.Encoding.PEM)
        write_private(self._folder / f"{name}.pem", public)

    def _subject(self, name: str) -> x509.Name:
        return x509.load_pem_x509_certificate((self._folder / f"{name}.pem").read_bytes()).subject

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.pair(name)[1], password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  # we wrote it
        return key


def _builder(title: str, key: ec.EllipticCurvePublicKey, *, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(title))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _named(title: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
