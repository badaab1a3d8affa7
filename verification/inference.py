"""The bounded executor that all frames of this process go through, and the slot of each session.

LiteRT and ONNX Runtime release the GIL, so one thread a core is enough; the event loop never computes.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Generic, TypeVar

from django.conf import settings

from verification import metrics
from verification.conf import count_inference_threads, get_model_paths
from verification.vision.analyser import FrameAnalyser
from verification.vision.loading import VisionModels, load_models
from verification.vision.trackers import LandmarkEngine

T = TypeVar("T")


@lru_cache(maxsize=1)
def get_models() -> VisionModels:
    """The models of this process, loaded once, by the first who asks."""
    return load_models(get_model_paths())


@lru_cache(maxsize=1)
def get_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=count_inference_threads(), thread_name_prefix="inference")


async def run_inference(work: Callable[[], T]) -> T:
    """Run on the inference threads."""
    return await asyncio.get_running_loop().run_in_executor(get_executor(), work)


def open_analyser() -> FrameAnalyser:
    """An analyser for the frames of one session; to be closed by the caller."""
    return FrameAnalyser(
        get_models(),
        max_pixels=settings.POL_MAX_FRAME_PIXELS,
        engine=LandmarkEngine(settings.POL_LANDMARK_ENGINE),
        time_step=metrics.time_step,
    )


class NewestWins(Generic[T]):
    """A slot for one waiting item: putting a newer one replaces it, so nothing queues up."""

    def __init__(self) -> None:
        self._item: T | None = None
        self.replaced = 0

    def put(self, item: T) -> None:
        self.replaced += self._item is not None
        self._item = item

    def peek(self) -> T | None:
        return self._item

    def take(self) -> T | None:
        item, self._item = self._item, None
        return item
