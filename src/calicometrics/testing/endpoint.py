"""FakeEndpoint: an HTTP server that has nothing but a metrics page, with faults on demand."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import zlib
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from types import TracebackType

    Text = str | bytes
    Page = Text | Callable[[], Text]

FAULTS = ("refuse", "hang", "hang-mid", "cut", "cut-chunked", "drip", "redirect", "bomb", "unavailable")

_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_HTML = b"<!DOCTYPE html>\n<html><body><h1>503 Service Unavailable</h1></body></html>\n"
_DRIP_PAUSE = 0.1
_BOMB_BLOCK = 1024 * 1024
_BOMB_BLOCKS = 1024


@attrs.frozen
class Request:
    """A request that the endpoint received.

    Attributes:
        method: ``GET`` or ``HEAD``.
        target: The path, with a query if there is one.
        headers: Header name, in lower case, → value.
    """

    method: str
    target: str
    headers: dict[str, str]


class FakeEndpoint:
    """A page on a loopback port, as Felix serves its own, from construction until ``close``.

    It speaks HTTP/1.1, answers every path with the page, compressed where the client accepts gzip, and serves any
    number of clients at once.

    Faults, which may change at any time:

    * ``refuse``: connections are closed at once;
    * ``hang``: the request is read, then nothing;
    * ``hang-mid``, ``cut``: the header and half the body, then silence or the end of the connection;
    * ``cut-chunked``: the whole body in a chunk, and the end of the connection where the last chunk should be;
    * ``drip``: header and body, one byte each tenth of a second;
    * ``redirect``: 302, to ``/elsewhere``;
    * ``bomb``: a gzip stream of about 1 MB that inflates to 1 GiB;
    * ``unavailable``: 503 with a page of HTML, whatever the page and the status are.

    Args:
        page: The body, or a function that returns it.
        status: The status of every answer.
        content_type: The type of every answer.
        fault: What goes wrong, if anything.
        tls: A server's context; without one the endpoint speaks plain HTTP.

    Raises:
        ValueError: There is no such fault.

    Attributes:
        page: As the argument; it may change at any time, as ``status`` and ``content_type`` may.
        requests: Every request received, oldest first.
    """

    def __init__(
        self,
        page: Page,
        *,
        status: int = 200,
        content_type: str = _TEXT_FORMAT,
        fault: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.page = page
        self.status = status
        self.content_type = content_type
        self.fault = fault
        self.requests: list[Request] = []
        self._tls = tls
        self._closing = threading.Event()
        self._clients: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name=f"fakeendpoint {self._port}", daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the page is: ``http://127.0.0.1:PORT/metrics``, or ``https`` with a context."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/metrics"

    @property
    def fault(self) -> str | None:
        """What goes wrong at present; None when nothing does."""
        return self._fault

    @fault.setter
    def fault(self, fault: str | None) -> None:
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"no fault {fault!r}: there are {', '.join(FAULTS)}")
        self._fault = fault

    def close(self) -> None:
        """End every connection and free the port; harmless when that is done."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            clients = dict(self._clients)
            for peer in clients.values():
                with contextlib.suppress(OSError):  # the client may have left
                    peer.shutdown(socket.SHUT_RDWR)
        for thread in clients:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                if self._closing.is_set():
                    return
                raise
            thread = threading.Thread(
                target=self._serve, args=(peer,), name="fakeendpoint client", daemon=True
            )
            with self._lock:
                self._clients[thread] = peer
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        try:
            with contextlib.suppress(
                OSError
            ):  # clients leave as they like, TLS ones with errors of their own
                if self._fault != "refuse":
                    self._converse(peer)
        finally:
            with self._lock:
                del self._clients[threading.current_thread()]
                peer.close()

    def _converse(self, peer: socket.socket) -> None:
        if self._tls is None:
            _Handler(peer, self._respond)
            return
        # The handshake belongs to this thread: a client that is slow to shake hands must not keep others waiting.
        with self._tls.wrap_socket(peer.dup(), server_side=True) as secured:
            _Handler(secured, self._respond)

    def _respond(self, client: _Handler) -> None:
        """Answer one request with the page, or with what the fault makes of it."""
        headers = {name.lower(): value for name, value in client.headers.items()}
        self.requests.append(Request(client.command, client.path, headers))
        fault = self._fault
        if fault == "hang":
            client.wait_until_it_leaves()
            return
        status, fields, body = self._answer()
        if fault == "bomb":
            fields["Content-Encoding"] = "gzip"
            body = _bomb()
        elif body and "gzip" in headers.get("accept-encoding", ""):
            fields["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1)
        if fault == "cut-chunked":
            fields["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%b\r\n" % (len(body), body)
        else:
            fields["Content-Length"] = str(len(body))
        client.close_connection = client.close_connection or fault is not None
        self._send(client, fault, _header(status, fields), b"" if client.command == "HEAD" else body)

    def _answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, header fields and body, before compression."""
        if self._fault == "unavailable":
            return 503, {"Content-Type": "text/html; charset=utf-8"}, _HTML
        if self._fault == "redirect":
            return 302, {"Location": "/elsewhere"}, b""
        try:
            page = self.page() if callable(self.page) else self.page
        except Exception as error:  # noqa: BLE001 - the function is the tester's, its error the client's answer
            return (
                500,
                {"Content-Type": "text/plain; charset=utf-8"},
                f"the page failed: {error!r}\n".encode(),
            )
        body = page.encode() if isinstance(page, str) else page
        return self.status, {"Content-Type": self.content_type}, body

    def _send(self, client: _Handler, fault: str | None, header: bytes, body: bytes) -> None:
        if fault == "drip":
            for byte in _bytes(header + body):
                client.wfile.write(byte)
                if self._closing.wait(_DRIP_PAUSE):
                    return
        elif fault in {"cut", "hang-mid"}:
            client.wfile.write(header + body[: len(body) // 2])
            if fault == "hang-mid":
                client.wait_until_it_leaves()
        else:
            client.wfile.write(header + body)


class _Handler(BaseHTTPRequestHandler):
    """One connection: the standard library reads the requests, somebody else answers them."""

    protocol_version = "HTTP/1.1"

    def __init__(self, peer: socket.socket, respond: Callable[[_Handler], None]) -> None:
        self._respond = respond
        super().__init__(peer, None, None)  # type: ignore[arg-type]  # it never asks for client address or server

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Let somebody else answer."""
        self._respond(self)

    do_HEAD = do_GET  # noqa: N815 - the library's convention

    def wait_until_it_leaves(self) -> None:
        """Wait until the client, or the endpoint, ends the connection."""
        while self.rfile.read(1):
            pass


def _header(status: int, fields: dict[str, str]) -> bytes:
    reason = BaseHTTPRequestHandler.responses.get(status, ("",))[0]
    lines = (f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields.items()), "", "")
    return "\r\n".join(lines).encode("latin-1")


def _bytes(data: bytes) -> Iterator[bytes]:
    return (data[index : index + 1] for index in range(len(data)))


def _bomb() -> bytes:
    """Return a gzip stream of empty lines; a block that ends with a full flush can be repeated as it is."""
    compressor = zlib.compressobj(wbits=31)
    start = compressor.compress(b"\n") + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(b"\n" * _BOMB_BLOCK) + compressor.flush(zlib.Z_FULL_FLUSH)
    return start + block * _BOMB_BLOCKS
