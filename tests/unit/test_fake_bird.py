"""FakeBird, asked by a bare socket and by the project's own client."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import threading

import pytest

from calicometrics.bird.client import BirdSocket
from calicometrics.errors import CommandError, SourceError
from calicometrics.testing.bird import FAULTS, FakeBird

STATUS = "1000-BIRD 1.6.8\n0013 Daemon is up and running\n"
REPLIES = {"show status": STATUS}
BANNER = b"0001 BIRD 1.6.8 ready.\n"


@contextlib.contextmanager
def client(bird: FakeBird):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(bird.path)
        yield connection


def read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        assert chunk, f"closed after {data!r}"
        data += chunk
    return data


def assert_silent(connection: socket.socket) -> None:
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1)


def threads_of_fakes() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("fakebird")]


@pytest.fixture(autouse=True)
def _nothing_left():
    descriptors = set(pathlib.Path("/proc/self/fd").iterdir())
    yield
    assert threads_of_fakes() == []
    assert set(pathlib.Path("/proc/self/fd").iterdir()) <= descriptors


def test_greets_then_answers_each_command_of_a_connection():
    with FakeBird(REPLIES) as bird, client(bird) as connection:
        assert read(connection, len(BANNER)) == BANNER
        connection.sendall(b"restrict\n")
        assert read(connection, 23) == b"0016 Access restricted\n"
        for _ in range(3):
            connection.sendall(b"show status\n")
            assert read(connection, len(STATUS)) == STATUS.encode()
        assert bird.commands == ["restrict", "show status", "show status", "show status"]
        assert bird.connections == 1


def test_serves_two_clients_at_once():
    with FakeBird(REPLIES) as bird, client(bird) as one, client(bird) as two:
        for connection in (two, one):
            connection.sendall(b"show status\n")
            assert read(connection, len(BANNER) + len(STATUS)) == BANNER + STATUS.encode()
        assert bird.connections == 2


def test_one_write_with_two_commands_gets_two_replies():
    with FakeBird(REPLIES) as bird, client(bird) as connection:
        connection.sendall(b"show status\nshow status\n")
        assert read(connection, len(BANNER) + 2 * len(STATUS)) == BANNER + 2 * STATUS.encode()


def test_the_oldest_commands_are_forgotten_when_there_are_very_many():
    with FakeBird({}) as bird, client(bird) as connection:
        bird.commands.extend(str(number) for number in range(10_000))
        connection.sendall(b"show status\n")
        read(connection, len(BANNER) + 4)
        assert bird.commands == [*(str(number) for number in range(5_000, 10_000)), "show status"]


def test_a_command_without_a_reply_is_a_syntax_error():
    with FakeBird({}) as bird, pytest.raises(CommandError, match="9001 syntax error, unexpected"):
        BirdSocket(bird.path).ask("show nonsense")


@pytest.mark.parametrize(
    "reply",
    [
        STATUS,
        STATUS.encode(),
        STATUS.rstrip("\n"),
        "0001 BIRD 9.9 ready.\n" + STATUS,
        lambda: STATUS,
        lambda: b"0001 BIRD 9.9 ready.\n" + STATUS.encode(),
    ],
    ids=["text", "bytes", "no last line feed", "banner", "function", "function of recorded bytes"],
)
def test_takes_a_reply_in_any_of_its_forms(reply):
    with FakeBird({"show status": reply}) as bird:
        assert BirdSocket(bird.path).ask("show status") == STATUS


def test_quotes_and_the_number_of_blanks_make_no_difference_to_a_command():
    with FakeBird({'show protocols all "Node_*"': "0000 \n"}) as bird:
        assert BirdSocket(bird.path).ask("show protocols  all Node_*") == "0000 \n"


def test_a_reply_may_change_between_two_commands():
    with FakeBird(REPLIES) as bird, BirdSocket(bird.path).connect() as connection:
        assert connection.ask("show status") == STATUS
        bird.answer("show status", "0013 Shutdown in progress\n")
        assert connection.ask("show status") == "0013 Shutdown in progress\n"


def test_greets_with_the_banner_that_was_given():
    banner = "0001 BIRD v0.3.3+birdv1.6.8 ready."
    with FakeBird({}, banner=banner) as bird, client(bird) as connection:
        assert read(connection, len(banner) + 1) == banner.encode() + b"\n"


def test_restrict_may_have_a_reply_of_its_own():
    with (
        FakeBird({"restrict": "9002 not today"}) as bird,
        pytest.raises(SourceError, match="restrict: BIRD answered 9002"),
    ):
        BirdSocket(bird.path).connect()


def test_a_reply_that_does_not_end_is_refused_at_once():
    with pytest.raises(ValueError, match="the reply to 'show status' does not end"):
        FakeBird({"show status": "BIRD 1.6.8\nDaemon is up and running\n"})


def test_an_empty_reply_is_a_command_that_is_never_answered():
    with FakeBird({"show threads": ""}) as bird, client(bird) as connection:
        read(connection, len(BANNER))
        connection.sendall(b"show threads\n")
        assert_silent(connection)


def test_answers_from_a_directory_of_recordings(data):
    directory = data / "bird" / "1.6.8" / "calico-ipv6"
    with FakeBird.from_directory(directory) as bird:
        for file in directory.glob("*.raw"):
            recorded = file.read_bytes().partition(b"\n")[2].decode()
            if recorded.startswith(("8", "9")):
                continue
            assert BirdSocket(bird.path).ask(file.stem.replace("_", " ").replace("STAR", "*")) == recorded, (
                file
            )
        node = BirdSocket(bird.path).ask('show protocols all "Node*"')
        assert "\n1002-Node_fd00_9__4_port_1179 BGP " in node


def test_a_directory_of_recordings_brings_its_banner(tmp_path):
    (tmp_path / "show_a.raw").write_text("0000 \n")
    (tmp_path / "show_b.raw").write_text("0001 BIRD 3.3.2 ready.\n0000 \n")
    with FakeBird.from_directory(tmp_path) as bird, client(bird) as connection:
        assert read(connection, 23) == b"0001 BIRD 3.3.2 ready.\n"


def test_a_directory_without_recordings_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path}: no COMMAND.raw files"):
        FakeBird.from_directory(tmp_path)


def test_makes_the_socket_where_it_is_told_and_removes_it(tmp_path):
    path = tmp_path / "bird.ctl"
    with FakeBird(REPLIES, path=path) as bird:
        assert bird.path == str(path)
        assert BirdSocket(bird.path).ask("show status") == STATUS
    assert list(tmp_path.iterdir()) == []


def test_a_socket_of_its_own_goes_with_its_directory():
    with FakeBird({}) as bird:
        directory = pathlib.Path(bird.path).parent
        assert directory.is_dir()
    assert not directory.exists()


def test_takes_the_place_of_a_socket_left_behind_but_of_no_other_file(tmp_path):
    path = tmp_path / "bird.ctl"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with FakeBird(REPLIES, path=path) as bird:
        assert BirdSocket(bird.path).ask("show status") == STATUS
    path.write_text("precious")
    with pytest.raises(OSError, match="Address already in use") as caught:
        FakeBird(REPLIES, path=path)
    assert caught.value.filename == str(path)
    assert path.read_text() == "precious"


def test_a_path_too_long_for_a_socket_is_an_error_that_says_so(tmp_path):
    with pytest.raises(ValueError, match="at most 107 bytes"):
        FakeBird({}, path=tmp_path / ("x" * 108))


def test_a_failed_start_leaves_no_directory_behind(monkeypatch, tmp_path):
    temporary = tmp_path / ("x" * 100)
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(ValueError, match="at most 107 bytes"):
        FakeBird({})
    assert list(temporary.iterdir()) == []


def test_may_be_closed_twice():
    bird = FakeBird({})
    bird.close()
    bird.close()
    assert not pathlib.Path(bird.path).exists()


def test_close_ends_conversations_that_are_under_way():
    with FakeBird(REPLIES) as bird, client(bird) as connection:
        read(connection, len(BANNER))
        bird.close()
        assert connection.recv(1) == b""


def test_close_does_not_wait_for_a_client_that_never_reads():
    with (
        FakeBird({"show status": "9" * 4_000_000 + "\n0000 "}, fault="chunk=1000000") as bird,
        client(bird) as connection,
    ):
        connection.sendall(b"show status\n")
        read(connection, len(BANNER) + 1)
        bird.close()


def test_finished_conversations_leave_no_threads_behind():
    with FakeBird(REPLIES) as bird:
        for _ in range(50):
            BirdSocket(bird.path).ask("show status")
        with client(bird) as connection:
            read(connection, len(BANNER))
        assert bird.connections == 51
        assert bird.commands.count("show status") == 50
    assert threads_of_fakes() == []


def test_an_accident_of_the_listener_is_not_silent(monkeypatch):
    accidents = []
    happened = threading.Event()

    def note(args):
        accidents.append(args.exc_type)
        happened.set()

    monkeypatch.setattr(threading, "excepthook", note)
    with FakeBird({}) as bird:
        bird._listener.shutdown(socket.SHUT_RD)
        assert happened.wait(10)
    assert accidents == [OSError]


class TestFaults:
    def test_refuse_closes_at_once(self):
        with FakeBird(REPLIES, fault="refuse") as bird, client(bird) as connection:
            assert connection.recv(1) == b""

    def test_hang_does_not_even_greet(self):
        with FakeBird(REPLIES, fault="hang") as bird, pytest.raises(SourceError, match="greeting: timeout"):
            BirdSocket(bird.path, timeout=0.2).connect()

    def test_hang_stops_a_conversation_that_is_under_way(self):
        with FakeBird(REPLIES) as bird, client(bird) as connection:
            connection.sendall(b"show status\n")
            read(connection, len(BANNER) + len(STATUS))
            bird.fault = "hang"
            connection.sendall(b"show status\n")
            assert_silent(connection)

    def test_hang_mid_sends_half_a_reply_and_keeps_the_connection(self):
        with FakeBird(REPLIES, fault="hang-mid") as bird, client(bird) as connection:
            connection.sendall(b"show status\n")
            assert (
                read(connection, len(BANNER) + len(STATUS) // 2)
                == BANNER + STATUS[: len(STATUS) // 2].encode()
            )
            assert_silent(connection)

    def test_cut_sends_half_a_reply_and_closes(self):
        with (
            FakeBird(REPLIES, fault="cut") as bird,
            pytest.raises(SourceError, match="show status: the reply was cut"),
        ):
            BirdSocket(bird.path).ask("show status")

    def test_endless_never_ends_a_reply(self):
        with (
            FakeBird(REPLIES, fault="endless") as bird,
            pytest.raises(SourceError, match="larger than 1000000 bytes"),
        ):
            BirdSocket(bird.path, max_reply=1_000_000).ask("show status")

    def test_denied_answers_8007_to_all_but_restrict(self):
        with (
            FakeBird(REPLIES, fault="denied") as bird,
            pytest.raises(CommandError, match="8007 Access denied"),
        ):
            BirdSocket(bird.path).ask("show status")

    def test_unrestricted_does_not_know_restrict(self):
        with (
            FakeBird(REPLIES, fault="unrestricted") as bird,
            pytest.raises(SourceError, match="restrict: BIRD answered 9001"),
        ):
            BirdSocket(bird.path).ask("show status")

    @pytest.mark.parametrize(
        ("fault", "sizes"),
        [("dribble", [1] * 46), ("chunk=20", [20, 20, 6]), ("split=7", [7, 39]), ("split=46", [46])],
    )
    def test_the_client_reads_as_many_pieces_as_are_written(self, fault, sizes):
        with FakeBird(REPLIES) as bird, client(bird) as connection:
            read(connection, len(BANNER))
            bird.fault = fault
            connection.sendall(b"show status\n")
            pieces = [connection.recv(1000)]
            while sum(map(len, pieces)) < len(STATUS):
                pieces.append(connection.recv(1000))
            assert b"".join(pieces) == STATUS.encode()
            assert list(map(len, pieces)) == sizes

    def test_a_fault_may_be_switched_off(self):
        with FakeBird(REPLIES, fault="refuse") as bird:
            with pytest.raises(SourceError):
                BirdSocket(bird.path).ask("show status")
            bird.fault = None
            assert BirdSocket(bird.path).ask("show status") == STATUS

    @pytest.mark.parametrize("fault", ["slow", "chunk", "chunk=0", "chunk=x", "dribble=1", ""])
    def test_a_fault_that_does_not_exist_is_an_error_that_names_those_that_do(self, fault):
        with pytest.raises(ValueError, match=r"no fault '.*': there are refuse, .*, split=N"):
            FakeBird(REPLIES, fault=fault)

    @pytest.mark.parametrize("fault", [*FAULTS, "chunk=3", "split=3"])
    def test_close_ends_every_fault(self, fault):
        with FakeBird(REPLIES, fault=fault) as bird, client(bird) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(b"restrict\nshow status\n")
            bird.close()
