"""What is wrong at present: logged when it begins and when it is over, not once for each scrape."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)

# What may differ from round to round although nothing has changed: how far a failing reply got, which line of a page is
# bad, and what others are quoted with, who may say something else each time.
_VOLATILE = re.compile(
    r"""
    \d+(?=[ ](?:bytes|s\b))
    | (?<=\bline[ ])\d+
    | "[^"]*"
    | (?<!\w)b?'(?:[^'\\]|\\.)*+(?:'|\Z)     # not the apostrophe of a word; it may have been cut short
    """,
    re.VERBOSE,
)


class Complaints:
    """Remembers what was wrong in the latest round."""

    def __init__(self) -> None:
        self._present: dict[str, str] = {}

    def report(self, errors: Iterable[tuple[str, str]]) -> None:
        """Log what has begun and what is over.

        Args:
            errors: What is wrong now: who met it, and a sentence. What several meet is logged for the first.
        """
        now: dict[str, str] = {}
        for who, error in errors:
            now.setdefault(_VOLATILE.sub("#", error), f"{who}: {error}")
        for complaint in now.keys() - self._present.keys():
            logger.warning("%s", now[complaint])
        for complaint in self._present.keys() - now.keys():
            logger.info("over: %s", self._present[complaint])
        self._present = now
