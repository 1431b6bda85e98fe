"""One HTTP request: what of it counts, and the way back."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calicometrics.web.taking import Taking

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
"""What ASGI calls ``send``."""

_CONTENT_TYPE = "text/plain; charset=utf-8"
_URL = re.compile(r"https?://[^/]*(/.*)?", re.IGNORECASE)


class Request:
    """One HTTP request, and how it is answered.

    Args:
        scope: ASGI's scope of the request.
        send: ASGI's way back.

    Attributes:
        method: Its method.
        path: The path of what it asks for, decoded; never the query.
        started: Whether its answer has begun.
        taking: How its client takes answers; None on another server than this package's.
    """

    def __init__(self, scope: Mapping[str, Any], send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.started = False
        self.taking: Taking | None = scope.get("state", {}).get("taking")
        self._send = send
        self._headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key = name.decode("latin-1")
            text = value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]},{text}" if key in self._headers else text
        # A client that takes this for a proxy writes the whole URL; RFC 9112, 3.2.2 wants it understood.
        match = _URL.fullmatch(self.path)
        if match is not None:
            self.path = match[1] or "/"

    def header(self, name: str) -> str:
        """Return a header, several of one name as one list; empty when there is none."""
        return self._headers.get(name, "")

    async def start(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Send status and headers."""
        self.started = True
        everything = [("date", formatdate(usegmt=True)), ("x-content-type-options", "nosniff"), *headers]
        if "transfer-encoding" in self._headers or self.header("content-length") not in {"", "0"}:
            # Nobody reads a request's body, so what follows it on the connection cannot be read either.
            everything.append(("connection", "close"))
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in everything]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def body(self, piece: bytes, *, more: bool = False) -> None:
        """Send a piece of the body; the last one, unless there is more."""
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def answer(self, status: int, text: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Answer with text."""
        body = f"{text}\n".encode(errors="replace")
        fixed = [("content-type", _CONTENT_TYPE), ("content-length", str(len(body)))]
        await self.start(status, [*fixed, *headers])
        await self.body(body)
