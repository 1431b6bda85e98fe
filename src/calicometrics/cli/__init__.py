"""The command line: one verb, one module."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from calicometrics import __version__, logs
from calicometrics.errors import CalicometricsError, ConfigError, PluginError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

GOOD, INCOMPLETE, USAGE = 0, 1, 2
"""Exit statuses: all is well; something could not be collected; the command line or configuration is wrong."""

VERBS = {
    "serve": "the exporter",
    "collect": "one round to standard output",
    "parse": "read a file or paste offline",
    "status": "the peers as a table, for people",
    "plugins": "what is installed, what it offers, what is on",
    "metrics": "every family the enabled collectors can export",
    "rules": "Prometheus alert rules",
    "new-plugin": "the skeleton of a plugin, with a test that passes",
    "lint": "metric names in rules and dashboards that do not exist",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status.

    Args:
        argv: The arguments; by default those of the process.
    """
    if sys.stdout is None:  # closed by whoever has started the process
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for as long as the process lives
    with logs.held():
        return _run(list(sys.argv[1:] if argv is None else argv))


def _run(arguments: list[str]) -> int:
    parser = Parser(
        prog="calicometrics",
        description="Observability for Project Calico's network plane.",
        epilog="calicometrics VERB --help tells the flags of a verb.",
    )
    parser.add_argument("--version", action="version", version=f"calicometrics {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, text in VERBS.items():
        verb = verbs.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        if arguments[:1] == [name]:  # the other verbs' flags need plugins that nobody asked for
            _module(name).add_arguments(verb)
    try:
        parsed = parser.parse_args(arguments)
        status: int = _module(parsed.verb).run(parsed)
        sys.stdout.flush()
    except (ConfigError, PluginError) as error:
        for line in str(error).splitlines():
            print(f"calicometrics: {line}", file=sys.stderr)  # noqa: T201 - what a user is told
        return USAGE
    except CalicometricsError as error:
        print(f"calicometrics: {error}", file=sys.stderr)  # noqa: T201 - what a user is told
        return INCOMPLETE
    except BrokenPipeError:  # the reader, such as head, has seen enough
        _let_go_of_output()
        return GOOD
    except (
        OSError
    ) as error:  # whoever reads files and sockets has an error of ours for it: this is the output
        _let_go_of_output()
        print(f"calicometrics: standard output: {(error.strerror or str(error)).lower()}", file=sys.stderr)  # noqa: T201 - as above
        return INCOMPLETE
    except KeyboardInterrupt:
        return 130
    return status


def _let_go_of_output() -> None:
    """Have the interpreter find a place, when it ends, for what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _module(verb: str) -> ModuleType:
    return import_module(f"{__name__}.{verb.replace('-', '_')}")


class Parser(argparse.ArgumentParser):
    """An argument parser whose word on an unknown flag is the nearest known one."""

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**kwargs)  # type: ignore[arg-type]  # passed on as given

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, and end with status 2."""
        from calicometrics.suggestion import nearest

        words = message.removeprefix("unrecognized arguments: ").split()
        if words and message.startswith("unrecognized"):
            if not words[0].startswith("-"):
                self.exit(USAGE, f"{self.prog}: unexpected argument: {words[0]}\n")
            flag = words[0].partition("=")[0]
            known = [flag for parser in self._parsers() for flag in parser._option_string_actions]  # noqa: SLF001 - argparse has no public list of flags
            message = f"no such flag: {flag}{nearest(flag, known)}"
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def _parsers(self) -> list[argparse.ArgumentParser]:
        found: list[argparse.ArgumentParser] = [self]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
                found += action.choices.values()
        return found
