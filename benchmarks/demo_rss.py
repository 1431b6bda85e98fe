"""What `calicometrics serve --demo` holds in memory: exporter, HTTP front and simulated node in one process.

    python benchmarks/demo_rss.py [--scrapes N] [--limit MB]

Scrapes the page N times (both formats, with and without gzip) and prints the resident set size after the first and
after the last scrape. Exits with 1 when the last one is above the limit.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

ACCEPT = ("text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0")


def resident(process: int) -> float:
    """Return a process's resident set size in MB (1,000,000 bytes)."""
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024 / 1e6


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scrapes", type=int, default=200)
    parser.add_argument("--limit", type=float, default=60.0)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "calicometrics", "serve", "--demo", "--web.listen-address=127.0.0.1:0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        url = None
        while url is None:
            line = process.stderr.readline()
            if not line:
                sys.exit(f"serve ended with {process.wait()}")
            match = re.search(r"listening on (\S+?)\"?$", line.strip())
            url = f"http://{match[1]}/metrics" if match else None
        first = None
        for n in range(arguments.scrapes):
            headers = {"Accept": ACCEPT[n % 2], "Accept-Encoding": ("gzip", "identity")[n // 2 % 2]}
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
                answer.read()
            first = first or resident(process.pid)
        time.sleep(0.2)
        last = resident(process.pid)
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()
    print(f"serve --demo: {first:.1f} MB after the first scrape, {last:.1f} MB after {arguments.scrapes}")
    return int(last > arguments.limit)


if __name__ == "__main__":
    sys.exit(main())
