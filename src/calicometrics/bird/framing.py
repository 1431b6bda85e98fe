"""The three framings in which people have BIRD's replies.

The control socket prints ``1234-text`` where code 1234 starts, a line with one blank in front where the code is the
same as before, and ``1234 text`` at the end of the reply (BIRD ``nest/cli.c``). ``birdc`` prints the texts alone;
``birdc -v`` keeps the codes, repeats one as five blanks and leaves the end out.
"""

from __future__ import annotations

import re

import attrs

from calicometrics.errors import ParseError

_PLAIN, _SOCKET, _VERBOSE = 0, 1, 5  # blanks in front of a line whose code is not repeated

_CODED = re.compile(r"\d{4}[- ]")
_END = re.compile(r"(\d{4}) ([^\n]*)")
_LATER_END = re.compile(r"\n" + _END.pattern)
_FIRST_ERROR = "8000"
_NOT_VERBOSE = re.compile(r"\n(?! {5}|\d{4}-|\n|\Z)")
_GREETING = re.compile(r"(?:(?:0001 |0016 )?(?:BIRD \S+ ready\.|Access restricted) *(?:\n|\Z))+")
_PREFIX = {margin: re.compile(rf"(?m)^(?:\d{{4}}-| {{{margin}}})") for margin in (_SOCKET, _VERBOSE)}
_ROW = {
    _PLAIN: re.compile(r"\n(?=[^ \n])"),
    **{margin: re.compile(rf"\n(?:\d{{4}}-| {{{margin}}})(?=[^ \n])") for margin in (_SOCKET, _VERBOSE)},
}


@attrs.frozen
class Reply:
    """One reply of BIRD, without greeting and end.

    Attributes:
        text: Its lines, still with codes and margin, each with a line feed in front of it.
        margin: The blanks that stand in front of each line that has no code, before its own indent.
        offset: Lines taken off the front, for error messages.
        end: The text behind a terminator such as ``0013``, None without a terminator.
    """

    text: str
    margin: int = _PLAIN
    offset: int = 0
    end: str | None = None

    @property
    def lines(self) -> list[str]:
        """What ``birdc`` prints: the lines without codes and margin."""
        text = self.text if self.margin == _PLAIN else _PREFIX[self.margin].sub("", self.text)
        return [*text.split("\n")[1:], *([self.end] if self.end else ())]

    def blocks(self) -> list[str]:
        """Return the text cut before each line without an indent of its own.

        Such a line has lost its code and margin; those below it have kept their margin, and codes became one.
        """
        blocks = _ROW[self.margin].split(self.text)
        if self.margin == _PLAIN:
            return blocks
        margin = "\n" + " " * self.margin
        # A protocol's details have one code, which stands in front of the first; some captures repeat it.
        return [block.replace("\n1006-", margin) for block in blocks]


def unframe(text: str) -> Reply:
    """Return a reply freed of what is around it.

    Accepts the bytes of the control socket (decoded), the output of ``birdc`` and of ``birdc -v``, each with or
    without the banner. What follows a terminator is not part of the reply.

    Raises:
        ParseError: The reply is an error of BIRD's (codes 8000 to 9999), in its own words.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    greeting = _GREETING.match(text)
    start = greeting.end() if greeting is not None else 0
    offset = text.count("\n", 0, start)
    coded = _CODED.match(text, start)
    # A reply may be large, so it is cut and given its first line feed in one copy.
    if coded is None:
        return Reply("\n" + text[start:].rstrip("\n"), _PLAIN, offset)
    end = _END.match(text, start) or _LATER_END.search(text, start)
    if end is None:
        text = "\n" + text[start:].rstrip("\n")
        return Reply(text, _SOCKET if _NOT_VERBOSE.search(text) else _VERBOSE, offset)
    code, words = end.groups()
    if code >= _FIRST_ERROR:
        raise ParseError(f"BIRD answered {code} {words}", text.count("\n", 0, end.start(1)) + 1)
    return Reply("\n" + text[start : end.start(1)].rstrip("\n"), _SOCKET, offset, words)
