"""The built-in sinks, one file each, and what the author of another one starts from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calicometrics.sinks.base import Sink as Sink
    from calicometrics.sinks.push import PushSink as PushSink

__all__ = ["PushSink", "Sink"]

_HOMES = {"PushSink": "push", "Sink": "base"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
