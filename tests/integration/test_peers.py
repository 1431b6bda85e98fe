"""What goes wrong between real BIRD daemons, as the families show it."""

from __future__ import annotations

import contextlib
import pathlib
import signal
from collections.abc import Iterator

import attrs
import pytest

from calicometrics.exporter import Exporter
from calicometrics.families import Sample

from .lab import PACKAGES, Peering, established, wait_for
from .serving import serve, value

pytestmark = [pytest.mark.integration, pytest.mark.parametrize("version", PACKAGES)]

INSTANCE = "bird_protocol_instance"


@attrs.frozen
class View:
    """What an exporter sees of one side."""

    exporter: Exporter

    def samples(self) -> list[Sample]:
        return [sample for family in self.exporter.round().families for sample in family.samples()]

    def value(self, name: str, **labels: str) -> float | None:
        return value(self.samples(), name, **labels)

    def error_class(self, peer: str) -> str:
        (sample,) = (
            dict(sample.labels)
            for sample in self.samples()
            if sample.name == "bird_bgp_last_error" and (INSTANCE, peer) in sample.labels
        )
        return sample["error_class"]


@contextlib.contextmanager
def view(path: str) -> Iterator[View]:
    with Exporter({"bird": path}) as exporter:
        yield View(exporter)


def test_a_wrong_as_is_an_error_here_and_a_notification_there(tmp_path: pathlib.Path, version: str) -> None:
    with established(tmp_path, version, peers=2) as lab, view(lab.a.path) as here, view(lab.b.path) as there:
        wrong, right = lab.names
        assert here.value("bird_bgp_peer_up", **{INSTANCE: wrong}) == 1
        assert here.error_class(wrong) == "none"
        lab.reconfigure("b", {wrong: Peering(local_as=64999)})
        wait_for(lambda: here.error_class(wrong) == "bgp_error")  # Last error: BGP Error: Bad peer AS
        wait_for(lambda: there.error_class(wrong) == "received")  # Last error: Received: Bad peer AS
        for side in (here, there):
            assert side.value("bird_bgp_peer_up", **{INSTANCE: wrong}) == 0
            assert side.value("bird_bgp_peer_up", **{INSTANCE: right}) == 1
            assert side.error_class(right) == "none"
            assert side.value("bird_hold_timer_current", **{INSTANCE: wrong}) is None


def test_a_wrong_password_keeps_the_session_from_coming_up(tmp_path: pathlib.Path, version: str) -> None:
    """The kernel drops what is signed wrongly, so BIRD has no error to tell: the session just never leaves Connect."""
    with established(tmp_path, version, peers=2) as lab, view(lab.a.path) as here, view(lab.b.path) as there:
        wrong, right = lab.names
        # Another password restarts the session; the right one comes back, the wrong one does not.
        lab.reconfigure("a", {name: Peering(session='password "secret";') for name in lab.names})
        lab.reconfigure(
            "b",
            {wrong: Peering(session='password "guess";'), right: Peering(session='password "secret";')},
        )
        wait_for(lambda: here.value("bird_bgp_peer_up", **{INSTANCE: right}) == 1)
        wait_for(lambda: there.value("bird_bgp_state", **{INSTANCE: wrong}, bird_bgp_state="Connect") == 1)
        assert there.value("bird_bgp_peer_up", **{INSTANCE: wrong}) == 0
        assert here.value("bird_bgp_peer_up", **{INSTANCE: wrong}) == 0
        assert here.value("bird_bgp_state", **{INSTANCE: wrong}, bird_bgp_state="Passive") == 1
        assert here.value("bird_up", **{INSTANCE: wrong}) == 0
        assert here.value("bird_hold_timer_current", **{INSTANCE: wrong}) is None


def test_an_exceeded_import_limit_is_hit(tmp_path: pathlib.Path, version: str) -> None:
    """The far side announces two routes."""
    with established(tmp_path, version, peers=3) as lab, view(lab.a.path) as here:
        blocking, disabling, wide = lab.names
        lab.reconfigure(
            "a",
            {
                blocking: Peering(policy="import limit 1 action block;"),
                disabling: Peering(policy="import limit 1 action disable;"),
                wide: Peering(policy="import limit 9 action block;"),
            },
        )
        for name in lab.names:  # the new limits hold for routes that come now
            lab.a.admin(f"restart {name}")
        limit = {"direction": "import", "action": "block"}
        # The flag outlives a restart, the routes do not.
        wait_for(lambda: here.value("bird_routes", **{INSTANCE: blocking}, bird_route_type="imported") == 1)
        wait_for(lambda: here.value("bird_channel_limit_hit", **{INSTANCE: blocking}, **limit) == 1)
        assert here.value("bird_channel_limit", **{INSTANCE: blocking}, **limit) == 1
        assert here.value("bird_bgp_peer_up", **{INSTANCE: blocking}) == 1
        wait_for(lambda: here.value("bird_bgp_peer_up", **{INSTANCE: wide}) == 1)
        assert here.value("bird_channel_limit", **{INSTANCE: wide}, **limit) == 9
        assert here.value("bird_channel_limit_hit", **{INSTANCE: wide}, **limit) == 0
        wait_for(lambda: here.error_class(disabling) == "automatic_shutdown")
        assert here.value("bird_bgp_peer_up", **{INSTANCE: disabling}) == 0


def test_a_protocol_that_somebody_disabled_says_so(tmp_path: pathlib.Path, version: str) -> None:
    with established(tmp_path, version, peers=2) as lab, view(lab.a.path) as here:
        disabled, other = lab.names
        assert "disabled" in lab.a.admin(f'disable {disabled} "moving racks"')
        wait_for(lambda: here.error_class(disabled) == "administrative")
        assert here.value("bird_bgp_peer_up", **{INSTANCE: disabled}) == 0
        assert here.error_class(other) == "none"
        samples = here.samples()
        assert not [sample for sample in samples if "moving racks" in str(sample.labels)]
        protocols = here.exporter.round().snapshot.protocols()
        messages = {protocol.name: protocol.message for _, each in protocols for protocol in each}
        assert messages[disabled] == "moving racks"
        assert messages[other] is None
        lab.a.admin(f"enable {disabled}")
        wait_for(lambda: here.value("bird_bgp_peer_up", **{INSTANCE: disabled}) == 1)
        assert here.error_class(disabled) == "none"


def test_a_killed_daemon_is_down_and_has_no_series_left(tmp_path: pathlib.Path, version: str) -> None:
    with established(tmp_path, version, peers=1) as lab, view(lab.a.path) as here:
        assert here.value("bird_daemon_up", bird_daemon="bird") == 1
        lab.a.stop(signal.SIGKILL)
        left = [sample for sample in here.samples() if sample.name.startswith("bird_")]
        assert [(sample.name, sample.value) for sample in left] == [("bird_daemon_up", 0)]
        for collector in ("bird_status", "bird_protocols", "bgp_timers"):
            assert here.value("calicometrics_collector_success", collector=collector) == 0


def test_a_neighbor_that_restarts_gracefully_is_waited_for(tmp_path: pathlib.Path, version: str) -> None:
    with established(tmp_path, version, peers=1) as lab:
        (peer,) = lab.names
        with serve(f"--bird.socket=bird={lab.a.path}", "--no-collector.felix_summaries") as serving:

            def now(name: str, **labels: str) -> float | None:
                return value(serving.samples(), name, **{INSTANCE: peer}, **labels)

            wait_for(lambda: now("bird_routes", bird_route_type="imported") == 2)
            assert now("bird_bgp_graceful_restart_active") is None
            lab.b.stop(signal.SIGKILL)
            wait_for(lambda: now("bird_bgp_graceful_restart_active") == 1)
            assert now("bird_bgp_peer_up") == 0
            assert now("bird_routes", bird_route_type="imported") == 2  # they are kept
            left = now("bird_restart_timer_current")
            assert left is not None
            assert 0 < left <= 120  # RFC 4724's restart time, as the neighbor announced it
            assert now("bird_restart_timer_initial") is None  # BIRD prints 119/-
            assert now("bird_bgp_last_error", error_class="socket") == 1
            lab.b.start("-R")
            wait_for(lambda: now("bird_bgp_peer_up") == 1)
            wait_for(lambda: now("bird_bgp_graceful_restart_active") is None)
            assert now("bird_restart_timer_current") is None


def test_a_daemon_that_restarted_gracefully_tells_what_it_waits_for(
    tmp_path: pathlib.Path, version: str
) -> None:
    with established(tmp_path, version, peers=2) as lab, view(lab.a.path) as here:
        assert here.value("bird_daemon_graceful_restart_in_progress") == 0
        assert here.value("bird_daemon_graceful_restart_waiting") is None
        lab.b.stop(signal.SIGKILL)
        lab.a.stop(signal.SIGKILL)
        lab.a.start("-R")
        samples = here.samples()
        assert value(samples, "bird_daemon_graceful_restart_in_progress") == 1
        assert value(samples, "bird_daemon_graceful_restart_waiting") == 2
        assert value(samples, "bird_daemon_graceful_restart_timer_initial") == 240
        left = value(samples, "bird_daemon_graceful_restart_timer_current")
        assert left is not None
        assert 0 < left <= 240
        lab.b.start()
        wait_for(lambda: here.value("bird_daemon_graceful_restart_in_progress") == 0)
        assert here.value("bird_daemon_graceful_restart_waiting") is None
        assert all(here.value("bird_bgp_peer_up", **{INSTANCE: peer}) == 1 for peer in lab.names)
