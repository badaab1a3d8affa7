"""Calls in threads that are there before the first of them."""

import threading

import pytest

from verification.kept_threads import KeptThreads


def test_a_call_gives_its_result_or_its_error() -> None:
    threads = KeptThreads(2, "kept")
    assert threads.submit(divmod, 7, 2).result(timeout=10) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        threads.submit(divmod, 7, 0).result(timeout=10)
    assert threads.submit(len, "after an error").result(timeout=10) == 14


def test_all_threads_are_there_before_the_first_call_and_keep_no_process_alive() -> None:
    KeptThreads(3, "early")
    early = [thread for thread in threading.enumerate() if thread.name.startswith("early")]
    assert len(early) == 3
    assert all(thread.daemon for thread in early)


def test_a_call_that_was_given_up_before_its_turn_is_not_made() -> None:
    threads, began, release, made = KeptThreads(1, "one"), threading.Event(), threading.Event(), list[int]()

    def hold() -> None:
        began.set()
        release.wait(10)

    first = threads.submit(hold)
    began.wait(10)
    second = threads.submit(made.append, 1)
    assert second.cancel()
    release.set()
    first.result(timeout=10)
    threads.submit(made.append, 2).result(timeout=10)
    assert made == [2]
