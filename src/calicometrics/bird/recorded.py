"""A BIRD that is only texts: replies that were recorded or pasted, in place of a control socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RecordedBird:
    """Answers commands from texts; takes the place of :class:`~calicometrics.bird.client.BirdSocket` in a snapshot.

    Args:
        replies: Command → reply, in any framing.
        path: What error messages call it.
    """

    def __init__(self, replies: Mapping[str, str], path: str = "recorded replies") -> None:
        self.path = path
        self._replies = dict(replies)

    def connect(self, deadline: float | None = None) -> RecordedBird:  # noqa: ARG002 - texts are there at once
        """Return itself: there is nothing to connect to."""
        return self

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def ask(self, command: str) -> str:
        """Return the reply to a command.

        Raises:
            CommandError: There is none.
        """
        reply = self._replies.get(command)
        if reply is None:
            raise CommandError(f"BIRD at {self.path}: {command}: no reply was recorded", "9001")
        return reply

    def stream(self, command: str) -> Iterator[str]:
        """Yield the reply to a command, in one piece."""
        yield self.ask(command)
