"""Examples of families: samples that the collectors make of recorded replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calicometrics.bird.recorded import RecordedBird
from calicometrics.exposition.writer import render_text
from calicometrics.snapshot import Snapshot

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterable

    from calicometrics.collectors.base import Collector

OWN = {
    "calicometrics_collector_success": 'calicometrics_collector_success{collector="bird_status"} 1.0',
    "calicometrics_collector_duration_seconds": (
        'calicometrics_collector_duration_seconds{collector="bird_status"} 0.0031'
    ),
    "calicometrics_bird_unknown_lines": 'calicometrics_bird_unknown_lines{bird_daemon="bird"} 0.0',
    "calicometrics_source_bound_ratio": 'calicometrics_source_bound_ratio{source="bird",bound="lines"} 0.00012',
    "calicometrics_build_info": 'calicometrics_build_info{version="1.0.0",python_version="3.13.1"} 1.0',
    "calicometrics_sink_up": 'calicometrics_sink_up{sink="statsd"} 1.0',
    "calicometrics_sink_last_success_timestamp_seconds": (
        'calicometrics_sink_last_success_timestamp_seconds{sink="statsd"} 1.795429853e+09'
    ),
    "calicometrics_sink_failures_total": 'calicometrics_sink_failures_total{sink="statsd"} 0.0',
    "calicometrics_sink_dropped_lines_total": (
        'calicometrics_sink_dropped_lines_total{sink="statsd",reason="not_finite"} 0.0'
    ),
}
"""The exporter's own families, whose numbers differ from run to run."""


def examples(collectors: Iterable[type[Collector]], recordings: Iterable[pathlib.Path]) -> dict[str, str]:
    """Return family → one sample in Prometheus' text format, from the first recording that has any.

    Of several samples the first of a Calico peer that is not zero is taken, else the first that is not zero.

    Args:
        collectors: The collectors; those that pass pages of others through have no examples.
        recordings: Directories with files such as ``show_protocols_all.raw``.
    """
    found: dict[str, str] = {}
    declared = [collector for collector in collectors if collector.families]
    for directory in recordings:
        replies = {
            path.stem.replace("_", " "): path.read_text("utf-8", "replace")
            for path in sorted(directory.glob("show_*.raw"))
        }
        snapshot = Snapshot({"bird": RecordedBird(replies, str(directory))})
        for collector in declared:
            for family in collector().collect(snapshot):
                lines = "".join(render_text([family])).splitlines()[2:]
                if lines:
                    found.setdefault(family.name, max(lines, key=_telling))
    return found | OWN


def _telling(line: str) -> tuple[bool, bool]:
    return float(line.rpartition(" ")[2]) != 0, "Node_" in line
