"""How much of each source is taken in: a daemon or page that says more is refused, and costs itself alone.

Bytes are counted where they are received (``bird/client.py``, ``sources/``), before they are text; the rest is counted
here, in what a round has read.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import BoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_STEPS = 8  # in which the length of lines is measured: telling it exactly would take as long as reading them


@attrs.frozen
class ReplyBounds:
    """What is accepted of a daemon's reply to one command.

    Attributes:
        lines: Lines.
        line_length: Characters of a line; a name, a description and every label value is part of one.
        protocols: Protocols of ``show protocols all``.
    """

    lines: int = 5_000_000
    line_length: int = 16_384
    protocols: int = 200_000


@attrs.frozen
class PageBounds:
    """What is accepted of a page.

    Attributes:
        lines: Lines.
        line_length: Characters of a line; a name, a help text and every label value is part of one.
        families: Metric families.
        samples: Samples of all families.
    """

    lines: int = 1_000_000
    line_length: int = 16_384
    families: int = 10_000
    samples: int = 500_000


class Intake:
    """Counts what a round takes in of one source.

    Args:
        section: The section of the configuration that the bounds are options of, for messages.
        bounds: Where the bounds are.
        size: The most bytes that the source accepts; None when it does not tell.
    """

    def __init__(self, section: str, bounds: ReplyBounds | PageBounds, size: int | None = None) -> None:
        self._section = section
        self._size_option = f"{section}.max-{'reply' if isinstance(bounds, ReplyBounds) else 'page'}"
        self._most: dict[str, int] = {
            name.replace("_", "-"): most for name, most in attrs.asdict(bounds).items()
        }
        if size is not None:
            self._most["bytes"] = size
        self._counts: dict[str, float] = {}
        self._eighths = 1  # of the longest line that is accepted, that no line has exceeded

    @contextlib.contextmanager
    def receiving(self) -> Iterator[None]:
        """Note that a source has refused to receive more, and name the option that it was told its bound by.

        Raises:
            BoundError: That of the source, with the option.
        """
        try:
            yield
        except BoundError as error:
            self._note("bytes", self._most.get("bytes", 0) + 1)
            raise BoundError(f"{error}, see {self._size_option}") from None

    def received(self, pieces: Iterable[str]) -> Iterator[str]:
        """Yield the pieces of a text that is being received; errors are those of ``receiving``."""
        with self.receiving():
            yield from pieces

    def pieces(self, what: str, pieces: Iterable[str]) -> Iterator[str]:
        """Yield the pieces of one text, each of whole lines.

        Args:
            what: What it is, for messages.
            pieces: The text.

        Raises:
            BoundError: It has too many lines, or one that is too long.
        """
        lines = size = 0
        for piece in pieces:
            lines += piece.count("\n")
            size += len(piece)
            self.count(what, "lines", lines)
            self._note("bytes", size)
            self._measure(what, piece)
            yield piece

    def count(self, what: str, bound: str, number: int) -> None:
        """Note how many of something there are.

        Args:
            what: What they are of, for messages.
            bound: What they are, by the name of their bound.
            number: How many.

        Raises:
            BoundError: That is too many.
        """
        self._note(bound, number)
        most = self._most[bound]
        if number > most:
            raise BoundError(f"{what}: more than {most} {bound}, see {self._section}.max-{bound}")

    def ratios(self) -> Mapping[str, float]:
        """Return how much of each bound the largest text so far has used, by the bound's name; 1 is all of it.

        The length of the longest line is rounded up to an eighth of its bound.
        """
        return {
            bound: count / self._most[bound] for bound, count in self._counts.items() if bound in self._most
        }

    def _measure(self, what: str, piece: str) -> None:
        most = self._most["line-length"]
        while self._eighths <= _STEPS and _has_longer_line(piece, most * self._eighths // _STEPS):
            self._eighths += 1
        self._note("line-length", most * self._eighths / _STEPS)
        if self._eighths > _STEPS:
            bound = f"{self._section}.max-line-length"
            raise BoundError(f"{what}: a line has more than {most} characters, see {bound}")

    def _note(self, bound: str, number: float) -> None:
        self._counts[bound] = max(number, self._counts.get(bound, 0))


def _has_longer_line(text: str, most: int) -> bool:
    """Return whether a line of a text is longer than that; looks at a few characters for each ``most`` of them."""
    begin = 0
    while len(text) - begin > most:
        feed = text.rfind("\n", begin, begin + most + 1)
        if feed < 0:
            return True
        begin = feed + 1
    return False
