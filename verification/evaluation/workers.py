"""Work spread over processes: each loads the models once, and one clip's frames are all it holds."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks handed out beyond those that run, so that no process waits for the next one.
_SPARE_TASKS = 2


class WorkerLost(RuntimeError):
    """A process ended in the middle of its work; what was finished before is kept in the cache."""


def run_all(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int
) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, in the order in which they end; in this process for one job.

    work and tasks are pickled. Raises WorkerLost.
    """
    if jobs <= 1:
        for task in tasks:
            yield task, work(task)
        return
    # Forked processes would share MediaPipe's threads, which do not survive a fork.
    context = multiprocessing.get_context("spawn")
    waiting = iter(tasks)
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running: dict[Future[Result], Task] = {}
        try:
            while True:
                for task in islice(waiting, jobs + _SPARE_TASKS - len(running)):
                    running[pool.submit(work, task)] = task
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise WorkerLost("a process ended unexpectedly; run again to go on from there") from error
        finally:
            for future in running:
                future.cancel()
