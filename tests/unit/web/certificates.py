"""Certificates, and clients that show them."""

from __future__ import annotations

import datetime as dt
import pathlib
import ssl

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CLIENT_NAMES = ("prometheus.example", "10.0.0.1", "fd00::1", "scraper@example.com")


def write_pair(directory: pathlib.Path, authority: trustme.CA, name: str = "server", *names: str) -> None:
    """Write NAME.crt and NAME.key, for these names; 127.0.0.1 when there are none."""
    pair = authority.issue_cert(*(names or ("127.0.0.1",)))
    (directory / f"{name}.crt").write_bytes(b"".join(blob.bytes() for blob in pair.cert_chain_pems))
    (directory / f"{name}.key").write_bytes(pair.private_key_pem.bytes())


def write_pair_with(
    directory: pathlib.Path, authority: trustme.CA, name: str, *names: x509.GeneralName
) -> None:
    """Write NAME.crt and NAME.key, for subject alternative names of any kind."""
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    issuer_key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    (directory / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def write_authority(directory: pathlib.Path, authority: trustme.CA) -> None:
    """Write ca.crt."""
    (directory / "ca.crt").write_bytes(authority.cert_pem.bytes())


def trusting(authority: trustme.CA, shows: pathlib.Path | None = None) -> ssl.SSLContext:
    """Return what a client trusts the authority with, and which pair, without its suffix, it shows."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if shows is not None:
        context.load_cert_chain(shows.with_suffix(".crt"), shows.with_suffix(".key"))
    return context
