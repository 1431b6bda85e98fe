"""Turns text that is being rendered into a body that is being sent, a piece at a time."""

from __future__ import annotations

import contextlib
import importlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

deflate: ModuleType = zlib
with contextlib.suppress(ImportError):  # the extra "fast": several times as fast
    deflate = importlib.import_module("isal.isal_zlib")

BLOCK = 2 * 1024 * 1024
"""Characters that are encoded, or compressed, in one go."""

# A page of metrics shrinks to a tenth at level 1, and to little less at level 9 for six times the time.
_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS


def body_pieces(chunks: Iterable[str | bytes], *, gzip: bool) -> Iterator[bytes]:
    """Yield the body that chunks of text make, in UTF-8, compressed if asked for.

    No more than about two blocks of the text are in memory, however long a chunk is. Chunks are asked for as pieces
    are taken, so that a body nobody reads to its end is not rendered to its end.
    """
    blocks = _blocks(chunks)
    return _compressed(blocks) if gzip else blocks


def _compressed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the compressed blocks; zlib works on one, beside the interpreter, while the next one is rendered."""
    compressor = deflate.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    first, second = next(blocks, b""), next(blocks, None)
    if second is None:
        yield compressor.compress(first) + compressor.flush()
        return
    with ThreadPoolExecutor(1, "gzip") as beside:
        compressing = beside.submit(compressor.compress, first)
        for block in chain([second], blocks):
            piece = compressing.result()
            compressing = beside.submit(compressor.compress, block)
            if piece:
                yield piece
        yield compressing.result() + compressor.flush()


def _blocks(chunks: Iterable[str | bytes]) -> Iterator[bytes]:
    """Yield the text in blocks: short chunks are joined, long ones are cut."""
    block: list[bytes] = []
    size = 0
    for chunk in chunks:
        for start in range(0, len(chunk), BLOCK):
            part = chunk[start : start + BLOCK]
            block.append(part.encode(errors="replace") if isinstance(part, str) else part)
            size += len(part)
            if size >= BLOCK:
                yield b"".join(block)
                block, size = [], 0
    if block:
        yield b"".join(block)
