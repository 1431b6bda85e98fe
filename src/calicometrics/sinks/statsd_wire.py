"""What statsd reads: names, tags, numbers and how lines share datagrams; no socket, no state."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from calicometrics.families import LabelPairs, MetricFamily, Sample

    Series = tuple[str, LabelPairs]

T = TypeVar("T")

UDP_PAYLOAD = 1432
"""Bytes that fit an Ethernet frame of 1,500 with the headers of IP and UDP, as DogStatsD's clients have it."""
UNIX_PAYLOAD = 8192
"""Bytes of a datagram of a Unix socket, as DogStatsD's clients have it."""

# etsy's statsd splits at ':', '|', '@' and '.', and drops what is not ASCII.
_PLAIN = re.compile(r"[^A-Za-z0-9_-]")
# A Prometheus name can have a ':', which ends a name here.
_NAME = re.compile(r"[^A-Za-z0-9_.-]")
# What the datadog client makes "_" of in a tag.
_TAG = re.compile(r"[^\w\-:/.]")


def plain_line(prefix: str, name: str, labels: LabelPairs, value: str, kind: str) -> bytes:
    """Return a line with the labels folded into the name: ``name.label.value:7|c``.

    A gauge with a sign is a change in this dialect, so a negative one is preceded by a zero, in the same packet. An
    empty label is the same as none, in Prometheus' model, and is left out.
    """
    parts = [name, *(part for pair in labels if pair[1] for part in pair)]
    folded = prefix + ".".join(_PLAIN.sub("_", part) for part in parts)
    if kind == "g" and value.startswith("-"):
        return f"{folded}:0|g\n{folded}:{value}|g".encode()
    return f"{folded}:{value}|{kind}".encode()


def dogstatsd_line(prefix: str, name: str, labels: LabelPairs, value: str, kind: str) -> bytes:
    """Return a line with the labels as tags: ``name:7|c|#label:value``; empty labels are left out."""
    tags = ",".join(_TAG.sub("_", f"{key}:{text}") for key, text in labels if text)
    return f"{prefix}{_NAME.sub('_', name)}:{value}|{kind}{'|#' if tags else ''}{tags}".encode()


DIALECTS: dict[str, Callable[[str, str, LabelPairs, str, str], bytes]] = {
    "plain": plain_line,
    "dogstatsd": dogstatsd_line,
}


def number(value: float) -> str:
    """Return a finite number without an exponent, which some servers cannot read."""
    if value == int(value):
        return str(int(value))
    text = repr(float(value))
    return format(Decimal(text), "f") if "e" in text else text


def is_counter(family: MetricFamily, sample: Sample) -> bool:
    """Whether a sample only grows: counters, and the sums, counts and buckets of summaries and histograms."""
    if family.type == "summary":
        return sample.name != family.name
    return family.type in {"counter", "histogram"}


def is_finite(value: float) -> bool:
    """Whether statsd has a word for the number."""
    return math.isfinite(value)


def pack(lines: Iterable[tuple[bytes, T]], limit: int) -> Iterator[tuple[bytes, list[T]]]:
    """Yield datagrams of whole lines, none longer than the limit, each with what came along with its lines.

    A line that is longer by itself has to be left out before.
    """
    taken: list[bytes] = []
    along: list[T] = []
    size = 0
    for line, thing in lines:
        if taken and size + 1 + len(line) > limit:
            yield b"\n".join(taken), along
            taken, along, size = [], [], 0
        size += len(line) + (1 if taken else 0)
        taken.append(line)
        along.append(thing)
    if taken:
        yield b"\n".join(taken), along
