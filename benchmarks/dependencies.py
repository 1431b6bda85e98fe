"""What each runtime dependency costs: size of its Python files and libraries, and time to import it in a fresh process.

    python benchmarks/dependencies.py

Prints the rows of docs/dependencies.md. Times are medians of seven processes, in milliseconds above an empty one.
"""

from __future__ import annotations

import pathlib
import statistics
import subprocess
import sys
import time
from importlib import metadata

MODULES = {
    "attrs": "attr",
    "bcrypt": "bcrypt",
    "click": "click",
    "h11": "h11",
    "isal": "isal.isal_zlib",
    "pluggy": "pluggy",
    "prometheus_client": "prometheus_client",
    "pyparsing": "pyparsing",
    "PyYAML": "yaml",
    "uvicorn": "uvicorn.server",
}
RUNS = 7


def seconds(statement: str) -> float:
    """Return how long a fresh interpreter takes for a statement."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    print(f"{'package':<18} {'MB':>5} {'ms':>6}")
    for package, module in MODULES.items():
        files = [
            file.locate() for file in metadata.files(package) or () if str(file).endswith((".py", ".so"))
        ]
        size = sum(pathlib.Path(str(file)).stat().st_size for file in files) / 1e6
        times = [seconds(f"import {module}") - seconds("pass") for _ in range(RUNS)]
        print(f"{package:<18} {size:5.2f} {statistics.median(times) * 1000:6.0f}")


if __name__ == "__main__":
    main()
