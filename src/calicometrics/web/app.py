"""The routes of the HTTP front, as an ASGI application."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

from calicometrics.errors import SourceError
from calicometrics.web.desk import RoundDesk
from calicometrics.web.negotiation import Format, metrics_format, round_timeout, wants_gzip, wants_html
from calicometrics.web.paths import HEALTHY, JSON, READY, TELEMETRY, check_telemetry_path
from calicometrics.web.places import Places
from calicometrics.web.rendering import Renderer, View, Wanted
from calicometrics.web.request import Request
from calicometrics.web.status_page import CONTENT_SECURITY_POLICY, StatusPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping

    from calicometrics.exporter import Exporter
    from calicometrics.rounds import Round
    from calicometrics.web.rendering import Body, HtmlPage, JsonPage
    from calicometrics.web.request import Send

logger = logging.getLogger(__name__)

# For a page of somebody else's: no scripts, nothing from elsewhere.
_FOREIGN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_READY_PATIENCE = 5.0
_PLACE_PATIENCE = 30.0  # seconds in which who does not say how long it waits gets a place for a long answer
_VIEWS = {Format.TEXT: View.TEXT, Format.OPENMETRICS: View.OPENMETRICS}


class App:
    """The ASGI application. Its coroutines belong to one event loop.

    ``/`` answers a browser with the page for people and everybody else with the metrics.

    Args:
        exporter: What is shown.
        telemetry_path: Where the metrics are.
        html_page: Makes the page for people, with styles of its own but no scripts; by default the status page.
        json_page: Makes the body of ``/json`` (UTF-8); without it there is no ``/json``.
        max_requests: Requests under way that need a round; one more is answered 503. Those with a long answer do not
            count while the client takes it: of them as many may wait for a place, and who has waited longest goes.
        long_answers: Places for long answers.

    Raises:
        ConfigError: The telemetry path is no path, or another page's.
    """

    def __init__(
        self,
        exporter: Exporter,
        *,
        telemetry_path: str = TELEMETRY,
        html_page: HtmlPage | None = None,
        json_page: JsonPage | None = None,
        max_requests: int = 40,
        long_answers: int = 4,
    ) -> None:
        check_telemetry_path(telemetry_path)
        self._exporter = exporter
        self._max_requests = max_requests
        self._under_way = 0
        status_page = StatusPage(telemetry_path, has_json=json_page is not None)
        self._policy = _FOREIGN_POLICY if html_page else CONTENT_SECURITY_POLICY
        renderer = Renderer(html_page or status_page, json_page)
        self._desk = RoundDesk(exporter, renderer, Places(long_answers, max_requests))
        self._routes: dict[str, Callable[[Request], Awaitable[None]]] = {
            "/": self._root,
            telemetry_path: self._metrics,
            HEALTHY: self._healthy,
            READY: self._ready,
        }
        if json_page is not None:
            self._routes[JSON] = self._json

    def close(self) -> None:
        """End the threads that take rounds and render them."""
        self._desk.close()

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: object,  # noqa: ARG002 - ASGI's signature; nobody reads a request's body
        send: Send,
    ) -> None:
        """Answer one HTTP request; whoever runs the application cancels this when the client goes away."""
        request = Request(scope, send)
        if request.method not in {"GET", "HEAD"}:
            await request.answer(405, "only GET and HEAD are served here", [("allow", "GET, HEAD")])
            return
        route = self._routes.get(request.path)
        if route is None:
            await request.answer(404, "there is no such page")
            return
        await route(request)

    async def _healthy(self, request: Request) -> None:
        await request.answer(200, "healthy")

    async def _ready(self, request: Request) -> None:
        if self._exporter.succeeded:
            await request.answer(200, "ready")
            return
        async with _failures_answered(request):
            with self._counted():
                taken = await self._desk.round(_READY_PATIENCE)
            if self._exporter.succeeded:
                await request.answer(200, "ready")
            else:
                reasons = ["not ready: no round has succeeded yet", *_errors(taken)]
                await _unavailable(request, "\n".join(reasons))

    async def _root(self, request: Request) -> None:
        if wants_html(request.header("accept")):
            vary = [("vary", "Accept, Accept-Encoding"), ("content-security-policy", self._policy)]
            await self._show(request, View.HTML, vary)
        else:
            await self._metrics(request)

    async def _metrics(self, request: Request) -> None:
        view = _VIEWS[metrics_format(request.header("accept"))]
        await self._show(request, view, [("vary", "Accept, Accept-Encoding")])

    async def _json(self, request: Request) -> None:
        await self._show(request, View.JSON, [("vary", "Accept-Encoding")])

    async def _show(self, request: Request, view: View, headers: list[tuple[str, str]]) -> None:
        wanted = Wanted(view, wants_gzip(request.header("accept-encoding")))
        timeout = round_timeout(request.header("x-prometheus-scrape-timeout-seconds"))
        until = time.monotonic() + (_PLACE_PATIENCE if timeout is None else timeout)
        async with _failures_answered(request):
            with self._counted():
                body = await self._desk.body(wanted, timeout)
                if body is not None:
                    await _send(request, headers, body, self._desk)
                    return
            # A long answer is not counted: however slowly clients take theirs, there is one more who can ask.
            patience = until - time.monotonic()
            async with self._desk.long_body(wanted, request.taking, patience) as body:
                await _send(request, headers, body, self._desk)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a request that needs a round, unless too many are under way."""
        if self._under_way >= self._max_requests:
            raise SourceError(f"{self._under_way} requests are under way, which is the limit")
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


@contextlib.asynccontextmanager
async def _failures_answered(request: Request) -> AsyncIterator[None]:
    """Answer a request with what goes wrong before its answer begins."""
    try:
        yield
    except SourceError as error:
        await _unavailable(request, str(error))
    except Exception as error:
        if request.started:
            raise
        reason = f"the round failed: {type(error).__name__}: {error}".replace("\n", " ")
        logger.error("%s: %s", request.path, reason)  # noqa: TRY400 - the traceback is for debugging
        logger.debug("%s", request.path, exc_info=True)
        await request.answer(500, reason)


def _errors(taken: Round) -> Iterable[str]:
    return dict.fromkeys(error for result in taken.collectors for error in result.errors)


async def _unavailable(request: Request, reason: str) -> None:
    await request.answer(503, reason, [("retry-after", "1")])


async def _send(request: Request, headers: list[tuple[str, str]], body: Body, desk: RoundDesk) -> None:
    more = body.rest is not None
    length = [] if more else [("content-length", str(sum(map(len, body.head))))]
    encoding = [("content-encoding", "gzip")] if body.gzip else []
    await request.start(200, [("content-type", body.content_type), *length, *encoding, *headers])
    if request.method == "HEAD" or not more:
        await request.body(b"".join(body.head))
        return
    try:
        async with contextlib.aclosing(desk.pieces(body)) as pieces:
            async for piece in pieces:
                await request.body(piece, more=True)
    except Exception as error:  # noqa: BLE001 - rendering runs on another thread, whatever it raises ends here
        # It is too late for a status: the body stays without its end, which the client sees.
        logger.error("%s was cut short: %s: %s", request.path, type(error).__name__, error)  # noqa: TRY400 - as above
        return
    await request.body(b"")
