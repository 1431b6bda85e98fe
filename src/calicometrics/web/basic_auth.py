"""Basic authentication (RFC 7617) against bcrypt hashes, away from the event loop."""

from __future__ import annotations

import asyncio
import base64
import binascii
import enum
import hmac
import secrets
from typing import TYPE_CHECKING

from calicometrics.errors import ConfigError
from calicometrics.web.off_loop import OffLoop

if TYPE_CHECKING:
    from collections.abc import Mapping

CHALLENGE = 'Basic realm="calicometrics", charset="UTF-8"'

# bcrypt reads no more of a password; what differs after that would be let in.
_LONGEST = 72
_SCHEME = "basic "
# Of a password that nobody has: a name that is not among the users takes as long as one that is.
_NOBODY = "$2b$%s$......................" + "." * 31


class Verdict(enum.Enum):
    """What becomes of a request."""

    ADMITTED = enum.auto()
    REFUSED = enum.auto()
    BUSY = enum.auto()


class BasicAuth:
    """Checks the header ``Authorization``. Its coroutines belong to one event loop, which they never block.

    Checks run one after the other on a thread of their own, so that guessing takes one processor at most, and each
    guess a whole check. What has been admitted is remembered: one password for each user, as a keyed digest, together
    with the hash that it was checked against. What has been refused is not remembered.

    Guesses at one name keep no other name out: each has places of its own. Names that nobody has are not told from the
    others by that: when too many of them wait, they wait for one check together.

    Args:
        waiting: Checks that may wait for one name; a further one is told to come back.
        strangers: Checks that may wait for names that nobody has, before they share one.
    """

    def __init__(self, waiting: int = 8, strangers: int = 24) -> None:
        self._thread = OffLoop("web-passwords")
        self._waiting = waiting
        self._strangers = strangers
        self._shared: asyncio.Future[bool] | None = None
        self._secret = secrets.token_bytes(32)
        self._admitted: dict[str, tuple[str, bytes]] = {}
        self._checks: dict[tuple[str, str, bytes], asyncio.Future[bool]] = {}

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    async def verify(self, users: Mapping[str, str], header: str) -> Verdict:
        """Return what becomes of a request.

        Args:
            users: Name → bcrypt hash.
            header: The header ``Authorization``; empty when there is none.
        """
        credentials = _credentials(header)
        if credentials is None:
            return Verdict.REFUSED
        name, password = credentials
        known = users.get(name)
        digest = hmac.digest(self._secret, password, "sha256")
        # Name, hash and password stay apart from each other in whatever they are looked up by: joined to one text,
        # one user's name could end where another one's hash begins (CVE-2022-46146).
        if known is not None and self._remembers(name, known, digest):
            return Verdict.ADMITTED
        checked = known or _nobody(users)
        key = (name, checked, digest)
        check = self._checks.get(key)
        if check is None:
            if sum(other == name for other, _, _ in self._checks) >= self._waiting:
                return Verdict.BUSY
            strange = known is None and sum(other not in users for other, _, _ in self._checks)
            shares = strange >= self._strangers
            check = self._checks[key] = (
                self._share(password, checked) if shares else self._check(password, checked)
            )
            check.add_done_callback(lambda _: self._checks.pop(key))
        matches = await asyncio.shield(check)
        if known is None or not matches:
            return Verdict.REFUSED
        self._admitted[name] = (known, digest)
        return Verdict.ADMITTED

    def _check(self, password: bytes, checked: str) -> asyncio.Future[bool]:
        return self._thread.call(lambda: _matches(password, checked))

    def _share(self, password: bytes, checked: str) -> asyncio.Future[bool]:
        """Return the check that waits for all, or else begin one: whoever comes gets a whole one."""

        def check() -> bool:
            self._shared = None
            return _matches(password, checked)

        if self._shared is None or self._shared.done():
            self._shared = self._thread.call(check)
        return self._shared

    def _remembers(self, name: str, known: str, digest: bytes) -> bool:
        checked, remembered = self._admitted.get(name, ("", b""))
        return checked == known and hmac.compare_digest(remembered, digest)


def check_hashes(users: Mapping[str, str]) -> None:
    """Check that passwords can be checked against each user's hash.

    Raises:
        ConfigError: bcrypt is not installed, or does not take a hash.
    """
    if not users:
        return
    try:
        import bcrypt
    except ImportError:
        raise ConfigError("basic_auth_users needs bcrypt: pip install calicometrics[web-config]") from None
    for name, known in users.items():
        _, _, _, rest = known.split("$")
        try:
            bcrypt.hashpw(b"", f"$2b$04${rest[:22]}".encode())  # its salt at the lowest cost
        except ValueError as error:
            raise ConfigError(f"basic_auth_users.{name}: no bcrypt hash: {error}") from None


def _credentials(header: str) -> tuple[str, bytes] | None:
    """Return name and password, or None when the header has none that could be somebody's."""
    if header[: len(_SCHEME)].lower() != _SCHEME:
        return None
    try:
        text = base64.b64decode(header[len(_SCHEME) :].strip(" "), validate=True)
        name, colon, password = text.partition(b":")
        # To bcrypt, a password ends at its first NUL.
        usable = colon and len(password) <= _LONGEST and b"\0" not in password
        return (name.decode(), password) if usable else None
    except (binascii.Error, ValueError):
        return None


def _nobody(users: Mapping[str, str]) -> str:
    """Return a hash that takes as long as the costliest of the users'."""
    return _NOBODY % max(known.split("$")[2] for known in users.values())


def _matches(password: bytes, checked: str) -> bool:
    import bcrypt

    return bcrypt.checkpw(password, checked.encode())
