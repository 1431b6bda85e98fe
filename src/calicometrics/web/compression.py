"""Turns text that is being rendered into a body that is being sent, a piece at a time."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 256 * 1024
"""Characters that are encoded, or compressed, in one go."""
PIECE = 64 * 1024
"""Bytes that a compressed piece has at least, the last one excepted."""

# A page of metrics shrinks to a tenth at level 1, and to little less at level 9 for six times the time.
_LEVEL = 1
_GZIP = 16 + zlib.MAX_WBITS


def body_pieces(chunks: Iterable[str | bytes], *, gzip: bool) -> Iterator[bytes]:
    """Yield the body that chunks of text make, in UTF-8, compressed if asked for.

    A piece never needs more than about a block of the text in memory, however long a chunk is. A chunk is asked for
    when the piece before it has been taken, so that a body nobody reads to its end is not rendered to its end.
    """
    blocks = _blocks(chunks)
    if not gzip:
        yield from blocks
        return
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    piece = bytearray()
    for block in blocks:
        piece += compressor.compress(block)
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece + compressor.flush())


def _blocks(chunks: Iterable[str | bytes]) -> Iterator[bytes]:
    """Yield the text in blocks: short chunks are joined, long ones are cut."""
    block = bytearray()
    for chunk in chunks:
        for start in range(0, len(chunk), BLOCK):
            part = chunk[start : start + BLOCK]
            block += part.encode(errors="replace") if isinstance(part, str) else part
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
    if block:
        yield bytes(block)
