"""FakeEndpoint, asked by the standard library's client and by bare sockets."""

import contextlib
import gzip
import http.client
import os
import socket
import threading
import urllib.error
import urllib.request
import zlib

import pytest

from calicometrics.testing.endpoint import FAULTS, FakeEndpoint

PAGE = "felix_resync_state 3\n"


def address(endpoint):
    host, _, port = endpoint.url.removeprefix("http://").removesuffix("/metrics").partition(":")
    return host, int(port)


def get(endpoint, **headers):
    with urllib.request.urlopen(urllib.request.Request(endpoint.url, headers=headers), timeout=20) as answer:
        return answer.status, dict(answer.headers), answer.read()


def raw(endpoint, request=b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
    """Everything that the endpoint sends until it ends the connection."""
    data = b""
    with (
        socket.create_connection(address(endpoint), timeout=20) as client,
        contextlib.suppress(ConnectionResetError),
    ):
        client.sendall(request)
        while chunk := client.recv(65536):
            data += chunk
    return data


def test_a_page_is_served_with_its_length_and_the_type_of_the_text_format():
    with FakeEndpoint(PAGE) as endpoint:
        assert get(endpoint) == (
            200,
            {"Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Content-Length": "21"},
            PAGE.encode(),
        )


def test_a_page_may_be_bytes_or_a_function_and_may_change():
    with FakeEndpoint(b"\xff\n") as endpoint:
        assert get(endpoint)[2] == b"\xff\n"
        endpoint.page = lambda: "called\n"
        assert get(endpoint)[2] == b"called\n"


def test_a_client_that_accepts_gzip_gets_gzip():
    with FakeEndpoint(PAGE) as endpoint:
        _, headers, body = get(endpoint, **{"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == PAGE.encode()


def test_status_and_content_type_are_as_given():
    with FakeEndpoint("{}", status=404, content_type="application/json") as endpoint:
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(endpoint)
        with caught.value as error:
            assert (error.code, error.headers["Content-Type"], error.read()) == (
                404,
                "application/json",
                b"{}",
            )


def test_requests_are_recorded_with_header_names_in_lower_case():
    with FakeEndpoint(PAGE) as endpoint:
        get(endpoint, **{"X-Tenant": "a"})
        (request,) = endpoint.requests
        assert (request.method, request.target, request.headers["x-tenant"]) == ("GET", "/metrics", "a")


def test_a_connection_serves_many_requests_and_head_has_no_body():
    with FakeEndpoint(PAGE) as endpoint:
        client = http.client.HTTPConnection(*address(endpoint), timeout=20)
        bodies = []
        for method in ("GET", "HEAD", "GET"):
            client.request(method, "/")
            bodies.append(client.getresponse().read())
        client.close()
        assert bodies == [PAGE.encode(), b"", PAGE.encode()]
        assert [request.method for request in endpoint.requests] == ["GET", "HEAD", "GET"]


def test_another_method_is_refused():
    with FakeEndpoint(PAGE) as endpoint:
        assert raw(endpoint, b"POST / HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 501 ")
    assert endpoint.requests == []


def test_a_page_function_that_raises_is_answered_with_500_and_its_error():
    def fail():
        raise RuntimeError("no page today")

    with FakeEndpoint(fail) as endpoint:
        data = raw(endpoint)
        assert data.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert data.endswith(b"the page failed: RuntimeError('no page today')\n")


def test_an_unknown_fault_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError, match="no fault 'typo': there are refuse, hang, .*, unavailable"):
        FakeEndpoint(PAGE, fault="typo")


class TestFaults:
    def test_refuse_closes_the_connection_at_once(self):
        with FakeEndpoint(PAGE, fault="refuse") as endpoint:
            assert raw(endpoint) == b""
        assert endpoint.requests == []

    def test_hang_reads_the_request_and_sends_nothing(self):
        with FakeEndpoint(PAGE, fault="hang") as endpoint:
            with socket.create_connection(address(endpoint), timeout=20) as client:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                client.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    client.recv(1)
                assert len(endpoint.requests) == 1

    def test_cut_sends_half_the_body_of_the_length_that_it_announced(self):
        with FakeEndpoint("x" * 10, fault="cut") as endpoint:
            header, _, body = raw(endpoint).partition(b"\r\n\r\n")
            assert b"Content-Length: 10" in header
            assert body == b"xxxxx"

    def test_hang_mid_sends_half_the_body_and_stays(self):
        with FakeEndpoint("x" * 10, fault="hang-mid") as endpoint:
            with socket.create_connection(address(endpoint), timeout=20) as client:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                data = b""
                while not data.endswith(b"\r\n\r\nxxxxx"):
                    data += client.recv(65536)
                client.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    client.recv(1)

    def test_cut_chunked_leaves_out_the_last_chunk(self):
        with FakeEndpoint("x" * 10, fault="cut-chunked") as endpoint:
            header, _, body = raw(endpoint).partition(b"\r\n\r\n")
            assert b"Transfer-Encoding: chunked" in header
            assert body == b"a\r\nxxxxxxxxxx\r\n"

    def test_drip_sends_one_byte_at_a_time(self):
        with FakeEndpoint(PAGE, fault="drip") as endpoint:
            with socket.create_connection(address(endpoint), timeout=20) as client:
                client.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert [client.recv(65536) for _ in range(4)] == [b"H", b"T", b"T", b"P"]

    def test_redirect_points_elsewhere(self):
        with FakeEndpoint(PAGE, fault="redirect") as endpoint:
            data = raw(endpoint)
            assert data.startswith(b"HTTP/1.1 302 Found\r\n")
            assert b"\r\nLocation: /elsewhere\r\n" in data

    def test_bomb_is_small_and_swells(self):
        with FakeEndpoint(PAGE, fault="bomb") as endpoint:
            _, _, body = raw(endpoint).partition(b"\r\n\r\n")
            assert len(body) < 2_000_000
            member = zlib.decompressobj(31)
            assert len(member.decompress(body, 50_000_000)) == 50_000_000
            assert len(member.unconsumed_tail) > len(body) * 0.9

    def test_unavailable_is_503_with_html(self):
        with FakeEndpoint(PAGE, fault="unavailable") as endpoint:
            data = raw(endpoint)
            assert data.startswith(b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html")
            assert b"\r\n\r\n<!DOCTYPE html>" in data

    def test_a_fault_can_come_and_go(self):
        with FakeEndpoint(PAGE) as endpoint:
            endpoint.fault = "unavailable"
            assert raw(endpoint).startswith(b"HTTP/1.1 503 ")
            endpoint.fault = None
            assert raw(endpoint).startswith(b"HTTP/1.1 200 ")
            assert endpoint.fault is None


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_closing_ends_every_connection_and_leaves_nothing(fault):
    descriptors, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    endpoint = FakeEndpoint("x" * 100_000, fault=fault)
    with socket.create_connection(address(endpoint), timeout=20) as silent:
        with socket.create_connection(address(endpoint), timeout=20) as asking:
            asking.sendall(b"GET / HTTP/1.1\r\n\r\n")
            if fault != "refuse":
                asking.recv(1 if fault != "hang" else 0)
            endpoint.close()
            endpoint.close()
            with contextlib.suppress(ConnectionError):
                while asking.recv(65536):
                    pass
            with contextlib.suppress(ConnectionError):
                assert silent.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address(endpoint), timeout=20)
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors
