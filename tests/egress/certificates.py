"""Makes an authority and a certificate, for servers of tests."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def authority(
    folder: Path, *names: str, addresses: Sequence[str] = (), lives: timedelta = timedelta(days=1)
) -> tuple[Path, ssl.SSLContext]:
    """Gives the authority's certificate as a file, and the context of a server that has one for the names."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _builder("Authority of a test", "Authority of a test", root_key)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    root = root.add_extension(usage, critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    signed_root = root.add_extension(identifier, critical=False).sign(root_key, SHA256())
    leaf = _builder("Authority of a test", "Server of a test", key, lives)
    known = [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(each)) for each in addresses)]
    leaf = leaf.add_extension(x509.SubjectAlternativeName(known), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    signed = leaf.add_extension(issuer, critical=False).sign(root_key, SHA256())
    (folder / "root.pem").write_bytes(signed_root.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return folder / "root.pem", context


def _builder(
    issuer: str, subject: str, key: ec.EllipticCurvePrivateKey, lives: timedelta = timedelta(days=1)
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + lives)
    )
