"""From the replies to ``show bfd sessions`` and ``show bfd sessions all`` to models."""

from __future__ import annotations

from typing import Any

import attrs

from calicometrics import ParseError
from calicometrics.bird.framing import unframe
from calicometrics_bfd import grammar
from calicometrics_bfd.model import BfdParameters, BfdSession


@attrs.frozen
class Sessions:
    """What a reply tells.

    Attributes:
        sessions: The sessions that were understood, in BIRD's order.
        problems: The lines that do not match their rule.
    """

    sessions: tuple[BfdSession, ...] = ()
    problems: tuple[ParseError, ...] = ()


def parse_sessions(text: str) -> list[BfdSession]:
    """Return the sessions of a reply in either form; a protocol that is not up has none.

    Raises:
        ParseError: A line does not match its rule, or the reply is an error of BIRD's.
    """
    reply = read_sessions(text)
    for problem in reply.problems:
        raise problem
    return list(reply.sessions)


def read_sessions(text: str) -> Sessions:
    """Return the sessions of a reply in either form, with what was not understood beside them.

    Raises:
        ParseError: The reply is an error of BIRD's.
    """
    reply = unframe(text)
    reader = _Reader()
    for number, line in enumerate(reply.lines, reply.offset + 1):
        try:
            reader.take(line)
        except ValueError as error:
            reader.problems.append(ParseError(f"show bfd sessions: {error}, not {line.strip()!r}", number))
    reader.end_session()
    return Sessions(tuple(reader.sessions), tuple(reader.problems))


class _Reader:
    """Takes a reply's lines one after the other."""

    def __init__(self) -> None:
        self.sessions: list[BfdSession] = []
        self.problems: list[ParseError] = []
        self._protocol = ""
        self._values: dict[str, Any] = {}
        self._ends: dict[str, dict[str, Any]] = {}
        self._end: dict[str, Any] | None = None
        self._extra: list[str] = []

    def take(self, line: str) -> None:
        """Read one line.

        Raises:
            ValueError: It does not match its rule.
        """
        content = line.strip()
        if not content:
            self.end_session()
        elif line[0] == " ":
            self._take_label(content)
        else:
            self.end_session()
            self._take_row(content)

    def end_session(self) -> None:
        """Keep the session whose lines have been read, if there is one."""
        values, ends, extra = self._values, self._ends, self._extra
        self._values, self._ends, self._end, self._extra = {}, {}, None, []
        if "address" not in values:
            return
        for name, configured in (("transmit", "transmit_interval"), ("detect", "detect_time")):
            timer = values.pop(name, None)
            if timer is not None:
                values |= {f"{name}_remaining": timer.remaining, configured: timer.configured}
        values |= {end: BfdParameters(**parameters) for end, parameters in ends.items()}
        self.sessions.append(BfdSession(self._protocol, **values, extra=tuple(extra)))

    def _take_row(self, content: str) -> None:
        """Read a line of the short form, or one that both forms have."""
        if grammar.TITLE.re.fullmatch(content) or grammar.NOT_UP.re.fullmatch(content):
            return
        if grammar.PROTOCOL.re.fullmatch(content):
            self._protocol = grammar.PROTOCOL.read(content)
        else:
            self.sessions.append(attrs.evolve(grammar.ROW.read(content), protocol=self._protocol))

    def _take_label(self, content: str) -> None:
        """Read a line of the long form."""
        label, _, rest = content.partition(":")
        if label in grammar.ENDS:
            self._end = self._ends.setdefault(grammar.ENDS[label], {})
        elif label in grammar.SESSION:
            name, rule = grammar.SESSION[label]
            self._end = None
            self._values[name] = rule.read(rest.strip())
        elif label in grammar.PARAMETERS and self._end is not None:
            name, rule = grammar.PARAMETERS[label]
            self._end[name] = rule.read(rest.strip())
        else:
            self._extra.append(content)
