"""Undoes what copying a page out of a document, a chat or a terminal does to it."""

from __future__ import annotations

from calicometrics.errors import ParseError
from calicometrics.exposition.grammar import read_comment, read_sample

_BLANK = (
    " \t\f\r\ufeff\u00a0"  # form feeds, no-break spaces and byte order marks come with pages of documents
)
_SUFFIXES = ("", "_bucket", "_count", "_sum")


def repair_paste(text: str) -> str:
    """Return a page as it was before it was pasted; every line keeps its number.

    * A HELP line that was wrapped is joined again, with one blank at each join. What follows a HELP line continues
      it until a comment or a sample comes. A line that could be either, such as ``retries 5``, is a sample if
      its name is the one that HELP names, or has labels, an underscore or a colon.
    * Fences of three backticks, page breaks and blanks at both ends of a line are removed.
    * A byte order mark and carriage returns are removed, a missing last line feed is added.

    A sample that was wrapped is left as it is: where its parts belong together is a guess, and it has a number.
    """
    lines = text.split("\n")
    wrapped: dict[int, list[str]] = {}  # the number of a HELP line -> its parts
    help_line: int | None = None
    subject = ""
    for number, raw in enumerate(lines):
        line = raw.strip(_BLANK)
        if line.startswith("```"):
            line = ""
        lines[number] = line
        if line.startswith("#"):
            subject = _subject(line)
            help_line = number if subject else None
        elif line and help_line is not None:
            if _is_sample(line, subject):
                help_line = None
            else:
                wrapped.setdefault(help_line, [lines[help_line]]).append(line)
                lines[number] = ""
    for number, parts in wrapped.items():
        lines[number] = " ".join(parts)
    if lines[-1]:
        lines.append("")
    return "\n".join(lines)


def _subject(line: str) -> str:
    """Return the metric that a HELP line names, an empty text for any other line."""
    try:
        comment = read_comment(line)
    except ParseError:
        return ""
    return comment.name if comment is not None and comment.keyword == "HELP" else ""


def _is_sample(line: str, subject: str) -> bool:
    try:
        sample = read_sample(line)
    except ParseError:
        return False
    return (
        bool(sample.labels)
        or "_" in sample.name
        or ":" in sample.name
        or sample.name.removeprefix(subject) in _SUFFIXES
    )
