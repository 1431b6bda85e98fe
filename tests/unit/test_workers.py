"""Threads that outlive a call which never returns."""

from __future__ import annotations

import threading

import pytest

from calicometrics.workers import Worker


def test_a_worker_runs_one_call_after_the_other_in_one_thread() -> None:
    worker = Worker("test")
    threads = {worker.submit(threading.current_thread).result(5).name for _ in range(3)}
    assert threads == {"test"}
    worker.close()


def test_what_a_call_raises_reaches_whoever_waits() -> None:
    worker = Worker("test")

    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        worker.submit(fail).result(5)
    worker.close()


def test_a_worker_is_busy_until_its_call_returns() -> None:
    worker = Worker("test")
    release = threading.Event()
    assert not worker.busy
    future = worker.submit(lambda: release.wait(10))
    assert worker.busy
    release.set()
    future.result(5)
    assert not worker.busy
    worker.close()


def test_a_closed_worker_ends_its_thread_and_may_be_used_again() -> None:
    worker = Worker("test")
    thread = worker.submit(threading.current_thread).result(5)
    assert thread.daemon
    worker.close()
    thread.join(5)
    assert not thread.is_alive()
    worker.close()
    assert worker.submit(lambda: 7).result(5) == 7
    worker.close()
