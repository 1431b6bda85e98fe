"""Certificates, and clients that show them."""

from __future__ import annotations

import pathlib
import ssl

import trustme

CLIENT_NAMES = ("prometheus.example", "10.0.0.1", "fd00::1", "scraper@example.com")


def write_pair(directory: pathlib.Path, authority: trustme.CA, name: str = "server", *names: str) -> None:
    """Write NAME.crt and NAME.key, for these names; 127.0.0.1 when there are none."""
    pair = authority.issue_cert(*(names or ("127.0.0.1",)))
    (directory / f"{name}.crt").write_bytes(b"".join(blob.bytes() for blob in pair.cert_chain_pems))
    (directory / f"{name}.key").write_bytes(pair.private_key_pem.bytes())


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
