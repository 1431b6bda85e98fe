"""Bodies, a piece at a time."""

from __future__ import annotations

import gzip
import importlib
import random
import threading
import zlib
from collections.abc import Iterator

import pytest

from calicometrics.web import compression
from calicometrics.web.compression import BLOCK, body_pieces


def noise(size: int) -> str:
    """Text that hardly shrinks."""
    return random.Random(1).randbytes(size // 2).hex()


@pytest.mark.parametrize("sizes", [[], [0], [5], [5, 0, 7], [BLOCK], [BLOCK + 1], [3 * BLOCK + 5, 1, BLOCK]])
def test_a_plain_body_is_all_of_the_text(sizes: list[int]) -> None:
    chunks = ["x" * size for size in sizes]
    assert b"".join(body_pieces(chunks, gzip=False)) == "".join(chunks).encode()


@pytest.fixture(params=["zlib", "isal.isal_zlib"])
def deflate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress by the standard library, and by what the extra \"fast\" installs."""
    monkeypatch.setattr(compression, "deflate", importlib.import_module(request.param))


@pytest.mark.usefixtures("deflate")
@pytest.mark.parametrize("sizes", [[], [0], [5], [5, 0, 7], [BLOCK + 1], [3 * BLOCK + 4, 2, BLOCK]])
def test_a_compressed_body_is_all_of_the_text(sizes: list[int]) -> None:
    chunks = [noise(size) for size in sizes]
    assert gzip.decompress(b"".join(body_pieces(chunks, gzip=True))) == "".join(chunks).encode()


def test_text_of_several_bytes_a_character_survives_being_cut() -> None:
    chunks = ["Zürich→" * BLOCK]
    assert b"".join(body_pieces(chunks, gzip=False)).decode() == chunks[0]


def test_bytes_are_a_body_too() -> None:
    assert list(body_pieces([b'{"a":', b"1}"], gzip=False)) == [b'{"a":1}']


def test_a_lone_surrogate_does_not_end_the_body() -> None:
    assert list(body_pieces(["a\ud800b"], gzip=False)) == [b"a?b"]


def test_a_short_body_is_one_piece() -> None:
    for gzipped in (False, True):
        assert len(list(body_pieces(["one\n"] * 1000, gzip=gzipped))) == 1


def test_no_piece_is_much_larger_than_a_block_however_long_a_chunk_is() -> None:
    text = noise(6 * BLOCK)
    plain = list(body_pieces([text], gzip=False))
    assert [len(piece) for piece in plain] == [BLOCK] * 6
    packed = list(body_pieces([text], gzip=True))
    assert all(0 < len(piece) <= BLOCK for piece in packed)
    assert len(packed) > 5


def test_compression_is_gzip() -> None:
    body = b"".join(body_pieces(["bird_up 1\n"], gzip=True))
    assert body[:3] == b"\x1f\x8b\x08"
    assert zlib.decompress(body, wbits=31) == b"bird_up 1\n"


def test_a_chunk_is_asked_for_when_the_piece_before_it_has_been_taken() -> None:
    asked = 0

    def chunks() -> Iterator[str]:
        nonlocal asked
        for _ in range(100):
            asked += 1
            yield "x" * BLOCK

    pieces = body_pieces(chunks(), gzip=False)
    assert asked == 0
    next(pieces)
    next(pieces)
    assert asked == 2


def test_a_compressed_body_that_nobody_reads_on_leaves_no_thread() -> None:
    before = threading.active_count()
    pieces = body_pieces((noise(BLOCK) for _ in range(100)), gzip=True)
    next(pieces)
    assert threading.active_count() == before + 1
    pieces.close()
    assert threading.active_count() == before
