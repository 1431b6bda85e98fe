"""A BIRD that is only texts: replies that were recorded or pasted, in place of a control socket."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from calicometrics.bird.clock import Clock
from calicometrics.bird.daemon import parse_status
from calicometrics.bird.framing import is_error, last_line
from calicometrics.errors import CommandError, ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RecordedBird:
    """Answers commands from texts; takes the place of :class:`~calicometrics.bird.client.BirdSocket` in a snapshot.

    Attributes:
        expected: Its silence would be a failure.

    Args:
        replies: Command → reply, in any framing.
        path: What error messages call it.
        received: When the replies were read, in seconds since the epoch; the daemon's zone follows from it. By default
            that is the daemon's own time, taken as UTC, and without one the time at which they are asked for: what is
            made of a recording does not depend on the day.
    """

    expected = True

    def __init__(
        self, replies: Mapping[str, str], path: str = "recorded replies", *, received: float | None = None
    ) -> None:
        self.path = path
        self._replies = dict(replies)
        self._received = received

    def connect(self, deadline: float | None = None) -> RecordedBird:  # noqa: ARG002 - texts are there at once
        """Return itself: there is nothing to connect to."""
        return self

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def abandon(self) -> None:
        """Do nothing, as ``close``."""

    def now(self) -> float:
        """Return when the replies were read, in seconds since the epoch."""
        if self._received is None:
            self._received = self._recorded()
        return time.time() if self._received is None else self._received

    def ask(self, command: str) -> str:
        """Return the reply to a command.

        Raises:
            CommandError: There is none, or it is an error.
        """
        request = f"BIRD at {self.path}: {command}"
        reply = self._replies.get(command)
        if reply is None:
            raise CommandError(f"{request}: no reply was recorded", "9001")
        code, words = last_line(reply)
        if is_error(code):
            raise CommandError.answered(request, code, words)
        return reply

    def stream(self, command: str) -> Iterator[str]:
        """Yield the reply to a command, in one piece."""
        yield self.ask(command)

    def _recorded(self) -> float | None:
        try:
            server_time = parse_status(self._replies.get("show status", "")).server_time
        except ParseError:
            return None
        return Clock(server_time, zone=dt.UTC).now
