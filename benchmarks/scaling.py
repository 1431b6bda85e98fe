"""Makes docs/scaling.md out of benchmarks/topologies.json and the text in benchmarks/scaling.md.

python -m benchmarks.scaling
"""

from __future__ import annotations

import json
import math
import string
from typing import Any

from benchmarks.exporters import ROOT

RESULTS = ROOT / "benchmarks/topologies.json"
TEXT = ROOT / "benchmarks/scaling.md"
PAGE = ROOT / "docs/scaling.md"
NAMES = {
    "default": "`bird_protocols` + `bgp_timers`, the default",
    "bird_protocols": "`bird_protocols` alone",
    "bgp_summary": "`bgp_summary` in their place",
}
INTERVAL = 30  # seconds
SERVER_MB = 16_000


def page(results: dict[str, Any], text: str) -> str:
    """Return the page.

    Args:
        results: What ``benchmarks.topologies`` has written.
        text: The page with ``$names`` where figures go.
    """
    small, large = results["prometheus"]
    each = bytes_of_series(results)
    figures = {
        "date": results["date"],
        "nodes": nodes(results),
        "mesh": clusters(results, mesh=True),
        "reflectors": clusters(results, mesh=False),
        "count": results["reflectors"],
        "summaries": results["felix"]["felix_summaries"],
        "felix": results["felix"]["felix"],
        "small_series": f"{small['series']:,}",
        "small_mb": f"{small['rss_mb']:,}",
        "large_series": f"{large['series']:,}",
        "large_mb": f"{large['rss_mb']:,}",
        "each": f"{each:,.0f}",
        "server": f"{SERVER_MB // 1000}",
        "fits": f"{series_that_fit(results) / 1e6:.1f}",
        "largest": largest_mesh(results),
        "summary_series": results["node"]["bgp_summary"]["3"]["series"],
    }
    return string.Template(text).substitute(figures)


def bytes_of_series(results: dict[str, Any]) -> float:
    """Return the bytes of memory that a further series takes in Prometheus."""
    small, large = results["prometheus"]
    return (large["rss_mb"] - small["rss_mb"]) * 1e6 / (large["series"] - small["series"])


def series_that_fit(results: dict[str, Any]) -> float:
    """Return how many series a server has room for when half of its memory is left for queries and compaction."""
    return SERVER_MB * 1e6 / 2 / bytes_of_series(results)


def largest_mesh(results: dict[str, Any]) -> int:
    """Return the nodes of the largest full mesh whose series fit on that server, to ten, with the default set."""
    few, many = (results["node"]["default"][peers]["series"] for peers in ("9", "999"))
    slope = (many - few) / 990
    fixed = few - 9 * slope
    # nodes * (fixed + slope * (nodes - 1)) = series
    b = fixed - slope
    found = (-b + math.sqrt(b * b + 4 * slope * series_that_fit(results))) / (2 * slope)
    return int(found // 10 * 10)


def nodes(results: dict[str, Any]) -> str:
    """Return the table of what one exporter costs."""
    rows = [
        "| collectors | peers | series | page | gzip | CPU for each scrape | memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, measured in results["node"].items():
        for peers, node in measured.items():
            rows.append(
                f"| {NAMES[name]} | {int(peers):,} | {node['series']:,} | {node['bytes'] / 1e3:,.0f} kB "
                f"| {node['gzip_bytes'] / 1e3:,.0f} kB | {node['cpu_s'] * 1e3:.0f} ms | {node['rss_mb']} MB |"
            )
    return "\n".join(rows)


def clusters(results: dict[str, Any], *, mesh: bool) -> str:
    """Return the table of what whole clusters cost: computed, nodes times what was measured of one."""
    rows = [
        "| collectors | nodes | series | gzip for each scrape of all | samples/s at 30 s | memory in Prometheus |",
        "|---|---|---|---|---|---|",
    ]
    each = bytes_of_series(results)
    for name, measured in results["node"].items():
        for count in results["nodes"]:
            whole = total(measured, count, results["reflectors"], mesh=mesh)
            rows.append(
                f"| {NAMES[name]} | {count:,} | {whole['series']:,} | {whole['gzip_bytes'] / 1e6:,.1f} MB "
                f"| {whole['series'] / INTERVAL:,.0f} | {whole['series'] * each / 1e9:,.1f} GB |"
            )
    return "\n".join(rows)


def total(measured: dict[str, Any], count: int, reflectors: int, *, mesh: bool) -> dict[str, int]:
    """Return the sums over a cluster's nodes; with reflectors, which are nodes too, the others peer with them alone."""
    full = measured[str(count - 1)]
    few = measured[str(reflectors)]
    with_all = count if mesh else reflectors
    return {key: with_all * full[key] + (count - with_all) * few[key] for key in ("series", "gzip_bytes")}


def main() -> None:
    """Write the page."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(page(results, TEXT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
