"""Settings: where they come from, who beats whom, and what is said when one is wrong."""

from __future__ import annotations

import argparse
import enum
import pathlib
from typing import Any, Literal

import attrs
import pytest

from calicometrics import config
from calicometrics.errors import ConfigError
from calicometrics.options import ByteSize, describe, from_text, from_toml, options
from calicometrics.suggestion import nearest


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def positive(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if value <= 0:
        raise ValueError(f"'{attribute.name}' has to be more than 0, not {value:g}")


@attrs.frozen
class StatsdOptions:
    address: str = attrs.field(metadata={"help": "where the agent is", "metavar": "ADDRESS"})
    interval: float = attrs.field(
        default=15.0, validator=positive, metadata={"help": "seconds between two flushes"}
    )
    dialect: Literal["plain", "dogstatsd"] = attrs.field(
        default="plain", metadata={"help": "how labels are sent"}
    )


@attrs.frozen
class BirdOptions:
    socket: tuple[str, ...] = attrs.field(
        default=(), metadata={"help": "a control socket", "metavar": "[NAME=]PATH"}
    )
    max_reply: ByteSize = attrs.field(default=ByteSize(128 * 1024**2), metadata={"help": "the largest reply"})
    strict: bool = attrs.field(default=True, metadata={"help": "whether to be strict"})
    file: pathlib.Path | None = attrs.field(default=None, metadata={"help": "a file"})


SCHEMA = config.Schema(
    {"bird": BirdOptions, "sink.statsd": StatsdOptions},
    (
        config.Switch("collector", "bird_status", True, "daemons"),
        config.Switch("collector", "bird_memory", False, "memory"),
        config.Switch("sink", "statsd", False, "statsd"),
        config.Switch("sink", "prometheus", True, "HTTP"),
    ),
)


def load(
    *flags: str,
    environ: dict[str, str] | None = None,
    toml: str | None = None,
    path: pathlib.Path | None = None,
):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    config.add_arguments(parser, SCHEMA)
    file = None
    if toml is not None:
        assert path is not None
        file = path / "calicometrics.toml"
        file.write_text(toml)
    return config.load(SCHEMA, vars(parser.parse_args(flags)), environ or {}, file)


def problems(*flags: str, **given: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(*flags, **given)
    return str(caught.value).splitlines()


def test_without_any_setting_there_are_the_defaults() -> None:
    settings = load()
    assert settings.sections["bird"] == BirdOptions()
    assert settings.enabled("collector") == ["bird_status"]
    assert settings.enabled("sink") == ["prometheus"]
    assert settings.origin("bird.max-reply") == "default"


def test_flags_beat_the_environment_and_the_environment_beats_the_file(tmp_path: pathlib.Path) -> None:
    toml = '[bird]\nmax-reply = "1MiB"\nsocket = ["a=/a", "b=/b"]\nstrict = false\n'
    environ = {"CALICOMETRICS_BIRD_MAX_REPLY": "2MiB", "CALICOMETRICS_BIRD_SOCKET": "c=/c, d=/d"}
    settings = load("--bird.max-reply=3k", environ=environ, toml=toml, path=tmp_path)
    assert settings.sections["bird"] == BirdOptions(
        socket=("c=/c", "d=/d"), max_reply=ByteSize(3072), strict=False
    )
    assert settings.origin("bird.max-reply") == "--bird.max-reply"
    assert settings.origin("bird.socket") == "CALICOMETRICS_BIRD_SOCKET"
    assert settings.origin("bird.strict") == f"{tmp_path}/calicometrics.toml: bird.strict"


def test_a_repeatable_flag_is_given_several_times() -> None:
    assert load("--bird.socket", "/a", "--bird.socket=/b").sections["bird"].socket == ("/a", "/b")


@pytest.mark.parametrize(("flag", "expected"), [("--bird.strict", True), ("--no-bird.strict", False)])
def test_a_boolean_has_two_flags(flag: str, expected: bool) -> None:
    assert load(flag).sections["bird"].strict is expected


# --- switches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "collectors"),
    [
        ((), ["bird_status"]),
        (("--collector.bird_memory",), ["bird_status", "bird_memory"]),
        (("--no-collector.bird_status",), []),
        (("--collector.disable-defaults",), []),
        (("--collector.disable-defaults", "--collector.bird_memory"), ["bird_memory"]),
    ],
)
def test_collectors_are_switched_by_flags(flags: tuple[str, ...], collectors: list[str]) -> None:
    assert load(*flags).enabled("collector") == collectors


def test_naming_an_option_of_a_sink_does_not_switch_it_on() -> None:
    assert load("--sink.statsd.address=udp://h:1").enabled("sink") == ["prometheus"]


@pytest.mark.parametrize(
    ("toml", "sinks"),
    [
        ('[sink.statsd]\naddress = "udp://h:1"\n', ["statsd", "prometheus"]),
        ('[sink.statsd]\nenabled = false\naddress = "udp://h:1"\n', ["prometheus"]),
        ("[sink]\nprometheus = false\n", []),
        ("[collector]\nbird_memory = true\n", ["prometheus"]),
    ],
)
def test_the_table_of_a_sink_switches_it_on(toml: str, sinks: list[str], tmp_path: pathlib.Path) -> None:
    assert load(toml=toml, path=tmp_path).enabled("sink") == sinks


def test_a_variable_switches_too() -> None:
    assert "bird_memory" in load(environ={"CALICOMETRICS_COLLECTOR_BIRD_MEMORY": "true"}).enabled("collector")


def test_a_sink_that_is_off_needs_none_of_its_required_options() -> None:
    assert load().sections["sink.statsd"] is None


def test_a_sink_that_is_on_needs_its_required_options() -> None:
    expected = ["--sink.statsd.address: is needed, text"]
    assert problems("--sink.statsd") == expected
    assert problems("--sink.statsd", "--sink.statsd.interval=3") == expected


# --- what is wrong ----------------------------------------------------------------------------------------------


def test_a_wrong_flag_value_names_flag_expectation_and_value() -> None:
    assert problems("--bird.max-reply=lots") == [
        "--bird.max-reply: expected a size in bytes, such as 128MiB, not 'lots'"
    ]


def test_all_problems_are_told_at_once(tmp_path: pathlib.Path) -> None:
    toml = '[bird]\nmax-reply = true\nsokcet = "/a"\n[sink.statsd]\naddress = "x"\ndialect = "telegraph"\n'
    file = f"{tmp_path}/calicometrics.toml"
    assert problems(environ={"CALICOMETRICS_BIRD_STRICT": "maybe"}, toml=toml, path=tmp_path) == [
        f"{file}: bird.max-reply: expected a size in bytes, such as 128MiB, not True",
        f"{file}: bird.sokcet: no such key; did you mean bird.socket?",
        f"{file}: sink.statsd.dialect: expected one of plain, dogstatsd, not 'telegraph'",
        "CALICOMETRICS_BIRD_STRICT: expected true or false, not 'maybe'",
    ]


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[birds]\nx = 1\n", "birds: no such key; did you mean bird"),
        ("[bird]\n[bird.socket]\nx = 1\n", "bird.socket: expected a list of text, not {'x': 1}"),
        ("[sink.statsd]\nenabled = 3\naddress = 'x'\n", "sink.statsd: expected true or false, not 3"),
        (
            "[sink.statsd]\naddress = 'x'\ninterval = 'soon'\n",
            "sink.statsd.interval: expected a number, not 'soon'",
        ),
        ("[bird]\nsocket = [1]\n", "bird.socket: expected a list of text, not [1]"),
        ("colour = 1\n", "colour: no such key"),
        # More digits than a float has room for, than Python reads, and than it writes.
        (
            f"[sink.statsd]\naddress = 'x'\ninterval = {'1' * 400}\n",
            "sink.statsd.interval: expected a number, not 111",
        ),
        (f"[bird]\ntimeout = {'1' * 5000}\n", "no TOML: a number has thousands of digits"),
        (
            f"[sink.statsd]\naddress = 'x'\ninterval = 0x{'f' * 5000}\n",
            "sink.statsd.interval: expected a number, not a number as large as this",
        ),
        (f"a = {'[' * 5000}\n", "no TOML: nested too deeply"),
    ],
)
def test_a_wrong_file_names_key_and_expectation(toml: str, problem: str, tmp_path: pathlib.Path) -> None:
    (line,) = problems(toml=toml, path=tmp_path)
    assert line.startswith(f"{tmp_path}/calicometrics.toml: {problem}")


def test_a_file_that_is_no_toml_says_where(tmp_path: pathlib.Path) -> None:
    (line,) = problems(toml="[bird\n", path=tmp_path)
    assert line.startswith(f"{tmp_path}/calicometrics.toml: no TOML: ")
    assert "line 1" in line


def test_a_file_that_is_not_there_says_so(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="nothing.toml: no such file or directory"):
        config.load(SCHEMA, {}, {}, tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("flags", "toml", "line"),
    [
        (
            ("--sink.statsd.interval=-1",),
            None,
            "--sink.statsd.interval: has to be more than 0, not -1",
        ),
        ((), "interval = 0\n", "FILE: sink.statsd.interval: has to be more than 0, not 0"),
    ],
)
def test_what_a_validator_refuses_names_where_it_was_set(
    flags: tuple[str, ...], toml: str | None, line: str, tmp_path: pathlib.Path
) -> None:
    file = f"{tmp_path}/calicometrics.toml"
    given = {"toml": f"[sink.statsd]\naddress = 'x'\n{toml or ''}", "path": tmp_path}
    assert problems(*flags, **given) == [line.replace("FILE", file)]


def test_variables_of_others_are_ignored() -> None:
    """A Service called calicometrics makes Kubernetes set CALICOMETRICS_PORT and its like in every pod."""
    assert load(
        environ={"CALICOMETRICS_PORT": "tcp://10.0.0.1:6502", "CALICOMETRICS_SERVICE_HOST": "10.0.0.1"}
    )


def test_nothing_near_means_no_suggestion() -> None:
    assert nearest("zzz", ["bird.socket"]) == ""


# --- options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "x", "x"),
        (int, "7", 7),
        (float, "1.5", 1.5),
        (bool, "Yes", True),
        (bool, "off", False),
        (ByteSize, "128MiB", 128 * 1024**2),
        (ByteSize, "1k", 1024),
        (ByteSize, "7", 7),
        (pathlib.Path, "/a", pathlib.Path("/a")),
        (Literal["a", "b"], "a", "a"),
        (Colour, "red", Colour.RED),
    ],
)
def test_text_becomes_a_value(kind: Any, text: str, value: object) -> None:
    assert from_text(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (int, "1.5"),
        (int, "9223372036854775808"),
        (float, "nan"),
        (float, "inf"),
        (float, "x"),
        (bool, "2"),
        (ByteSize, "1.5k"),
        (ByteSize, "-1"),
        (ByteSize, "8589934592GiB"),
        (Literal["a", "b"], "c"),
        (Colour, "green"),
    ],
)
def test_text_that_is_no_value_is_refused(kind: Any, text: str) -> None:
    with pytest.raises(ValueError):
        from_text(kind, text)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, True),
        (int, 1.0),
        (int, 2**63),
        (float, True),
        (float, 10**400),
        (float, "1"),
        (bool, 1),
        (str, 1),
        (ByteSize, -1),
        (ByteSize, 1.5),
        (ByteSize, True),
        (ByteSize, 2**63),
    ],
)
def test_a_toml_value_of_another_type_is_refused(kind: Any, value: object) -> None:
    with pytest.raises(ValueError):
        from_toml(kind, value)


def test_toml_has_sizes_as_numbers_and_as_text() -> None:
    assert from_toml(ByteSize, 5) == 5
    assert from_toml(ByteSize, "5k") == 5120
    assert from_toml(float, 5) == 5.0


def test_an_option_knows_its_names_everywhere() -> None:
    by_key = {option.key: option for option in options("bird", BirdOptions)}
    option = by_key["bird.max-reply"]
    assert (option.flag, option.variable, option.field) == (
        "--bird.max-reply",
        "CALICOMETRICS_BIRD_MAX_REPLY",
        "max_reply",
    )
    assert (option.metavar, by_key["bird.socket"].metavar) == ("BYTES", "[NAME=]PATH")
    assert by_key["bird.socket"].expected == "a list of text"
    assert describe(Colour) == "one of red, blue"


def test_help_shows_every_flag_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="x")
    config.add_arguments(parser, SCHEMA)
    text = " ".join(parser.format_help().split())
    assert "--bird.socket [NAME=]PATH a control socket" in text
    assert "the largest reply (default: 128MiB)" in text
    assert "--sink.statsd.dialect plain|dogstatsd how labels are sent (default: plain)" in text
    assert "--collector.bird_status daemons (on by default; --no-… turns it off)" in text
    assert "--no-collector" not in text


def test_the_document_has_a_row_for_every_option_and_switch() -> None:
    text = config.document(SCHEMA)
    assert (
        "| `--sink.statsd.interval SECONDS` | `CALICOMETRICS_SINK_STATSD_INTERVAL` | `sink.statsd.interval` "
        "| a number | 15.0 | seconds between two flushes |"
    ) in text
    assert "`--sink.statsd.dialect plain\\|dogstatsd`" in text
    assert "| `--collector.bird_status` |" in text
    for key in (*SCHEMA.options(), *SCHEMA.switch_options()):
        assert f"`{key}`" in text


@pytest.mark.parametrize(("size", "text"), [(0, "0"), (1000, "1000"), (1024, "1KiB"), (3 * 1024**3, "3GiB")])
def test_a_size_is_shown_with_the_unit_that_divides_it(size: int, text: str) -> None:
    assert config.size_text(size) == text
