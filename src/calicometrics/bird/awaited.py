"""A control socket that nobody has named: its daemon may not run on this machine, or not yet."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from calicometrics.bird.client import DEFAULT_MAX_REPLY, DEFAULT_TIMEOUT, BirdSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)


class AwaitedBirdSocket(BirdSocket):
    """The first of some sockets that is there, from when it is there.

    An exporter may start before the daemon of its node: what is not there yet is looked for in every round. Once it
    has been there, it is expected for ever, so that a daemon that dies is down and not forgotten.

    Args:
        paths: Where the socket may be, the likeliest place first.
        timeout: As for ``BirdSocket``.
        max_reply: As for ``BirdSocket``.
        exists: Tells whether a path is there.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_reply: int = DEFAULT_MAX_REPLY,
        exists: Callable[[str], bool] = os.path.exists,
    ) -> None:
        super().__init__(paths[0], timeout=timeout, max_reply=max_reply)
        self._paths = paths
        self._exists = exists
        self._seen = False
        self._missed = False

    @property
    def expected(self) -> bool:
        """Whether one of the sockets is there, or has been."""
        if not self._seen:
            found = next(filter(self._exists, self._paths), None)
            if found is not None:
                self.path, self._seen = found, True
                logger.log(logging.INFO if self._missed else logging.DEBUG, "BIRD at %s is there", found)
            self._missed = found is None
        return self._seen
