"""FileSource: a page from a file, such as node_exporter's textfile directory holds."""

from __future__ import annotations

import os
import time

from calicometrics.errors import BoundError, SourceError
from calicometrics.regular_file import open_regular

DEFAULT_MAX_PAGE = 64 * 1024 * 1024

_CHUNK = 256 * 1024


class FileSource:
    """One file, read anew each time.

    Args:
        path: The file; it need not exist yet.
        max_page: The largest page that is accepted, in bytes.
    """

    def __init__(self, path: str | os.PathLike[str], *, max_page: int = DEFAULT_MAX_PAGE) -> None:
        self.path = os.fspath(path)
        self.max_page = max_page

    def __repr__(self) -> str:
        return f"FileSource({self.path!r})"

    def read(self, deadline: float | None = None) -> str:
        """Return the page; bytes that are no UTF-8 become U+FFFD, so that one bad label costs no page.

        Args:
            deadline: A ``time.monotonic()`` value at which reading is given up.

        Raises:
            SourceError: The file cannot be read or is no regular file.
            BoundError: It is larger than a page may be.
        """
        try:
            descriptor = open_regular(self.path)
        except OSError as error:
            raise self._error("open", _reason(error)) from None
        try:
            return self._read(descriptor, deadline).decode("utf-8", "replace")
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, deadline: float | None) -> bytearray:
        page = bytearray()
        while True:
            if deadline is not None and time.monotonic() >= deadline:
                raise self._error("read", f"timeout after {len(page)} bytes")
            try:
                chunk = os.read(descriptor, _CHUNK)
            except OSError as error:
                raise self._error("read", _reason(error)) from None
            if not chunk:
                return page
            page += chunk
            if len(page) > self.max_page:
                raise BoundError(f"{self.path}: read: the page is larger than {self.max_page} bytes")

    def _error(self, phase: str, reason: str) -> SourceError:
        return SourceError(f"{self.path}: {phase}: {reason}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
