"""The composed expressions of sections against reading them line by line."""

from __future__ import annotations

import gzip
import pathlib
import random
import re

import pytest

from calicometrics.bird import section
from calicometrics.bird.parser import ProtocolParser
from calicometrics.errors import ParseError

DATA = pathlib.Path(__file__).parents[2] / "data"
RECORDED = sorted(DATA.glob("bird/*/*/show_protocols_all.raw"))
LARGE = sorted(DATA.glob("large/*.raw.gz"))


def line_by_line(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[object, list[str]]:
    with monkeypatch.context() as patch:
        patch.setattr(section, "_MAX_SHAPES", 0)
        return with_problems(ProtocolParser(), text)


def with_problems(parser: ProtocolParser, text: str) -> tuple[object, list[str]]:
    problems: list[ParseError] = []
    return parser.parse(text, problems=problems), [str(problem) for problem in problems]


def mutated(text: str, chance: random.Random) -> str:
    """Damage a reply as daemons and lines do: other numbers, lost and doubled lines, blanks, lost words."""
    lines = text.split("\n")
    for _ in range(max(3, len(lines) // 20)):
        index = chance.randrange(2, len(lines) - 2)
        line = lines[index]
        lines[index] = chance.choice(
            [
                re.sub(r"\d+", lambda match: str(chance.randrange(10 ** chance.randrange(1, 11))), line),
                line + chance.choice([" ", "  ", " x"]),
                re.sub(r"\S+$", "---", line),
                line.replace(":", "", 1),
                line.replace("  ", " ", 1) if line.startswith("     ") else line,
                f"{line}\n{line}" if line.startswith(" ") else line,
                line[: chance.randrange(len(line))] if line.startswith("      ") else line,
                line.replace("UP", "SIDEWAYS"),
            ]
        )
    return "\n".join(lines)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_a_composed_expression_reads_what_is_read_line_by_line(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the recording, and on fifty damaged ones, with shapes that were learned from those before."""
    chance = random.Random(20180822)
    text = path.read_text(encoding="utf-8")
    parser = ProtocolParser()
    for reply in [text, text, *(mutated(text, chance) for _ in range(50))]:
        assert with_problems(parser, reply) == line_by_line(reply, monkeypatch)


@pytest.mark.parametrize("path", LARGE, ids=lambda path: path.name)
def test_a_large_reply_is_read_the_same_with_and_without_what_is_kept(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = gzip.decompress(path.read_bytes()).decode()
    parser = ProtocolParser()
    first = with_problems(parser, text)
    assert first == line_by_line(text, monkeypatch)
    assert with_problems(parser, text) == first


def test_a_section_that_did_not_change_is_the_same_object(data: pathlib.Path) -> None:
    text = (data / "bird/3.3.2/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    parser = ProtocolParser()
    before = {protocol.name: protocol for protocol in parser.parse(text)}
    after = {
        protocol.name: protocol
        for protocol in parser.parse(
            text.replace("Hold timer:       190.736/240", "Hold timer:       175.2/240")
        )
    }
    node = "Node_10_9_0_2"
    assert after[node].channels[0] is before[node].channels[0]
    assert after[node].detail != before[node].detail
    assert after["RR_10_9_0_8"].detail is before["RR_10_9_0_8"].detail


def test_what_a_reply_did_not_use_is_forgotten(data: pathlib.Path) -> None:
    text = (data / "bird/3.3.2/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    header = text[: text.index("1002-")]
    parser = ProtocolParser()
    first = parser.parse(text)
    parser.parse(header + "0000 \n")
    assert parser.parse(text)[5].channels[0] is not first[5].channels[0]


def test_a_section_with_an_error_is_an_error_every_time(data: pathlib.Path) -> None:
    text = (data / "bird/3.3.2/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    parser = ProtocolParser()
    parser.parse(text)
    broken = text.replace("Routes:         5 imported", "Routes:         five imported")
    for _ in range(2):
        with pytest.raises(
            ParseError, match="Node_10_9_0_2: Routes: expected route counts, not 'five imported"
        ):
            parser.parse(broken)


def in_pieces(text: str, chance: random.Random) -> list[str]:
    """Cut a reply at random ends of lines, as a socket hands it out."""
    lines = text.splitlines(keepends=True)
    cuts = sorted(chance.sample(range(1, len(lines)), min(9, len(lines) - 1)))
    return ["".join(lines[a:b]) for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_a_reply_in_pieces_is_read_as_the_whole_one_is(path: pathlib.Path) -> None:
    """Errors and the numbers of their lines too, whatever the reply before has left to compare with."""
    chance = random.Random(20180822)
    text = path.read_text(encoding="utf-8").removeprefix("0001 BIRD 3.3.2 ready.\n")
    text = text[text.index("2002-") :]
    parser = ProtocolParser()
    for reply in [text, text, *(mutated(text, chance) for _ in range(30)), text]:
        problems: list[ParseError] = []
        found = parser.parse(in_pieces(reply, chance), problems=problems)
        assert (found, list(map(str, problems))) == with_problems(ProtocolParser(), reply)


def test_a_protocol_whose_text_goes_on_after_what_it_was_before_is_read_again(data: pathlib.Path) -> None:
    text = (data / "bird/3.3.2/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    text = text[text.index("2002-") :]
    parser = ProtocolParser()
    before = parser.parse(text)
    longer = text.replace("\n \n1002-", "\n   Preference:     77\n \n1002-").splitlines(keepends=True)
    after = parser.parse(["".join(longer[:9]), "".join(longer[9:])])
    assert [protocol.name for protocol in after] == [protocol.name for protocol in before]
    assert any(protocol != old for protocol, old in zip(after, before, strict=True))
    assert after == ProtocolParser().parse("".join(longer))


def test_lines_that_two_sections_have_in_common_are_read_when_they_change(data: pathlib.Path) -> None:
    """A closer shape that was learned from alike peers must not hide what a third one has."""
    text = (data / "bird/3.3.2/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    start = text.index("1002-Node_10_9_0_2")
    block = text[start : text.index("\n \n", start) + 3]
    alike = [block.replace("Node_10_9_0_2", f"Node_{n}") for n in range(8)]
    alike[6] = alike[6].replace("Preference:     100", "Preference:     150")
    alike[7] = alike[7].replace("Neighbor AS:      ", "Neighbor AS:      9")
    reply = text[text.index("2002-") : text.index("1002-")] + "".join(alike) + "0000 \n"
    protocols = ProtocolParser().parse(reply)
    assert [protocol.channels[0].preference for protocol in protocols] == [100] * 6 + [150, 100]
    assert len({protocol.detail.neighbor_as for protocol in protocols[:7]}) == 1
    assert str(protocols[7].detail.neighbor_as) == f"9{protocols[0].detail.neighbor_as}"


def test_of_a_label_that_comes_twice_the_later_line_counts_every_time(data: pathlib.Path) -> None:
    """The later line, which all the sections have in common, was taken for the earlier one's."""
    text = (data / "bird/2.0.12/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    start = text.index("1002-Node_10_9_0_2")
    block = text[start : text.index("\n \n", start) + 3]
    address = re.search(r"\n +Neighbor address: (\S+)", block)
    assert address is not None
    twice = [
        block.replace("Node_10_9_0_2", f"Node_{n}").replace(
            address[0], f"{address[0].replace(address[1], f'10.0.0.{n}')}{address[0]}"
        )
        for n in range(8)
    ]
    parser = ProtocolParser()
    reply = text[text.index("2002-") : text.index("1002-")] + "".join(twice) + "0000 \n"
    for _ in range(2):
        assert {protocol.detail.neighbor_address for protocol in parser.parse(reply)} == {address[1]}
