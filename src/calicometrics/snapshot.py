"""One round of collection: each command and each page is read and parsed once, however many ask."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, TypeVar
from typing import Protocol as Interface

from calicometrics.bird.clock import Clock
from calicometrics.bird.daemon import parse_status
from calicometrics.bird.parser import BUILT_IN_KINDS, ProtocolParser
from calicometrics.bounds import Intake, PageBounds, ReplyBounds
from calicometrics.conversation import Bird, Conversation
from calicometrics.errors import CalicometricsError, ParseError, SourceError
from calicometrics.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from calicometrics.bird.kinds import ProtocolKind
    from calicometrics.bird.model import DaemonStatus, Protocol
    from calicometrics.exposition.parser import Page
    from calicometrics.workers import Worker

T = TypeVar("T")

STATUS = "show status"
PROTOCOLS = "show protocols all"
_GRACE = 0.1  # seconds: a source that keeps the deadline itself says better what was late
_SHOWN_PROBLEMS = 10  # of one reply or page: a changed format would else fill the log


class PageSource(Interface):
    """Where a text-format page comes from; HttpSource and FileSource are such sources."""

    def read(self, deadline: float | None = None) -> str:
        """Return the page, before the ``time.monotonic()`` deadline.

        Raises:
            SourceError: It could not be read.
        """
        ...


class Snapshot:
    """What one round has read, lazily.

    Collectors read through it. A daemon or page that cannot be read is skipped by the methods that iterate, and noted
    in ``failures``; the failure is remembered, so that nobody waits for it twice.

    Args:
        birds: Daemon name → control socket.
        pages: Page name → source; Felix' page is ``felix``.
        kinds: The protocol kinds that can be read.
        parsers: Daemon name → the parser that has read its reply of the round before, in place of new ones.
        deadline: A ``time.monotonic()`` value for everything that is read; each source's own timeout holds as well.
        readers: Daemon name → the thread that reads it, so that daemons are read side by side. Those without one are
            read in turn by whoever asks, as those are whose thread is busy with an earlier round.
        stuck: What earlier rounds left ``unfinished``.
        reply_bounds: How much of a daemon's reply is accepted.
        page_bounds: How much of a page is accepted.

    Attributes:
        time: When the round began, in seconds since the epoch.
        failures: What could not be read through this object.
        problems: What was read but not understood, by daemon or page.
    """

    def __init__(
        self,
        birds: Mapping[str, Bird] | None = None,
        pages: Mapping[str, PageSource] | None = None,
        *,
        kinds: Iterable[ProtocolKind] = BUILT_IN_KINDS,
        parsers: Mapping[str, ProtocolParser] | None = None,
        deadline: float | None = None,
        readers: Mapping[str, Worker] | None = None,
        stuck: Mapping[tuple[object, ...], Future[Any]] | None = None,
        reply_bounds: ReplyBounds | None = None,
        page_bounds: PageBounds | None = None,
    ) -> None:
        self.time = time.time()
        self.failures: list[CalicometricsError] = []
        self._birds = {name: Conversation(bird, deadline) for name, bird in (birds or {}).items()}
        self._pages = dict(pages or {})
        self._parsers = (
            parsers if parsers is not None else {name: ProtocolParser(kinds) for name in self._birds}
        )
        self._deadline = deadline
        self._readers = {name: reader for name, reader in (readers or {}).items() if not reader.busy}
        self._reply_bounds = reply_bounds or ReplyBounds()
        self._intakes = {
            name: Intake("bird", self._reply_bounds, getattr(bird, "max_reply", None))
            for name, bird in (birds or {}).items()
        }
        self._intakes |= {
            name: Intake("felix", page_bounds or PageBounds(), getattr(page, "max_page", None))
            for name, page in self._pages.items()
        }
        self._memo = Memo(stuck, deadline)

    def view(self) -> Snapshot:
        """Return a snapshot of the same round with failures of its own: one for each collector."""
        view = object.__new__(Snapshot)
        view.__dict__.update(self.__dict__, failures=[])
        return view

    def with_daemon(self, name: str, bird: Bird) -> Snapshot:
        """Return a view that has one more daemon."""
        view = self.view()
        view._birds = {**self._birds, name: Conversation(bird, self._deadline)}  # noqa: SLF001 - another of this class
        view._parsers = {**self._parsers, name: ProtocolParser()}  # noqa: SLF001 - as above
        view._intakes = {**self._intakes, name: Intake("bird", self._reply_bounds)}  # noqa: SLF001 - as above
        return view

    def close(self) -> None:
        """Close the connections of the round; what was read stays readable."""
        for daemon in self._birds.values():
            daemon.close()

    def unfinished(self) -> Mapping[tuple[object, ...], Future[Any]]:
        """Return what is still being read or parsed, for the snapshot of the next round."""
        return self._memo.unfinished()

    @property
    def daemons(self) -> tuple[str, ...]:
        """The names of the BIRD daemons."""
        return tuple(self._birds)

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages."""
        return tuple(self._pages)

    def ask(self, daemon: str, command: str, parse: Callable[[str], T]) -> T:
        """Return what ``parse`` makes of a daemon's reply.

        Args:
            daemon: One of ``daemons``.
            command: One line; anything in it that comes from a user or a daemon must be quoted.
            parse: A function of the reply's text. It is called once a round, so it must be the same object each time.

        Raises:
            SourceError: The daemon could not be read or answered with an error.
            ParseError: The reply is not what it should be.
        """
        value: T = self._memo.once((daemon, command, parse), lambda: parse(self.text(daemon, command)))
        return value

    def text(self, daemon: str, command: str) -> str:
        """Return a daemon's reply as BIRD framed it.

        Raises:
            SourceError: The daemon could not be read or answered with an error.
        """
        if command != STATUS:
            self._greet(daemon)

        def ask() -> tuple[str, float]:
            with self._intakes[daemon].receiving():
                text = self._birds[daemon].ask(command)
            received = self._birds[daemon].now()
            return "".join(self._taken_in(daemon, command, [text])), received

        text: str
        text, _ = self._memo.once((daemon, command), ask)
        return text

    def _taken_in(self, daemon: str, command: str, pieces: Iterable[str]) -> Iterator[str]:
        """Yield the pieces of a reply as far as that much is accepted."""
        return self._intakes[daemon].pieces(f"{self._birds[daemon].name}: {command}", pieces)

    def _greet(self, daemon: str) -> None:
        # Always first, so that whether a daemon counts as up does not depend on which collector came first.
        with contextlib.suppress(SourceError):
            self.text(daemon, STATUS)

    def clock(self, daemon: str) -> Clock:
        """Return what is known of a daemon's clock; when its status could not be read, that is nothing.

        It turns the daemon's printed times into instants.
        """

        def make() -> Clock:
            try:
                server_time = self.ask(daemon, STATUS, parse_status).server_time
            except CalicometricsError:
                return Clock()
            _, received = self._memo.peek((daemon, STATUS))
            return Clock(server_time, received)

        clock: Clock = self._memo.once((daemon, "clock"), make)
        return clock

    def read(self, command: str, parse: Callable[[str], T]) -> Iterator[tuple[str, T]]:
        """Yield each daemon's name and what ``parse`` makes of its reply; what fails is noted and left out."""
        return self._each(self._birds, lambda daemon: self.ask(daemon, command, parse))

    def protocols(self) -> Iterator[tuple[str, list[Protocol]]]:
        """Yield each daemon's name and its protocols, as ``show protocols all`` tells them.

        A line that does not match its rule is left out of its protocol and noted in ``failures``.
        """
        for daemon, protocols in self._each(self._birds, self.protocols_of):
            self.failures.extend(self.problems(daemon)[:_SHOWN_PROBLEMS])
            yield daemon, protocols

    def protocols_of(self, daemon: str) -> list[Protocol]:
        """Return a daemon's protocols; lines that do not match their rule are problems, not errors.

        Raises:
            SourceError: The daemon could not be read.
            ParseError: The reply is no table of protocols.
        """

        def parse() -> list[Protocol]:
            # The family that BIRD 1.x serves is told by nothing but the daemon's name; with peers, by their addresses.
            family = "ipv6" if daemon.endswith("6") else None
            self._greet(daemon)
            bird = self._birds[daemon]
            with bird.stream(PROTOCOLS) as pieces:
                received = self._intakes[daemon].received(pieces)
                taken_in = self._taken_in(daemon, PROTOCOLS, received)
                found = self._parsers[daemon].parse(taken_in, family=family, problems=self.problems(daemon))
            self._intakes[daemon].count(f"{bird.name}: {PROTOCOLS}", "protocols", len(found))
            return found

        protocols: list[Protocol] = self._memo.once((daemon, "protocols"), parse)
        return protocols

    def status(self) -> Iterator[tuple[str, DaemonStatus]]:
        """Yield each daemon's name and what ``show status`` tells of it."""
        return self.read(STATUS, parse_status)

    def page(self, name: str) -> Page:
        """Return a page's families; lines that are not understood are problems, and noted in ``failures``.

        Raises:
            SourceError: The page could not be read, was cut off, or is no page of metrics.
        """

        def read() -> Page:
            from calicometrics.exposition.parser import parse_page

            intake = self._intakes[name]
            with intake.receiving():
                text = self._pages[name].read(self._deadline)
            page = parse_page("".join(intake.pieces(name, [text])))
            if page.fault is not None:
                raise SourceError(f"{name}: {page.fault}")
            self.problems(name).extend(ParseError(f"{name}: {why}", line) for line, why in page.problems)
            intake.count(name, "families", len(page.families))
            intake.count(name, "samples", sum(family.most_samples for family in page.families))
            return page

        page: Page = self._memo.once((name, "page"), read)
        problems = self.problems(name)[:_SHOWN_PROBLEMS]
        self.failures.extend(problem for problem in problems if problem not in self.failures)
        return page

    def problems(self, source: str) -> list[ParseError]:
        """Return what was read from a daemon or page but not understood: a list that grows as it is parsed."""
        problems: list[ParseError] = self._memo.once((source, "problems"), list)
        return problems

    def answered(self) -> list[str]:
        """Return the daemons and pages that have been read in this round."""
        return [
            *(name for name in self._birds if self._memo.peek((name, STATUS)) is not None),
            *(name for name in self._pages if self._memo.peek((name, "page")) is not None),
        ]

    def read_status(self, daemon: str) -> DaemonStatus | None:
        """Return a daemon's status if this round has read it."""
        status: DaemonStatus | None = self._memo.peek((daemon, STATUS, parse_status))
        return status

    def read_protocols(self, daemon: str) -> list[Protocol] | None:
        """Return a daemon's protocols if this round has read them."""
        protocols: list[Protocol] | None = self._memo.peek((daemon, "protocols"))
        return protocols

    def read_page(self, name: str) -> Page | None:
        """Return a page if this round has read it."""
        page: Page | None = self._memo.peek((name, "page"))
        return page

    def bound_ratios(self) -> dict[str, Mapping[str, float]]:
        """Return how much of each of its bounds every daemon and page has used, for those that were read."""
        ratios = {name: intake.ratios() for name, intake in self._intakes.items()}
        return {name: found for name, found in ratios.items() if found}

    def unknown_lines(self) -> dict[str, int]:
        """Return how many lines of each daemon's protocols no rule has read, for the daemons that were read."""
        counts: dict[str, int] = {}
        for daemon in self._birds:
            protocols = self.read_protocols(daemon)
            if protocols is not None:
                counts[daemon] = sum(
                    len(protocol.extra) + sum(len(channel.extra) for channel in protocol.channels)
                    for protocol in protocols
                )
        return counts

    def _each(self, names: Iterable[str], get: Callable[[str], T]) -> Iterator[tuple[str, T]]:
        """Yield each name and what ``get`` returns for it, all asked for before the first is waited for."""
        waiting = [(name, self._start(get, name)) for name in names]
        for name, result in waiting:
            try:
                value = result()
            except CalicometricsError as error:
                self.failures.append(error)
            else:
                yield name, value

    def _start(self, get: Callable[[str], T], name: str) -> Callable[[], T]:
        reader = self._readers.get(name)
        if reader is None:
            return lambda: get(name)
        future = reader.submit(lambda: get(name))

        def result() -> T:
            patience = (
                None if self._deadline is None else max(0.0, self._deadline - time.monotonic()) + _GRACE
            )
            try:
                value: T = future.result(patience)
            except FutureTimeoutError:
                if (
                    future.cancel()
                ):  # behind a call that does not return; what it is about may have been read before
                    return get(name)
                raise SourceError(f"{name}: not read when the round's time was over") from None
            return value

        return result
