"""Basic authentication, without a server."""

from __future__ import annotations

import asyncio
import base64
import builtins
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import bcrypt
import pytest

from calicometrics.errors import ConfigError
from calicometrics.web import basic_auth
from calicometrics.web.basic_auth import BasicAuth, Verdict, check_hashes

from .front import PATIENCE, wait_until

ALICE = bcrypt.hashpw(b"alice123", bcrypt.gensalt(4)).decode()
USERS = {"alice": ALICE}


def header(name: str, password: str | bytes, scheme: str = "Basic") -> str:
    password = password if isinstance(password, bytes) else password.encode()
    return f"{scheme} {base64.b64encode(name.encode() + b':' + password).decode()}"


@asynccontextmanager
async def authenticator(waiting: int = 8) -> AsyncIterator[BasicAuth]:
    auth = BasicAuth(waiting)
    try:
        yield auth
    finally:
        auth.close()


def verdicts(*headers: str, users: dict[str, str] = USERS) -> list[Verdict]:
    """The verdicts on headers that come one after the other."""

    async def ask() -> list[Verdict]:
        async with authenticator() as auth:
            return [await auth.verify(users, text) for text in headers]

    return asyncio.run(ask())


class Checks:
    """Counts the checks of passwords, and may hold them back."""

    def __init__(self) -> None:
        self.done: list[tuple[bytes, str]] = []
        self.threads: set[str] = set()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, password: bytes, checked: str) -> bool:
        assert self.go.wait(PATIENCE)
        self.done.append((password, checked))
        self.threads.add(threading.current_thread().name)
        return bcrypt.checkpw(password, checked.encode())


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Checks]:
    counting = Checks()
    monkeypatch.setattr(basic_auth, "_matches", counting)
    yield counting
    wait_until(lambda: "web-passwords" not in {thread.name for thread in threading.enumerate()})


def test_the_right_password_is_admitted_every_time() -> None:
    assert (
        verdicts(header("alice", "alice123"), header("alice", "alice123", "bASIC")) == [Verdict.ADMITTED] * 2
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic YWxpY2U=",  # alice, without a colon
        "Basic /zph",  # a name that is no UTF-8
        "Basic YWxpY2U6YWxpY2UxMjM",  # alice:alice123 without its padding
        f"{header('alice', 'alice123')},{header('alice', 'alice123')}",
        f"Bearer {header('alice', 'alice123')}",
        "Basic \xff\xfe",
        header("alice", ""),
        header("alice", "alice1234"),
        header("Alice", "alice123"),
        header("", "alice123"),
        header("bob", "alice123"),
        header("alice", b"\xff\x00"),
        header("alice", b"alice123\x00"),
        header("alice", b"alice123\x00alice123"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert verdicts(text, text) == [Verdict.REFUSED] * 2


def test_a_password_with_a_colon_is_whole() -> None:
    users = {"bob": bcrypt.hashpw(b"a:b", bcrypt.gensalt(4)).decode()}
    assert verdicts(header("bob", "a:b"), users=users) == [Verdict.ADMITTED]


def test_a_password_longer_than_bcrypt_reads_is_refused() -> None:
    longest = "x" * 72
    users = {"alice": bcrypt.hashpw(longest.encode(), bcrypt.gensalt(4)).decode()}
    asked = [header("alice", longest), header("alice", longest + "x"), header("alice", "y" * 1000)]
    assert verdicts(*asked, users=users) == [Verdict.ADMITTED, Verdict.REFUSED, Verdict.REFUSED]


def test_no_name_and_password_join_to_anothers_cached_ones_cve_2022_46146(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that ends with a user's hash once made the same cache key as that user with a longer password.

    It takes a hash of nobody's that somebody knows a password to, as the toolkit's had; so has this one's here.
    """
    nobody = basic_auth._nobody(USERS)
    monkeypatch.setattr(basic_auth, "_matches", lambda password, checked: checked == nobody)
    poison = header(f"alice{ALICE}", "fakepassword")
    bypass = header("alice", f"{nobody}fakepassword")
    assert len(f"{nobody}fakepassword") == 72  # just short enough to be checked
    assert verdicts(poison, bypass, poison, bypass) == [Verdict.REFUSED] * 4

    async def together() -> list[Verdict]:
        async with authenticator() as auth:
            return await asyncio.gather(*(auth.verify(USERS, text) for text in (poison, bypass)))

    assert asyncio.run(together()) == [Verdict.REFUSED] * 2


def test_the_password_of_nobody_lets_nobody_in() -> None:
    for password in ("fakepassword", "", "."):
        assert verdicts(header("fakeuser", password), header("fakeuser", password)) == [Verdict.REFUSED] * 2


def test_a_name_that_nobody_has_costs_as_much_as_the_costliest_user(checks: Checks) -> None:
    users = USERS | {"bob": "$2y$05$" + ALICE[7:]}
    assert verdicts(header("carol", "x"), header("carol", "x"), users=users) == [Verdict.REFUSED] * 2
    assert [checked.split("$")[2] for _, checked in checks.done] == ["05", "05"]


def test_what_is_admitted_is_checked_once_and_what_is_refused_each_time(checks: Checks) -> None:
    verdicts(*[header("alice", "alice123")] * 3, *[header("alice", "wrong")] * 3)
    assert [password for password, _ in checks.done] == [b"alice123", *[b"wrong"] * 3]
    assert checks.threads == {"web-passwords"}


def test_a_changed_hash_is_checked_again(checks: Checks) -> None:
    changed = {"alice": bcrypt.hashpw(b"new", bcrypt.gensalt(4)).decode()}

    async def ask() -> list[Verdict]:
        async with authenticator() as auth:
            return [
                await auth.verify(users, header("alice", password))
                for users, password in (
                    (USERS, "alice123"),
                    (changed, "alice123"),
                    (changed, "new"),
                    ({"bob": ALICE}, "alice123"),
                )
            ]

    assert asyncio.run(ask()) == [Verdict.ADMITTED, Verdict.REFUSED, Verdict.ADMITTED, Verdict.REFUSED]


def test_the_same_password_from_many_at_once_is_checked_once(checks: Checks) -> None:
    async def ask() -> list[Verdict]:
        async with authenticator() as auth:
            return await asyncio.gather(*(auth.verify(USERS, header("alice", "alice123")) for _ in range(50)))

    assert asyncio.run(ask()) == [Verdict.ADMITTED] * 50
    assert len(checks.done) == 1


def test_when_too_many_wait_a_further_one_is_told_to_come_back_and_who_is_known_is_not(
    checks: Checks,
) -> None:
    async def ask() -> None:
        async with authenticator(waiting=2) as auth:
            assert await auth.verify(USERS, header("alice", "alice123")) is Verdict.ADMITTED
            checks.go.clear()
            guesses = [
                asyncio.ensure_future(auth.verify(USERS, header("alice", f"guess {number}")))
                for number in range(2)
            ]
            await asyncio.sleep(0)
            assert await auth.verify(USERS, header("alice", "one more")) is Verdict.BUSY
            assert await auth.verify(USERS, header("alice", "alice123")) is Verdict.ADMITTED
            guesses[0].cancel()  # its client has gone; its check goes on
            checks.go.set()
            assert await guesses[1] is Verdict.REFUSED
            assert await auth.verify(USERS, header("alice", "one more")) is Verdict.REFUSED

    asyncio.run(ask())


def test_guesses_at_other_names_keep_nobody_out(checks: Checks) -> None:
    users = USERS | {"bob": bcrypt.hashpw(b"bob123", bcrypt.gensalt(4)).decode()}

    async def ask() -> None:
        async with authenticator() as auth:
            checks.go.clear()
            guesses = [
                *(auth.verify(users, header(f"nobody {number}", "guess")) for number in range(200)),
                *(auth.verify(users, header("alice", f"guess {number}")) for number in range(8)),
            ]
            waiting = [asyncio.create_task(guess) for guess in guesses]
            await asyncio.sleep(0)
            assert await auth.verify(users, header("alice", "guess")) is Verdict.BUSY
            bob = asyncio.create_task(auth.verify(users, header("bob", "bob123")))
            await asyncio.sleep(0)
            checks.go.set()
            assert await bob is Verdict.ADMITTED
            assert await asyncio.gather(*waiting) == [Verdict.REFUSED] * 208

    asyncio.run(ask())
    assert len(checks.done) <= 24 + 1 + 8 + 1  # however many strangers come


@pytest.mark.parametrize("name", ["bob", "nobody"])
def test_a_name_that_somebody_has_is_not_told_from_another_by_what_happens_when_many_wait(
    checks: Checks, name: str
) -> None:
    users = USERS | {"bob": ALICE}

    async def ask() -> None:
        async with authenticator() as auth:
            checks.go.clear()
            crowd = [
                asyncio.create_task(auth.verify(users, header(f"stranger {number}", "guess")))
                for number in range(100)
            ]
            await asyncio.sleep(0)
            tries = [
                asyncio.create_task(auth.verify(users, header(name, f"guess {number}")))
                for number in range(9)
            ]
            await asyncio.sleep(0)
            assert [task.done() for task in tries] == [False] * 8 + [True]
            assert await tries[8] is Verdict.BUSY
            checks.go.set()
            assert await asyncio.gather(*tries[:8]) == [Verdict.REFUSED] * 8
            await asyncio.gather(*crowd)

    asyncio.run(ask())


def test_a_hash_that_bcrypt_does_not_take_is_named_with_its_user() -> None:
    check_hashes({})
    check_hashes(USERS)
    wrong = ALICE[:28] + "z" + ALICE[29:]  # bits that no salt has
    with pytest.raises(ConfigError) as error:
        check_hashes(USERS | {"bob": wrong})
    assert str(error.value) == "basic_auth_users.bob: no bcrypt hash: Invalid salt"


def test_without_bcrypt_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: object, **keywords: object) -> object:
        if name == "bcrypt":
            raise ImportError(name)
        return real(name, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ConfigError, match=r"needs bcrypt: pip install calicometrics\[web-config\]"):
        check_hashes(USERS)
