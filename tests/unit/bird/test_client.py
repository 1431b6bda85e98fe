"""The control-socket client against a socket that behaves as BIRD does, and misbehaves on demand."""

from __future__ import annotations

import os
import pathlib
import socket
import threading
import time
import types

import pytest

from calicometrics.bird import client
from calicometrics.bird.client import BirdConnection, BirdSocket
from calicometrics.errors import CommandError, SourceError
from calicometrics.testing.bird import FakeBird

STATUS = "1000-BIRD 1.6.8\n1011-Router ID is 10.9.0.1\n0024-Graceful restart\n0013 Daemon is up and running\n"
PROTOCOLS = "2002-name     proto    table    state  since  info\n1002-device1  Device   master   up  04:44    \n0000 \n"
REPLIES = {"show status": STATUS, "show protocols": PROTOCOLS}
QUICK = 0.3  # seconds: long enough for an answer of this process, short enough to wait for


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_reply_is_what_was_sent_up_to_its_terminator() -> None:
    with FakeBird(REPLIES) as bird:
        assert BirdSocket(bird.path).ask("show status") == STATUS


def test_the_session_is_restricted_before_anything_else_is_asked() -> None:
    with FakeBird(REPLIES) as bird:
        BirdSocket(bird.path).ask("show status")
        assert bird.commands == ["restrict", "show status"]


def test_one_connection_serves_every_command_of_a_round() -> None:
    with FakeBird(REPLIES) as bird:
        with BirdSocket(bird.path).connect() as connection:
            assert connection.ask("show status") == STATUS
            assert connection.ask("show protocols") == PROTOCOLS
            assert connection.ask("show status") == STATUS
        assert bird.connections == 1


def test_a_bird_that_refuses_to_be_restricted_is_not_asked() -> None:
    with FakeBird(REPLIES, fault="unrestricted") as bird:
        with pytest.raises(SourceError, match="restrict: BIRD answered 9001"):
            BirdSocket(bird.path).ask("show status")
        assert bird.commands == ["restrict"]


def test_an_error_of_birds_has_its_words_and_leaves_the_connection_usable() -> None:
    with FakeBird(REPLIES | {"show bfd sessions": "8003 No protocols match\n"}) as bird:
        with BirdSocket(bird.path).connect() as connection:
            with pytest.raises(CommandError) as caught:
                connection.ask("show bfd sessions")
            assert connection.ask("show status") == STATUS
        assert (
            str(caught.value)
            == f"BIRD at {bird.path}: show bfd sessions: BIRD answered 8003 No protocols match"
        )
        assert caught.value.code == "8003"


def test_access_that_is_denied_is_an_error() -> None:
    with FakeBird(REPLIES, fault="denied") as bird, pytest.raises(CommandError, match="8007 Access denied"):
        BirdSocket(bird.path).ask("show status")


@pytest.mark.parametrize("cut", range(1, len(STATUS)))
def test_a_reply_split_at_any_byte_is_whole(cut: int) -> None:
    with FakeBird(REPLIES, fault=f"split={cut}") as bird:
        assert BirdSocket(bird.path).ask("show status") == STATUS


def test_a_reply_of_one_byte_a_write_is_whole() -> None:
    with FakeBird(REPLIES, fault="dribble") as bird:
        assert BirdSocket(bird.path).ask("show status") == STATUS


def test_no_such_socket_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SourceError) as caught:
        BirdSocket(f"{tmp_path}/bird.ctl").ask("show status")
    assert str(caught.value) == f"BIRD at {tmp_path}/bird.ctl: connect: no such socket"


def test_a_socket_that_nobody_serves_is_refused(tmp_path: pathlib.Path) -> None:
    path = f"{tmp_path}/bird.ctl"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(path)
    with pytest.raises(SourceError, match="connect: connection refused"):
        BirdSocket(path).ask("show status")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody without permission")
def test_a_socket_without_permission_says_so(tmp_path: pathlib.Path) -> None:
    """Root may open everything, so the question is asked by a child that is nobody."""
    with FakeBird(REPLIES) as bird:
        os.chmod(bird.path, 0o660)
        os.chmod(pathlib.Path(bird.path).parent, 0o755)
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                BirdSocket(bird.path).ask("show status")
            except SourceError as error:
                os.write(writer, str(error).encode())
            finally:
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with open(reader, encoding="utf-8") as pipe:
            assert pipe.read().endswith("connect: permission denied")


def test_a_file_that_is_no_socket_says_so(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "bird.ctl"
    file.write_text("")
    with pytest.raises(SourceError, match="connect: connection refused"):
        BirdSocket(str(file)).ask("show status")


def test_what_greets_otherwise_is_no_bird() -> None:
    with FakeBird(REPLIES, banner="220 mail.example ESMTP") as bird:
        with pytest.raises(SourceError, match="greeting: .*timeout|greeting: this is no BIRD"):
            BirdSocket(bird.path, timeout=QUICK).ask("show status")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("hang", r"greeting: timeout after 0 bytes"),
        ("hang-mid", r"show status: timeout after \d+ bytes"),
        ("cut", r"show status: the reply was cut: connection closed after \d+ bytes"),
        ("refuse", r"(greeting: the reply was cut|greeting: connection reset|restrict: cannot send)"),
    ],
)
def test_a_daemon_that_stops_talking_is_an_error_that_names_the_phase(fault: str, message: str) -> None:
    with FakeBird(REPLIES, fault=fault) as bird, pytest.raises(SourceError, match=message):
        BirdSocket(bird.path, timeout=QUICK).ask("show status")


def test_a_reply_without_an_end_stops_at_the_cap() -> None:
    with FakeBird(REPLIES, fault="endless") as bird:
        with pytest.raises(SourceError, match="show status: the reply is larger than 100000 bytes"):
            BirdSocket(bird.path, max_reply=100_000).ask("show status")


def test_one_deadline_holds_for_the_whole_round_however_the_bytes_drip() -> None:
    """A daemon that always sends a little in time must not hold a reader for ever."""
    done = threading.Event()

    def drip() -> str:
        done.wait(10 * QUICK)
        return STATUS

    with FakeBird({"show status": drip, "show protocols": PROTOCOLS}) as bird:
        began = time.monotonic()
        with BirdSocket(bird.path, timeout=QUICK).connect() as connection:
            connection.ask("show protocols")
            with pytest.raises(SourceError, match="show status: timeout"):
                connection.ask("show status")
            with pytest.raises(SourceError, match="show protocols: "):
                connection.ask("show protocols")
        assert time.monotonic() - began < 8 * QUICK
        done.set()


def test_a_callers_deadline_cuts_the_timeout_shorter() -> None:
    with FakeBird(REPLIES) as bird, pytest.raises(SourceError, match="connect: timeout"):
        BirdSocket(bird.path, timeout=60).connect(deadline=time.monotonic() - 1)


def test_a_full_backlog_is_tried_again_within_the_deadline(tmp_path: pathlib.Path) -> None:
    """connect() on a full Unix backlog gives EAGAIN at once, even with a timeout set."""
    path = f"{tmp_path}/bird.ctl"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        waiting[0].connect(path)
        began = time.monotonic()
        with pytest.raises(SourceError, match="connect: "):
            BirdSocket(path, timeout=QUICK).ask("show status")
        assert time.monotonic() - began >= QUICK * 0.9

        def serve() -> None:
            time.sleep(QUICK / 2)
            listener.accept()[0].close()  # makes room for the one that is waiting
            peer, _ = listener.accept()
            with peer, peer.makefile("rwb") as file:
                for answer in (b"0001 BIRD 1.6.8 ready.\n", b"0016 Access restricted\n", STATUS.encode()):
                    file.write(answer)
                    file.flush()
                    file.readline()

        server = threading.Thread(target=serve)
        server.start()
        assert BirdSocket(path, timeout=20 * QUICK).ask("show status") == STATUS
        server.join()
        for peer in waiting:
            peer.close()


def serving(*answers: bytes) -> tuple[str, threading.Thread, socket.socket]:
    """A socket that sends one answer for the connection and one for each command."""
    directory = os.path.realpath(os.environ.get("TMPDIR", "/tmp"))
    path = f"{directory}/calicometrics-{os.getpid()}-{time.monotonic_ns()}.ctl"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rwb") as file:
            for answer in answers:
                file.write(answer)
                file.flush()
                file.readline()

    thread = threading.Thread(target=serve)
    thread.start()
    return path, thread, listener


GREETING = (b"0001 BIRD 1.6.8 ready.\n", b"0016 Access restricted\n")


ASYNCHRONOUS = b"+0000 <TRACE> kernel1: Scan\r with a return\n"
WITH_ASYNCHRONOUS = [
    ASYNCHRONOUS + STATUS.encode(),
    STATUS.encode().replace(b"\n", b"\n" + ASYNCHRONOUS, 1),
    STATUS.encode() + ASYNCHRONOUS,
    STATUS.encode() + 2 * ASYNCHRONOUS,
]


@pytest.mark.parametrize(
    ("reply", "cut"),
    [(reply, cut) for reply in WITH_ASYNCHRONOUS for cut in range(1, len(reply) + 1)],
)
def test_asynchronous_lines_are_no_part_of_a_reply_wherever_it_is_split(
    monkeypatch: pytest.MonkeyPatch, reply: bytes, cut: int
) -> None:
    pieces = [*GREETING, reply[:cut], reply[cut:], PROTOCOLS.encode()]
    connection = received(monkeypatch, pieces)
    assert connection.ask("show status") == STATUS
    assert connection.ask("show protocols") == PROTOCOLS


def test_an_asynchronous_line_behind_an_error_is_no_part_of_the_next_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = received(
        monkeypatch, [*GREETING, b"9001 syntax error\n+log l", b"ine\n", PROTOCOLS.encode()]
    )
    with pytest.raises(CommandError, match="9001 syntax error"):
        connection.ask("show nonsense")
    assert connection.ask("show protocols") == PROTOCOLS


def received(monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]) -> BirdConnection:
    """A connection that receives these pieces, one a call: a real socket may join them."""
    coming = iter(filter(None, pieces))

    class Wire:
        def settimeout(self, seconds: float) -> None: ...

        def connect(self, path: str) -> None: ...

        def sendall(self, data: bytes) -> None: ...

        def recv(self, size: int) -> bytes:
            return next(coming, b"")

        def close(self) -> None: ...

    wire = types.SimpleNamespace(socket=lambda *_: Wire(), AF_UNIX=0, SOCK_STREAM=0)
    monkeypatch.setattr(client, "socket", wire)
    return BirdSocket("/bird.ctl").connect()


def test_numbers_at_the_start_of_a_line_are_no_terminator() -> None:
    reply = b"1007-8435 imported\n 0000 is text\n 9001 too\n0000 \n"
    path, thread, listener = serving(*GREETING, reply)
    with listener:
        assert BirdSocket(path).ask("show route") == reply.decode()
    thread.join()
    os.unlink(path)


def test_bytes_that_are_no_utf_8_show_as_escapes() -> None:
    path, thread, listener = serving(*GREETING, b"1006-  Description: Z\xfcrich\n0000 \n")
    with listener:
        assert "Description: Z\\xfcrich" in BirdSocket(path).ask("show protocols all")
    thread.join()
    os.unlink(path)


@pytest.mark.parametrize("command", ["show status\nshutdown", "show\rstatus"])
def test_a_command_is_one_line(command: str) -> None:
    with FakeBird(REPLIES) as bird, BirdSocket(bird.path).connect() as connection:
        with pytest.raises(ValueError, match="one line"):
            connection.ask(command)


@pytest.mark.parametrize("fault", ["hang", "hang-mid", "cut", "refuse", "denied", "endless", "unrestricted"])
def test_no_descriptor_is_leaked_by_failing_rounds(fault: str) -> None:
    with FakeBird(REPLIES, fault=fault) as bird:
        client = BirdSocket(bird.path, timeout=0.02, max_reply=20_000)
        with pytest.raises(SourceError):
            client.ask("show status")
        before = descriptors()
        for _ in range(30):
            with pytest.raises(SourceError):
                client.ask("show status")
    assert descriptors() <= before


def test_a_socket_names_itself() -> None:
    assert repr(BirdSocket("/run/bird.ctl")) == "BirdSocket('/run/bird.ctl')"


def test_a_reply_comes_in_pieces_of_whole_lines() -> None:
    reply = "2002-name\n" + "".join(f"1002-p{n} {'x' * 100}\n" for n in range(20_000)) + "0000 \n"
    with (
        FakeBird(REPLIES | {"show protocols all": reply}) as bird,
        BirdSocket(bird.path).connect() as connection,
    ):
        pieces = list(connection.stream("show protocols all"))
        assert len(pieces) > 1
        assert all(piece.endswith("\n") for piece in pieces)
        assert "".join(pieces) == reply
        assert connection.ask("show status") == STATUS


def test_a_reply_that_is_left_before_its_end_ends_the_connection() -> None:
    reply = "2002-name\n" + "1002-p\n" * 200_000 + "0000 \n"
    with (
        FakeBird(REPLIES | {"show protocols all": reply}) as bird,
        BirdSocket(bird.path).connect() as connection,
    ):
        pieces = connection.stream("show protocols all")
        next(pieces)
        pieces.close()
        with pytest.raises(SourceError, match="show status: cannot send"):
            connection.ask("show status")
