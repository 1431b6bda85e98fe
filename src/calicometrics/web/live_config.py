"""The web configuration file as it is now: read again when it, or a file that it names, has changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import stat
import time
from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import ConfigError
from calicometrics.web.basic_auth import check_hashes
from calicometrics.web.files import UnreadableError
from calicometrics.web.off_loop import OffLoop
from calicometrics.web.tls import ServerTls, server_tls
from calicometrics.web.web_config import ClientAuth, WebConfig, read_web_config

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

_PATIENCE = 1.0  # seconds that a client waits for the files; then what was read before holds

_OTHERS = stat.S_IRWXO | stat.S_IWGRP  # a group may read: that is how a service's own user gets such a file

_State = tuple[int, int, int, int] | None


@attrs.frozen
class Loaded:
    """What the files said.

    Attributes:
        config: The web configuration.
        tls: How TLS is spoken; None for HTTP.
    """

    config: WebConfig
    tls: ServerTls | None


class LiveConfig:
    """A web configuration file, and the certificates that it names. Its coroutine belongs to one event loop.

    The files are looked at when a client comes, not more often than once in an interval. What cannot be loaded is
    logged once, what cannot be read is tried again at the next look, and what was loaded before stays in effect. So it
    does when TLS, client certificates or passwords would be gone: a file that is half written must not open the door.

    Args:
        path: The file.
        interval: Seconds between two looks.

    Raises:
        ConfigError: The file, or one that it names, is not as it should be.
    """

    def __init__(self, path: pathlib.Path, interval: float = 1.0) -> None:
        self._path = path
        self._interval = interval
        self._watched: tuple[pathlib.Path, ...] = (path,)
        self._seen: tuple[_State, ...] = ()
        self._complaint: tuple[str, tuple[_State, ...]] | None = None
        self._warned = False
        self._loaded = self._load()
        self._looked = time.monotonic()
        self._look: asyncio.Future[None] | None = None
        self._thread = OffLoop("web-config")

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    async def current(self) -> Loaded:
        """Return what the files say now."""
        if self._look is None and time.monotonic() - self._looked >= self._interval:
            self._look = self._thread.call(self._look_again)
            self._look.add_done_callback(self._over)
        if self._look is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._look), _PATIENCE)
        return self._loaded

    def headers(self) -> Mapping[str, str]:
        """Return the headers of every answer, as they were at the latest look."""
        return self._loaded.config.headers

    async def tls(self) -> ServerTls | None:
        """Return how TLS is spoken now."""
        return (await self.current()).tls

    def _over(self, _: asyncio.Future[None]) -> None:
        self._look = None
        self._looked = time.monotonic()

    def _look_again(self) -> None:
        """Load what has changed."""
        seen = tuple(map(_state, self._watched))
        if seen == self._seen:
            return
        self._seen = seen
        try:
            loaded = self._load()
            _check_still_closed(self._path, self._loaded.config, loaded.config)
        except UnreadableError as error:
            self._seen = ()  # it may be readable at the next look, and no other for that
            self._complain(str(error))
        except ConfigError as error:
            self._complain(str(error))
        except Exception as error:
            self._seen = ()
            self._complain(f"{self._path}: {type(error).__name__}: {error}")
            logger.debug("%s", self._path, exc_info=True)
        else:
            self._loaded = loaded
            self._complaint = None
            logger.info("web configuration read again: %s", self._path)

    def _complain(self, reason: str) -> None:
        """Log what is wrong, once for each state of the files."""
        complaint = (reason, tuple(map(_state, self._watched)))
        if complaint != self._complaint:
            logger.error("web configuration refused, the one before stays: %s", reason)
        self._complaint = complaint

    def _load(self) -> Loaded:
        """Return what the files say, and watch those that the configuration names, whether they are good or not."""
        # States come before contents: what changes in between is another state at the next look.
        state = _state(self._path)
        config = read_web_config(self._path)
        files = () if config.tls is None else config.tls.files
        self._watched, self._seen = (self._path, *files), (state, *map(_state, files))
        try:
            check_hashes(config.users)
            self._warn_of_mode(config)
            return Loaded(config, None if config.tls is None else server_tls(config.tls))
        except ConfigError as error:
            raise type(error)(f"{self._path}: {error}") from None

    def _warn_of_mode(self, config: WebConfig) -> None:
        """Warn once of hashes that others may read, or replace by their own."""
        mode = 0
        with contextlib.suppress(OSError):  # it has just gone; the next look says so
            mode = self._path.stat().st_mode
        if config.users and mode & _OTHERS and not self._warned:
            self._warned = True
            logger.warning(
                "%s has passwords' hashes, and mode %04o lets others than its owner read or write it",
                self._path,
                stat.S_IMODE(mode),
            )


def _state(file: pathlib.Path) -> _State:
    """Return what is another when a file has been written, replaced or removed."""
    try:
        found = file.stat()
    except (OSError, ValueError):  # ValueError: there cannot be such a path
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _check_still_closed(path: pathlib.Path, before: WebConfig, now: WebConfig) -> None:
    """Check that a change takes no protection away as a whole; that takes a new start.

    Raises:
        ConfigError: It does.
    """
    for what, had, has in (
        ("TLS", before.tls is not None, now.tls is not None),
        ("client certificates", _verifies(before), _verifies(now)),
        ("passwords", bool(before.users), bool(now.users)),
    ):
        if had and not has:
            raise ConfigError(f"{path}: asks no longer for {what}; start again to serve without")


def _verifies(config: WebConfig) -> bool:
    return config.tls is not None and config.tls.client_auth_type is ClientAuth.VERIFY
