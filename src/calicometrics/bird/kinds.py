"""What a protocol kind is: the lines that only it prints, and the typed object made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from calicometrics.bird.grammar import Fields


@attrs.frozen
class ProtocolKind:
    """How to read one kind's own lines of ``show protocols all``.

    Args:
        proto: The kind as BIRD prints it in the ``Proto`` column.
        fields: Label → (name, rule) for the protocol's lines.
        build: Makes the protocol's ``detail`` out of name → value; names that were not printed are missing.
        channel_fields: The same for the lines that the kind adds to each channel.
        build_channel: Makes the channel's ``detail``, likewise.
    """

    proto: str
    # Not shown: a kind is a default argument of functions, and help() prints those.
    fields: Fields = attrs.field(repr=False)
    build: Callable[[Mapping[str, Any]], object] = attrs.field(repr=False)
    channel_fields: Fields = attrs.field(factory=dict, repr=False)
    build_channel: Callable[[Mapping[str, Any]], object] | None = attrs.field(default=None, repr=False)
