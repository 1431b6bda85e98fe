"""The web configuration file as it changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pathlib
import resource
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from calicometrics.errors import ConfigError
from calicometrics.web import live_config
from calicometrics.web.live_config import LiveConfig, Loaded

from .certificates import write_authority, write_pair
from .front import PATIENCE, wait_until

HASH = "$2b$04$" + "a" * 21 + "e" + "b" * 31
PAIR = "cert_file: server.crt, key_file: server.key"
MUTUAL = f"{PAIR}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert"

Config = Callable[[str], None]


@pytest.fixture
def write(tmp_path: pathlib.Path) -> Config:
    """Write the file; the certificates that it may name are beside it."""
    authority = trustme.CA()
    write_pair(tmp_path, authority)
    write_authority(tmp_path, authority)

    def write(text: str) -> None:
        (tmp_path / "new").write_text(text)
        os.replace(tmp_path / "new", tmp_path / "web.yml")

    return write


@pytest.fixture
def path(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    yield tmp_path / "web.yml"
    wait_until(lambda: "web-config" not in {thread.name for thread in threading.enumerate()})


def looks(path: pathlib.Path, *steps: Callable[[], object], interval: float = 0.0) -> list[Loaded]:
    """What the files say at the start, and after each step."""

    async def look() -> list[Loaded]:
        live = LiveConfig(path, interval)
        try:
            found = [await live.current()]
            for step in steps:
                step()
                found.append(await live.current())
            return found
        finally:
            live.close()

    return asyncio.run(look())


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_has_not_changed_is_not_read_again(path: pathlib.Path, write: Config) -> None:
    write("rate_limit: {interval: 1s, burst: 1}")
    before, after = looks(path, lambda: None)
    assert after is before


def test_between_two_looks_a_change_is_not_seen(path: pathlib.Path, write: Config) -> None:
    write("")
    before, after = looks(path, lambda: write("rate_limit: {interval: 1s, burst: 1}"), interval=3600)
    assert after is before


def test_what_is_wrong_is_refused_and_told_once_for_each_change(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture
) -> None:
    write("rate_limit: {interval: 1s, burst: 1}")
    found = looks(
        path,
        lambda: write("nonsense: 1"),
        lambda: None,
        lambda: write("nonsense: 2"),
        path.unlink,
        lambda: write("rate_limit: {interval: 1s, burst: 2}"),
    )
    assert [loaded.config.rate_limit.burst for loaded in found if loaded.config.rate_limit] == [
        1,
        1,
        1,
        1,
        1,
        2,
    ]
    refused = "web configuration refused, the one before stays"
    assert errors(caplog) == [
        f"{refused}: {path}: line 1: nonsense: no such key",
        f"{refused}: {path}: line 1: nonsense: no such key",
        f"{refused}: {path}: no such file or directory",
    ]


def test_a_key_that_comes_later_than_the_file_that_names_it_is_found(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture
) -> None:
    write("")
    key = path.with_name("server.key")
    found = looks(
        path,
        lambda: (key.rename(path.with_name("later.key")), write(f"tls_server_config: {{{PAIR}}}")),
        lambda: path.with_name("later.key").rename(key),
    )
    assert [loaded.tls is not None for loaded in found] == [False, False, True]
    assert errors(caplog) == [
        (
            f"web configuration refused, the one before stays: {path}: tls_server_config.key_file: {key}: "
            "no such file or directory"
        )
    ]


@pytest.mark.parametrize(
    ("mode", "told"),
    [(0o600, False), (0o640, False), (0o644, True), (0o660, True), (0o602, True), (0o601, True)],
)
def test_hashes_that_others_may_read_or_write_are_told_once_and_served(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture, mode: int, told: bool
) -> None:
    def write_users(name: str) -> None:
        write(f"basic_auth_users: {{{name}: {HASH}}}")
        path.chmod(mode)

    write_users("alice")
    found = looks(path, lambda: write_users("bob"), lambda: write_users("carol"))
    assert list(found[-1].config.users) == ["carol"]
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    mine = f"{path} has passwords' hashes, and mode {mode:04o} lets others than its owner read or write it"
    assert warned == ([mine] if told else [])


def test_without_hashes_whoever_may_read_the_file(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture
) -> None:
    write("rate_limit: {interval: 1s, burst: 1}")
    path.chmod(0o666)
    looks(path)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@contextlib.contextmanager
def no_descriptors() -> Iterator[None]:
    """Let nothing be opened in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_change_that_cannot_be_read_for_want_of_descriptors_is_read_later(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture
) -> None:
    write(f"tls_server_config: {{{PAIR}}}")
    with contextlib.ExitStack() as exhausted:
        found = looks(
            path,
            lambda: (write_pair(path.parent, trustme.CA()), exhausted.enter_context(no_descriptors())),
            lambda: None,
            exhausted.close,
        )
    assert [loaded is found[0] for loaded in found] == [True, True, True, False]
    assert errors(caplog) == [f"web configuration refused, the one before stays: {path}: too many open files"]


def test_whatever_loading_raises_is_told_once_and_tried_again(
    path: pathlib.Path, write: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("out of order")

    write("")
    found = looks(
        path,
        lambda: (
            write("rate_limit: {interval: 1s, burst: 1}"),
            monkeypatch.setattr(LiveConfig, "_load", broken),
        ),
        lambda: None,
        monkeypatch.undo,
    )
    assert [loaded is found[0] for loaded in found] == [True, True, True, False]
    assert errors(caplog) == [
        f"web configuration refused, the one before stays: {path}: RuntimeError: out of order"
    ]


@pytest.mark.parametrize("name", ["web.yml", "server.crt", "server.key", "ca.crt"])
def test_a_pipe_in_place_of_a_file_holds_nobody_up(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    write(f"tls_server_config: {{{MUTUAL}}}")
    file = path.with_name(name)
    content = file.read_bytes()
    found = looks(
        path,
        lambda: (file.unlink(), os.mkfifo(file)),
        lambda: None,
        lambda: (file.unlink(), file.write_bytes(content)),
    )
    assert [loaded is found[0] for loaded in found] == [True, True, True, False]
    (said,) = errors(caplog)
    assert said.endswith(f"{file}: not a regular file")


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (f"tls_server_config: {{{PAIR}}}", "", "TLS"),
        (f"tls_server_config: {{{MUTUAL}}}", f"tls_server_config: {{{PAIR}}}", "client certificates"),
        (
            f"tls_server_config: {{{MUTUAL}}}",
            f"tls_server_config: {{{MUTUAL.replace('RequireAndVerifyClientCert', 'VerifyClientCertIfGiven')}}}",
            "client certificates",
        ),
        (f"basic_auth_users: {{alice: {HASH}}}", "basic_auth_users: {}", "passwords"),
    ],
)
def test_no_change_takes_a_protection_away(
    path: pathlib.Path, write: Config, caplog: pytest.LogCaptureFixture, before: str, after: str, what: str
) -> None:
    write(before)
    first, second = looks(path, lambda: write(after))
    assert second is first
    assert errors(caplog) == [
        (
            f"web configuration refused, the one before stays: {path}: asks no longer for {what}; "
            "start again to serve without"
        )
    ]


def test_users_come_and_go_as_long_as_there_is_one(path: pathlib.Path, write: Config) -> None:
    write(f"basic_auth_users: {{alice: {HASH}}}")
    _, second = looks(path, lambda: write(f"basic_auth_users: {{bob: {HASH}}}"))
    assert list(second.config.users) == ["bob"]


def test_files_that_cannot_be_read_for_long_do_not_hold_a_client_up(
    path: pathlib.Path, write: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    write("")

    async def look() -> tuple[Loaded, Loaded, Loaded]:
        live = LiveConfig(path, 0)
        before = await live.current()
        monkeypatch.setattr(live_config, "_PATIENCE", 0.1)
        monkeypatch.setattr(live_config, "read_web_config", lambda path: go.wait(PATIENCE) and read(path))
        write("rate_limit: {interval: 1s, burst: 1}")
        meanwhile = await live.current()
        go.set()
        monkeypatch.setattr(live_config, "_PATIENCE", PATIENCE)
        try:
            return before, meanwhile, await live.current()
        finally:
            live.close()

    read = live_config.read_web_config
    before, meanwhile, after = asyncio.run(look())
    assert meanwhile is before
    assert after.config.rate_limit is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: 1", "line 1: x: no such key"),
        (
            "tls_server_config: {cert_file: no, key_file: no}",
            "tls_server_config.cert_file: DIR/no: no such file or directory",
        ),
        (
            f"tls_server_config: {{{MUTUAL.replace('ca.crt', '/dev/null')}}}",
            "tls_server_config.client_ca_file: /dev/null: not a regular file",
        ),
        (
            f"basic_auth_users: {{alice: {HASH.replace('e', 'a')}}}",
            "basic_auth_users.alice: no bcrypt hash: Invalid salt",
        ),
    ],
)
def test_at_the_start_a_file_has_to_be_good(path: pathlib.Path, write: Config, text: str, said: str) -> None:
    write(text)
    with pytest.raises(ConfigError) as error:
        LiveConfig(path)
    assert str(error.value).replace(str(path.parent), "DIR") == f"DIR/web.yml: {said}"
