"""FakeBird: a BIRD that is only a control socket, answering from texts, with faults on demand."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import re
import socket
import stat
import tempfile
import termios
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    Text = str | bytes
    Reply = Text | Callable[[], Text]

DEFAULT_BANNER = "0001 BIRD 1.6.8 ready."
FAULTS = ("refuse", "hang", "hang-mid", "cut", "endless", "dribble", "denied", "unrestricted")
NUMBERED_FAULTS = ("chunk", "split")

_MOST_COMMANDS = 10_000  # a fake may run for days, as the demo's do
_LONGEST_PATH = 107  # sun_path holds 108 bytes, the last of them a zero
_RESTRICTED = b"0016 Access restricted\n"
_DENIED = b"8007 Access denied\n"
_UNKNOWN = b"9001 syntax error, unexpected CF_SYM_UNDEFINED\n"
_ENDLESS = b" and so on\n" * 1000
_LAST_LINE = re.compile(rb"(?:\A|\n)\d{4} [^\n]*\n\Z")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.00002, 0.002


class FakeBird:
    """A Unix socket that speaks as BIRD's control socket does, from construction until ``close``.

    Any number of clients may be connected at once, each with any number of commands. ``restrict`` is answered
    ``0016 Access restricted`` unless there is a reply for it; a command without a reply is a syntax error (9001).

    Faults, which may change at any time:

    * ``refuse``: connections are closed at once;
    * ``hang``: connections are accepted, then nothing, not even the banner;
    * ``hang-mid``, ``cut``: half a reply, then silence or the end of the connection;
    * ``endless``: a reply without an end;
    * ``denied``: every command is answered ``8007 Access denied``;
    * ``dribble``, ``chunk=N``: one byte or N bytes a write;
    * ``split=N``: two writes, the first of N bytes;
    * ``unrestricted``: ``restrict`` is a syntax error, as in a BIRD that does not know it.

    ``restrict`` itself is answered as ever under ``hang-mid``, ``cut``, ``endless`` and ``denied``. Between two writes,
    the fake waits until the client has read the first.

    Args:
        replies: Command → what is sent for it, or a function that returns that. Texts are bytes of the control socket;
            a greeting in front (``0001``) is taken off. Quotes around names make no difference. An empty text is a
            command that is never answered.
        path: Where the socket is to be, replacing a socket that is there; by default in a new temporary directory.
        banner: The greeting.
        fault: What goes wrong, if anything.

    Raises:
        ValueError: There is no such fault, a text does not end as replies do, or the path is too long for a socket.
        OSError: The socket cannot be made.

    Attributes:
        path: The socket.
        commands: The commands received, oldest first; when there are 10,000, the older half is forgotten.
        connections: How many connections there have been.
    """

    def __init__(
        self,
        replies: Mapping[str, Reply],
        *,
        path: str | os.PathLike[str] | None = None,
        banner: str = DEFAULT_BANNER,
        fault: str | None = None,
    ) -> None:
        self.commands: list[str] = []
        self.connections = 0
        self.fault = fault
        self._banner = banner.encode() + b"\n"
        self._replies: dict[str, Reply] = {}
        for command, reply in replies.items():
            self.answer(command, reply)
        self._directory = tempfile.mkdtemp(prefix="fakebird-") if path is None else None
        self.path = f"{self._directory}/bird.ctl" if path is None else os.fspath(path)
        self._closing = threading.Event()
        self._conversations: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        try:
            self._listener = _listen(self.path)
        except BaseException:
            self._remove_directory()
            raise
        self._acceptor = threading.Thread(target=self._accept, name=f"fakebird {self.path}", daemon=True)
        self._acceptor.start()

    @classmethod
    def from_directory(
        cls,
        directory: str | os.PathLike[str],
        *,
        path: str | os.PathLike[str] | None = None,
        fault: str | None = None,
    ) -> Self:
        """Return a fake that answers from recordings.

        Who reads a socket takes what it says for news: the times of a recording that is older than half a day fit no
        zone, and are not exported. A test of times takes :func:`~calicometrics.testing.snapshot_of`.

        Args:
            directory: Holds one file for each command: ``show_status.raw`` for ``show status``, with ``_`` for a blank,
                ``STAR`` for ``*`` and without quotes. The first greeting found in one becomes the banner.
            path: As for the class.
            fault: As for the class.

        Raises:
            ValueError: The directory has no recordings, or as for the class.
            OSError: The directory cannot be read, or as for the class.
        """
        recordings = {file.stem: file.read_bytes() for file in sorted(pathlib.Path(directory).glob("*.raw"))}
        if not recordings:
            raise ValueError(f"{os.fspath(directory)}: no COMMAND.raw files in this directory")
        greetings = (_without_banner(text)[0] for text in recordings.values())
        banner = next(filter(None, greetings), DEFAULT_BANNER.encode())
        return cls(recordings, path=path, banner=banner.decode(errors="replace"), fault=fault)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def fault(self) -> str | None:
        """What goes wrong at present; None when nothing does."""
        return self._fault

    @fault.setter
    def fault(self, fault: str | None) -> None:
        name, _, number = (fault or "").partition("=")
        if fault is not None and not (
            fault in FAULTS or (name in NUMBERED_FAULTS and number.isdecimal() and int(number) > 0)
        ):
            known = ", ".join((*FAULTS, *(f"{name}=N" for name in NUMBERED_FAULTS)))
            raise ValueError(f"no fault {fault!r}: there are {known}")
        self._fault = fault

    def answer(self, command: str, reply: Reply) -> None:
        """Give a command a reply, in place of the one that it had.

        Raises:
            ValueError: The text does not end with a line of four digits and a blank.
        """
        if not callable(reply):
            text = _body(reply)
            if text and not _LAST_LINE.search(text):
                raise ValueError(
                    f"the reply to {command!r} does not end with a line of four digits and a blank, such as '0000 '"
                )
        self._replies[_key(command)] = reply

    def close(self) -> None:
        """End every conversation and remove the socket; harmless when that is done."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            conversations = dict(self._conversations)
            for peer in conversations.values():
                with contextlib.suppress(OSError):  # the client may have left
                    peer.shutdown(socket.SHUT_RDWR)
        for thread in conversations:
            thread.join()
        pathlib.Path(self.path).unlink(missing_ok=True)
        self._remove_directory()

    def _remove_directory(self) -> None:
        if self._directory is not None:
            pathlib.Path(self._directory).rmdir()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                if self._closing.is_set():
                    return
                raise
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer,), name="fakebird client", daemon=True)
            with self._lock:
                self._conversations[thread] = peer
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with contextlib.suppress(ConnectionError):  # clients leave as they like
                self._converse(peer)
        finally:
            with self._lock:
                del self._conversations[threading.current_thread()]
                peer.close()

    def _converse(self, peer: socket.socket) -> None:
        if self.fault == "refuse":
            return
        if self.fault != "hang":
            self._send(peer, self._banner)
        with peer.makefile("rb") as lines:
            for line in lines:
                command = line.decode(errors="replace").strip()
                self._note(command)
                reply = self._reply(command)
                fault = None if command == "restrict" else self.fault
                if fault == "endless":
                    while True:
                        peer.sendall(_ENDLESS)
                if fault in {"cut", "hang-mid"}:
                    reply = reply[: len(reply) // 2]
                if self.fault != "hang":
                    self._send(peer, reply)
                if fault == "cut":
                    return

    def _note(self, command: str) -> None:
        with self._lock:
            if len(self.commands) >= _MOST_COMMANDS:
                del self.commands[: _MOST_COMMANDS // 2]
            self.commands.append(command)

    def _reply(self, command: str) -> bytes:
        if command == "restrict" and self.fault == "unrestricted":
            return _UNKNOWN
        if command != "restrict" and self.fault == "denied":
            return _DENIED
        reply = self._replies.get(_key(command))
        if reply is None:
            return _RESTRICTED if command == "restrict" else _UNKNOWN
        return _body(reply() if callable(reply) else reply)

    def _send(self, peer: socket.socket, data: bytes) -> None:
        *pieces, last = _pieces(data, self.fault)
        for piece in pieces:
            peer.sendall(piece)
            self._wait_until_read(peer)
        peer.sendall(last)

    def _wait_until_read(self, peer: socket.socket) -> None:
        """Wait until the client has taken what was sent, so that two writes are never one read."""
        pause = _FIRST_PAUSE
        while not self._closing.is_set() and _unread(peer):
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _listen(path: str) -> socket.socket:
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ValueError(f"{path}: the path of a Unix socket has at most {_LONGEST_PATH} bytes")
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            pathlib.Path(path).unlink()  # BIRD too takes the place of a socket that was left behind
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, path) from None
    return listener


def _key(command: str) -> str:
    """Return the command as recordings are named, so that quotes and the number of blanks do not matter."""
    return "_".join(command.replace('"', "").replace("'", "").replace("*", "STAR").split())


def _body(text: Text) -> bytes:
    data = _without_banner(text.encode() if isinstance(text, str) else text)[1]
    return data if data.endswith(b"\n") or not data else data + b"\n"


def _without_banner(data: bytes) -> tuple[bytes, bytes]:
    if not data.startswith(b"0001 "):
        return b"", data
    banner, _, body = data.partition(b"\n")
    return banner, body


def _pieces(data: bytes, fault: str | None) -> Iterator[bytes]:
    """Yield what is written at once, at least one piece."""
    name, _, number = (fault or "").partition("=")
    if name == "split":
        yield data[: int(number)]
        yield data[int(number) :]
        return
    size = {"dribble": 1, "chunk": int(number or 1)}.get(name, len(data)) or 1
    for start in range(0, len(data) or 1, size):
        yield data[start : start + size]


def _unread(peer: socket.socket) -> bool:
    """Return whether the other end has not yet read everything that was sent to it (Linux: SIOCOUTQ)."""
    return any(fcntl.ioctl(peer, termios.TIOCOUTQ, bytes(4)))
