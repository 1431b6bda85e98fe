"""BFD sessions as frozen objects, in the terms of RFC 5880 and of BIRD.

``None`` means "not printed" or ``---``. Times are kept as printed; a snapshot's clock turns them into timestamps.
"""

from __future__ import annotations

import attrs

from calicometrics.bird.model import OpenEnum


class BfdState(OpenEnum):
    """The states of RFC 5880, section 6.2, as BIRD spells them (``proto/bfd/bfd.c``, ``bfd_state_names``)."""

    ADMIN_DOWN = "AdminDown"
    DOWN = "Down"
    INIT = "Init"
    UP = "Up"


@attrs.frozen
class BfdParameters:
    """What one end of a session has announced; intervals in seconds."""

    min_tx_interval: float | None = None
    min_rx_interval: float | None = None
    demand_mode: bool | None = None
    multiplier: int | None = None
    """Intervals without a packet after which the other end takes the session for down."""


@attrs.frozen
class BfdSession:
    """One session; what only ``show bfd sessions all`` tells is None where the short table was read."""

    protocol: str
    """The name of the BFD protocol."""
    address: str
    """The neighbor's."""
    interface: str | None = None
    """None for a multihop session."""
    state: BfdState | None = None
    since: str | None = None
    """When the state was reached, in the daemon's zone and time format."""
    transmit_interval: float | None = None
    """Seconds between two packets of ours; 0 before the first."""
    detect_time: float | None = None
    """Seconds of silence after which the neighbor is down; 0 before its first packet."""
    session_type: str | None = None
    """``Direct`` or ``Multihop``."""
    remote_state: BfdState | None = None
    local_diagnostic: str | None = None
    """Why our state last changed, as BIRD words the codes of RFC 5880; ``None``, as a text, for code 0."""
    remote_diagnostic: str | None = None
    local_discriminator: int | None = None
    remote_discriminator: int | None = None
    transmit_remaining: float | None = None
    """Seconds until our next packet."""
    detect_remaining: float | None = None
    """Seconds until the neighbor is taken for down unless a packet comes."""
    local: BfdParameters | None = None
    remote: BfdParameters | None = None
    extra: tuple[str, ...] = ()
    """Lines that nobody knows."""
