"""Bodies of HTTP answers: decompressed as they come, and never larger than allowed."""

from __future__ import annotations

import zlib

_GZIP = 31  # zlib's window bits for a gzip header and the largest window
_STEP = 1024 * 1024


class BodyError(Exception):
    """A body is cut or not compressed as announced; the text says which."""


class LargeBodyError(BodyError):
    """A body is larger than allowed."""


class Body:
    """Collects a body.

    Args:
        encoding: The value of ``Content-Encoding``.
        limit: The most bytes to accept, as sent and decompressed.

    Raises:
        BodyError: The encoding is neither gzip nor identity.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise BodyError(f"the answer has Content-Encoding {encoding!r}; only gzip was asked for")
        self._limit = limit
        self._compressed = "gzip" in encoding
        self._member = zlib.decompressobj(_GZIP)
        self._received = 0
        self.content = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            LargeBodyError: There are too many.
            BodyError: They are no gzip.
        """
        self._received += len(data)
        if self._received > self._limit:
            raise self._too_large()
        if not self._compressed:
            self.content += data
            return
        try:
            self._inflate(data)
        except zlib.error as error:
            raise BodyError(f"the answer is not the gzip that it says it is: {error}") from None

    def finish(self) -> bytearray:
        """Return the whole body.

        Raises:
            BodyError: The compressed stream has no end; without a byte it has not even begun.
        """
        if self._compressed and not self._member.eof:
            raise BodyError(f"the gzip stream was cut after {self._received} bytes")
        return self.content

    def _inflate(self, data: bytes) -> None:
        """Decompress step by step, so that a small body that swells is found out before it is in memory."""
        while data:
            if self._member.eof:  # a gzip file may have several members (RFC 1952, 2.2)
                self._member = zlib.decompressobj(_GZIP)
            self.content += self._member.decompress(data, _STEP)
            if len(self.content) > self._limit:
                raise self._too_large()
            data = self._member.unconsumed_tail or self._member.unused_data

    def _too_large(self) -> LargeBodyError:
        return LargeBodyError(f"the page is larger than {self._limit} bytes")
