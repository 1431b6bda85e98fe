"""The paths of the pages."""

from __future__ import annotations

from calicometrics.errors import ConfigError

HEALTHY = "/-/healthy"
JSON = "/json"
READY = "/-/ready"
TELEMETRY = "/metrics"


def check_telemetry_path(path: str) -> None:
    """Check that a path can be that of the metrics.

    Raises:
        ConfigError: It does not begin with ``/``, has what a path cannot have, or is another page's.
    """
    if not path.startswith("/") or not path.isprintable() or {"?", "#", "%", " "} & set(path):
        raise ConfigError(f"{path!r} is no path for the metrics: expected /PATH, such as {TELEMETRY}")
    if path in {HEALTHY, JSON, READY}:
        raise ConfigError(f"{path!r} is no path for the metrics: another page is there")
