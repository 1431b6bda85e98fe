"""A simulated Calico node behind real sockets, so that the whole exporter runs on any machine."""

from __future__ import annotations

import contextlib
import tempfile
import time
from typing import TYPE_CHECKING, Self

from calicometrics.demo import bird, felix
from calicometrics.demo.node import FAMILIES, Node
from calicometrics.testing.bird import FakeBird
from calicometrics.testing.endpoint import FakeEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from calicometrics.demo.state import Daemon


class DemoNode:
    """A Calico node whose ``bird``, ``bird6`` and Felix exist as far as a client can see, until ``close``.

    Both daemons answer on Unix sockets in a temporary directory, Felix on a loopback port. What they say moves with the
    clock: timers tick, counters grow, one peer's session is lost and comes back every minute or two, one peer is
    administratively down, one has nearly as many routes as its import limit allows.

    Args:
        clock: Returns seconds since the epoch; everything shown is a function of its value and the seed.
        seed: Decides on everything that looks like chance.

    Attributes:
        sockets: Daemon name → control socket.
        felix_url: Felix' page.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, seed: int = 0) -> None:
        self._clock = clock
        self._node = Node(clock(), seed)
        self.sockets: dict[str, str] = {}
        with contextlib.ExitStack() as stack:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="calicometrics-demo-"))
            for name in FAMILIES:
                replies = {command: self._reply(name, show) for command, show in bird.COMMANDS.items()}
                path = f"{directory}/{name}.ctl"
                stack.enter_context(FakeBird(replies, path=path, banner=bird.BANNER))
                self.sockets[name] = path
            self._felix = stack.enter_context(FakeEndpoint(self._page))
            self.felix_url = self._felix.url
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the daemons and remove their sockets; harmless when that is done."""
        self._stack.close()

    def _reply(self, name: str, show: Callable[[Daemon], str]) -> Callable[[], str]:
        return lambda: show(self._node.daemon(name, self._clock()))

    def _page(self) -> str:
        self._felix.requests.clear()  # nobody looks at them, and a demo may run for days
        return felix.page(self._node.booted, self._clock(), self._node.seed)
