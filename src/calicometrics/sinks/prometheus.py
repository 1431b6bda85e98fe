"""The pull sink: Prometheus, browsers and probes ask over HTTP, and get a round."""

from __future__ import annotations

import contextlib
import logging
import pathlib  # noqa: TC003 - the options' types are read at run time
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from calicometrics.errors import ConfigError
from calicometrics.sinks.base import Sink
from calicometrics.web.listen import address_text, listen_on, parse_listen_address
from calicometrics.web.paths import TELEMETRY, check_telemetry_path

if TYPE_CHECKING:
    from calicometrics.exporter import Exporter
    from calicometrics.rounds import Round
    from calicometrics.web.limits import Limits
    from calicometrics.web.rendering import HtmlPage, JsonPage

logger = logging.getLogger(__name__)


def _addresses(options: object, field: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:  # noqa: ARG001 - attrs' signature
    if not value:
        raise ValueError(f"'{field.name}' needs at least one address, such as :6502")
    try:
        for text in value:
            parse_listen_address(text)
    except ConfigError as error:
        raise ValueError(f"'{field.name}': {error}") from None


def _path(options: object, field: attrs.Attribute[str], value: str) -> None:  # noqa: ARG001 - attrs' signature
    try:
        check_telemetry_path(value)
    except ConfigError as error:
        raise ValueError(f"'{field.name}': {error}") from None


def _at_least_one(options: object, field: attrs.Attribute[int], value: int) -> None:  # noqa: ARG001 - attrs' signature
    if value < 1:
        raise ValueError(f"'{field.name}' has to be at least 1, not {value}")


@attrs.frozen
class WebOptions:
    """Where the metrics can be fetched, and by whom."""

    listen_address: tuple[str, ...] = attrs.field(
        default=(":6502",),
        validator=_addresses,
        metadata={
            "help": "where to listen for scrapes; may be given several times",
            "metavar": "[HOST]:PORT",
        },
    )
    telemetry_path: str = attrs.field(
        default=TELEMETRY,
        validator=_path,
        metadata={"help": "the path of the metrics", "metavar": "PATH"},
    )
    config_file: pathlib.Path | None = attrs.field(
        default=None,
        metadata={
            "help": "TLS, client certificates, passwords and headers, in the YAML of Prometheus' exporters",
            "key": "config.file",
        },
    )
    max_connections: int = attrs.field(
        default=512,
        validator=_at_least_one,
        metadata={"help": "open connections; one more closes the one that has been idle longest"},
    )
    max_requests: int = attrs.field(
        default=40,
        validator=_at_least_one,
        metadata={"help": "requests for metrics under way; one more is answered 503"},
    )


class PrometheusSink(Sink):
    """Serves the metrics over HTTP, with the pages that go with them.

    Args:
        options: Where to listen.
        html_page: Makes the page that a browser gets at ``/``; by default the status page.
        json_page: Makes the body of ``/json``, in UTF-8; by default the models.
        limits: What clients are granted; by default what the options say.
    """

    name: ClassVar[str] = "prometheus"
    help: ClassVar[str] = "serve the metrics over HTTP, for Prometheus to scrape"
    section: ClassVar[str | None] = "web"
    Options: ClassVar[type] = WebOptions

    def __init__(
        self,
        options: WebOptions,
        *,
        html_page: HtmlPage | None = None,
        json_page: JsonPage | None = None,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(options)
        self._html_page = html_page
        self._json_page = json_page
        self._limits = limits
        self._started = contextlib.ExitStack()
        self.addresses: tuple[str, ...] = ()
        """Where it listens, ``HOST:PORT`` each; empty before the start."""

    def start(self, exporter: Exporter) -> None:
        """Listen, and return when requests are served.

        Raises:
            ConfigError: An option is wrong, or the web configuration file is.
            SourceError: An address is taken, not this machine's, or not permitted.
        """
        # A server, asyncio and TLS are loaded by whoever serves.
        from calicometrics.web.app import App
        from calicometrics.web.limits import Limits, most_connections
        from calicometrics.web.server import HttpServer

        options: WebOptions = self.options
        limits = self._limits or Limits(connections=options.max_connections, requests=options.max_requests)
        most = most_connections()
        if limits.connections > most:
            logger.warning(
                "%d connections at most: the limit of open files has no room for %d", most, limits.connections
            )
            limits = attrs.evolve(limits, connections=most)
        with contextlib.ExitStack() as stack:
            app: Any = App(
                exporter,
                telemetry_path=options.telemetry_path,
                html_page=self._html_page,
                json_page=self._json_page or _models,
                max_requests=limits.requests,
                long_answers=limits.long_answers,
            )
            stack.callback(app.close)
            more: dict[str, Any] = {}
            if options.config_file is not None:
                from calicometrics.web.guard import Guard
                from calicometrics.web.live_config import LiveConfig

                live = LiveConfig(options.config_file)
                stack.callback(live.close)
                app, more = Guard(app, live), {"tls": live.tls, "headers": live.headers}
                stack.callback(app.close)
            sockets = listen_on(options.listen_address)
            self.addresses = tuple(map(address_text, sockets))
            server = HttpServer(app, sockets, limits, **more)
            stack.callback(server.close)
            server.start()
            self._started = stack.pop_all()
        logger.info("listening on %s", ", ".join(self.addresses))

    def close(self) -> None:
        """Accept no more, let the answers under way end, and give the addresses back; harmless when that is done."""
        self._started.close()


def _models(done: Round) -> bytes:
    from calicometrics.jsonmodel import dumps, round_to_json

    return dumps(round_to_json(done)).encode()
