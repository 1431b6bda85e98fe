"""What an integration test needs of the machine, said in so many words when it is not there."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import NoReturn

import pytest

CACHE = pathlib.Path(tempfile.gettempdir()) / f"calicometrics-packages-{os.getuid()}"


def missing(reason: str) -> NoReturn:
    """Skip the test; in CI that is a failure."""
    pytest.skip(reason)


def need_root() -> None:
    """The test makes network namespaces."""
    if os.geteuid() != 0:
        missing("needs root, for network namespaces")


def need_program(name: str, package: str) -> str:
    """Return the path of a program that a Debian package installs."""
    path = shutil.which(name)
    if path is None:
        missing(f"needs {name}: apt-get install {package}")
    return path


def unpacked(package: str) -> pathlib.Path:
    """Return the root of an unpacked Debian package.

    ``bird`` and ``bird2`` conflict, and the exporter's package depends on one of them, so they are not installed.
    """
    root = CACHE / package
    if not root.is_dir():
        need_program("apt-get", "apt")
        CACHE.mkdir(mode=0o755, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            done = subprocess.run(
                ["apt-get", "download", "-q", package],
                cwd=scratch,
                capture_output=True,
                text=True,
                check=False,
            )
            debs = list(pathlib.Path(scratch).glob("*.deb"))
            if not debs:
                missing(f"needs Debian's package {package}: {done.stderr.strip()}")
            subprocess.run(["dpkg-deb", "-x", str(debs[0]), f"{scratch}/root"], check=True)
            pathlib.Path(scratch, "root").rename(root)
    return root


def npm_package(name: str, version: str) -> pathlib.Path:
    """Return where a release of npm's is installed, without its optional dependencies."""
    npm = need_program("npm", "npm")
    root = CACHE / f"{name}-{version}"
    installed = root / "node_modules" / name
    if not installed.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--silent", "--no-audit", "--no-fund", "--omit=optional", f"{name}@{version}"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if not installed.is_dir():
            missing(f"needs npm's {name}: {done.stderr.strip()}")
    return installed
