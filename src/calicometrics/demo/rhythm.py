"""Things that recur irregularly, yet are a pure function of a seed and a time."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

_RANGE = 2**64


def chance(seed: str, number: int) -> float:
    """Return a number in [0, 1) that looks random and is always the same for the same arguments."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _RANGE


class Beat(NamedTuple):
    """Events of which each period has exactly one, at a moment that the seed decides.

    All ages are seconds since the beginning of the beat. Two beats of one period with windows that do not overlap take
    turns: there is one event of each between two events of the other.

    Attributes:
        seed: What tells this beat from others.
        period: Seconds.
        first: Where in a period its event may fall: from this part of it on.
        last: Up to this part of it.
    """

    seed: str
    period: float
    first: float = 0.0
    last: float = 1.0

    def moment(self, number: int) -> float:
        """Return the age at which an event happens; they are numbered from 0."""
        part = self.first + (self.last - self.first) * chance(self.seed, number)
        return self.period * (number + part)

    def count(self, age: float) -> int:
        """Return how many events have happened by an age; it never falls as the age grows."""
        if age < 0:
            return 0
        number = int(age // self.period)
        return number + (self.moment(number) <= age)

    def since(self, age: float) -> float:
        """Return the seconds since the latest event, or since the beginning when there was none yet."""
        count = self.count(age)
        return age - self.moment(count - 1) if count else age

    def until(self, age: float) -> float:
        """Return the seconds until the next event."""
        return self.moment(self.count(age)) - age
