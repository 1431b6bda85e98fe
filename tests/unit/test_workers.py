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


def test_a_call_of_a_worker_that_was_closed_meanwhile_is_run() -> None:
    """The end that is meant for the first thread must not reach the second."""
    worker = Worker("test")
    inside, release = threading.Event(), threading.Event()

    def wait() -> threading.Thread:
        inside.set()
        release.wait(10)
        return threading.current_thread()

    first = worker.submit(wait)
    assert inside.wait(10)
    worker.close()
    second = worker.submit(threading.current_thread).result(5)
    release.set()
    thread = first.result(5)
    assert thread is not second
    thread.join(5)
    assert not thread.is_alive()
    assert worker.submit(threading.current_thread).result(5) is second
    worker.close()


def test_a_worker_recovers_when_no_thread_could_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker("test")

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            worker.submit(lambda: 1)
    assert not worker.busy
    assert worker.submit(lambda: 7).result(5) == 7
    worker.close()


def test_a_call_that_is_cancelled_before_it_begins_is_not_run() -> None:
    worker = Worker("test")
    release = threading.Event()
    ran: list[int] = []
    first = worker.submit(lambda: release.wait(10))
    second = worker.submit(lambda: ran.append(1))
    assert second.cancel()
    release.set()
    assert first.result(5)
    assert worker.submit(lambda: 7).result(5) == 7
    assert not worker.busy
    assert ran == []
    worker.close()
