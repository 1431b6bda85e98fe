"""What somebody has copied from a terminal is read as the reply that it is."""

from __future__ import annotations

import pytest

from calicometrics.bird.daemon import parse_status
from calicometrics.bird.parser import parse_protocols
from calicometrics.errors import ParseError

REPLY = """\
name     proto    table    state  since       info
Mesh_10_9_0_3 BGP      master   up     2018-08-06  Established
  BGP state:          Established
    Hold timer:       95/180
static1  Static   master   up     2018-08-06
"""
EXPECTED = parse_protocols(REPLY)
GREETING = "BIRD 1.6.8 ready.\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n", ""),
        ("\n \n" + GREETING, "\n\n"),
        ("\ufeff", ""),
        ("\ufeff" + GREETING, ""),
        ("bird> show protocols all\n", "bird> "),
        (GREETING + "bird> show protocols all\n", "bird> \n"),
        ("root@node-1:/# birdcl -s /var/run/calico/bird.ctl show protocols all\n" + GREETING, ""),
        ("$ birdc show protocols all\n", "bird> exit\n"),
        ("$ kubectl exec -n kube-system calico-node-x -- birdcl6 show protocols all\n\n" + GREETING, ""),
    ],
)
def test_a_paste_has_what_stood_around_it_in_the_terminal(before: str, after: str) -> None:
    assert parse_protocols(before + REPLY + after) == EXPECTED
    assert parse_protocols((before + REPLY + after).replace("\n", "\r\n")) == EXPECTED


def test_a_line_that_is_wrong_is_counted_from_the_top_of_the_paste() -> None:
    with pytest.raises(ParseError) as caught:
        parse_protocols("$ birdc show protocols all\n\n" + GREETING + REPLY.replace("95/180", "soon"))
    assert caught.value.line == 7


def test_a_status_that_was_copied_is_one() -> None:
    text = "bird> show status\nBIRD 1.6.8\nRouter ID is 10.0.0.1\nDaemon is up and running\nbird> "
    status = parse_status(text)
    assert (status.version, status.router_id, status.extra) == ("1.6.8", "10.0.0.1", ())


@pytest.mark.parametrize("text", ["", "\n\n", "bird> \n", "$ birdc show protocols\n"])
def test_a_paste_without_a_reply_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        parse_protocols(text)


def test_bytes_are_refused_in_words() -> None:
    for parse in (parse_protocols, parse_status):
        with pytest.raises(TypeError, match="a reply is text, not bytes: decode it first"):
            parse(REPLY.encode())  # type: ignore[arg-type]  # that is the test


SOCKET = """\
2002-name     proto    table    state  since       info
1002-static1  Static   master   up     2018-08-06
1006-  Preference:     200
   Input filter:   ACCEPT

1002-static2  Static   master   up     2018-08-06
0000\x20
"""


def test_a_reply_of_the_socket_without_its_end_is_cut_and_says_so() -> None:
    assert [protocol.name for protocol in parse_protocols(SOCKET)] == ["static1", "static2"]
    cut = SOCKET[: SOCKET.index("1002-static2")]
    with pytest.raises(ParseError, match="show protocols all: the reply is cut"):
        parse_protocols(cut)
    problems: list[ParseError] = []
    assert [protocol.name for protocol in parse_protocols(cut, problems=problems)] == ["static1"]
    assert [problem.line for problem in problems] == [4]
    with pytest.raises(ParseError, match="show status: the reply is cut"):
        parse_status("1000-BIRD 2.0.12\n1011-Router ID is 10.0.0.1\n Hostname is a\n")
