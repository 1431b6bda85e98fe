"""The client of BIRD's control socket: read-only, one deadline, exact framing."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import time
from typing import TYPE_CHECKING, Self

from calicometrics.bird.framing import is_error
from calicometrics.errors import BoundError, CommandError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

DEFAULT_TIMEOUT = 5.0
DEFAULT_MAX_REPLY = 128 * 1024 * 1024

_CHUNK = 256 * 1024  # what a Unix socket's buffer holds at most, by default
_TERMINATOR = re.compile(rb"(\d{4}) ([^\n]*)\n\Z")
_BUSY_PAUSE = 0.02
_RESTRICTED = b"0016 "


class BirdSocket:
    """One control socket of BIRD, to be asked for replies.

    Args:
        path: The socket, such as ``/var/run/calico/bird.ctl``.
        timeout: Seconds for a whole round: connecting, the greeting and every reply until ``close``.
        max_reply: The largest reply that is accepted, in bytes.
    """

    def __init__(
        self, path: str, *, timeout: float = DEFAULT_TIMEOUT, max_reply: int = DEFAULT_MAX_REPLY
    ) -> None:
        self.path = path
        self.timeout = timeout
        self.max_reply = max_reply

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"

    @property
    def expected(self) -> bool:
        """Whether the daemon has to be there; one that somebody has named does."""
        return True

    def connect(self, deadline: float | None = None) -> BirdConnection:
        """Return a connection that is restricted to reading.

        Args:
            deadline: A ``time.monotonic()`` value that cuts the timeout shorter.

        Raises:
            SourceError: There is no such socket, nobody or no BIRD answers, or it refuses to be restricted.
        """
        limit = time.monotonic() + self.timeout
        if deadline is not None:
            limit = min(limit, deadline)
        return BirdConnection(self.path, limit, self.max_reply)

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""
        return time.time()

    def ask(self, command: str) -> str:
        """Return the reply to one command, over a connection of its own.

        Raises:
            SourceError: The socket could not be read, or BIRD answered with an error.
        """
        with self.connect() as connection:
            return connection.ask(command)


class BirdConnection:
    """A connection for one round: each command is one write and one reply.

    It is restricted before anything else is sent: the control socket is a full administration channel, and an
    exporter needs only to read (BIRD ``nest/cmds.c``, code 0016). A connection that failed is closed.

    Args:
        path: The control socket.
        deadline: A ``time.monotonic()`` value for everything that is done on the connection.
        max_reply: The largest reply that is accepted, in bytes.

    Raises:
        SourceError: As for :meth:`BirdSocket.connect`.
    """

    def __init__(self, path: str, deadline: float, max_reply: int) -> None:
        self._path = path
        self._deadline = deadline
        self._max_reply = max_reply
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._connect()
            self._greet()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; harmless when it is closed."""
        self._socket.close()

    def abandon(self) -> None:
        """End the connection for both sides, while another thread may be reading it; that one closes it."""
        with contextlib.suppress(OSError):  # it has ended by itself
            self._socket.shutdown(socket.SHUT_RDWR)

    def ask(self, command: str) -> str:
        r"""Return the reply to a command as BIRD framed it; bytes that are no UTF-8 show as ``\xNN``.

        Args:
            command: One line, without its line feed.

        Raises:
            CommandError: BIRD answered with an error (codes 8000 to 9999).
            BoundError: The reply is too large.
            SourceError: BIRD could not be read in time.
            ValueError: The command is more than one line.
        """
        return "".join(self.stream(command))

    def stream(self, command: str) -> Iterator[str]:
        """Yield the reply to a command as it comes, in pieces of whole lines; otherwise as :meth:`ask`.

        Whoever leaves a reply before its end leaves the connection: it is closed.

        Raises:
            CommandError: BIRD answered with an error; it may do so after some pieces.
            SourceError: BIRD could not be read in time.
            ValueError: The command is more than one line.
        """
        self._send(command)
        ended = False
        try:
            for lines in self._receive(command):
                end = _TERMINATOR.match(_last_line(lines))
                if end is not None and is_error(code := end[1].decode()):
                    ended = True
                    raise CommandError.answered(self._phase(command), code, end[2].decode(errors="replace"))
                yield lines.decode("utf-8", "backslashreplace")
            ended = True
        finally:
            if not ended:
                self.close()

    def _greet(self) -> None:
        greeting = b"".join(self._receive("greeting"))
        if not greeting.startswith(b"0001 "):
            raise self._error("greeting", f"this is no BIRD: {greeting[:80]!r}")
        self._send("restrict")
        answer = _last_line(b"".join(self._receive("restrict")))
        if not answer.startswith(_RESTRICTED):
            raise self._error("restrict", f"BIRD answered {answer.decode(errors='replace')}".rstrip())

    def _send(self, command: str) -> None:
        if "\n" in command or "\r" in command:
            raise ValueError("a command is one line")
        try:
            self._socket.settimeout(self._remaining(command))
            self._socket.sendall(command.encode() + b"\n")
        except OSError as error:
            self.close()
            raise self._error(command, f"cannot send: {_reason(error)}") from None

    def _connect(self) -> None:
        """Connect within the deadline; a full backlog answers EAGAIN at once, so it is tried again."""
        while True:
            try:
                self._socket.settimeout(self._remaining("connect"))
                self._socket.connect(self._path)
            except OSError as error:
                if error.errno != errno.EAGAIN or isinstance(error, TimeoutError):
                    raise self._error("connect", _reason(error)) from None
                time.sleep(min(_BUSY_PAUSE, self._remaining("connect")))
            else:
                return

    def _receive(self, phase: str) -> Iterator[bytes]:
        """Yield everything up to a line that ends a reply, four digits and a blank, in pieces of whole lines.

        Such a line is looked for at the end of what has come, since BIRD waits for the next command behind it. Lines
        that begin with ``+`` are asynchronous and no part of a reply; one that has begun behind the end is read to its
        own end, or its rest would be taken for the next reply.
        """
        size = 0
        ended = b""  # lines with an end behind which another line has begun
        begun: list[bytes] = []  # of a line whose end has not come
        while True:
            try:
                self._socket.settimeout(self._remaining(phase, size))
                chunk = self._socket.recv(_CHUNK)
            except OSError as error:
                self.close()
                raise self._error(phase, f"{_reason(error)} after {size} bytes") from None
            if not chunk:
                self.close()
                raise self._error(phase, f"the reply was cut: connection closed after {size} bytes")
            size += len(chunk)
            if size > self._max_reply:
                self.close()
                raise BoundError(f"{self._phase(phase)}: the reply is larger than {self._max_reply} bytes")
            whole = chunk.rfind(b"\n") + 1
            if not whole:
                begun.append(chunk)
                continue
            lines = ended + _without_asynchronous(b"".join([*begun, chunk[:whole]]))
            begun = [chunk[whole:]] if whole < len(chunk) else []
            ends = _TERMINATOR.match(_last_line(lines)) is not None
            ended = lines if ends and begun else b""
            if lines and not ended:
                yield lines
            if ends and not begun:
                return

    def _remaining(self, phase: str, size: int = 0) -> float:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            self.close()
            raise self._error(phase, f"timeout after {size} bytes" if size else "timeout")
        return remaining

    def _phase(self, phase: str) -> str:
        return f"BIRD at {self._path}: {phase}"

    def _error(self, phase: str, reason: str) -> SourceError:
        return SourceError(f"{self._phase(phase)}: {reason}")


def _last_line(data: bytes) -> bytes:
    """Return the last line, complete or not."""
    return data[data.rfind(b"\n", 0, -1) + 1 :]


def _without_asynchronous(data: bytes) -> bytes:
    # One character is looked for much faster than two.
    if b"+" not in data or (b"\n+" not in data and not data.startswith(b"+")):
        return data
    # Not by splitlines: for it, a line ends with a carriage return as well.
    return b"\n".join(line for line in data.split(b"\n") if not line.startswith(b"+"))


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if error.errno == errno.ENOENT:
        return "no such socket"
    return (error.strerror or str(error)).lower()
