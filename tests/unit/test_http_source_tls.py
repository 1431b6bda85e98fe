"""HttpSource over TLS: who is trusted, who we are, and certificates that change while we run."""

import os
import socket
import ssl
import threading
import warnings

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from calicometrics.errors import ConfigError, SourceError
from calicometrics.sources import HttpSource
from calicometrics.testing.endpoint import FakeEndpoint

PAGE = "felix_resync_state 3\n"


@pytest.fixture(scope="module")
def ca():
    return trustme.CA()


@pytest.fixture
def ca_file(ca, tmp_path):
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return path


def server_context(ca, *names, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    if client_ca is not None:
        client_ca.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def write_client(ca, directory):
    """A client's certificate chain and key, in one file each."""
    issued = ca.issue_cert("exporter.test")
    cert, key = directory / "client.pem", directory / "client.key"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    return cert, key


def test_a_server_whose_certificate_the_ca_signed_is_read(ca, ca_file):
    with FakeEndpoint(PAGE, tls=server_context(ca)) as endpoint:
        assert endpoint.url.startswith("https://127.0.0.1:")
        assert HttpSource(endpoint.url, ca_file=str(ca_file)).read() == PAGE


def test_a_server_that_the_ca_did_not_sign_is_refused(ca, ca_file):
    with FakeEndpoint(PAGE, tls=server_context(trustme.CA())) as endpoint:
        with pytest.raises(
            SourceError, match=r"/metrics: TLS handshake: the server's certificate was refused: .*certificate"
        ):
            HttpSource(endpoint.url, ca_file=ca_file).read()
    assert endpoint.requests == []


def test_the_system_does_not_trust_a_private_ca(ca):
    with FakeEndpoint(PAGE, tls=server_context(ca)) as endpoint:
        with pytest.raises(SourceError, match="TLS handshake: the server's certificate was refused"):
            HttpSource(endpoint.url).read()


def test_a_certificate_for_another_name_is_refused_unless_that_name_is_expected(ca, ca_file):
    with FakeEndpoint(PAGE, tls=server_context(ca, "felix.test")) as endpoint:
        with pytest.raises(SourceError, match="IP address mismatch"):
            HttpSource(endpoint.url, ca_file=ca_file).read()
        assert HttpSource(endpoint.url, ca_file=ca_file, server_name="felix.test").read() == PAGE
        with pytest.raises(SourceError, match="Hostname mismatch"):
            HttpSource(endpoint.url, ca_file=ca_file, server_name="typha.test").read()


def test_the_servers_name_is_sent_so_that_it_can_choose_its_certificate(ca, ca_file):
    asked = []
    context = server_context(ca, "felix.test")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with FakeEndpoint(PAGE, tls=context) as endpoint:
        HttpSource(endpoint.url, ca_file=ca_file, server_name="felix.test").read()
    assert asked == ["felix.test"]


def test_an_intermediate_in_the_ca_file_is_enough(ca, tmp_path):
    intermediate = ca.create_child_ca()
    path = tmp_path / "intermediate.pem"
    intermediate.cert_pem.write_to_path(path)
    with FakeEndpoint(PAGE, tls=server_context(intermediate)) as endpoint:
        assert HttpSource(endpoint.url, ca_file=path).read() == PAGE


def test_a_server_that_asks_for_a_certificate_gets_ours(ca, ca_file, tmp_path):
    cert, key = write_client(ca, tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    with FakeEndpoint(PAGE, tls=server_context(ca, client_ca=ca)) as endpoint:
        assert HttpSource(endpoint.url, ca_file=ca_file, cert_file=cert, key_file=key).read() == PAGE
        assert HttpSource(endpoint.url, ca_file=ca_file, cert_file=both).read() == PAGE


def test_a_server_that_asks_for_a_certificate_and_gets_none_refuses(ca, ca_file):
    with FakeEndpoint(PAGE, tls=server_context(ca, client_ca=ca)) as endpoint:
        with pytest.raises(SourceError, match="headers: tlsv13 alert certificate required"):
            HttpSource(endpoint.url, ca_file=ca_file).read()
    assert endpoint.requests == []


def test_certificates_that_are_replaced_are_used_from_the_next_read_on(ca, tmp_path):
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    new = trustme.CA()
    with FakeEndpoint(PAGE, tls=server_context(new)) as endpoint:
        source = HttpSource(endpoint.url, ca_file=path)
        with pytest.raises(SourceError, match="certificate was refused"):
            source.read()
        new.cert_pem.write_to_path(path)
        assert source.read() == PAGE


def test_a_replacement_that_is_broken_fails_the_read_until_it_is_mended(ca, ca_file):
    with FakeEndpoint(PAGE, tls=server_context(ca)) as endpoint:
        source = HttpSource(endpoint.url, ca_file=ca_file)
        good = ca_file.read_bytes()
        ca_file.write_text("half a file")
        with pytest.raises(SourceError, match=r"TLS handshake: .*/ca.pem: no certificates in PEM"):
            source.read()
        ca_file.unlink()
        with pytest.raises(SourceError, match=r"TLS handshake: .*/ca.pem: no such file or directory"):
            source.read()
        ca_file.write_bytes(good)
        assert source.read() == PAGE


def test_tls_before_1_2_is_not_spoken(ca, ca_file):
    context = server_context(ca)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with FakeEndpoint(PAGE, tls=context) as endpoint:
        with pytest.raises(SourceError, match="TLS handshake: .*protocol version"):
            HttpSource(endpoint.url, ca_file=ca_file).read()


def test_a_server_without_tls_is_named_as_such():
    with FakeEndpoint(PAGE) as endpoint:
        with pytest.raises(SourceError, match="TLS handshake: the server does not speak TLS"):
            HttpSource(endpoint.url.replace("http", "https")).read()


def test_a_server_with_tls_does_not_answer_plain_http(ca):
    with FakeEndpoint(PAGE, tls=server_context(ca)) as endpoint:
        with pytest.raises(SourceError, match="/metrics: headers: "):
            HttpSource(endpoint.url.replace("https", "http")).read()


def test_a_handshake_that_hangs_ends_at_the_deadline(ca_file):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        source = HttpSource(f"https://127.0.0.1:{listener.getsockname()[1]}/", ca_file=ca_file, timeout=0.2)
        with pytest.raises(SourceError, match="TLS handshake: timeout"):
            source.read()


def test_a_body_whose_end_tls_does_not_confirm_is_an_error(ca, ca_file):
    context = server_context(ca)

    def serve(listener):
        peer, _ = listener.accept()
        with context.wrap_socket(peer, server_side=True) as secured:
            secured.recv(65536)
            secured.sendall(b"HTTP/1.1 200 OK\r\n\r\na 1\n")  # and no close_notify behind it

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(
            SourceError, match="body: the connection ended without TLS saying so after 4 bytes"
        ):
            HttpSource(url, ca_file=ca_file).read()
        thread.join()


class TestFiles:
    def test_a_file_that_is_missing_is_named(self, tmp_path):
        for option in ("ca_file", "cert_file"):
            with pytest.raises(ConfigError, match="/missing.pem: no such file or directory"):
                HttpSource("https://a/", **{option: tmp_path / "missing.pem"})

    def test_a_file_without_certificates_is_named(self, tmp_path, ca_file):
        broken = tmp_path / "broken.pem"
        for content in ("", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
            broken.write_text(content)
            with pytest.raises(ConfigError, match="/broken.pem: no certificates in PEM"):
                HttpSource("https://a/", ca_file=broken)
            with pytest.raises(
                ConfigError, match="/broken.pem: no certificate and key in PEM that belong together"
            ):
                HttpSource("https://a/", ca_file=ca_file, cert_file=broken)

    def test_a_key_of_another_certificate_is_refused(self, ca, tmp_path):
        cert, _ = write_client(ca, tmp_path)
        (tmp_path / "other").mkdir()
        _, key = write_client(ca, tmp_path / "other")
        with pytest.raises(ConfigError, match="client.pem and .*/other/client.key: .*key values mismatch"):
            HttpSource("https://a/", cert_file=cert, key_file=key)

    def test_a_key_alone_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match="client.key: a key without a certificate"):
            HttpSource("https://a/", key_file=tmp_path / "client.key")

    def test_an_encrypted_key_is_refused_without_asking_the_terminal(self, ca, tmp_path):
        cert, key = write_client(ca, tmp_path)
        loaded = load_pem_private_key(key.read_bytes(), None)
        key.write_bytes(
            loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
        )
        with pytest.raises(ConfigError, match="client.key: the key is encrypted"):
            HttpSource("https://a/", cert_file=cert, key_file=key)

    def test_a_name_that_is_none_is_refused(self):
        with pytest.raises(ConfigError, match="'.felix' is no name that a certificate can be for"):
            HttpSource("https://a/", server_name=".felix")

    def test_a_plain_url_needs_none_of_the_files(self, tmp_path):
        with FakeEndpoint(PAGE) as endpoint:
            assert HttpSource(endpoint.url, ca_file=tmp_path / "missing.pem").read() == PAGE


def test_handshakes_that_fail_leave_no_descriptor(ca, ca_file):
    before = len(os.listdir("/proc/self/fd"))
    with FakeEndpoint(PAGE, tls=server_context(trustme.CA())) as endpoint:
        source = HttpSource(endpoint.url, ca_file=ca_file)
        for _ in range(50):
            with pytest.raises(SourceError):
                source.read()
    assert len(os.listdir("/proc/self/fd")) == before
