"""Stands before the application: what a web configuration asks of every request, and adds to every answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from calicometrics.web.basic_auth import CHALLENGE, BasicAuth, Verdict
from calicometrics.web.headers import sending
from calicometrics.web.request import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from calicometrics.web.live_config import LiveConfig
    from calicometrics.web.request import Send
    from calicometrics.web.web_config import RateLimit

    Application = Callable[[Mapping[str, Any], object, Send], Awaitable[None]]


class Bucket:
    """A bucket of tokens: full at first, filled one by one, emptied by requests.

    Args:
        limit: How fast and how far.
        clock: Seconds.
    """

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._tokens = float(limit.burst)
        self._filled = clock()

    def take(self) -> bool:
        """Take a token; return whether there was one."""
        now = self._clock()
        self._tokens = min(self.limit.burst, self._tokens + (now - self._filled) / self.limit.interval)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Guard:
    """An ASGI application that asks for passwords, limits the rate of requests and adds headers, as the file says.

    Args:
        app: The application behind it.
        live: The file.
    """

    def __init__(self, app: Application, live: LiveConfig) -> None:
        self._app = app
        self._live = live
        self._passwords = BasicAuth()
        self._bucket: Bucket | None = None

    def close(self) -> None:
        """End the thread that checks passwords."""
        self._passwords.close()

    async def __call__(self, scope: Mapping[str, Any], receive: object, send: Send) -> None:
        """Let a request through to the application, or answer it."""
        config = (await self._live.current()).config
        send = sending(send, config.headers) if config.headers else send
        request = Request(scope, send)
        if not self._has_token(config.rate_limit):
            await request.answer(429, "too many requests", [("retry-after", "1")])
            return
        if config.users:
            verdict = await self._passwords.verify(config.users, request.header("authorization"))
            if verdict is Verdict.BUSY:
                await request.answer(503, "too many passwords are being checked", [("retry-after", "1")])
                return
            if verdict is Verdict.REFUSED:
                await request.answer(401, "name and password are needed", [("www-authenticate", CHALLENGE)])
                return
        await self._app(scope, receive, send)

    def _has_token(self, limit: RateLimit | None) -> bool:
        if limit is None:
            return True
        if self._bucket is None or self._bucket.limit != limit:
            self._bucket = Bucket(limit)
        return self._bucket.take()
