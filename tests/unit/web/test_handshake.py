"""TLS clients of all kinds, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import os
import pathlib
import socket
import ssl
import threading
from collections.abc import Callable

import pytest
import trustme
from cryptography import x509

from calicometrics.web.connections import Connections
from calicometrics.web.handshake import Door
from calicometrics.web.limits import Limits

from .certificates import CLIENT_NAMES, trusting, write_authority, write_pair, write_pair_with
from .front import PATIENCE, Front, until_closed, wait_until

Serve = Callable[..., Front]

PAIR = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
MUTUAL = PAIR + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"
GET = b"GET /-/healthy HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: pathlib.Path, authority: trustme.CA) -> pathlib.Path:
    """A directory with the server's pair, a client's, and the authority's certificate."""
    write_pair(tmp_path, authority)
    write_pair(tmp_path, authority, "client", *CLIENT_NAMES)
    write_authority(tmp_path, authority)
    return tmp_path


@pytest.fixture
def secure(serve: Serve, files: pathlib.Path) -> Callable[..., Front]:
    """Start a front with a web configuration beside the certificates."""

    def start(text: str, limits: Limits | None = None) -> Front:
        (files / "web.yml").write_text(text)
        return serve(web_config=files / "web.yml", limits=limits)

    return start


def fetch(front: Front, context: ssl.SSLContext, path: str = "/-/healthy") -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", front.port, timeout=PATIENCE, context=context)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def refused(front: Front, context: ssl.SSLContext) -> bool:
    """Whether a client gets no answer: with TLS 1.3, it learns that only when it reads."""
    try:
        fetch(front, context)
    except OSError:
        return True
    return False


def serial(front: Front, context: ssl.SSLContext) -> str:
    """The serial number of the certificate that the front shows."""
    with front.connect() as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
        return str(client.getpeercert()["serialNumber"])  # type: ignore[index]  # it has been verified


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_pages_are_served_over_tls(
    secure: Callable[..., Front], authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    front = secure(PAIR)
    context = trusting(authority)
    context.minimum_version = context.maximum_version = version
    assert fetch(front, context) == (200, b"healthy\n")
    status, body = fetch(front, context, "/metrics")
    assert status == 200
    assert b"bird_up{" in body


def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered(
    secure: Callable[..., Front], authority: trustme.CA
) -> None:
    """The client's last words of the handshake and its request are one write."""
    front = secure(PAIR)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(authority).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with front.connect() as plain:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65536))
        client.write(GET)
        plain.sendall(outgoing.read())
        answer = b""
        with contextlib.suppress(ssl.SSLZeroReturnError, ssl.SSLEOFError):
            while not answer.endswith(b"healthy\n"):
                try:
                    answer += client.read()
                except ssl.SSLWantReadError:
                    incoming.write(plain.recv(65536))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_http_1_1_is_what_is_agreed_on(secure: Callable[..., Front], authority: trustme.CA) -> None:
    context = trusting(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    front = secure(PAIR + "http_server_config: {http2: true}\n")
    with front.connect() as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
        assert client.selected_alpn_protocol() == "http/1.1"


def test_who_speaks_no_tls_or_leaves_in_the_middle_is_gone_and_not_logged(
    secure: Callable[..., Front], authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    front = secure(PAIR)
    for words in (GET, b"\x16\x03\x01\x02\x00\x01", b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", b"nonsense"):
        with front.connect(words) as client:
            client.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1" not in until_closed(client)
    assert refused(front, ssl.create_default_context())  # which does not trust the front
    assert fetch(front, trusting(authority))[0] == 200
    wait_until(lambda: not list(front.server._connections))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_silent_client_is_gone_at_the_handshakes_deadline(secure: Callable[..., Front]) -> None:
    front = secure(PAIR, Limits(header_timeout=0.3))
    assert front.raw(b"") == b""
    assert front.raw(b"\x16\x03\x01\x02\x00") == b""
    wait_until(lambda: not list(front.server._connections))


def test_clients_in_their_handshake_count_as_connections_and_make_room(
    secure: Callable[..., Front], authority: trustme.CA
) -> None:
    front = secure(PAIR, Limits(connections=3))
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(front.connect()) for _ in range(10)]
        for client in silent[:7]:
            assert until_closed(client) == b""
        assert len(list(front.server._connections)) == 3
        assert fetch(front, trusting(authority)) == (200, b"healthy\n")


def test_who_takes_nothing_of_what_waits_below_tls_is_cut_off(
    serve: Serve, files: pathlib.Path, authority: trustme.CA
) -> None:
    """TLS has passed everything on; what the client does not take waits in the connection that carries it."""
    (files / "web.yml").write_text(PAIR)
    front = serve(
        web_config=files / "web.yml", html_page=lambda taken: "x" * 300_000, limits=Limits(taking_timeout=0.3)
    )
    front.server._sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # connections inherit it
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", front.port))
        with trusting(authority).wrap_socket(plain, server_hostname="127.0.0.1") as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n")
            wait_until(lambda: front.exporter.timeouts and not list(front.server._connections))


def test_a_newcomer_is_turned_away_while_every_connection_is_busy(
    secure: Callable[..., Front], authority: trustme.CA
) -> None:
    front = secure(PAIR, Limits(connections=1))
    front.exporter.go.clear()
    answers: list[tuple[int, bytes]] = []
    scrape = threading.Thread(target=lambda: answers.append(fetch(front, trusting(authority), "/metrics")))
    scrape.start()
    assert front.exporter.asked.wait(PATIENCE)
    assert front.raw(b"") == b""
    front.exporter.go.set()
    scrape.join()
    assert answers[0][0] == 200


def test_closing_ends_a_handshake_at_once(secure: Callable[..., Front]) -> None:
    front = secure(PAIR)
    with front.connect() as silent, front.connect(b"\x16\x03\x01\x02\x00") as halfway:
        wait_until(lambda: len(list(front.server._connections)) == 2)
        front.server.close()
        assert until_closed(silent) == until_closed(halfway) == b""


def test_a_client_shows_a_certificate_that_is_signed_as_it_should_be(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA
) -> None:
    stranger = trustme.CA()
    write_pair(files, stranger, "stranger", *CLIENT_NAMES)
    front = secure(MUTUAL)
    assert fetch(front, trusting(authority, files / "client"))[0] == 200
    assert refused(front, trusting(authority))
    assert refused(front, trusting(authority, files / "stranger"))


def test_a_certificate_that_need_not_be_shown_has_to_be_good_when_it_is(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA
) -> None:
    write_pair(files, trustme.CA(), "stranger", *CLIENT_NAMES)
    front = secure(MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"))
    assert fetch(front, trusting(authority, files / "client"))[0] == 200
    assert fetch(front, trusting(authority))[0] == 200
    assert refused(front, trusting(authority, files / "stranger"))


@pytest.mark.parametrize("name", CLIENT_NAMES)
def test_one_allowed_name_lets_a_client_in(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA, name: str
) -> None:
    front = secure(f"{MUTUAL}  client_allowed_sans: [elsewhere.example, '{name}']\n")
    assert fetch(front, trusting(authority, files / "client"))[0] == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_an_allowed_name_a_client_is_not_let_in(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    front = secure(f"{MUTUAL}  client_allowed_sans: [example, 10.0.0.2]\n")
    context = trusting(authority, files / "client")
    context.minimum_version = context.maximum_version = version
    assert refused(front, context)
    wait_until(lambda: not list(front.server._connections))


@pytest.mark.parametrize(("names", "admitted"), [((), False), ((x509.DNSName("prometheus"),), True)])
def test_a_name_that_is_no_text_neither_lets_a_client_in_nor_keeps_it_out(
    secure: Callable[..., Front],
    files: pathlib.Path,
    authority: trustme.CA,
    names: tuple[x509.GeneralName, ...],
    admitted: bool,
) -> None:
    directory = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "prometheus")]))
    write_pair_with(
        files, authority, "odd", directory, x509.RegisteredID(x509.ObjectIdentifier("1.2.3")), *names
    )
    front = secure(f"{MUTUAL}  client_allowed_sans: [prometheus]\n")
    assert refused(front, trusting(authority, files / "odd")) is not admitted
    wait_until(lambda: not list(front.server._connections))


def test_whatever_goes_wrong_in_a_handshake_ends_the_connection_and_is_told(
    secure: Callable[..., Front],
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("out of order")

    front = secure(PAIR)
    monkeypatch.setattr("calicometrics.web.tls.ServerTls.admits", broken)
    assert refused(front, trusting(authority))
    wait_until(lambda: not list(front.server._connections))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "a connection failed: RuntimeError: out of order"
    ]


def test_what_comes_along_with_the_handshake_is_bounded() -> None:
    class Plain(asyncio.Transport):
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    door = Door(Connections(Limits(early_size=10)), None, None)  # type: ignore[arg-type]  # neither is asked
    door.transport = plain = Plain()
    door.data_received(b"x" * 10)
    assert not plain.aborted
    door.data_received(b"x")
    assert plain.aborted


def test_a_new_certificate_is_shown_to_the_next_client(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA
) -> None:
    front = secure(PAIR)
    context = trusting(authority)
    before = serial(front, context)
    assert serial(front, context) == before
    write_pair(files, authority)
    assert serial(front, context) != before


def test_a_pair_that_does_not_fit_leaves_the_one_before(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    front = secure(PAIR)
    context = trusting(authority)
    before = serial(front, context)
    key = (files / "server.key").read_bytes()
    write_pair(files, authority)
    good = (files / "server.key").read_bytes()
    (files / "server.key").write_bytes(key)
    assert [serial(front, context) for _ in range(3)] == [before] * 3
    complaints = [record for record in caplog.records if "web configuration refused" in record.getMessage()]
    assert len(complaints) == 1
    (files / "server.key").write_bytes(good)
    assert serial(front, context) != before


def test_a_changed_authority_counts_for_the_next_client(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA
) -> None:
    front = secure(MUTUAL)
    context = trusting(authority, files / "client")
    assert fetch(front, context)[0] == 200
    write_authority(files, trustme.CA())
    assert refused(front, context)


def test_tls_can_begin_while_the_front_runs_and_cannot_end(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA
) -> None:
    front = secure("")
    assert front.get("/-/healthy").status == 200
    (files / "web.yml").write_text(PAIR)
    assert fetch(front, trusting(authority))[0] == 200
    (files / "web.yml").write_text("")
    assert fetch(front, trusting(authority))[0] == 200
    assert front.raw(GET)[:4] != b"HTTP"


def test_handshakes_leave_no_descriptor(
    secure: Callable[..., Front], files: pathlib.Path, authority: trustme.CA
) -> None:
    front = secure(MUTUAL)
    good, bad = trusting(authority, files / "client"), trusting(authority)

    def round_trip() -> None:
        fetch(front, good)
        refused(front, bad)
        front.raw(b"nonsense")
        wait_until(lambda: not list(front.server._connections))

    round_trip()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        write_pair(files, authority)
        round_trip()
    assert len(os.listdir("/proc/self/fd")) == before
