"""``calicometrics parse``: read a file or a paste offline."""

from __future__ import annotations

import contextlib
import pathlib
import re
import sys
from typing import TYPE_CHECKING, Any

from calicometrics.cli import GOOD, INCOMPLETE
from calicometrics.errors import ParseError, SourceError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from calicometrics.bird.kinds import ProtocolKind

COMMANDS = {
    "protocols": "show protocols all",
    "status": "show status",
    "memory": "show memory",
    "route-count": "show route count",
}
KINDS = ("auto", *COMMANDS, "exposition")

_BIRDS = re.compile(r"(?im)^ *(?:\d{4}[- ])?(?:BIRD \S+ ready\.|name +proto +table +state)")
_SAMPLE = re.compile(r"(?m)^(?:# (?:HELP|TYPE) )?[a-zA-Z_:][\w:]*(?:\{.*\})? \S+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's flags."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="what to read; - is standard input"
    )
    parser.add_argument(
        "--kind", choices=KINDS, default="auto", help="what it is; by default it is recognised"
    )
    parser.add_argument(
        "--format", choices=("json", "prometheus"), default="json", help="models (default) or metrics"
    )
    parser.add_argument("--repair", action="store_true", help="join HELP lines that a paste has wrapped")


def run(parsed: argparse.Namespace) -> int:
    """Print what the text says; tell on standard error which lines were not understood."""
    from calicometrics.plugins import Plugins

    text = _read(parsed.file)
    kinds = Plugins.load().kinds.values()
    kind = _recognise(text) if parsed.kind == "auto" else parsed.kind
    reading = _READERS[kind](text, list(kinds), parsed.repair)
    if parsed.format == "json":
        from calicometrics.jsonmodel import SCHEMA_VERSION, dumps, to_json

        shown = {"version": SCHEMA_VERSION, "kind": kind, kind.replace("-", "_"): to_json(reading.models)}
        sys.stdout.write(dumps(shown, indent=2) + "\n")
    else:
        from calicometrics.exposition.writer import render_text

        sys.stdout.writelines(render_text(_families(kind, text, reading, kinds)))
    sys.stdout.flush()
    for line, reason in sorted(reading.problems):
        print(f"line {line}: {reason}", file=sys.stderr)  # noqa: T201 - what a user is told
    return INCOMPLETE if reading.problems else GOOD


class _Reading:
    """What a text was read to, and what was not understood: line numbers and reasons."""

    def __init__(self, models: Any, problems: list[tuple[int, str]]) -> None:
        self.models = models
        self.problems = problems


def _read(name: str) -> str:
    if name == "-":
        # None when whoever has started the process has closed it.
        return "" if sys.stdin is None else sys.stdin.buffer.read().decode("utf-8", "backslashreplace")
    try:
        return pathlib.Path(name).read_bytes().decode("utf-8", "backslashreplace")
    except OSError as error:
        raise SourceError(f"{name}: {(error.strerror or str(error)).lower()}") from None


def _recognise(text: str) -> str:
    """Return the kind of a text.

    Raises:
        ParseError: It is none that is known.
    """
    errors = []
    for kind in COMMANDS:
        try:
            reading = _READERS[kind](text, [], False)
        except ParseError as error:
            errors.append(str(error))
        else:
            if reading.models:
                return kind
    if any("BIRD answered" in error for error in errors) or _BIRDS.search(text):
        raise ParseError(errors[0])
    if _SAMPLE.search(text):
        return "exposition"
    raise ParseError(
        "this is neither a reply of BIRD's that is known (show protocols, status, memory, route count) "
        "nor a page of metrics; --kind says what it should be"
    )


def _read_protocols(text: str, kinds: list[ProtocolKind], _: bool) -> _Reading:
    from calicometrics.bird.parser import BUILT_IN_KINDS, parse_protocols

    errors: list[ParseError] = []
    protocols = parse_protocols(text, kinds=kinds or BUILT_IN_KINDS, problems=errors)
    problems = [(error.line or 0, error.reason) for error in errors]
    explained = {number for number, _ in problems}
    unread = {line for protocol in protocols for line in protocol.extra}
    unread |= {line for protocol in protocols for channel in protocol.channels for line in channel.extra}
    for number, line in enumerate(text.splitlines(), 1):
        content = re.sub(r"^\d{4}-", "", line).strip()
        if content in unread and number not in explained:
            problems.append((number, f"no rule reads {content!r}"))
    return _Reading(protocols, problems)


def _read_daemon(function: str) -> Callable[[str, list[ProtocolKind], bool], _Reading]:
    def read(text: str, _: list[ProtocolKind], __: bool) -> _Reading:
        from calicometrics.bird import daemon

        models = getattr(daemon, function)(text)
        extra = getattr(models, "extra", ())
        numbers = {line.strip(): number for number, line in enumerate(text.splitlines(), 1)}
        return _Reading(models, [(numbers.get(line, 0), f"no rule reads {line!r}") for line in extra])

    return read


def _read_exposition(text: str, _: list[ProtocolKind], repair: bool) -> _Reading:
    from calicometrics.exposition.parser import parse_page
    from calicometrics.jsonmodel import families_to_json

    page = parse_page(text, repair=repair)
    reading = _Reading(families_to_json(page.families), [(p.line, p.reason) for p in page.problems])
    reading.families = page.families  # type: ignore[attr-defined]  # of pages alone
    return reading


_READERS = {
    "protocols": _read_protocols,
    "status": _read_daemon("parse_status"),
    "memory": _read_daemon("parse_memory"),
    "route-count": _read_daemon("parse_route_counts"),
    "exposition": _read_exposition,
}


def _families(kind: str, text: str, reading: _Reading, kinds: Any) -> list[Any]:
    if kind == "exposition":
        return list(reading.families)  # type: ignore[attr-defined]  # of pages alone
    from calicometrics.bird.recorded import RecordedBird
    from calicometrics.collectors import built_in_collectors
    from calicometrics.errors import CalicometricsError
    from calicometrics.snapshot import Snapshot

    snapshot = Snapshot({"bird": RecordedBird({COMMANDS[kind]: text})}, kinds=kinds)
    families = []
    for collector in built_in_collectors():
        view = snapshot.view()
        with contextlib.suppress(CalicometricsError):
            made = list(collector().collect(view))
            if not view.failures:  # a collector of another command's reply has nothing to say
                families += [family for family in made if family.sample_count()]
    return families
