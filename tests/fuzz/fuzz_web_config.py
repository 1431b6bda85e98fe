"""Fuzzes the web configuration file: whatever it holds, it is a configuration or a ConfigError that names the file.

No file that it could name is there, so that nothing but the file itself is read.
"""

from __future__ import annotations

import pathlib
import tempfile

import atheris
from harness import fuzz

with atheris.instrument_imports(include=["calicometrics", "yaml"]):
    from calicometrics.errors import ConfigError
    from calicometrics.web.basic_auth import check_hashes
    from calicometrics.web.tls import server_tls
    from calicometrics.web.web_config import read_web_config

FILE = pathlib.Path(tempfile.mkdtemp(prefix="calicometrics-fuzz-", dir="/dev/shm"), "web.yml")
HASH = "$2b$04$" + "a" * 21 + "e" + "b" * 31


def test_one_input(data: bytes) -> None:
    """Load the data as the web configuration, and make of it what a front needs."""
    FILE.write_bytes(data)
    try:
        config = read_web_config(FILE)
    except ConfigError as error:
        if not str(error).startswith(f"{FILE}: ") or "\n" in str(error):
            raise AssertionError(f"not one line that names the file: {error}") from error
        return
    try:
        check_hashes(config.users)
        if config.tls is not None:
            server_tls(config.tls)
    except ConfigError:
        return


def seeds() -> list[bytes]:
    """Return files that have something in each section, and what YAML can do beyond that."""
    return [
        (
            b"tls_server_config:\n  cert: a\n  key: b\n  client_ca: c\n  client_auth_type: RequireAndVerifyClientCert\n"
            b"  client_allowed_sans: [a, '::1']\n  min_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
            b"  curve_preferences: [X25519]\n  prefer_server_cipher_suites: true\n"
        ),
        b"http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: ''\n",
        f"basic_auth_users:\n  alice: {HASH}\n  1: {HASH}\n".encode(),
        b"rate_limit: {interval: 1m30s, burst: 20}\n",
        b"a: &a [1, *a]\nb: !!python/object:os.system x\n--- \n<<: {c: 0x1f, d: 1e400, e: 2001-01-01}\n",
    ]


if __name__ == "__main__":
    fuzz(test_one_input, seeds())
