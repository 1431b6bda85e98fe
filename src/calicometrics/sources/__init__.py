"""Where text-format pages come from: a URL or a file."""

from __future__ import annotations

from calicometrics.sources.file import FileSource
from calicometrics.sources.http import HttpSource

__all__ = ["FileSource", "HttpSource"]
