"""The command line, run in this process: what is printed, where, and with which exit status."""

from __future__ import annotations

import io
import json
import logging
import pathlib
import re
import subprocess
import sys

import pytest

from calicometrics import __version__
from calicometrics.cli import main
from calicometrics.cli.sections import bird_sockets, default_sockets, endpoints
from calicometrics.errors import ConfigError
from calicometrics.exposition.parser import parse_exposition
from calicometrics.testing.bird import FakeBird

DATA = pathlib.Path(__file__).parents[1] / "data"
MIXED = DATA / "bird/1.6.8/calico-mixed"
BIRD_ONLY = ("--no-collector.felix_summaries",)


@pytest.fixture(autouse=True)
def own_logging(monkeypatch: pytest.MonkeyPatch):
    """The verbs set up logging for a process of their own."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        status = main(argv)
    except SystemExit as error:
        status = int(error.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


# --- collect ------------------------------------------------------------------------------------------------------


def test_collect_prints_a_page_and_nothing_else(capsys) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        status, out, err = run(capsys, "collect", f"--bird.socket=bird={bird.path}", *BIRD_ONLY)
    assert (status, err) == (0, "")
    families = {family.name: family for family in parse_exposition(out)}
    assert len(families["bird_up"].rows) == 16


def test_collect_prints_what_could_be_had_and_says_by_its_status_that_something_is_missing(
    capsys, tmp_path: pathlib.Path
) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        status, out, err = run(
            capsys,
            "collect",
            f"--bird.socket=bird={bird.path}",
            f"--bird.socket=bird6={tmp_path}/none.ctl",
            *BIRD_ONLY,
        )
    assert status == 1
    assert 'bird_daemon_up{bird_daemon="bird6"} 0.0' in out
    assert re.search(r'level=warning .*none.ctl: connect: no such socket"', err)


def test_collect_as_json_has_the_models(capsys) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        status, out, _ = run(
            capsys, "collect", "--format=json", f"--bird.socket=bird={bird.path}", *BIRD_ONLY
        )
    assert status == 0
    shown = json.loads(out)
    assert shown["version"] == 1
    protocols = {protocol["name"]: protocol for protocol in shown["daemons"]["bird"]["protocols"]}
    assert protocols["Mesh_10_9_0_3"]["detail"]["hold_timer"] == {"remaining": 176.0, "configured": 240.0}
    assert shown["daemons"]["bird"]["status"]["version"] == "1.6.8"
    assert {collector["name"] for collector in shown["collectors"]} == {
        "bird_status",
        "bird_protocols",
        "bgp_timers",
    }


def test_collect_as_openmetrics_ends_with_eof(capsys) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        status, out, _ = run(
            capsys, "collect", "--format=openmetrics", f"--bird.socket=bird={bird.path}", *BIRD_ONLY
        )
    assert status == 0
    assert "# TYPE bird_route_changes unknown" in out
    assert out.endswith("# EOF\n")


def test_collectors_can_be_chosen(capsys) -> None:
    with FakeBird.from_directory(MIXED) as bird:
        status, out, _ = run(
            capsys,
            "collect",
            f"--bird.socket={bird.path}",
            "--collector.disable-defaults",
            "--collector.bgp_summary",
        )
    assert status == 0
    assert "bird_bgp_peers{" in out
    assert "bird_up{" not in out


# --- parse --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("bird/2.0.12/calico-mixed/show_protocols_all.raw", "protocols"),
        ("bird/2.0.12/calico-mixed/show_protocols.raw", "protocols"),
        ("bird/2.0.12/framings/show_protocols_all.birdcl-v.txt", "protocols"),
        ("bird/2.0.12/framings/show_status.birdcl.txt", "status"),
        ("bird/2.0.12/calico-mixed/show_memory.raw", "memory"),
        ("bird/2.0.12/calico-mixed/show_route_count.raw", "route-count"),
        ("founding/felix_metrics.prom", "exposition"),
        ("founding/bird_metrics.prom", "exposition"),
    ],
)
def test_parse_recognises_what_it_is_given(capsys, file: str, kind: str) -> None:
    _, out, _ = run(capsys, "parse", str(DATA / file))
    shown = json.loads(out)
    assert shown["kind"] == kind
    assert shown[kind.replace("-", "_")]


def test_parse_reads_standard_input(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DATA / "founding/birdc_show_protocols_all.txt").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    status, out, err = run(capsys, "parse")
    assert (status, err) == (0, "")
    names = [protocol["name"] for protocol in json.loads(out)["protocols"]]
    assert names == ["kernel1", "device1", "direct1", "Node_192_168_97_2", "static1"]


def test_parse_makes_metrics_of_a_paste(capsys) -> None:
    status, out, _ = run(
        capsys, "parse", "--format=prometheus", str(DATA / "founding/birdc_show_protocols_all.txt")
    )
    assert status == 0
    assert (
        'bird_hold_timer_current{bird_daemon="bird",bird_protocol_instance="Node_192_168_97_2"} 95.0\n' in out
    )


def test_parse_gives_a_page_back_as_metrics(capsys) -> None:
    file = DATA / "founding/felix_metrics.prom"
    status, out, _ = run(capsys, "parse", "--format=prometheus", str(file))
    assert status == 0
    assert [s for f in parse_exposition(out) for s in f.samples() if s.value == s.value] == [
        s for f in parse_exposition(file.read_text()) for s in f.samples() if s.value == s.value
    ]


def test_parse_lists_what_it_did_not_understand_with_line_numbers(capsys, tmp_path: pathlib.Path) -> None:
    paste = tmp_path / "paste.txt"
    text = (DATA / "founding/birdc_show_protocols_all.txt").read_text()
    lines = text.replace("Hold timer:       95/180", "Hold timer:       soon").replace(
        "    Source address:", "    Colour:           blue\n    Source address:"
    )
    paste.write_text(lines)
    status, out, err = run(capsys, "parse", str(paste))
    assert status == 1
    numbers = {line.strip(): number for number, line in enumerate(lines.splitlines(), 1)}
    assert err.splitlines() == [
        f"line {numbers['Colour:           blue']}: no rule reads 'Colour:           blue'",
        (
            f"line {numbers['Hold timer:       soon']}: show protocols all: Node_192_168_97_2: Hold timer: "
            "expected a timer, remaining/configured, not 'soon'"
        ),
    ]
    assert len(json.loads(out)["protocols"]) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "this is neither a reply of BIRD's"),
        (
            "0001 BIRD 1.6.8 ready.\n8003 No protocols match\n",
            "line 2: BIRD answered 8003 No protocols match",
        ),
    ],
)
def test_parse_says_when_it_recognises_nothing(
    capsys, tmp_path: pathlib.Path, text: str, message: str
) -> None:
    file = tmp_path / "paste.txt"
    file.write_text(text)
    status, out, err = run(capsys, "parse", str(file))
    assert (status, out) == (1, "")
    assert message in err


def test_parse_of_a_file_that_is_not_there_says_so(capsys, tmp_path: pathlib.Path) -> None:
    assert run(capsys, "parse", f"{tmp_path}/none") == (
        1,
        "",
        f"calicometrics: {tmp_path}/none: no such file or directory\n",
    )


# --- plugins, metrics, rules --------------------------------------------------------------------------------------


def test_plugins_lists_what_is_offered_and_what_is_on(capsys) -> None:
    status, out, _ = run(capsys, "plugins", "--collector.bird_memory", "--no-collector.bgp_timers")
    assert status == 0
    assert out.startswith(f"calicometrics {__version__}\n")
    assert re.search(r"^  on   collector      bird_memory ", out, re.MULTILINE)
    assert re.search(r"^  off  collector      bgp_timers ", out, re.MULTILINE)
    assert re.search(r"^  on   sink           prometheus ", out, re.MULTILINE)
    assert "  on   protocol kind  BGP\n" in out


def test_metrics_lists_the_families_of_what_is_on(capsys) -> None:
    _, out, _ = run(capsys, "metrics")
    assert "| `bird_up` | gauge |" in out
    assert "bird_memory_bytes" not in out
    assert "`calicometrics_collector_success`" in out
    _, out, _ = run(capsys, "metrics", "--format=json", "--collector.bird_memory")
    (memory,) = json.loads(out)["bird_memory"]
    assert (memory["name"], memory["unit"]) == ("bird_memory_bytes", "bytes")


def test_rules_come_for_a_share_of_the_nodes_or_for_all(capsys) -> None:
    _, node, _ = run(capsys, "rules", "--scope=node")
    _, cluster, _ = run(capsys, "rules", "--scope=cluster")
    assert "BirdPeerDown" in node
    assert "FelixMissing" not in node
    assert "FelixMissing" in cluster
    assert "BirdPeerDown" not in cluster
    assert run(capsys, "rules", "--scope=node", "--original")[0] == 2


def test_rules_point_to_where_people_can_read_the_runbooks(capsys) -> None:
    _, rules, _ = run(capsys, "rules", "--runbooks=https://wiki.example/runbooks")
    assert 'runbook_url: "https://wiki.example/runbooks/BirdDown.md"' in rules


def test_rules_come_improved_or_as_they_were(capsys) -> None:
    _, improved, _ = run(capsys, "rules")
    _, original, _ = run(capsys, "rules", "--original")
    assert "calico_node_down_5m" in original
    assert improved != original


def test_lint_tells_which_names_do_not_exist_or_no_longer_do(capsys, tmp_path: pathlib.Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "groups:\n- rules:\n  - expr: felix_iptables_lock_retries > 0 and bird_bgp_peer_upp == 0\n"
    )
    status, out, _ = run(capsys, "lint", str(rules))
    assert status == 1
    assert out.splitlines() == [
        f"{rules}:3: felix_iptables_lock_retries: gone since Calico v3.32, v3.31 was the last to have it",
        f"{rules}:3: bird_bgp_peer_upp: calicometrics has no such metric; is it bird_bgp_peer_up?",
    ]
    rules.write_text("{\n")
    assert run(capsys, "lint", str(rules)) == (1, "", f"{rules}: no expression is in it\n")
    rules.write_text("groups:\n- rules:\n  - expr: bird_bgp_peer_up == 0 unless felix_host\n")
    assert run(capsys, "lint", str(rules)) == (0, "", "")


def test_lint_of_a_file_that_is_not_there_says_so(capsys, tmp_path: pathlib.Path) -> None:
    status, _, err = run(capsys, "lint", f"{tmp_path}/none.yaml")
    assert status == 1
    assert "none.yaml: open: no such file" in err


def test_collect_of_the_demo_has_felix_typed(capsys) -> None:
    status, out, _ = run(capsys, "collect", "--demo", "--format=json", "--log.level=error")
    assert status == 0
    felix = json.loads(out)["felix"]
    assert felix["status"]["resync_state"] == "in-sync"
    summaries = {summary["name"]: summary for summary in felix["summaries"]}
    assert set(summaries["felix_exec_time_micros"]["quantiles"]) == {"0.5", "0.9", "0.99"}


# --- what is wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((), "calicometrics: the following arguments are required: VERB"),
        (("colect",), "argument VERB: invalid choice: 'colect'"),
        (("collect", "--bird.sockets=/a"), "no such flag: --bird.sockets; did you mean --bird.socket?"),
        (("collect", "--bird.sock=/a"), "no such flag: --bird.sock; did you mean --bird.socket?"),
        (("collect", "--bird.timeout=0"), "--bird.timeout: has to be more than 0, not 0"),
        (("collect", "--bird.timeout=soon"), "--bird.timeout: expected a number, not 'soon'"),
        (
            ("collect", "--felix.url=ftp://x"),
            "--felix.url: has to be a URL of http or https, not 'ftp://x'",
        ),
        (("collect", "--bird.socket=a=/x", "--bird.socket=a=/y"), "two sockets are called a: /x and /y"),
        (("collect", "--endpoint=typha"), "--endpoint: expected NAME=URL"),
        (
            ("collect", "--log.level=loud"),
            "--log.level: expected one of debug, info, warning, error, not 'loud'",
        ),
        (("collect", "--config.file=/nonexistent.toml"), "/nonexistent.toml: no such file or directory"),
        (("collect", "--collector.disable-defaults"), "nothing to read"),
    ],
)
def test_a_wrong_command_line_is_one_clear_sentence_and_status_2(
    capsys, argv: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calicometrics.cli.sections.DEFAULT_DIRECTORIES", ("/nonexistent",))
    status, out, err = run(capsys, *argv)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_pause_that_is_none_is_refused(capsys, seconds: str) -> None:
    status, out, err = run(capsys, "status", f"--watch={seconds}")
    assert (status, out) == (2, "")
    assert "--watch" in err


def test_a_word_too_many_is_no_flag(capsys) -> None:
    assert run(capsys, "parse", "a", "b") == (2, "", "calicometrics: unexpected argument: b\n")


def test_one_file_serves_every_verb(capsys, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calicometrics.cli.sections.DEFAULT_DIRECTORIES", ("/nonexistent",))
    file = tmp_path / "calicometrics.toml"
    file.write_text(
        "[web]\nlisten-address = ['127.0.0.1:1']\n[sink.json]\npath = '-'\n[felix]\ntimeout = 1\n"
    )
    for verb in ("collect", "status"):
        status, _, err = run(capsys, verb, f"--config.file={file}", "--felix.url=http://127.0.0.1:1/")
        assert status == 1
        assert "no such key" not in err
    assert run(capsys, "metrics", f"--config.file={file}")[0] == 0
    file.write_text("[sink.json]\npaht = '-'\n")
    assert "did you mean sink.json.path?" in run(capsys, "collect", f"--config.file={file}")[2]


@pytest.mark.parametrize(
    "shell",
    ["rules >/dev/full", "collect --demo >/dev/full", "status --demo >&-", "rules >&-", "parse <&-"],
)
def test_a_stream_that_is_full_or_closed_is_no_traceback(shell: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m calicometrics {shell}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 1
    if "full" in shell:
        assert (done.returncode, done.stderr) == (
            1,
            "calicometrics: standard output: no space left on device\n",
        )


def test_a_socket_that_is_wrong_is_told_with_where_it_was_set(
    capsys, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "calicometrics.toml"
    file.write_text("[bird]\nsocket = ['=']\n")
    _, _, err = run(capsys, "collect", f"--config.file={file}")
    assert err.startswith(f"calicometrics: {file}: bird.socket: a name has letters")
    monkeypatch.setenv("CALICOMETRICS_ENDPOINT", "typha")
    _, _, err = run(capsys, "collect")
    assert err.startswith("calicometrics: CALICOMETRICS_ENDPOINT: expected NAME=URL")


def test_the_version_is_told(capsys) -> None:
    assert run(capsys, "--version") == (0, f"calicometrics {__version__}\n", "")


@pytest.mark.parametrize("verb", ["serve", "collect", "parse", "plugins", "metrics", "rules", "lint"])
def test_every_verb_has_help(capsys, verb: str) -> None:
    status, out, err = run(capsys, verb, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: calicometrics {verb} ")


# --- sections -----------------------------------------------------------------------------------------------------


def test_the_default_sockets_are_calicos_and_then_birds_own() -> None:
    assert default_sockets() == {
        "bird": ["/var/run/calico/bird.ctl", "/var/run/bird/bird.ctl"],
        "bird6": ["/var/run/calico/bird6.ctl", "/var/run/bird/bird6.ctl"],
    }


def test_a_socket_without_a_name_is_called_after_its_file() -> None:
    assert bird_sockets(("rr=/run/rr.ctl", "/run/bird6.ctl")) == {
        "rr": "/run/rr.ctl",
        "bird6": "/run/bird6.ctl",
    }


@pytest.mark.parametrize("text", ["a b=/x", "=/x", "a=", ""])
def test_a_socket_without_a_usable_name_or_path_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--bird.socket"):
        bird_sockets((text,))


def test_endpoints_have_a_name_and_a_url() -> None:
    assert endpoints(("typha=http://h:9093/metrics",)) == {"typha": "http://h:9093/metrics"}
    for wrong in (("typha=h:9093",), ("t=http://a", "t=http://b"), ("felix=http://a",)):
        with pytest.raises(ConfigError, match="--endpoint"):
            endpoints(wrong)
