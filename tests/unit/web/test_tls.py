"""From Go's words for TLS to OpenSSL's, without a connection."""

from __future__ import annotations

import os
import pathlib
import ssl
import subprocess
import warnings
from typing import Any

import pytest
import trustme

from calicometrics.errors import ConfigError
from calicometrics.web import tls
from calicometrics.web.tls import ServerTls, server_tls
from calicometrics.web.web_config import ClientAuth, TlsServerConfig

from .certificates import write_authority, write_pair

GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
CHACHA = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    made = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    write_pair(made, authority)
    write_pair(made, authority, "other")
    write_authority(made, authority)
    (made / "nonsense").write_text("nonsense")
    (made / "empty").write_text("")
    os.mkfifo(made / "pipe")
    subprocess.run(
        ["openssl", "pkey", "-aes128", "-passout", "pass:x", "-in", "server.key", "-out", "locked.key"],
        cwd=made,
        check=True,
        capture_output=True,
    )
    return made


def config(directory: pathlib.Path, **settings: Any) -> TlsServerConfig:
    files = {"cert_file": directory / "server.crt", "key_file": directory / "server.key"}
    return TlsServerConfig(**files | settings)


def older_ciphers(context: ssl.SSLContext) -> list[str]:
    """The names of a context's cipher suites for TLS 1.2, in their order."""
    return [cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"]


def test_tls_1_2_is_the_oldest_that_is_spoken_by_default(directory: pathlib.Path) -> None:
    context = server_tls(config(directory)).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.maximum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_mode is ssl.CERT_NONE
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_CIPHER_SERVER_PREFERENCE


def spoken(server: ssl.SSLContext, version: ssl.TLSVersion) -> str | None:
    """The version that a client which speaks one alone agrees on with a server; None when it does not."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for context in (client, server):
        # Or else OpenSSL itself has nothing to sign TLS 1.1 with.
        context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of versions that are as old as that
        client.minimum_version = client.maximum_version = version
    pipes = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = client.wrap_bio(*pipes), server.wrap_bio(*reversed(pipes), server_side=True)
    for _ in range(3):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return None
    return ends[1].version()


def test_tls_1_1_is_not_spoken(directory: pathlib.Path) -> None:
    server = server_tls(config(directory)).context
    assert spoken(server, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert spoken(server, ssl.TLSVersion.TLSv1_1) is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.minimum_version = ssl.TLSVersion.TLSv1_1
    assert spoken(server, ssl.TLSVersion.TLSv1_1) == "TLSv1.1"  # it is the configuration that forbids it


def test_versions_and_preference_are_as_configured(directory: pathlib.Path) -> None:
    newer = server_tls(config(directory, min_version=ssl.TLSVersion.TLSv1_3)).context
    older = server_tls(
        config(directory, max_version=ssl.TLSVersion.TLSv1_2, prefer_server_cipher_suites=False)
    ).context
    assert newer.minimum_version is ssl.TLSVersion.TLSv1_3
    assert older.maximum_version is ssl.TLSVersion.TLSv1_2
    assert not older.options & ssl.OP_CIPHER_SERVER_PREFERENCE


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        (ClientAuth.REQUEST, ssl.CERT_NONE),
        (ClientAuth.VERIFY_IF_GIVEN, ssl.CERT_OPTIONAL),
        (ClientAuth.VERIFY, ssl.CERT_REQUIRED),
    ],
)
def test_what_is_asked_of_clients_is_as_configured(
    directory: pathlib.Path, kind: ClientAuth, mode: ssl.VerifyMode
) -> None:
    made = server_tls(config(directory, client_auth_type=kind, client_ca_file=directory / "ca.crt"))
    assert made.context.verify_mode is mode
    assert len(made.context.get_ca_certs()) == 1


def test_pem_in_the_configuration_itself_is_as_good_as_a_file(directory: pathlib.Path) -> None:
    made = server_tls(
        TlsServerConfig(
            cert=(directory / "server.crt").read_text(),
            key=(directory / "server.key").read_text(),
            client_ca=(directory / "ca.crt").read_text(),
            client_auth_type=ClientAuth.VERIFY,
        )
    )
    assert len(made.context.get_ca_certs()) == 1


def test_comments_between_certificates_may_be_in_any_language(directory: pathlib.Path) -> None:
    commented = "# Größe\n" + (directory / "ca.crt").read_text() + "# Ende — \ufffd\n"
    settings = {"client_ca": commented, "client_auth_type": ClientAuth.VERIFY}
    assert len(server_tls(config(directory, **settings)).context.get_ca_certs()) == 1


def test_cipher_suites_keep_their_order(directory: pathlib.Path) -> None:
    for wanted, expected in (
        ((CHACHA, GCM), ["ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256"]),
        (
            (GCM, "TLS_AES_128_GCM_SHA256", CHACHA),
            ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"],
        ),
    ):
        context = server_tls(config(directory, cipher_suites=wanted)).context
        assert older_ciphers(context) == expected
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("name", sorted(tls._CIPHERS))
def test_every_cipher_suite_of_go_is_one_of_openssl(directory: pathlib.Path, name: str) -> None:
    ((found),) = older_ciphers(server_tls(config(directory, cipher_suites=(name,))).context)
    same = name.removeprefix("TLS_").removesuffix("_POLY1305_SHA256").replace("WITH_", "")
    assert same.replace("_CBC", "").replace("AES_", "AES").replace("_", "-") == found.removesuffix(
        "-POLY1305"
    )


def test_with_cipher_suites_of_tls_1_3_alone_nothing_older_is_spoken(directory: pathlib.Path) -> None:
    context = server_tls(config(directory, cipher_suites=("TLS_AES_128_GCM_SHA256",))).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize("name", sorted(tls._CURVES))
def test_every_curve_of_go_is_one_of_openssl(directory: pathlib.Path, name: str) -> None:
    server_tls(config(directory, curve_preferences=(name,)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"cipher_suites": ("TLS_RSA_WITH_RC4_128_SHA",)},
            "cipher_suites: 'TLS_RSA_WITH_RC4_128_SHA' is none of Go's secure cipher suites",
        ),
        (
            {"cipher_suites": ("TLS_AES_128_GCM_SHA256",), "max_version": ssl.TLSVersion.TLSv1_2},
            "cipher_suites: has none for TLS 1.2, and max_version is TLS12",
        ),
        (
            {"curve_preferences": ("CurveP255",)},
            "curve_preferences: 'CurveP255' is none of CurveP256, CurveP384, CurveP521, X25519",
        ),
        (
            {"curve_preferences": ("X25519", "CurveP256")},
            "curve_preferences: Python's ssl takes one curve; name one, or none for OpenSSL's own list",
        ),
        ({"cert_file": "none"}, "cert_file: DIR/none: no such file or directory"),
        ({"key_file": "none"}, "key_file: DIR/none: no such file or directory"),
        ({"key_file": ""}, "key_file: DIR: is a directory"),
        ({"client_ca_file": "none"}, "client_ca_file: DIR/none: no such file or directory"),
        ({"client_ca_file": "nonsense"}, "client_ca_file: DIR/nonsense: no PEM certificates"),
        ({"client_ca_file": "empty"}, "client_ca_file: DIR/empty: no PEM certificates"),
        ({"client_ca_file": "pipe"}, "client_ca_file: DIR/pipe: not a regular file"),
        ({"key_file": "pipe"}, "key_file: DIR/pipe: not a regular file"),
        ({"cert_file": "a\0b"}, "cert_file: DIR/a\0b: there cannot be such a path"),
        ({"client_ca": ""}, "client_ca: no PEM certificates"),
        ({"client_ca": "nonsense"}, "client_ca: no PEM certificates"),
        ({"client_ca": "ünsinn"}, "client_ca: no PEM certificates"),
        ({"key_file": "locked.key"}, "key_file: is encrypted, and nobody is there to be asked"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_key(
    directory: pathlib.Path, settings: dict[str, Any], said: str
) -> None:
    paths = {key: directory / value for key, value in settings.items() if key.endswith("_file")}
    with pytest.raises(ConfigError) as error:
        server_tls(config(directory, **settings | paths))
    assert str(error.value).replace(str(directory), "DIR") == f"tls_server_config.{said}"


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({"key_file": "other.key"}, "DIR/server.crt and DIR/other.key"),
        ({"cert_file": "nonsense"}, "DIR/nonsense and DIR/server.key"),
    ],
)
def test_a_pair_that_is_none_is_named(directory: pathlib.Path, settings: dict[str, str], files: str) -> None:
    with pytest.raises(ConfigError) as error:
        server_tls(config(directory, **{key: directory / value for key, value in settings.items()}))
    said = str(error.value).replace(str(directory), "DIR")
    assert said.startswith(f"tls_server_config: {files}: no PEM certificate and a key that belongs to it (")


def test_a_key_in_the_configuration_that_is_none_is_not_shown(directory: pathlib.Path) -> None:
    with pytest.raises(ConfigError) as error:
        server_tls(TlsServerConfig(cert_file=directory / "server.crt", key="SECRET"))
    assert "SECRET" not in str(error.value)
    assert f"{directory}/server.crt and inline: " in str(error.value)


def test_what_openssl_on_this_machine_does_not_take_is_an_error_of_the_configuration(
    directory: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tls._CIPHERS, GCM, "NO-SUCH-CIPHER")
    with pytest.raises(ConfigError, match=r"^tls_server_config: .*[Nn]o.cipher"):
        server_tls(config(directory, cipher_suites=(GCM,)))
    with pytest.raises(ConfigError, match="^tls_server_config: .*surrogates not allowed"):
        server_tls(config(directory, client_ca="\ud800", client_auth_type=ClientAuth.VERIFY))


SHOWN = {
    "subject": ((("commonName", "prometheus.example"),),),
    "subjectAltName": (
        ("DNS", "*.example"),
        ("IP Address", "FD00:0:0:0:0:0:0:1"),
        ("URI", "spiffe://cluster/prometheus"),
        ("email", "scraper@example.com"),
    ),
}


@pytest.mark.parametrize(
    ("allowed", "admitted"),
    [
        ("*.example", True),
        ("fd00::1", True),
        ("spiffe://cluster/prometheus", True),
        ("scraper@example.com", True),
        ("prometheus.example", False),  # the common name, and what the wildcard stands for
        ("fd00::2", False),
    ],
)
def test_a_client_is_admitted_by_one_exact_subject_alternative_name(
    directory: pathlib.Path, allowed: str, admitted: bool
) -> None:
    made = server_tls(config(directory, client_allowed_sans=("x", allowed)))
    assert made.admits(SHOWN) is admitted
    assert not made.admits({})
    assert not made.admits(None)


def test_without_a_list_every_client_is_admitted() -> None:
    assert ServerTls(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)).admits(None)
