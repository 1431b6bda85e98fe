"""HttpSource against real servers: pages, refusals, faults, deadlines, and nothing left behind."""

import contextlib
import gzip
import os
import socket
import threading
import time
import zlib

import pytest

from calicometrics import __version__
from calicometrics.errors import ConfigError, SourceError
from calicometrics.sources import HttpSource
from calicometrics.testing.endpoint import FakeEndpoint

PAGE = "# TYPE felix_resync_state gauge\nfelix_resync_state 3\n"


@contextlib.contextmanager
def answering(data):
    """A server that reads one request and answers with these bytes, then closes; yields URL and received bytes."""
    received = []

    def serve():
        peer, _ = listener.accept()
        with peer:
            request = b""
            while b"\r\n\r\n" not in request and (chunk := peer.recv(65536)):
                request += chunk
            received.append(request)
            with contextlib.suppress(OSError):
                peer.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/metrics", received
        finally:
            thread.join()


def failure(url, **options):
    with pytest.raises(SourceError) as caught:
        HttpSource(url, **{"timeout": 20, **options}).read()
    message = str(caught.value)
    assert message.startswith(f"{url}: ")
    return message.removeprefix(f"{url}: ")


def answer(body, *headers, status="200 OK"):
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body


class TestGoodAnswers:
    def test_the_page_is_what_the_server_sent(self):
        with FakeEndpoint(PAGE) as endpoint:
            assert HttpSource(endpoint.url).read() == PAGE

    def test_every_read_asks_anew(self):
        numbers = iter(range(1, 3))
        with FakeEndpoint(lambda: f"n {next(numbers)}\n") as endpoint:
            source = HttpSource(endpoint.url)
            assert [source.read(), source.read()] == ["n 1\n", "n 2\n"]

    def test_the_request_asks_for_text_and_gzip_and_says_who_asks(self):
        with FakeEndpoint(PAGE) as endpoint:
            HttpSource(f"{endpoint.url}?name=a%20b&x#fragment").read()
        (request,) = endpoint.requests
        assert (request.method, request.target) == ("GET", "/metrics?name=a%20b&x")
        assert request.headers == {
            "host": endpoint.url.split("/")[2],
            "user-agent": f"calicometrics/{__version__}",
            "accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
            "accept-encoding": "gzip",
            "connection": "close",
        }

    def test_a_url_without_a_path_asks_for_the_root(self):
        with FakeEndpoint(PAGE) as endpoint:
            HttpSource(endpoint.url.removesuffix("/metrics")).read()
        assert endpoint.requests[0].target == "/"

    def test_given_headers_are_added_and_replace_ours(self):
        with FakeEndpoint(PAGE) as endpoint:
            HttpSource(endpoint.url, headers=[("X-Tenant", "a"), ("User-Agent", "mine")]).read()
        assert endpoint.requests[0].headers["x-tenant"] == "a"
        assert endpoint.requests[0].headers["user-agent"] == "mine"

    @pytest.mark.parametrize(
        "data",
        [
            answer(b"a 1\n", "Content-Length: 4"),
            answer(b"4\r\na 1\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
            answer(b"a 1\n", "Connection: close"),
            b"HTTP/1.0 200 OK\r\n\r\na 1\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" + answer(b"a 1\n", "Content-Length: 4"),
            answer(gzip.compress(b"a 1\n"), "Content-Encoding: gzip"),
            answer(gzip.compress(b"a 1\n"), "Content-Encoding: x-gzip"),
            answer(gzip.compress(b"a ") + gzip.compress(b"1\n"), "Content-Encoding: GZIP"),
            answer(b"a 1\n", "Content-Encoding: identity"),
        ],
        ids=["length", "chunked", "close", "1.0", "hints", "gzip", "x-gzip", "two gzip members", "identity"],
    )
    def test_every_framing_of_http_is_read(self, data):
        with answering(data) as (url, _):
            assert HttpSource(url).read() == "a 1\n"

    def test_an_empty_body_is_a_text_compressed_or_not(self):
        for data in (
            answer(b"", "Content-Length: 0"),
            answer(gzip.compress(b""), "Content-Encoding: gzip"),
        ):
            with answering(data) as (url, _):
                assert HttpSource(url).read() == ""

    def test_bytes_that_are_no_utf8_cost_themselves_only(self):
        with FakeEndpoint('a{b="é"} 1\nc{d="'.encode() + b'\xff"} 2\n') as endpoint:
            assert HttpSource(endpoint.url).read() == 'a{b="é"} 1\nc{d="\ufffd"} 2\n'

    def test_a_page_may_be_exactly_as_large_as_allowed(self):
        with FakeEndpoint("x" * 1000) as endpoint:
            assert len(HttpSource(endpoint.url, max_page=1000).read()) == 1000

    def test_no_proxy_of_the_environment_is_used(self, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        with FakeEndpoint(PAGE) as endpoint:
            assert HttpSource(endpoint.url).read() == PAGE


class TestRefusals:
    def test_another_status_is_an_error_with_the_first_line_of_the_body(self):
        with answering(answer(b"\n  no such page \nmore\n", status="404 Not Found")) as (url, _):
            assert failure(url) == 'headers: the server answered 404 Not Found: "no such page"'

    def test_a_page_of_html_with_503_is_an_error(self):
        with FakeEndpoint(PAGE, fault="unavailable") as endpoint:
            assert (
                failure(endpoint.url)
                == 'headers: the server answered 503 Service Unavailable: "<!DOCTYPE html>"'
            )

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (b"", ["Content-Length: 0"]),
            (b"half", ["Content-Length: 8"]),
            (b"no gzip", ["Content-Encoding: gzip"]),
        ],
    )
    def test_the_status_is_reported_even_if_the_body_is_bad(self, body, headers):
        with answering(answer(body, *headers, status="500 Oops")) as (url, _):
            assert failure(url) == 'headers: the server answered 500 "Oops"'

    def test_a_quoted_line_is_short_and_has_no_control_characters(self):
        with answering(answer(b"\x1b[2J\x07" + b"x" * 5000, status="500 Oops")) as (url, _):
            assert failure(url) == 'headers: the server answered 500 "Oops": " [2J ' + "x" * 195 + '…"'

    def test_a_redirect_is_named_and_not_followed(self):
        with FakeEndpoint(PAGE, fault="redirect") as endpoint:
            assert failure(endpoint.url) == (
                'headers: the server answered 302 Found, a redirect to "/elsewhere", which is not followed'
            )
        assert len(endpoint.requests) == 1

    def test_a_redirect_does_not_show_the_passwords_of_its_target(self):
        with answering(answer(b"", "Location: https://me:secret@host/a@b", status="301 Moved")) as (url, _):
            assert 'a redirect to "https://host/a@b", which' in failure(url)

    def test_an_encoding_that_was_not_asked_for_is_an_error(self):
        with answering(answer(b"x", "Content-Encoding: br", "Content-Length: 1")) as (url, _):
            assert failure(url) == "body: the answer has Content-Encoding 'br'; only gzip was asked for"

    def test_what_is_not_gzip_is_no_page(self):
        with answering(answer(b"a 1\n", "Content-Encoding: gzip", "Content-Length: 4")) as (url, _):
            assert failure(url).startswith("body: the answer is not the gzip that it says it is: ")

    def test_gzip_without_a_byte_is_cut(self):
        with answering(answer(b"", "Content-Length: 0", "Content-Encoding: gzip")) as (url, _):
            with pytest.raises(SourceError, match="body: the gzip stream was cut after 0 bytes"):
                HttpSource(url).read()

    def test_a_gzip_stream_with_a_wrong_checksum_is_no_page(self):
        data = bytearray(gzip.compress(b"a 1\n" * 100))
        data[-5] ^= 1
        with answering(answer(bytes(data), "Content-Encoding: gzip")) as (url, _):
            assert failure(url).startswith("body: the answer is not the gzip that it says it is: ")

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "headers: the answer was cut: connection closed"),
            (b"HTTP/1.1 200 OK\r\nContent-", "headers: the answer was cut: connection closed"),
            (
                answer(b"a 1\n", "Content-Length: 9"),
                "body: the answer was cut: connection closed after 4 bytes",
            ),
            (
                answer(gzip.compress(b"a 1\n")[:-4], "Content-Encoding: gzip"),
                "body: the gzip stream was cut after 20 bytes",
            ),
            (b"220 smtp.example ESMTP\r\n\r\n", "headers: the answer is no good HTTP: illegal status line"),
            (answer(b"", "Content-Length: nine"), "headers: the answer is no good HTTP: bad Content-Length"),
            (
                answer(b"zz\r\n", "Transfer-Encoding: chunked"),
                "body: the answer is no good HTTP: illegal chunk header",
            ),
            (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "headers: the answer is no good HTTP: "),
        ],
        ids=["nothing", "header", "body", "gzip", "no HTTP", "length", "chunk", "endless header"],
    )
    def test_an_answer_that_is_cut_or_malformed_is_an_error(self, data, reason):
        with answering(data) as (url, _):
            assert failure(url).startswith(reason)

    @pytest.mark.parametrize("fault", ["cut", "cut-chunked"])
    def test_a_body_that_is_cut_is_an_error_and_not_half_a_page(self, fault):
        with FakeEndpoint(PAGE * 100, fault=fault) as endpoint:
            assert failure(endpoint.url).startswith("body: the answer was cut: connection closed after ")

    def test_a_page_that_is_too_large_is_an_error(self):
        with FakeEndpoint("x" * 1001) as endpoint:
            assert failure(endpoint.url, max_page=1000) == "body: the page is larger than 1000 bytes"

    def test_a_page_that_is_too_large_as_sent_is_an_error(self):
        with answering(answer(b"x" * 1001, "Content-Length: 1001")) as (url, _):
            assert failure(url, max_page=1000) == "body: the page is larger than 1000 bytes"

    def test_gzip_members_without_content_do_not_go_on_for_ever(self):
        with answering(answer(gzip.compress(b"") * 100, "Content-Encoding: gzip")) as (url, _):
            assert failure(url, max_page=1000) == "body: the page is larger than 1000 bytes"

    def test_a_gzip_bomb_is_found_out_before_it_is_in_memory(self, monkeypatch):
        sizes = []
        real = zlib.decompressobj

        class Counting:
            def __init__(self, *args):
                self._member = real(*args)

            def decompress(self, data, step):
                out = self._member.decompress(data, step)
                sizes.append(len(out))
                return out

            def __getattr__(self, name):
                return getattr(self._member, name)

        monkeypatch.setattr(zlib, "decompressobj", Counting)
        limit = 8 * 1024 * 1024
        with FakeEndpoint(PAGE, fault="bomb") as endpoint:
            assert failure(endpoint.url, max_page=limit) == f"body: the page is larger than {limit} bytes"
        assert limit < sum(sizes) <= limit + 1024 * 1024


class TestDeadline:
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ("hang", "headers: timeout"),
            ("hang-mid", "body: timeout after "),
            ("drip", "headers: timeout"),
        ],
    )
    def test_a_server_that_stalls_costs_the_timeout_and_no_more(self, fault, reason):
        with FakeEndpoint(PAGE * 100, fault=fault) as endpoint:
            began = time.monotonic()
            assert failure(endpoint.url, timeout=0.3).startswith(reason)
            assert 0.3 <= time.monotonic() - began < 3

    def test_a_body_that_drips_ends_at_the_deadline(self):
        stop = threading.Event()

        def drip(listener):
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while not stop.wait(0.02):
                    peer.sendall(b"#")

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=drip, args=(listener,))
            thread.start()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            assert failure(url, timeout=0.3).startswith("body: timeout after ")
            stop.set()
            thread.join()

    def test_a_server_that_does_not_take_the_request_costs_the_timeout(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            large = [("X-Large", "x" * (32 << 20))]
            assert failure(url, timeout=0.5, headers=large) == "send: timeout"

    def test_an_answer_that_comes_before_the_request_is_read_is_reported(self):
        def refuse(listener):
            peer, _ = listener.accept()
            with peer:
                peer.sendall(answer(b"go away\n", "Content-Length: 8", status="431 Too Large"))
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(1 << 20):
                    pass

        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=refuse, args=(listener,))
            thread.start()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            assert failure(url, headers=[("X-Large", "x" * (1 << 20))]) == (
                'headers: the server answered 431 "Too Large": "go away"'
            )
            thread.join()

    def test_the_callers_deadline_cuts_the_timeout_shorter(self):
        with FakeEndpoint(PAGE, fault="hang") as endpoint:
            began = time.monotonic()
            with pytest.raises(SourceError, match="headers: timeout"):
                HttpSource(endpoint.url, timeout=60).read(began + 0.2)
            assert time.monotonic() - began < 10

    def test_the_callers_deadline_does_not_make_the_timeout_longer(self):
        with FakeEndpoint(PAGE, fault="hang") as endpoint:
            began = time.monotonic()
            with pytest.raises(SourceError, match="headers: timeout"):
                HttpSource(endpoint.url, timeout=0.2).read(began + 60)
            assert time.monotonic() - began < 10

    def test_a_deadline_that_is_over_asks_nobody(self):
        with FakeEndpoint(PAGE) as endpoint:
            with pytest.raises(SourceError, match="resolve: timeout"):
                HttpSource(endpoint.url).read(time.monotonic() - 1)
        assert endpoint.requests == []


class TestAddresses:
    def test_nobody_listening_is_an_error_of_connect(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert failure(f"http://127.0.0.1:{port}/") == "connect: connection refused"

    def test_a_connection_that_is_closed_at_once_is_an_error(self):
        with FakeEndpoint(PAGE, fault="refuse") as endpoint:
            assert failure(endpoint.url).startswith(("headers: ", "send: "))

    def test_a_name_is_resolved(self):
        with FakeEndpoint(PAGE) as endpoint:
            source = HttpSource(endpoint.url.replace("127.0.0.1", "localhost"))
            assert [source.read(), source.read()] == [PAGE, PAGE]
        assert endpoint.requests[0].headers["host"].startswith("localhost:")

    def test_a_page_is_read_over_ipv6(self):
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
            port = listener.getsockname()[1]

            def serve():
                peer, _ = listener.accept()
                with peer:
                    assert f"\r\nHost: [::1]:{port}\r\n".lower().encode() in peer.recv(65536).lower()
                    peer.sendall(answer(b"a 1\n", "Content-Length: 4"))

            thread = threading.Thread(target=serve)
            thread.start()
            assert HttpSource(f"http://[::1]:{port}/").read() == "a 1\n"
            thread.join()

    def resolves_to(self, monkeypatch, *addresses):
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda _host, port, **_: [(socket.AF_INET, 1, 6, "", (one, port)) for one in addresses],
        )

    def test_the_next_address_is_tried_when_one_refuses(self, monkeypatch):
        with FakeEndpoint(PAGE) as endpoint:
            self.resolves_to(monkeypatch, "127.0.0.2", "127.0.0.1")
            assert HttpSource(endpoint.url.replace("127.0.0.1", "two.test")).read() == PAGE

    def test_an_address_that_does_not_answer_leaves_time_for_the_next(self, monkeypatch):
        with FakeEndpoint(PAGE) as endpoint, contextlib.ExitStack() as stack:
            port = int(endpoint.url.split(":")[2].split("/")[0])
            silent = stack.enter_context(socket.create_server(("127.0.0.2", port), backlog=0))
            # A backlog of 0 holds one connection; the kernel drops the packets of the next.
            stack.enter_context(socket.create_connection(silent.getsockname()))
            self.resolves_to(monkeypatch, "127.0.0.2", "127.0.0.1")
            assert HttpSource(endpoint.url.replace("127.0.0.1", "two.test"), timeout=2).read() == PAGE

    def test_the_reasons_of_all_addresses_are_named(self, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.resolves_to(monkeypatch, "127.0.0.2", "127.0.0.3")
        assert failure(f"http://two.test:{port}/") == (
            "connect: 127.0.0.2: connection refused; 127.0.0.3: connection refused"
        )

    def test_a_name_that_nobody_knows_is_an_error_of_resolve(self):
        assert failure(f"http://{'a' * 64}.test/").startswith("resolve: ")

    def test_a_name_is_looked_up_again_when_no_thread_could_be_started(self, monkeypatch):
        def fail(_):
            raise RuntimeError("can't start new thread")

        with FakeEndpoint("a 1\n") as endpoint:
            source = HttpSource(endpoint.url.replace("127.0.0.1", "localhost"))
            with monkeypatch.context() as patched:
                patched.setattr(threading.Thread, "start", fail)
                with pytest.raises(SourceError, match="resolve: can't start new thread"):
                    source.read()
            assert source.read() == "a 1\n"

    def test_a_resolver_that_hangs_costs_the_timeout_and_one_thread(self, monkeypatch):
        called, release = [], threading.Event()
        address = []

        def hang(host, port, **_):
            called.append(host)
            release.wait()
            return [(socket.AF_INET, 1, 6, "", address[0])]

        with FakeEndpoint(PAGE) as endpoint:
            host, port = endpoint.url.split("/")[2].split(":")
            address.append((host, int(port)))
            monkeypatch.setattr(socket, "getaddrinfo", hang)
            source = HttpSource(endpoint.url.replace(host, "slow.test"), timeout=0.05)
            try:
                for _ in range(5):
                    with pytest.raises(SourceError, match="slow.test:.*resolve: timeout"):
                        source.read()
                assert called == ["slow.test"]
                assert sum(thread.name == "resolve slow.test" for thread in threading.enumerate()) == 1
            finally:
                release.set()
            source.timeout = 20
            assert source.read() == PAGE


class TestSecrets:
    def test_user_info_is_sent_and_never_shown(self):
        with FakeEndpoint(PAGE, status=401) as endpoint:
            url = endpoint.url.replace("//", "//scraper:s%C3%A9cret%40@")
            source = HttpSource(url)
            with pytest.raises(SourceError) as caught:
                source.read()
        # printf 'scraper:sécret@' | base64
        assert endpoint.requests[0].headers["authorization"] == "Basic c2NyYXBlcjpzw6ljcmV0QA=="
        for text in (repr(source), str(source), str(caught.value), source.url):
            assert "scraper" not in text
            assert "cret" not in text
            assert endpoint.url in text

    def test_a_given_authorization_wins(self):
        with FakeEndpoint(PAGE) as endpoint:
            url = endpoint.url.replace("//", "//a:b@")
            source = HttpSource(url, headers=[("Authorization", "Bearer token")])
            source.read()
        assert endpoint.requests[0].headers["authorization"] == "Bearer token"
        assert "token" not in repr(source)

    def test_a_header_that_is_none_is_named_without_its_value(self):
        for value in ("sec\nret", "sécret"):
            with pytest.raises(ConfigError, match="http://a/: of the headers x-token one") as caught:
                HttpSource("http://a/", headers=[("X-Token", value)])
            assert "ret" not in str(caught.value).replace("characters", "")
            assert caught.value.__suppress_context__

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "'' is no usable URL: the scheme has to be http or https"),
            ("ftp://a/", "'ftp://a/' is no usable URL: the scheme has to be http or https"),
            ("127.0.0.1:9091", "'127.0.0.1:9091' is no usable URL: the scheme has to be http or https"),
            ("http:///metrics", "'http:///metrics' is no usable URL: it has no host"),
            ("http://a:0/", "'http://a:0/' is no usable URL: no server has port 0"),
            ("http://a:65536/", "'http://a:65536/' is no usable URL: its host or port is malformed"),
            ("http://[::1/", "'http://[::1/' is no usable URL: its host or port is malformed"),
            ("http://u:pa/ss@a/", "'http://a/' is no usable URL: its host or port is malformed"),
            ("http://u:[pass]@a/", "'http://a/' is no usable URL: its host or port is malformed"),
            ("http://u:p ss@a/", "'http://a/' is no usable URL: it has blanks"),
            ("http://a/é", "'http://a/é' is no usable URL: it has blanks"),
            ("http://a/\r\nX: y", "is no usable URL: it has blanks"),
        ],
    )
    def test_an_unusable_url_is_an_error_without_its_password(self, url, reason):
        with pytest.raises(ConfigError) as caught:
            HttpSource(url)
        assert reason in str(caught.value)

    def test_an_ipv6_zone_is_used_to_connect_and_not_sent(self):
        from calicometrics.sources.url import Url

        url = Url.parse("http://[fe80::1%25eth0]:9091/metrics")
        assert (url.host, url.authority) == ("fe80::1%eth0", "[fe80::1]:9091")
        assert Url.parse("https://[fe80::1]/").authority == "[fe80::1]"

    def test_a_zone_without_an_interface_is_an_error(self):
        assert failure("http://[fe80::1%25nosuch0]:9091/").startswith("resolve: ")


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def test_a_thousand_reads_that_fail_leave_no_descriptor_and_no_thread():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    before, threads = descriptors(), threading.active_count()
    with FakeEndpoint(PAGE * 20) as endpoint:
        source = HttpSource(endpoint.url, timeout=20)
        cases = [
            (None, HttpSource(f"http://{'a' * 64}.test/", timeout=20)),
            *((fault, source) for fault in ("refuse", "cut", "cut-chunked", "redirect", "unavailable")),
            ("hang-mid", HttpSource(endpoint.url, timeout=0.005)),
            (None, HttpSource(endpoint.url, max_page=10, timeout=20)),
            (None, HttpSource(endpoint.url.replace("http", "https"), timeout=20)),
            (None, HttpSource(f"http://127.0.0.1:{closed}/", timeout=20)),
        ]
        for number in range(1000):
            endpoint.fault, failing = cases[number % len(cases)]
            with pytest.raises(SourceError):
                failing.read()
    assert descriptors() == before
    assert threading.active_count() == threads
