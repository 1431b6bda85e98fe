"""Headers that a configuration adds to every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from calicometrics.web.request import Send

Header = tuple[bytes, bytes]


def with_headers(headers: Iterable[Header], configured: Mapping[str, str]) -> list[Header]:
    """Return an answer's headers with those that are configured, which take the place of its own."""
    added = [(name.lower().encode(), value.encode()) for name, value in configured.items()]
    replaced = {name for name, _ in added}
    return [*(header for header in headers if header[0] not in replaced), *added]


def sending(send: Send, configured: Mapping[str, str]) -> Send:
    """Return a way back on which every answer gets the headers that are configured."""

    async def send_with_headers(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": with_headers(message["headers"], configured)}
        await send(message)

    return send_with_headers
