"""What Felix's page says, as frozen objects: its summaries, its host and how it stands with the datastore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import attrs

from calicometrics.bird.model import OpenEnum
from calicometrics.errors import ParseError
from calicometrics.exposition.parser import parse_exposition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from calicometrics.families import LabelPairs, MetricFamily, Sample

_QUANTILE = "quantile"


@attrs.frozen
class Summary:
    """One series of a summary.

    Attributes:
        name: The family's name.
        help: Its documentation text.
        labels: The labels without ``quantile``, in the order of the page.
        quantiles: Quantile → value, in the order of the page. Felix looks back ten minutes only, so the values of an
            idle node are NaN.
        sum: The sum of all observations since the process started; None when it was not printed.
        count: Their number; None when it was not printed.
    """

    name: str
    help: str
    labels: dict[str, str] = attrs.field(factory=dict)
    quantiles: dict[float, float] = attrs.field(factory=dict)
    sum: float | None = None
    count: float | None = None

    @property
    def mean(self) -> float | None:
        """The mean of all observations since the process started; None without observations."""
        return self.sum / self.count if self.sum is not None and self.count else None


class ResyncState(OpenEnum):
    """How Felix stands with the datastore: the words for the numbers of ``felix_resync_state``.

    The gauge is set when the state changes for the first time, so a Felix that prints 0 has never reported one.
    """

    NEVER_REPORTED = "never-reported"
    WAIT_FOR_READY = "wait-for-ready"
    RESYNC = "resync"
    IN_SYNC = "in-sync"

    @classmethod
    def of_number(cls, number: float) -> Self:
        """Return the state of a number; one that Felix does not know is UNKNOWN with the number as its text."""
        states = (cls.NEVER_REPORTED, cls.WAIT_FOR_READY, cls.RESYNC, cls.IN_SYNC)
        return next((state for at, state in enumerate(states) if at == number), None) or cls(f"{number:g}")


@attrs.frozen
class FelixStatus:
    """Which Felix a page is of, and how it is.

    Attributes:
        host: The label of ``felix_host``, which is what other series can be joined with; None when it is not printed.
        resync_state: What ``felix_resync_state`` means; None when it is not printed.
    """

    host: str | None = None
    resync_state: ResyncState | None = None


def parse_summaries(text: str) -> list[Summary]:
    """Return the summaries of a page in the text format, in the order of the page.

    Raises:
        ParseError: The page is not what the format promises; :func:`summaries` takes what a tolerant reading has left.
    """
    return summaries(parse_exposition(text))


def summaries(families: Iterable[MetricFamily]) -> list[Summary]:
    """Return the summaries among families: one for each set of labels, in the order of the samples.

    Raises:
        ParseError: A quantile is no number.
    """
    return [summary for family in families if family.type == "summary" for summary in _of_family(family)]


def felix_status(families: Iterable[MetricFamily]) -> FelixStatus:
    """Return what the families of Felix's page say of Felix itself."""
    host: str | None = None
    state: ResyncState | None = None
    for family in families:
        if family.name == "felix_host":
            host = next(
                (value for sample in family.samples() for key, value in sample.labels if key == "host"), None
            )
        elif family.name == "felix_resync_state":
            state = next((ResyncState.of_number(sample.value) for sample in family.samples()), None)
    return FelixStatus(host, state)


@attrs.define
class _Draft:
    """A summary while its samples are read."""

    labels: dict[str, str]
    quantiles: dict[float, float] = attrs.field(factory=dict)
    sum: float | None = None
    count: float | None = None


def _of_family(family: MetricFamily) -> Iterator[Summary]:
    drafts: dict[LabelPairs, _Draft] = {}
    for sample in family.samples():
        labels = {key: value for key, value in sample.labels if key != _QUANTILE}
        draft = drafts.setdefault(tuple(sorted(labels.items())), _Draft(labels))
        if sample.name == f"{family.name}_sum":
            draft.sum = sample.value
        elif sample.name == f"{family.name}_count":
            draft.count = sample.value
        else:
            draft.quantiles[_quantile(sample)] = sample.value
    for draft in drafts.values():
        yield Summary(family.name, family.help, draft.labels, draft.quantiles, draft.sum, draft.count)


def _quantile(sample: Sample) -> float:
    text = dict(sample.labels).get(_QUANTILE, "")
    try:
        return float(text)
    except ValueError:
        raise ParseError(f"{sample.name}: expected a number as the quantile, got {text!r}") from None
