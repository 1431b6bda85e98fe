"""The web configuration file: the exporter beside Prometheus, whose exporter-toolkit defines the format."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs
import bcrypt
import pytest
import trustme

from calicometrics.errors import ConfigError
from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.bird import FakeBird
from calicometrics.web.live_config import LiveConfig
from tests.unit.web.certificates import trusting, write_authority, write_pair

from .lab import wait_for
from .needs import need_program
from .serving import Serving, free_port, get, serve

pytestmark = pytest.mark.integration

DATA = pathlib.Path(__file__).parents[1] / "data"
USER, PASSWORD = "prometheus", "correct horse"
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()

TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
CLIENTS = TLS + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"
PASSWORDS = f"basic_auth_users:\n  {USER}: {HASH}\n"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs everybody's certificates."""
    return trustme.CA()


@pytest.fixture
def keys(tmp_path: pathlib.Path, authority: trustme.CA) -> pathlib.Path:
    """A directory with server.crt, server.key, ca.crt, client.crt and client.key."""
    write_pair(tmp_path, authority)
    write_pair(tmp_path, authority, "client", "scraper.example")
    write_authority(tmp_path, authority)
    return tmp_path


@pytest.fixture
def bird() -> Iterator[str]:
    """The arguments that name a daemon: the founding document's node."""
    replies = {
        "show protocols all": (DATA / "founding/birdc_show_protocols_all.raw").read_bytes(),
        "show status": (DATA / "bird/1.6.8/calico-mixed/show_status.raw").read_bytes(),
    }
    with FakeBird(replies) as daemon:
        yield f"--bird.socket=bird={daemon.path}"


def credentials(name: str = USER, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@contextlib.contextmanager
def prometheus(
    directory: pathlib.Path, config: object, *arguments: str, up: Callable[[int], bool]
) -> Iterator[int]:
    """Run a Prometheus with this configuration until the end of the block; give its port."""
    program = need_program("prometheus", "prometheus")
    port = free_port()
    file = directory / "prometheus.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    process = subprocess.Popen(
        [
            *(program, f"--config.file={file}", f"--storage.tsdb.path={directory}/data"),
            *(f"--web.listen-address=127.0.0.1:{port}", *arguments),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: up(port))
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


# A file, and what both make of it.
ACCEPTED = {
    "nothing": "",
    "TLS": TLS,
    "client certificates": CLIENTS,
    "allowed names": CLIENTS + "  client_allowed_sans: [scraper.example]\n",
    "TLS 1.3 alone": TLS + "  min_version: TLS13\n",
    "a cipher suite": TLS + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n",
    "a curve": TLS + "  curve_preferences: [CurveP256]\n",
    "HTTP/2 off": TLS + "http_server_config:\n  http2: false\n",
    "headers": "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Content-Type-Options: nosniff\n",
    "passwords": PASSWORDS,
}
REFUSED = {
    "no YAML": "a: [",
    "an unknown section": "tls_config: {}\n",
    "an unknown key": TLS + "  certfile: server.crt\n",
    "a certificate without its key": "tls_server_config:\n  cert_file: server.crt\n",
    "a missing certificate": TLS.replace("server.crt", "missing.crt"),
    "a key that is no key": TLS.replace("server.key", "ca.crt"),
    "an authority without clients": TLS + "  client_ca_file: ca.crt\n",
    "a client_auth_type that nobody knows": TLS + "  client_auth_type: Sometimes\n",
    "TLS 9": TLS + "  min_version: TLS99\n",
    "a cipher suite that nobody knows": TLS + "  cipher_suites: [TLS_NOTHING]\n",
    "a curve that nobody knows": TLS + "  curve_preferences: [CurveP1]\n",
    "a header that is not allowed": "http_server_config:\n  headers:\n    Server: calicometrics\n",
    "a value that is not allowed": "http_server_config:\n  headers:\n    X-Frame-Options: maybe\n",
    "text for a flag": "http_server_config:\n  http2: perhaps\n",
    "a password in place of its hash": f"basic_auth_users:\n  {USER}: {PASSWORD}\n",
    "users in a list": f"basic_auth_users:\n  - {USER}\n",
}
# What Prometheus 2.42 takes, and only finds out later or never.
STRICTER = {
    "clients without an authority": TLS + "  client_auth_type: RequireAndVerifyClientCert\n",
    "whoever made a certificate": TLS + "  client_auth_type: RequireAnyClientCert\n",
    "TLS 1.0": TLS + "  min_version: TLS10\n",
    "TLS that ends before it begins": TLS + "  min_version: TLS13\n  max_version: TLS12\n",
}
# Sections that the toolkit has got since.
NEWER = {
    "a rate": "rate_limit:\n  interval: 1s\n  burst: 20\n",
}


def refusal(file: pathlib.Path) -> str | None:
    """Return what is said of a file, or None when it is taken."""
    try:
        LiveConfig(file).close()
    except ConfigError as error:
        return str(error)
    return None


def promtool_takes(file: pathlib.Path) -> bool:
    promtool = need_program("promtool", "prometheus")
    done = subprocess.run([promtool, "check", "web-config", str(file)], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_toolkit_takes_is_taken(keys: pathlib.Path, text: str) -> None:
    file = keys / "web.yml"
    file.write_text(text)
    # This Prometheus is older than allowed names.
    assert promtool_takes(file) or "client_allowed_sans" in text
    assert refusal(file) is None


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_the_toolkit_refuses_is_refused(keys: pathlib.Path, text: str) -> None:
    file = keys / "web.yml"
    file.write_text(text)
    assert not promtool_takes(file)
    assert (refusal(file) or "").startswith(f"{file}: ")


@pytest.mark.parametrize("text", STRICTER.values(), ids=STRICTER)
def test_what_would_not_protect_is_refused_though_the_toolkit_takes_it(keys: pathlib.Path, text: str) -> None:
    file = keys / "web.yml"
    file.write_text(text)
    assert promtool_takes(file)
    assert (refusal(file) or "").startswith(f"{file}: ")


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_what_later_releases_of_the_toolkit_take_is_taken(keys: pathlib.Path, text: str) -> None:
    file = keys / "web.yml"
    file.write_text(text)
    assert refusal(file) is None


@attrs.frozen
class Client:
    """Who comes, and what it gets.

    Attributes:
        status: The answer's; None when there is no connection.
        authorization: The header; None for none.
        shows: Whether it shows its certificate.
    """

    status: int | None
    authorization: str | None = None
    shows: bool = True


CLIENTS_THAT_COME = {
    "with the password": Client(200, credentials()),
    "with another password": Client(401, credentials(password="wrong")),
    "without a password": Client(401),
    "with somebody else's name": Client(401, credentials("somebody")),
    "with a name that ends in the password": Client(401, credentials(USER + HASH, PASSWORD)),
    "with another scheme": Client(401, "Bearer " + PASSWORD),
    "with what is no base64": Client(401, "Basic !"),
    "with a password longer than bcrypt reads": Client(401, credentials(password="x" * 73)),
    "without a certificate": Client(None, credentials(), shows=False),
}


def status(url: str, client: Client, authority: trustme.CA, keys: pathlib.Path) -> int | None:
    """Return what a client gets."""
    context = trusting(authority, keys / "client" if client.shows else None)
    headers = {} if client.authorization is None else {"Authorization": client.authorization}
    try:
        return get(url, context, **headers)[0]
    except OSError:
        return None


def test_clients_get_what_they_get_of_prometheus_itself(
    keys: pathlib.Path, authority: trustme.CA, bird: str
) -> None:
    """Prometheus 2.42 answers the password that is too long as it does other wrong ones."""
    file = keys / "web.yml"
    file.write_text(CLIENTS + PASSWORDS)
    mine = trusting(authority, keys / "client")

    def up(port: int) -> bool:
        with contextlib.suppress(OSError):
            return get(f"https://127.0.0.1:{port}/-/healthy", mine)[0] == 401
        return False

    with (
        prometheus(keys, {}, f"--web.config.file={file}", up=up) as port,
        serve(bird, f"--web.config.file={file}", tls=mine) as serving,
    ):
        for name, client in CLIENTS_THAT_COME.items():
            for url in (f"https://127.0.0.1:{port}/metrics", f"{serving.url}/metrics"):
                assert status(url, client, authority, keys) == client.status, (name, url)
        log = serving.log
    assert PASSWORD not in log
    assert HASH not in log
    assert "Traceback" not in log


def test_prometheus_scrapes_with_certificate_and_password(
    keys: pathlib.Path, authority: trustme.CA, bird: str
) -> None:
    file = keys / "web.yml"
    file.write_text(CLIENTS + "  client_allowed_sans: [scraper.example]\n" + PASSWORDS)
    with serve(bird, f"--web.config.file={file}", tls=trusting(authority, keys / "client")) as serving:
        job = {
            "job_name": "calicometrics",
            "scheme": "https",
            "tls_config": {
                "ca_file": str(keys / "ca.crt"),
                "cert_file": str(keys / "client.crt"),
                "key_file": str(keys / "client.key"),
            },
            "basic_auth": {"username": USER, "password": PASSWORD},
            "static_configs": [{"targets": [serving.url.removeprefix("https://")]}],
        }
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}

        def scraped(port: int) -> bool:
            query = urllib.parse.quote('up{job="calicometrics"} == 1')
            with contextlib.suppress(OSError):
                code, body = get(f"http://127.0.0.1:{port}/api/v1/query?query={query}")
                return code == 200 and json.loads(body)["data"]["result"] != []
            return False

        with prometheus(keys, config, up=scraped):
            pass


def test_a_renewed_certificate_is_shown_without_a_restart(
    keys: pathlib.Path, authority: trustme.CA, bird: str
) -> None:
    (keys / "web.yml").write_text(TLS)
    with serve(bird, f"--web.config.file={keys / 'web.yml'}", tls=trusting(authority)) as serving:

        def serial() -> object:
            host, _, port = serving.url.removeprefix("https://").rpartition(":")
            with (
                socket.create_connection((host, int(port)), timeout=20) as plain,
                trusting(authority).wrap_socket(plain, server_hostname=host) as client,
            ):
                return (client.getpeercert() or {})["serialNumber"]

        before = serial()
        write_pair(keys, authority, "renewed")
        for kind in ("crt", "key"):  # as cert-manager and the kubelet do: a file in place of a file
            (keys / f"renewed.{kind}").replace(keys / f"server.{kind}")
        wait_for(lambda: serial() != before)


def test_a_file_that_is_wrong_ends_the_start_with_one_line(keys: pathlib.Path) -> None:
    (keys / "web.yml").write_text(TLS + "  certfile: server.crt\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "calicometrics", "serve", "--web.listen-address=127.0.0.1:0"),
            f"--web.config.file={keys / 'web.yml'}",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(
        f"{keys / 'web.yml'}: line 4: tls_server_config.certfile: no such key; did you mean cert_file?"
    )
    assert "Traceback" not in done.stderr


SLOW = 200
SCRAPES = 50
DEADLINE = 5.0  # seconds: what each scrape says its timeout is


class Loris(threading.Thread):
    """Sends each client's header a byte at a time, and connects again those that are cut off."""

    def __init__(self, connect: Callable[[], ssl.SSLSocket]) -> None:
        super().__init__(name="loris")
        self._connect = connect
        self.over = threading.Event()
        self.clients = [connect() for _ in range(SLOW)]
        self.sent = 0

    def run(self) -> None:
        while not self.over.wait(0.05):
            for number, client in enumerate(self.clients):
                try:
                    self.sent += client.send(b"x")
                except OSError:
                    client.close()
                    with contextlib.suppress(OSError):
                        self.clients[number] = self._connect()
        for client in self.clients:
            client.close()


@contextlib.contextmanager
def beset(serving: Serving, context: ssl.SSLContext) -> Iterator[Loris]:
    """200 clients whose header never ends, and one that says nothing where a TLS handshake should begin."""
    host, _, port = serving.url.removeprefix("https://").rpartition(":")

    def connect() -> ssl.SSLSocket:
        plain = socket.create_connection((host, int(port)), timeout=20)
        client = context.wrap_socket(plain, server_hostname=host)
        client.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        return client

    loris = Loris(connect)
    with socket.create_connection((host, int(port)), timeout=20):
        loris.start()
        try:
            yield loris
        finally:
            loris.over.set()
            loris.join()


def test_50_scrapes_at_once_are_answered_during_200_slow_loris_clients_and_a_silent_tls_client(
    keys: pathlib.Path, authority: trustme.CA, bird: str
) -> None:
    """Each with a handshake of its own, a password, and its whole page before its timeout."""
    file = keys / "web.yml"
    file.write_text(TLS + PASSWORDS)
    context = trusting(authority)
    arguments = (bird, f"--web.config.file={file}", f"--web.max-requests={SCRAPES}")
    with serve(*arguments, tls=context) as serving, beset(serving, context) as loris:
        host, _, port = serving.url.removeprefix("https://").rpartition(":")
        ready = threading.Barrier(SCRAPES)

        def scrape(_: int) -> tuple[int, float, str]:
            connection = http.client.HTTPSConnection(host, int(port), timeout=20, context=context)
            with contextlib.closing(connection):
                ready.wait()
                began = time.monotonic()
                headers = {
                    "Authorization": credentials(),
                    "X-Prometheus-Scrape-Timeout-Seconds": str(DEADLINE),
                }
                connection.request("GET", "/metrics", headers=headers)
                answer = connection.getresponse()
                body = answer.read().decode()
                return answer.status, time.monotonic() - began, body

        with ThreadPoolExecutor(SCRAPES) as pool:
            answers = list(pool.map(scrape, range(SCRAPES)))
        assert {code for code, _, _ in answers} == {200}
        assert max(took for _, took, _ in answers) < DEADLINE
        assert all(parse_exposition(body) for _, _, body in answers)
        assert loris.sent > 0
        assert "Traceback" not in serving.log
