"""A default socket counts from when it is there, and for ever after."""

from __future__ import annotations

import logging

import pytest

from calicometrics.bird.awaited import AwaitedBirdSocket

PATHS = ("/run/calico/bird.ctl", "/run/bird/bird.ctl")


@pytest.mark.parametrize(
    ("there", "path"),
    [
        ({"/run/calico/bird.ctl"}, "/run/calico/bird.ctl"),
        ({"/run/bird/bird.ctl"}, "/run/bird/bird.ctl"),
        ({"/run/bird/bird.ctl", "/run/calico/bird.ctl"}, "/run/calico/bird.ctl"),
    ],
)
def test_the_first_path_that_is_there_is_the_socket(there: set[str], path: str) -> None:
    bird = AwaitedBirdSocket(PATHS, exists=there.__contains__)
    assert bird.expected
    assert bird.path == path


def test_a_socket_that_comes_later_is_found_and_stays_expected_when_it_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there: set[str] = set()
    bird = AwaitedBirdSocket(PATHS, exists=there.__contains__)
    with caplog.at_level(logging.INFO):
        assert not bird.expected
        assert not caplog.messages
        there.add("/run/bird/bird.ctl")
        assert bird.expected
    assert caplog.messages == ["BIRD at /run/bird/bird.ctl is there"]
    there.clear()
    assert bird.expected
    there.add("/run/calico/bird.ctl")
    assert bird.path == "/run/bird/bird.ctl"


def test_a_socket_that_is_there_from_the_start_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert AwaitedBirdSocket(PATHS, exists=lambda _: True).expected
    assert not caplog.messages
