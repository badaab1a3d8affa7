"""Threads that are started once and kept, all of them before the first call."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")
_Call = tuple[Future[Any], Callable[[], Any]]


class KeptThreads(Executor):
    """A thread pool that never has to start a thread for a call it took, and that keeps no process from ending.

    The library's own pool queues a call first and starts its thread then: where the system gives none, the caller
    hears of a failure and the call is made later all the same. And its threads are waited for at exit, be
    they stuck or not; a database undoes what a thread of ours leaves half done.

    Raises RuntimeError where the system does not give so many threads.
    """

    def __init__(self, count: int, name: str) -> None:
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        for number in range(count):
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True).start()

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        future: Future[Result] = Future()
        self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def _serve(self) -> None:
        while True:
            future, call = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:
                future.set_exception(error)
            del future, call  # or they would be kept until the next comes
