"""HttpSource: a page over HTTP, one GET at a time, within one deadline."""

from __future__ import annotations

import http
import re
import time
from typing import TYPE_CHECKING

import h11

from calicometrics.errors import BoundError, ConfigError, SourceError
from calicometrics.sources.body import Body, BodyError, LargeBodyError
from calicometrics.sources.dial import Deadline, Dialer, PhaseError, reason_of
from calicometrics.sources.file import DEFAULT_MAX_PAGE
from calicometrics.sources.tls import ClientTls
from calicometrics.sources.url import Url, hide_user_info

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from pathlib import Path

DEFAULT_TIMEOUT = 5.0

_CHUNK = 256 * 1024
_MAX_HEADERS = 64 * 1024
_MAX_QUOTE = 200
_MAX_ERROR_BODY = 4096
_OK = 200
_REDIRECTS = range(300, 400)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]+")


class HttpSource:
    """A page in the text format behind a URL, read anew each time over a connection of its own.

    No redirect is followed and no proxy used: a page is where its URL says. Gzip is asked for and decompressed. What
    stands before the ``@`` of the URL is sent as basic authentication and never shown.

    Args:
        url: A URL of http or https.
        timeout: Seconds for a whole read: name, connection, TLS, request and every byte of the answer.
        max_page: The largest page that is accepted, in bytes, as sent and decompressed.
        ca_file: For https: certificates that the server's has to be signed by; by default those of the system.
        cert_file: For https: our certificate. Changed files are read again.
        key_file: For https: its key; by default in ``cert_file`` too.
        server_name: For https: the name in the server's certificate; by default the URL's host.
        headers: Further headers, or others in place of ours.

    Raises:
        ConfigError: The URL, a header or a certificate file is unusable.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_page: int = DEFAULT_MAX_PAGE,
        ca_file: str | Path | None = None,
        cert_file: str | Path | None = None,
        key_file: str | Path | None = None,
        server_name: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        parsed = Url.parse(url)
        self.url = parsed.shown
        self.timeout = timeout
        self.max_page = max_page
        self._request = _request(parsed, headers)
        tls = None
        if parsed.scheme == "https":
            name = server_name or parsed.host.partition("%")[0].rstrip(".")
            tls = ClientTls(name, ca_file=ca_file, cert_file=cert_file, key_file=key_file)
        self._dialer = Dialer(parsed.host, parsed.port, tls)

    def __repr__(self) -> str:
        return f"HttpSource({self.url!r})"

    def read(self, deadline: float | None = None) -> str:
        """Return the page.

        The format is UTF-8; bytes that are not become U+FFFD, so that one bad label does not cost the page.

        Args:
            deadline: A ``time.monotonic()`` value that cuts the timeout shorter.

        Raises:
            SourceError: The page could not be read; the message names the URL, the phase (resolve, connect, TLS
                handshake, send, headers, body) and the reason.
            BoundError: It is too large.
        """
        limit = time.monotonic() + self.timeout
        clock = Deadline(limit if deadline is None else min(limit, deadline))
        try:
            with self._dialer.connect(clock) as connection:
                return (
                    _Exchange(connection, clock, self.max_page).get(self._request).decode("utf-8", "replace")
                )
        except LargeBodyError as error:
            raise BoundError(f"{self.url}: body: {error}") from None
        except PhaseError as error:
            raise SourceError(f"{self.url}: {error}") from None


class _Exchange:
    """One request and its answer on a new connection."""

    def __init__(self, connection: socket.socket, deadline: Deadline, max_page: int) -> None:
        self._connection = connection
        self._deadline = deadline
        self._max_page = max_page
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADERS)

    def get(self, request: h11.Request) -> bytearray:
        """Return the body of a good answer."""
        data = (self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        self._send(data)
        response = self._next("headers")
        while isinstance(response, h11.InformationalResponse):
            response = self._next("headers")
        assert isinstance(response, h11.Response)  # noqa: S101 - h11 lets nothing else come first
        if response.status_code != _OK:
            raise PhaseError("headers", self._refusal(response))
        return self._body(response)

    def _send(self, data: bytes) -> None:
        try:
            self._connection.settimeout(self._deadline.remaining("send"))
            self._connection.sendall(data)
        except TimeoutError as error:
            raise PhaseError("send", reason_of(error)) from None
        except OSError:
            # A server that refuses a client may have closed the connection already. Why it did, an alert of TLS or an
            # answer of HTTP, is still there to be read.
            return

    def _body(self, response: h11.Response, enough: Callable[[bytearray], bool] | None = None) -> bytearray:
        """Return the body, or as much of it as is enough."""
        received = 0
        try:
            body = Body(_header(response, b"content-encoding"), self._max_page)
            while isinstance(event := self._next("body", received), h11.Data):
                received += len(event.data)
                body.feed(bytes(event.data))
                if enough is not None and enough(body.content):
                    return body.content
            return body.finish()
        except LargeBodyError:
            raise
        except BodyError as error:
            raise PhaseError("body", str(error)) from None

    def _refusal(self, response: h11.Response) -> str:
        """Return what an answer other than 200 says: its status, where it points to, the first line of its body."""
        status = f"the server answered {response.status_code} {_reason(response)}".rstrip()
        location = _header(response, b"location")
        if response.status_code in _REDIRECTS and location:
            return f"{status}, a redirect to {_quote(hide_user_info(location))}, which is not followed"
        try:
            body = self._body(response, _has_a_line)
        except (PhaseError, LargeBodyError):  # the status says enough
            return status
        line = body.decode("utf-8", "replace").lstrip().partition("\n")[0].rstrip()
        return f"{status}: {_quote(line)}" if line else status

    def _next(self, phase: str, received: int = 0) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        """Return the next part of the answer."""
        after = f" after {received} bytes" if received else ""
        ended = False
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._connection.settimeout(self._deadline.remaining(phase))
                data = self._connection.recv(_CHUNK)
                ended = not data
                self._http.receive_data(data)
        except h11.RemoteProtocolError as error:
            if ended:
                raise PhaseError(phase, f"the answer was cut: connection closed{after}") from None
            raise PhaseError(phase, f"the answer is no good HTTP: {_printable(str(error))}") from None
        except OSError as error:
            raise PhaseError(phase, reason_of(error) + after) from None
        except PhaseError as error:
            raise PhaseError(phase, error.reason + after) from None
        return event


def _has_a_line(body: bytearray) -> bool:
    """Return whether the body has a first line, or as much of one as is ever shown."""
    return len(body) > _MAX_ERROR_BODY or b"\n" in body.lstrip()


def _request(url: Url, headers: Iterable[tuple[str, str]]) -> h11.Request:
    """Return the request for a page.

    Raises:
        ConfigError: A header is none.
    """
    from calicometrics import __version__

    fields = {
        "host": url.authority,
        "user-agent": f"calicometrics/{__version__}",
        "accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
        "accept-encoding": "gzip",
        "connection": "close",
    }
    if url.authorization is not None:
        fields["authorization"] = url.authorization
    given = [(name.lower(), value) for name, value in headers]
    for name, _ in given:
        fields.pop(name, None)
    try:
        return h11.Request(method="GET", target=url.target, headers=[*fields.items(), *given])
    except (h11.LocalProtocolError, UnicodeEncodeError) as error:
        names = ", ".join(name for name, _ in given)
        # h11 quotes the value, which may be a secret.
        raise ConfigError(
            f"{url.shown}: of the headers {names} one has characters that no header may have"
        ) from error


def _header(response: h11.Response, name: bytes) -> str:
    return b", ".join(value for key, value in response.headers if key == name).decode("latin-1")


def _reason(response: h11.Response) -> str:
    """Return the words of a status, quoted unless they are the usual ones."""
    words = response.reason.decode("latin-1")
    try:
        usual = http.HTTPStatus(response.status_code).phrase
    except ValueError:  # a number that nobody has registered
        usual = ""
    return words if words in {usual, ""} else _quote(words)


def _quote(text: str) -> str:
    """Return a server's words in quotes, by which the log tells that they may be others each time."""
    return '"' + _printable(text).replace('"', "'") + '"'


def _printable(text: str) -> str:
    """Return a text that is short and has nothing that a terminal or a log would take for a command."""
    text = _UNPRINTABLE.sub(" ", text)
    return text if len(text) <= _MAX_QUOTE else f"{text[:_MAX_QUOTE]}…"
