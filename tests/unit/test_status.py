"""The peers as a table: what is in it, in which order, and what the exit status says."""

from __future__ import annotations

import contextlib
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from calicometrics import status_table
from calicometrics.bird.clock import Instant
from calicometrics.bird.recorded import RecordedBird
from calicometrics.cli import main
from calicometrics.cli import status as verb
from calicometrics.snapshot import Snapshot
from calicometrics.sources import FileSource
from calicometrics.status_table import Concern, duration_text, since_text
from calicometrics.testing.bird import FakeBird

DATA = pathlib.Path(__file__).parents[1] / "data"
SHOWN = DATA / "status"  # written by eye from the recordings
ESTABLISHED = "1.6.8/errors", 1795429853.0  # its server time, 2026-11-23 10:30:53
EPOCH = "3.3.2/epoch", 1795408375.0  # its server time, 04:32:55
NO_PAGES = ("--no-collector.felix_summaries",)


@pytest.fixture(autouse=True)
def _own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calicometrics.logs.logging.root.handlers", [])


@contextlib.contextmanager
def at(now: float) -> Iterator[None]:
    """Let a snapshot believe that it is this late, so that a recording is of now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("calicometrics.snapshot.time.time", lambda: now)
        yield


def replies(recording: str) -> dict[str, str]:
    return {
        path.stem.replace("_", " "): path.read_text(encoding="utf-8")
        for path in (DATA / "bird" / recording).glob("show_*.raw")
    }


def lines(*recordings: str, now: float, **changed: str) -> list[str]:
    names = ("bird", "bird6")
    birds = {
        name: RecordedBird(replies(recording) | changed)
        for name, recording in zip(names, recordings, strict=False)
    }
    with at(now):
        snapshot = Snapshot(birds)
        table = status_table.table(status_table.peer_rows(snapshot), snapshot.time)
        return [*table, *status_table.daemon_lines(snapshot)]


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    status = main(["status", *argv, *NO_PAGES])
    return status, capsys.readouterr().out


def test_who_is_in_trouble_stands_first_and_who_is_well_last() -> None:
    recording, now = ESTABLISHED
    assert "\n".join(lines(recording, now=now)) == (SHOWN / "errors.txt").read_text().rstrip("\n")


def test_routes_are_those_of_all_channels_and_an_administrators_no_is_no_trouble() -> None:
    """Disabled by hand is Node_10_9_0_6; dyn1 listens for a range of neighbors and never is Established itself."""
    recording, now = EPOCH
    assert "\n".join(lines(recording, now=now)) == (SHOWN / "epoch.txt").read_text().rstrip("\n")


def test_several_daemons_have_a_column() -> None:
    recording, now = ESTABLISHED
    shown = lines(recording, recording, now=now)
    assert shown[0].startswith("DAEMON  PEER ")
    assert [line.split()[:2] for line in shown[1:3]] == [
        ["bird", "Node_10_2_0_3"],
        ["bird6", "Node_10_2_0_3"],
    ]
    assert len(shown) == 9


def test_a_daemon_that_recovers_from_a_restart_says_for_what_it_waits() -> None:
    assert lines("2.0.12/recovery", now=1795429858.829)[-1] == (
        "bird: recovers from a restart, waits for 4, 239.902 s left"
    )


def test_a_daemon_that_does_not_answer_is_named_once_and_the_others_are_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    with FakeBird.from_directory(DATA / "bird/2.0.12/calico-mixed") as bird:
        status, out = run(capsys, f"--bird.socket=bird={bird.path}", f"--bird.socket=bird6={tmp_path}/none")
    assert status == 1
    assert out.count(f"BIRD at {tmp_path}/none: connect: no such socket") == 1
    assert "Node_10_9_0_2" in out


@pytest.mark.parametrize(("state", "expected"), [("Established   ", 0), ("Active        ", 1)])
def test_the_exit_status_says_whether_a_peer_is_in_trouble(
    state: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = (
        "2002-name     proto    table    state  since       info\n"
        f"1002-Mesh_10_0_0_1 BGP master up     10:30:51    {state}\n"
        f"1006-  BGP state:          {state}\n"
        "     Neighbor address: 10.0.0.1\n"
        " \n"
        "1002-Mesh_10_0_0_2 BGP master down   10:30:51    \n"
        "1006-  BGP state:          Down\n"
        "     Neighbor address: 10.0.0.2\n"
        "0000 \n"
    )
    with FakeBird(replies("1.6.8/errors") | {"show protocols all": reply}) as bird:
        status, out = run(capsys, f"--bird.socket=bird={bird.path}")
    assert status == expected
    assert [line.split()[0] for line in out.splitlines()[1:3]] == (
        ["Mesh_10_0_0_2", "Mesh_10_0_0_1"] if expected == 0 else ["Mesh_10_0_0_1", "Mesh_10_0_0_2"]
    )


def test_a_daemon_without_peers_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    reply = "2002-name proto table state since info\n1002-device1 Device master up 10:30:51   \n0000 \n"
    with FakeBird(replies("1.6.8/errors") | {"show protocols all": reply}) as bird:
        status, out = run(capsys, f"--bird.socket=bird={bird.path}")
    assert status == 0
    assert out.splitlines()[0] == "no BGP peers"


def test_without_a_daemon_it_says_so_and_not_that_all_is_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calicometrics.cli.sections.DEFAULT_DIRECTORIES", ("/nonexistent",))
    assert main(["status", "--felix.url=http://127.0.0.1:1/"]) == 1
    assert capsys.readouterr().out.startswith("no BIRD: none of its usual control sockets is there")


def test_what_the_network_says_cannot_steer_a_terminal() -> None:
    recording, now = ESTABLISHED
    text = replies(recording)["show protocols all"].replace("Bad peer AS", "\x1b[2J\x07\u202ebad")
    shown = lines(recording, now=now, **{"show protocols all": text})
    assert r"BGP Error: \x1b[2J\x07\u202ebad" in shown[1]
    assert all(line.isprintable() for line in shown)


@pytest.mark.parametrize(
    ("seconds", "accuracy", "text"),
    [
        (0, 0, "0s"),
        (59.9, 0, "59s"),
        (60, 0, "1m 0s"),
        (3599, 0, "59m 59s"),
        (3600, 0, "1h 0m"),
        (86399, 0, "23h 59m"),
        (86400 * 3 + 7200, 0, "3d 2h"),
        (-3, 0, "0s"),
        (86400 * 2.4, 86400, "~2d"),
        (0, 86400, "~0d"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, accuracy: float, text: str) -> None:
    assert duration_text(seconds, accuracy) == text


def test_a_moment_is_shown_as_far_as_it_is_known() -> None:
    assert since_text(None) == "-"
    assert since_text(Instant(1795408375.5, 0.0)) == "2026-11-23 04:32:55Z"
    assert since_text(Instant(1795408375.5, 86400.0)) == "2026-11-23"


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ('felix_resync_state 3\nfelix_host{host="node-a"} 1\n', "felix: in-sync, host node-a"),
        ("felix_resync_state 2\n", "felix: resync"),
        ("go_goroutines 3\n", "felix: state unknown"),
        ("felix_resync_state 3\nfelix_b x\n", "felix: in-sync; lines that are not understood: 1"),
        ("felix_resync_state 3", "felix: the last line does not end with a line feed: the page is cut off"),
    ],
)
def test_felix_stands_under_the_table(page: str, line: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "felix.prom").write_text(page, encoding="utf-8")
    snapshot = Snapshot({}, {"felix": FileSource(str(tmp_path / "felix.prom"))})
    assert status_table.felix_line(snapshot) == line


def test_a_felix_that_cannot_be_read_says_why_and_none_says_nothing(tmp_path: pathlib.Path) -> None:
    gone = Snapshot({}, {"felix": FileSource(str(tmp_path / "none.prom"))})
    assert re.fullmatch(r"felix: .*none\.prom.*", status_table.felix_line(gone))
    assert status_table.felix_line(Snapshot({})) is None


# --- The terminal -------------------------------------------------------------------------------------------------


def in_terminal(*argv: str, **variables: str) -> str:
    """Run the verb with a terminal for its output and return what it writes there."""
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | variables
    with subprocess.Popen(
        [sys.executable, "-m", "calicometrics", "status", *argv, *NO_PAGES],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        os.close(theirs)
        written = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 65536):
                written += piece
        process.wait(20)
    os.close(ours)
    return written.decode()


def test_a_terminal_has_colours_unless_it_wants_none() -> None:
    with FakeBird.from_directory(DATA / "bird/1.6.8/errors") as bird:
        coloured = in_terminal(f"--bird.socket=bird={bird.path}")
        plain = in_terminal(f"--bird.socket=bird={bird.path}", NO_COLOR="1")
    rows = coloured.splitlines()
    assert rows[0].startswith("\x1b[1mPEER")
    assert rows[1].startswith("\x1b[31mNode_10_2_0_3")
    assert rows[2].startswith("\x1b[32mNode_10_2_0_1")
    assert all(row.endswith("\x1b[0m") for row in rows[:5])
    assert "\x1b" not in plain


def test_each_concern_has_a_colour() -> None:
    assert set(verb._COLOURS) == set(Concern)


def test_a_pipe_gets_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeBird.from_directory(DATA / "bird/1.6.8/errors") as bird:
        _, out = run(capsys, f"--bird.socket=bird={bird.path}")
    assert "\x1b" not in out


def test_watching_looks_again_until_it_is_stopped() -> None:
    with FakeBird.from_directory(DATA / "bird/1.6.8/errors") as bird:
        command = [sys.executable, "-m", "calicometrics", "status", "--watch=0.05"]
        with subprocess.Popen(
            [*command, f"--bird.socket=bird={bird.path}", *NO_PAGES], stdout=subprocess.PIPE, text=True
        ) as process:
            seen = []
            while (
                len([line for line in seen if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n", line)]) < 3
            ):
                seen.append(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            assert process.wait(20) == 1  # a peer is in trouble
    assert len([line for line in seen if line.startswith("PEER")]) == 2


def test_the_demo_node_is_shown_as_the_documents_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    main(["status", "--demo"])
    out = capsys.readouterr().out
    assert out.splitlines()[0].split()[:4] == ["DAEMON", "PEER", "TYPE", "STATE"]
    assert {"Global_192_168_10_250", "Global_fd00_10__250"} <= set(out.split())
    assert out.splitlines()[-1] == "felix: in-sync, host demo-node"
