"""The exporter as its users run it: a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator

import attrs

from calicometrics.exposition.parser import parse_exposition
from calicometrics.families import Sample

from .lab import wait_for


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str, tls: ssl.SSLContext | None = None, **headers: str) -> tuple[int, str]:
    """Return the status and the body of a page."""
    request = urllib.request.Request(
        url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=20, context=tls) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def page(url: str, **headers: str) -> list[Sample]:
    """Return the samples of a page, read strictly."""
    status, body = get(url, **headers)
    assert status == 200, body
    return [sample for family in parse_exposition(body) for sample in family.samples()]


def value(samples: list[Sample], name: str, **labels: str) -> float | None:
    """Return the value of the one sample that has these labels, or None."""
    found = [
        sample.value
        for sample in samples
        if sample.name == name and labels.items() <= dict(sample.labels).items()
    ]
    assert len(found) <= 1, (name, labels, found)
    return found[0] if found else None


@attrs.define
class Serving:
    """A running `calicometrics serve`."""

    process: subprocess.Popen[str]
    url: str
    log_path: str

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def samples(self, path: str = "/metrics") -> list[Sample]:
        """Return the samples of its page."""
        return page(self.url + path)

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@contextlib.contextmanager
def serve(
    *arguments: str,
    port: int | None = None,
    environ: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    addressed: bool = False,
) -> Iterator[Serving]:
    """Run `calicometrics serve` until the end of the block; its page is there when the block begins.

    ``tls`` is what a client speaks to it, where the arguments have it speak TLS. One that asks for a password is there.
    ``addressed`` is for arguments that already have it listen on the port.
    """
    port = port or free_port()
    with tempfile.NamedTemporaryFile("w+", prefix="calicometrics-log-") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "calicometrics", "serve"),
                *(() if addressed else (f"--web.listen-address=127.0.0.1:{port}",)),
                *arguments,
            ],
            stderr=log,
            stdout=subprocess.DEVNULL,
            text=True,
            env=os.environ | (environ or {}),
        )
        serving = Serving(process, f"{'https' if tls else 'http'}://127.0.0.1:{port}", log.name)
        try:

            def healthy() -> bool:
                assert process.poll() is None, serving.log
                with contextlib.suppress(OSError):
                    return get(f"{serving.url}/-/healthy", tls)[0] in {200, 401}
                return False

            wait_for(healthy)
            yield serving
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
