"""The page that a browser gets: what this is, how the last round went, and where to go."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from calicometrics import __version__
from calicometrics.web.paths import HEALTHY, READY, TELEMETRY

if TYPE_CHECKING:
    from calicometrics.exporter import CollectorResult, Round

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>calicometrics</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8886 }}
.failed {{ color: #c33; font-weight: bold }}
</style>
</head>
<body>
<h1>calicometrics</h1>
<p>Metrics of Project Calico's BIRD and Felix. Version {version}.</p>
<ul>
<li><a href="{metrics}">Metrics</a></li>
<li><a href="{healthy}">Healthy</a></li>
<li><a href="{ready}">Ready</a></li>
</ul>
<h2>Collectors</h2>
<table>
<thead><tr><th>Collector</th><th>Result</th><th>Duration</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</body>
</html>
"""


def landing_page(taken: Round, metrics_path: str = TELEMETRY) -> str:
    """Return the page for people: HTML that needs nothing but itself.

    Args:
        taken: The round that it tells of.
        metrics_path: Where the metrics are.
    """
    rows = "\n".join(map(_row, taken.collectors))
    return _PAGE.format(
        version=escape(__version__), metrics=escape(metrics_path), healthy=HEALTHY, ready=READY, rows=rows
    )


def _row(result: CollectorResult) -> str:
    outcome = (
        "good" if result.success else f'<span class="failed">failed</span> {escape("; ".join(result.errors))}'
    )
    return (
        f"<tr><td>{escape(result.name)}</td><td>{outcome}</td><td>{result.duration * 1000:.0f} ms</td></tr>"
    )
