"""Addresses to listen on."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from calicometrics.errors import ConfigError, SourceError
from calicometrics.web import listen as module
from calicometrics.web.listen import address_text, listen, listen_on, parse_listen_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":6502", ("", 6502)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        ("[::1]:6502", ("::1", 6502)),
        ("[fe80::1%eth0]:1", ("fe80::1%eth0", 1)),
        ("node-1.example:65535", ("node-1.example", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, expected: tuple[str, int]) -> None:
    assert parse_listen_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "6502",
        "localhost",
        "localhost:",
        ":65536",
        ":-1",
        "::1:6502",
        "[]:1",
        "http://a:1",
        "a b:1",
        ":6502 ",
    ],
)
def test_what_is_no_address_is_an_error_that_shows_how_one_looks(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected \[HOST\]:PORT, such as :6502 or \[::1\]:6502"):
        listen(text)


def connects(family: socket.AddressFamily, host: str, port: int) -> bool:
    with socket.socket(family) as client:
        return client.connect_ex((host, port)) == 0


def test_no_host_is_every_address_of_both_families() -> None:
    with listen(":0") as listener:
        port = listener.getsockname()[1]
        assert connects(socket.AF_INET, "127.0.0.1", port)
        assert connects(socket.AF_INET6, "::1", port)
        assert address_text(listener) == f"[::]:{port}"


@pytest.mark.parametrize("text", ["127.0.0.1:0", "[::1]:0"])
def test_a_host_is_that_address_alone(text: str) -> None:
    with listen(text) as listener:
        host, port = listener.getsockname()[:2]
        assert port != 0
        assert address_text(listener) == text[:-1] + str(port)
        assert connects(listener.family, host, port)


def test_a_name_is_its_ipv4_address_if_it_has_one() -> None:
    with listen("localhost:0") as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_an_address_in_use_is_named() -> None:
    with listen("127.0.0.1:0") as first:
        text = address_text(first)
        with pytest.raises(SourceError) as error:
            listen(text)
    assert str(error.value) == f"cannot listen on {text}: address already in use"


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(SourceError, match="cannot listen on 192.0.2.1:0: cannot assign requested address"):
        listen("192.0.2.1:0")


def test_a_name_nobody_knows_is_named() -> None:
    with pytest.raises(SourceError, match="cannot listen on nobody.invalid:0: "):
        listen("nobody.invalid:0")


@pytest.mark.parametrize("name", ["a..b", "a" * 70])
def test_a_name_that_is_none_is_named(name: str) -> None:
    with pytest.raises(SourceError, match=f"cannot listen on {name}:1: a name's parts between dots"):
        listen(f"{name}:1")


def test_a_port_that_is_not_permitted_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(
            errno.EACCES, "Permission denied (while attempting to bind on address ('::', 80))"
        )

    monkeypatch.setattr(module.socket, "create_server", refuse)
    with pytest.raises(SourceError) as error:
        listen(":80")
    assert str(error.value) == "cannot listen on :80: permission denied"


@pytest.mark.parametrize("kernel_has_ipv6", [False, True])
def test_without_ipv6_no_host_is_every_ipv4_address(
    monkeypatch: pytest.MonkeyPatch, *, kernel_has_ipv6: bool
) -> None:
    real = socket.create_server

    def without_ipv6(
        address: tuple[str, int], *, family: int = socket.AF_INET, **options: object
    ) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        return real(address, family=family, **options)

    monkeypatch.setattr(module.socket, "create_server", without_ipv6)
    monkeypatch.setattr(module.socket, "has_dualstack_ipv6", lambda: kernel_has_ipv6)
    with listen(":0") as listener:
        assert listener.family == socket.AF_INET


def test_of_several_addresses_all_are_listened_on_or_none() -> None:
    before = len(os.listdir("/proc/self/fd"))
    sockets = listen_on(["127.0.0.1:0", "[::1]:0"])
    assert [found.family for found in sockets] == [socket.AF_INET, socket.AF_INET6]
    taken = address_text(sockets[0])
    with pytest.raises(SourceError):
        listen_on(["[::1]:0", taken])
    for found in sockets:
        found.close()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("text", ["127.0.0.1:0", ":0"])
def test_answers_do_not_wait_for_a_delayed_acknowledgement(text: str) -> None:
    with listen(text) as listener:
        with socket.create_connection(("127.0.0.1", listener.getsockname()[1]), timeout=5):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
