"""Training batches: which samples a step sees, drawn by worker processes ahead of time.

A batch is a pure function of the step, so a run that is killed and started again sees the same
batches, whatever the number of workers.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.training.settings import TrainingError

if TYPE_CHECKING:
    from course_utils.ocr.datasets import WordImage

Block = tuple[np.ndarray, np.ndarray]


def in_order(position: int) -> int:
    """The order of an endless dataset: every sample once, as numbered."""
    return position


class Shuffled:
    """The order of a finite dataset: every sample once an epoch, each epoch in its own order."""

    def __init__(self, samples: int, seed: int) -> None:
        self.samples = samples
        self._permutation = lru_cache(maxsize=2)(
            lambda epoch: np.random.default_rng((seed, epoch)).permutation(samples)
        )

    def __call__(self, position: int) -> int:
        """The index of the sample that is ``position``-th to be drawn since training began."""
        epoch, place = divmod(position, self.samples)
        return int(self._permutation(epoch)[place])


class Feed:
    """Batches of a word dataset, numbered by training step.

    Fresh samples come in blocks of ``batch // showings``. Step ``t`` is made of the blocks ``t``,
    ``t + lag``, …, ``t + (showings - 1) * lag``: each block is shown ``showings`` times, ``lag``
    steps apart, and kept in memory in between.

    Attributes:
        waited: seconds that ``batches`` has spent waiting for samples so far. A backend that asks
            for batches ahead of time may have computed meanwhile, so its own waiting is at most
            this.
        failure: what made ``batches`` raise, if anything did.
    """

    def __init__(
        self,
        dataset: "Sequence[WordImage]",
        batch: int,
        *,
        order: Callable[[int], int] = in_order,
        showings: int = 1,
        lag: int = 1,
        workers: int = 0,
        alphabet: Alphabet | None = None,
    ) -> None:
        """Nothing is drawn yet.

        Args:
            dataset: the samples; with workers it must be picklable.
            batch: samples a batch, a multiple of ``showings``.
            order: index of the sample that is the n-th to be drawn.
            showings: how often each sample is shown.
            lag: steps between two showings.
            workers: processes that draw; 0 draws in this one, when a batch is asked for.
            alphabet: encodes the texts.
        """
        if batch % showings:
            raise TrainingError(
                f"a batch of {batch} cannot be shared by {showings} showings: use a multiple"
            )
        alphabet = alphabet or Alphabet()
        self.waited = 0.0
        self.failure: TrainingError | None = None
        self._fresh, self._order = batch // showings, order
        self._offsets = [showing * lag for showing in range(showings)]
        slots = self._offsets[-1] + 1
        self._images = np.empty((slots, self._fresh, 32, 128), np.uint8)
        self._labels = np.empty((slots, self._fresh, alphabet.time_steps), np.int32)
        self._held = np.full(slots, -1)
        self._coming: dict[int, Future[Block]] = {}
        self._look_ahead = 2 * workers + 1
        self._asked = 0
        self._dataset, self._alphabet = dataset, alphabet
        self._pool = (
            ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), _start_worker, (dataset, alphabet)
            )
            if workers
            else None
        )

    def batches(self, first: int, last: int) -> Iterator[Block]:
        """The batches of the steps ``first`` to ``last`` (exclusive).

        Yields:
            Images (batch, 32, 128) uint8 and labels (batch, 31) int32, padded with the blank.

        Raises:
            TrainingError: a worker died.
        """
        try:
            for step in range(first, last):
                self._ask_ahead(step)
                slots = [self._slot(step + offset) for offset in self._offsets]
                yield (
                    np.concatenate([self._images[slot] for slot in slots]),
                    np.concatenate([self._labels[slot] for slot in slots]),
                )
        except BrokenProcessPool:
            self.failure = TrainingError(
                "a process that draws words died, perhaps for want of memory: start again with "
                "fewer --workers, and the run goes on from its last checkpoint"
            )
            raise self.failure from None

    def close(self) -> None:
        """Stop the workers."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _slot(self, block: int) -> int:
        slot = block % len(self._held)
        if self._held[slot] != block:
            start = time.perf_counter()
            self._images[slot], self._labels[slot] = self._take(block)
            self.waited += time.perf_counter() - start
            self._held[slot] = block
        return slot

    def _take(self, block: int) -> Block:
        if self._pool is None:
            return _draw(self._dataset, self._alphabet, self._indices(block))
        self._ask(block)
        return self._coming.pop(block).result()

    def _ask(self, block: int) -> None:
        held = self._held[block % len(self._held)] == block
        if not held and block not in self._coming:
            self._coming[block] = self._pool.submit(_draw_in_worker, self._indices(block))

    def _ask_ahead(self, step: int) -> None:
        if self._pool is None:
            return
        self._asked = max(self._asked, step)
        while self._asked == step or len(self._coming) < self._look_ahead:
            for offset in self._offsets:
                self._ask(self._asked + offset)
            self._asked += 1

    def _indices(self, block: int) -> list[int]:
        start = block * self._fresh
        return [self._order(position) for position in range(start, start + self._fresh)]


def _draw(dataset: "Sequence[WordImage]", alphabet: Alphabet, indices: list[int]) -> Block:
    words = [dataset[index] for index in indices]
    return np.stack([word.image for word in words]), alphabet.encode_batch([w.text for w in words])


def _start_worker(dataset: "Sequence[WordImage]", alphabet: Alphabet) -> None:
    global _source
    _source = dataset, alphabet
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # After a kill -9 nobody shuts the pool down, and its workers would wait for work forever.
    multiprocessing.parent_process().join()
    os._exit(1)


def _draw_in_worker(indices: list[int]) -> Block:
    return _draw(*_source, indices)
