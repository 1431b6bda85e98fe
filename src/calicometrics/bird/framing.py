"""The three framings in which people have BIRD's replies.

The control socket prints ``1234-text`` where code 1234 starts, a line with one blank in front where the code is the
same as before, and ``1234 text`` at the end of the reply (BIRD ``nest/cli.c``). ``birdc`` prints the texts alone;
``birdc -v`` keeps the codes, repeats one as five blanks and leaves the end out.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from calicometrics.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PLAIN, _SOCKET, _VERBOSE = 0, 1, 5  # blanks in front of a line whose code is not repeated

_CODED = re.compile(r"\d{4}[- ]")
_END = re.compile(r"(\d{4}) ([^\n]*)")
_FIRST_ERROR = "8000"
_NOT_VERBOSE = re.compile(r"\n(?! {5}|\d{4}-|\n|\Z)")
# What stands in front of a reply: greetings and, where somebody has copied it from a terminal, the commands.
_GREETING = re.compile(
    r"\ufeff?(?:(?:0001 |0016 )?(?:BIRD \S+ ready\.|Access restricted) *(?:\n|\Z)"
    r"|[ \t]*\n|bird> [^\n]*\n|[^\n]*\bbirdcl?6? [^\n]*\n)*"
)
_PROMPT = re.compile(r"(?:\nbird> ?[^\n]*)+\s*\Z")
_PREFIX = {
    _PLAIN: re.compile("(?!)"),
    **{margin: re.compile(rf"(?m)^(?:\d{{4}}-| {{{margin}}})") for margin in (_SOCKET, _VERBOSE)},
}
# What stands between two blocks; behind it there may be the end of the reply instead of a block. Nearly all lines of a
# large reply belong to none of them, so that they are told first.
_BETWEEN = {
    _PLAIN: re.compile(r"\n(?=[^ \n])((?!))?"),
    **{
        margin: re.compile(
            rf"\n(?! {{{margin}}}[ \n])(?:(?:\d{{4}}-| {{{margin}}})(?=[^ \n])|(\d{{4}} [^\n]*))"
        )
        for margin in (_SOCKET, _VERBOSE)
    },
}


@attrs.frozen
class Reply:
    """One reply of BIRD, without greeting and end.

    Attributes:
        blocks: Its lines, cut before each line without an indent of its own. Such a line has lost its code and
            margin; those below it still have theirs. Of a reply that comes in pieces they can be had once.
        margin: The blanks that stand in front of each line that has no code, before its own indent.
        offset: Lines taken off the front, for error messages.
        end: The text behind a terminator such as ``0013``, None without a terminator.
        cut: Whether it comes from a control socket and has no terminator: what is missing is not known.
    """

    blocks: Iterable[str]
    margin: int = _PLAIN
    offset: int = 0
    end: str | None = None
    cut: bool = False

    @property
    def lines(self) -> list[str]:
        """What ``birdc`` prints: the lines without codes and margin."""
        found: list[str] = []
        for block in self.blocks:
            head, feed, rest = block.partition("\n")
            found += [head, *(_PREFIX[self.margin].sub("", rest).split("\n") if feed else ())]
        return [*found, self.end] if self.end else found

    def uncoded(self, block: str) -> str:
        """Return a block whose lines all have the margin, in place of codes that some have.

        A protocol's details have one code, which stands in front of the first; some captures repeat it.
        """
        return block if self.margin == _PLAIN else block.replace("\n1006-", "\n" + " " * self.margin)


CUT = "the reply is cut: a line with four digits and a blank should end it"


def is_error(code: str) -> bool:
    """Return whether a reply that ends with these four digits is an error (BIRD ``doc/reply_codes``: 8000 to 9999)."""
    return code >= _FIRST_ERROR


def last_line(reply: str) -> tuple[str, str]:
    """Return the code and the words of the line that ends a reply; both are empty where there is no such line."""
    end = _END.fullmatch(reply.rstrip("\n").rpartition("\n")[2])
    return (end[1], end[2]) if end is not None else ("", "")


def unframe(text: str) -> Reply:
    """Return a reply freed of what is around it.

    Accepts the bytes of the control socket (decoded), the output of ``birdc`` and of ``birdc -v``, each with or
    without the banner. What follows a terminator is not part of the reply.

    Raises:
        ParseError: The reply is an error of BIRD's (codes 8000 to 9999), in its own words.
        TypeError: It is bytes.
    """
    if not isinstance(text, str):
        raise TypeError(f"a reply is text, not {type(text).__name__}: decode it first")
    if "\r" in text:  # one character is looked for much faster than two
        text = text.replace("\r\n", "\n")
    greeting = _GREETING.match(text)
    offset = 0
    if greeting is not None and greeting.end():
        offset = text.count("\n", 0, greeting.end())
        text = text[greeting.end() :]
    if _CODED.match(text) is None:
        if "bird>" in text:  # of a terminal: it waits for the next command
            text = _PROMPT.sub("", text)
        return Reply(_blocks(text.rstrip("\n"), _PLAIN)[0], _PLAIN, offset)
    alone = _END.match(text)
    blocks, end = ([], alone[0]) if alone is not None else _blocks(text.rstrip("\n"), _SOCKET)
    if end is None:
        margin = _SOCKET if _NOT_VERBOSE.search(text) else _VERBOSE
        if margin == _SOCKET:
            return Reply(blocks, margin, offset, cut=True)
        return Reply(_blocks(text.rstrip("\n"), margin)[0], margin, offset)
    code, words = end[:4], end[5:]
    if is_error(code):
        before = sum(block.count("\n") + 1 for block in blocks)
        raise ParseError(f"BIRD answered {code} {words}", offset + before + 1)
    return Reply(blocks, _SOCKET, offset, words)


def unframe_pieces(pieces: Iterable[str], known: Callable[[str], str] = lambda _: "") -> Reply:
    """Return a reply that comes in pieces of whole lines; as one piece it may have any framing.

    What is in more than one piece comes from a control socket.

    Args:
        pieces: The pieces.
        known: First word of a block → what the block was the last time, or nothing. A block that is the same again
            need not be looked through for its end.

    Raises:
        ParseError: As :func:`unframe` does.
    """
    coming = iter(pieces)
    first, second = next(coming, ""), next(coming, None)
    if second is None:
        return unframe(first)
    return Reply(_coming_blocks(chain((first, second), coming), known), _SOCKET)


def _coming_blocks(pieces: Iterable[str], known: Callable[[str], str]) -> Iterator[str]:
    between = _BETWEEN[_SOCKET]
    prefix = _PREFIX[_SOCKET].match
    rest = ""  # a block goes on until the next one begins
    for number, piece in enumerate(pieces):
        text = rest + piece
        position = 0
        if number == 0 and (code := prefix(text)) is not None:
            position = code.end()
        while True:
            before = known(text[position : text.find(" ", position)])
            end = between.match(text, position + len(before)) if text.startswith(before, position) else None
            if end is None:
                end = between.search(text, position)
                if end is None:
                    break
                before = text[position : end.start()]
            yield before
            if end[1] is not None:
                return
            position = end.end()
        rest = text[position:]
    yield rest.rstrip("\n")


def _blocks(text: str, margin: int) -> tuple[list[str], str | None]:
    """Return the blocks of a reply, and the line that ends it if there is one."""
    pieces = _BETWEEN[margin].split(text)
    # A reply may be large: its first line loses its code here, not in a copy of everything.
    prefix = _PREFIX[margin].match(pieces[0])
    if prefix is not None:
        pieces[0] = pieces[0][prefix.end() :]
    ends = pieces[1::2]
    end = next(filter(None, ends), None)
    blocks = pieces[: 2 * ends.index(end) + 1 : 2] if end is not None else pieces[::2]
    return blocks, end
