"""The three framings in which people have BIRD's replies, and the plain text inside."""

from __future__ import annotations

import re

import attrs

from calicometrics.errors import ParseError

_CODED = re.compile(r"\d{4}[- ]")
_CODE = re.compile(r"\n(\d{4})([- ])([^\n]*)")
_VERBOSE_INDENT = re.compile(r"\n(?! {5}|\d{4}[- ]|\n|\Z)")
_GREETING = re.compile(r"(?:(?:0001 |0016 )?(?:BIRD \S+ ready\.|Access restricted) *(?:\n|\Z))+")


@attrs.frozen
class Reply:
    """One reply of BIRD, freed of its framing.

    Attributes:
        lines: What ``birdc`` would print; line i is line i + offset of the text as given.
        offset: Lines taken off the front, for error messages.
        end: The text behind a terminator such as ``0013``, None without a terminator.
    """

    lines: list[str]
    offset: int = 0
    end: str | None = None


def unframe(text: str) -> Reply:
    """Return the plain lines of a reply.

    Accepts the bytes of the control socket (decoded), the output of ``birdc`` and of ``birdc -v``, each with or
    without the banner. What follows a terminator is not part of the reply.

    Raises:
        ParseError: The reply is an error of BIRD's (codes 8000 to 9999), in its own words.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    greeting = _GREETING.match(text)
    if greeting is not None:
        text = text[greeting.end() :]
    offset = greeting[0].count("\n") if greeting is not None else 0
    if not _CODED.match(text):
        return Reply(text.rstrip("\n").split("\n"), offset)
    return _uncoded("\n" + text.rstrip("\n"), offset)


def _uncoded(text: str, offset: int) -> Reply:
    """Take off the codes; ``text`` starts with a line feed and has none at its end.

    ``1234-text`` starts or continues code 1234, a line with a blank in front repeats the code before, ``1234 text``
    ends the reply (BIRD ``nest/cli.c``). ``birdc -v`` repeats a code as five blanks.
    """
    end = None
    codes = set()
    for match in _CODE.finditer(text):
        if match[2] == "-":
            codes.add(match[1])
            continue
        end = match[3]
        if match[1] >= "8000":
            raise ParseError(
                f"BIRD answered {match[1]} {end}", text.count("\n", 0, match.start()) + 1 + offset
            )
        text = text[: match.start()]
        break
    margin = "\n " if end is not None or _VERBOSE_INDENT.search(text) else "\n     "
    text = text.replace(margin, "\n")
    for code in codes:
        text = text.replace(f"\n{code}-", "\n")
    lines = text[1:].split("\n") if text else []
    if end:
        lines.append(end)
    return Reply(lines, offset, end)
