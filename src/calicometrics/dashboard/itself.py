"""The row about the exporter."""

from __future__ import annotations

from calicometrics.dashboard.grafana import SELECTED, Panel, Query, Row
from calicometrics.rules.records import EXPORTER as _EXPORTER

_E = f'{SELECTED}, instance=~"$instance"'
_OURS = f"and on ({_EXPORTER}) calicometrics_build_info{{{_E}}}"

EXPORTER = Row(
    "Exporter",
    (
        Panel(
            "Collectors",
            "state-timeline",
            (Query(f"calicometrics_collector_success{{{_E}}}", "{{instance}} {{collector}}"),),
            words={0: ("fails", "red"), 1: ("good", "green")},
        ),
        Panel(
            "Slowest collectors",
            "timeseries",
            (
                Query(
                    f"max by (collector) (calicometrics_collector_duration_seconds{{{_E}}})",
                    "{{collector}}",
                ),
            ),
            unit="s",
        ),
        Panel(
            "Samples in a scrape",
            "timeseries",
            (Query(f"scrape_samples_scraped {_OURS}", "{{instance}}"),),
        ),
    ),
    folded=True,
)
