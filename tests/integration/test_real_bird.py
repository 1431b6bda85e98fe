"""The exporter against real BIRD daemons that speak BGP with each other."""

from __future__ import annotations

import contextlib
import pathlib
import signal

import pytest

from .lab import PACKAGES, Lab, established, wait_for
from .serving import Serving, serve, value

pytestmark = pytest.mark.integration


@contextlib.contextmanager
def served(lab: Lab):
    with serve(f"--bird.socket=bird={lab.a.path}", "--no-collector.felix_summaries") as serving:
        yield serving


def states(serving: Serving) -> dict[str, str]:
    return {
        labels["bird_protocol_instance"]: labels["bird_bgp_state"]
        for sample in serving.samples()
        if sample.name == "bird_bgp_state" and (labels := dict(sample.labels))
    }


@pytest.mark.parametrize("version", PACKAGES)
def test_sessions_are_seen_to_come_and_to_go(tmp_path: pathlib.Path, version: str) -> None:
    with Lab(tmp_path, version) as lab, served(lab) as serving:
        wait_for(lambda: set(states(serving).values()) == {"Established"})
        samples = serving.samples()
        assert value(samples, "bird_daemon_up", bird_daemon="bird") == 1
        assert value(samples, "bird_daemon_info", version=version, router_id="10.1.0.1") == 1
        for name in lab.names:
            assert value(samples, "bird_up", bird_protocol_instance=name) == 1
            # The far side announces its two static routes; ours go to it.
            wait_for(
                lambda name=name: (
                    value(
                        serving.samples(),
                        "bird_routes",
                        bird_protocol_instance=name,
                        bird_route_type="imported",
                    )
                    == 2
                )
            )
            samples = serving.samples()
            assert value(samples, "bird_routes", bird_protocol_instance=name, bird_route_type="exported") == 2
            assert value(samples, "bird_hold_timer_initial", bird_protocol_instance=name) == 240
            current = value(samples, "bird_hold_timer_current", bird_protocol_instance=name)
            assert current is not None
            assert 0 < current <= 240
        lab.b.stop()
        wait_for(lambda: "Established" not in states(serving).values())
        samples = serving.samples()
        for name in lab.names:
            assert value(samples, "bird_up", bird_protocol_instance=name) == 0
            assert value(samples, "bird_hold_timer_current", bird_protocol_instance=name) is None
        assert value(samples, "bird_daemon_up", bird_daemon="bird") == 1


@pytest.mark.parametrize("version", PACKAGES)
def test_a_restarted_daemon_is_read_again_without_a_restart_of_ours(
    tmp_path: pathlib.Path, version: str
) -> None:
    with established(tmp_path, version) as lab, served(lab) as serving:
        assert value(serving.samples(), "bird_daemon_up", bird_daemon="bird") == 1
        lab.a.stop(signal.SIGKILL)
        samples = serving.samples()
        assert value(samples, "bird_daemon_up", bird_daemon="bird") == 0
        assert value(samples, "calicometrics_collector_success", collector="bird_protocols") == 0
        assert not [sample for sample in samples if sample.name == "bird_up"]
        lab.a.start()
        wait_for(lambda: set(states(serving).values()) == {"Established"})
        assert serving.stop() == 0
        assert (
            serving.log.count("collector bird_protocols: BIRD at") <= 2
        )  # once for the failure, once for its end


@pytest.mark.parametrize("version", PACKAGES)
def test_the_daemon_is_only_read(tmp_path: pathlib.Path, version: str) -> None:
    """What the exporter's connection may do is what BIRD's restricted mode allows: nothing but show."""
    from calicometrics import BirdSocket, CommandError

    with Lab(tmp_path, version) as lab, BirdSocket(lab.a.path).connect() as connection:
        with pytest.raises(CommandError, match="8007 Access denied"):
            connection.ask("disable all")
        assert "device1" in connection.ask("show protocols")
