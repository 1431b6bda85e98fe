"""Real BIRD daemons, peers of each other, in two network namespaces of this machine.

Side ``a`` is the node under test: it waits for its peers (passive) and is configured as Calico does it. Side ``b``
plays all the peers: it has one address and one BGP session for each of them.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Self

import attrs

from calicometrics.bird.client import BirdSocket
from calicometrics.errors import SourceError

from .needs import need_program, need_root, unpacked

PACKAGES = {"1.6.8": "bird", "2.0.12": "bird2"}


def wait_for(condition: Callable[[], object], timeout: float = 30.0) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"still not: {condition}"
        time.sleep(0.1)


def answers(path: str) -> bool:
    """Whether a daemon answers; its socket is there a moment before it does."""
    with contextlib.suppress(SourceError):
        return "up and running" in BirdSocket(path, timeout=2).ask("show status")
    return False


@attrs.define
class Daemon:
    """One BIRD daemon in its namespace."""

    binary: str
    namespace: str
    directory: pathlib.Path
    name: str
    libraries: pathlib.Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> str:
        """The control socket."""
        return str(self.directory / f"{self.name}.ctl")

    def configure(self, text: str) -> None:
        """Write the configuration; a running daemon has to be told to read it."""
        (self.directory / f"{self.name}.conf").write_text(text)

    def start(self, *options: str) -> None:
        """Start the daemon and wait until it answers."""
        self.process = subprocess.Popen(
            [
                *("ip", "netns", "exec", self.namespace, self.binary, "-f", *options),
                *("-c", f"{self.directory}/{self.name}.conf", "-s", self.path),
                *("-P", f"{self.directory}/{self.name}.pid"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"LD_LIBRARY_PATH": str(self.libraries)},
        )
        wait_for(self.answers)

    def answers(self) -> bool:
        """Whether the daemon answers on its socket."""
        return answers(self.path)

    def admin(self, command: str) -> str:
        """Return the reply to a command that the restricted client of the exporter may not give."""
        with socket.socket(socket.AF_UNIX) as control, contextlib.closing(control.makefile("rw")) as file:
            control.settimeout(10)
            control.connect(self.path)
            file.readline()
            file.write(command + "\n")
            file.flush()
            reply = ""
            while not re.match(r"\d{4} ", line := file.readline()):
                reply += line
            return reply + line

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the daemon: properly, or with SIGKILL."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=10)
            self.process = None


@attrs.frozen
class Peering:
    """One side's terms with a peer."""

    local_as: int = 64512
    session: str = ""
    """More statements about the session."""
    policy: str = ""
    """More statements about the routes."""


class Lab:
    """Two namespaces with a link between them, and a daemon in each.

    Args:
        directory: Where configurations and sockets go.
        version: ``1.6.8`` or ``2.0.12``.
        peers: How many sessions there are.
    """

    def __init__(self, directory: pathlib.Path, version: str, peers: int = 3) -> None:
        need_root()
        need_program("ip", "iproute2")
        binary = str(unpacked(PACKAGES[version]) / "usr/sbin/bird")
        self.version = version
        self.pairs = [(f"10.1.0.{i + 1}", f"10.2.0.{i + 1}") for i in range(peers)]
        self.names = [f"Node_{other.replace('.', '_')}" for _, other in self.pairs]
        tag = f"cm{os.getpid() % 100000}{version[0]}"
        libraries = next(unpacked("libssh-gcrypt-4").glob("usr/lib/*/"))  # what bird2 is linked with
        self.a, self.b = (Daemon(binary, f"{tag}{side}", directory, side, libraries) for side in "ab")

    def __enter__(self) -> Self:
        try:
            self._connect()
            self.a.configure(self.configuration("a"))
            self.b.configure(self.configuration("b"))
            self.a.start()
            self.b.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the daemons and remove the namespaces."""
        for daemon in (self.a, self.b):
            daemon.stop()
            subprocess.run(["ip", "netns", "del", daemon.namespace], check=False, capture_output=True)

    def _connect(self) -> None:
        def ip(*words: str, batch: str | None = None) -> None:
            subprocess.run(["ip", *words], input=batch, text=True, check=True)

        a, b = self.a.namespace, self.b.namespace
        for namespace in (a, b):
            ip("netns", "add", namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        ip("link", "add", "v", "netns", a, "type", "veth", "peer", "name", "v", "netns", b)
        for namespace, index in ((a, 0), (b, 1)):
            ip("-n", namespace, "link", "set", "v", "up")
            addresses = "".join(f"addr add {pair[index]}/8 dev v\n" for pair in self.pairs)
            ip("-n", namespace, "-batch", "-", batch=addresses)

    def reconfigure(self, side: str, changes: Mapping[str, Peering]) -> None:
        """Give a running side other terms with some of its peers, by the peers' names."""
        daemon = self.a if side == "a" else self.b
        daemon.configure(self.configuration(side, changes))
        reply = daemon.admin("configure")
        assert "Reconfigur" in reply, reply

    def configuration(self, side: str, changes: Mapping[str, Peering] | None = None) -> str:
        """Return a side's configuration.

        Args:
            side: ``a`` or ``b``.
            changes: Peer name → the terms with that peer.
        """
        old = self.version.startswith("1.")
        policy = "import all; export where source = RTS_STATIC; next hop self; add paths on;"
        kernel = "import all; export none;" if old else "ipv4 { import all; export none; };"
        net = f"192.168.{int(side == 'b')}"
        routes = f"route {net}.0/26 blackhole; route {net}.64/26 blackhole;"
        lines = [
            f"router id 10.{1 if side == 'a' else 2}.0.1;",
            "protocol device device1 { scan time 10; }",
            f"protocol kernel kernel1 {{ {kernel} }}",
            f"protocol static static1 {{ {'' if old else 'ipv4;'} {routes} }}",
        ]
        for (a, b), name in zip(self.pairs, self.names, strict=True):
            me, other = (a, b) if side == "a" else (b, a)
            peering = (changes or {}).get(name, Peering())
            routing = policy + peering.policy
            lines.append(
                f'protocol bgp {name} {{ description "Connection to BGP peer"; '
                f"local {me} as {peering.local_as}; neighbor {other} as 64512; multihop; source address {me}; "
                f"graceful restart; connect delay time 1; connect retry time 1; error wait time 1,2; "
                f"{routing if old else 'ipv4 { ' + routing + ' };'} {'passive;' if side == 'a' else ''} "
                f"{peering.session} }}"
            )
        return "\n".join(lines) + "\n"


@contextlib.contextmanager
def established(directory: pathlib.Path, version: str, peers: int = 3) -> Iterator[Lab]:
    """A lab whose sessions are all established."""
    with Lab(directory, version, peers) as lab:
        wait_for(lambda: BirdSocket(lab.a.path).ask("show protocols").count("Established") == peers)
        yield lab
