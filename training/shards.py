"""Pairs made once and kept as JPEG bytes, so that several networks and epochs share them.

A chunk is one file; a chunk that is there is not made again. The folder's name tells recipe, seed and people apart.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.pairs import PairSampler, StoredPair, prepare_pair
from verification.vision.crop import PixelBox

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]
# Chunks that are open at once: pairs are drawn from all of them, so that a batch mixes their codecs.
OPEN_CHUNKS = 8
NICENESS = 5
WAIT_S = 0.5
MAX_WAITS = 1200


@dataclass(frozen=True, slots=True)
class PairStore:
    """Chunks of pairs in a folder, one file each."""

    folder: Path

    def path(self, index: int) -> Path:
        """Where chunk `index` lies."""
        return self.folder / f"chunk-{index:05d}.npz"

    def write(self, index: int, pairs: Sequence[StoredPair]) -> None:
        """Keeps a chunk; it is there as a whole or not at all."""
        members = [data for pair in pairs for data in (pair.genuine_jpeg, pair.forged_jpeg)]
        partial = self.path(index).with_suffix(f".{os.getpid()}.partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                data=np.concatenate(members),
                ends=np.cumsum([len(data) for data in members]),
                boxes=np.array([pair.box for pair in pairs], np.float64),
            )
        partial.replace(self.path(index))

    def read(self, index: int) -> list[StoredPair]:
        """The pairs of a chunk. Raises FileNotFoundError when it was not made."""
        with np.load(self.path(index)) as chunk:
            data, ends, boxes = chunk["data"], chunk["ends"], chunk["boxes"]
        members = np.split(data, ends[:-1])
        return [
            StoredPair(members[2 * row], members[2 * row + 1], PixelBox(*map(float, box)))
            for row, box in enumerate(boxes)
        ]

    def await_chunk(self, index: int) -> list[StoredPair]:
        """As `read`, once a process that fills the store has made it. Raises FileNotFoundError after 10 minutes."""
        for _ in range(MAX_WAITS):
            if self.path(index).exists():
                break
            time.sleep(WAIT_S)
        return self.read(index)

    def stream_batches(
        self, chunks: Sequence[int], pairs_per_batch: int, rng: np.random.Generator
    ) -> Iterator[Batch]:
        """All pairs of `chunks` once, as batches; what does not fill one is left out.

        Chunks are opened in the order given, and awaited where they are still being made; pairs of those that are
        open together are drawn in an order of `rng`.

        Images, uint8 RGB of shape (2 * pairs, 256, 256, 3), and labels, float32 of shape (2 * pairs, 1), 1 for
        genuine; the members of a pair follow each other, genuine first.
        """
        labels = np.tile(np.array([1, 0], np.float32), pairs_per_batch)[:, None]
        waiting: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]] = []
        for start in range(0, len(chunks), OPEN_CHUNKS):
            opened = chunks[start : start + OPEN_CHUNKS]
            pairs = [pair for index in opened for pair in self.await_chunk(index)]
            for row in rng.permutation(len(pairs)):
                waiting.append(mirror_at_random(prepare_pair(pairs[row], rng), rng))
                if len(waiting) == pairs_per_batch:
                    yield np.stack([image for members in waiting for image in members]), labels
                    waiting = []


def mirror_at_random(
    members: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]], rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Both members of a pair, or both seen in a mirror: a person facing left is as genuine as one facing right."""
    if rng.random() < 0.5:
        return members
    genuine, forged = (np.ascontiguousarray(image[:, ::-1]) for image in members)
    return genuine, forged


def fill_store(
    store: PairStore,
    sampler: PairSampler,
    chunk_count: int,
    progress: Callable[[int, int], None],
    workers: int = 1,
) -> None:
    """Makes the chunks 0 to `chunk_count` - 1 that are not there yet, in worker processes."""
    store.folder.mkdir(parents=True, exist_ok=True)
    missing = [index for index in range(chunk_count) if not store.path(index).exists()]
    progress(chunk_count - len(missing), chunk_count)
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker, (store, sampler)) as pool:
        for done, _ in enumerate(pool.map(_make_chunk, missing), start=chunk_count - len(missing) + 1):
            progress(done, chunk_count)


_worker: tuple[PairStore, PairSampler] | None = None


def _start_worker(store: PairStore, sampler: PairSampler) -> None:
    global _worker  # noqa: PLW0603  a process's own copy, sent once instead of with every chunk
    cv2.setNumThreads(1)
    os.nice(NICENESS)
    _worker = (store, sampler)


def _make_chunk(index: int) -> None:
    assert _worker is not None
    store, sampler = _worker
    store.write(index, sampler.draw_chunk(index))
