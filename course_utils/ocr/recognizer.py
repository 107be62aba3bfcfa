"""Pictures of words -> their texts."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import keras
import numpy as np

from course_utils.ocr.decoding import Reading, greedy
from course_utils.ocr.inference import compile_network
from course_utils.ocr.preprocessing import FIT, ImageError, Picture, preprocess
from course_utils.ocr.weights import load_network

BATCH = 64

Decoder = Callable[[np.ndarray], list[Reading]]


class Recognizer:
    """Reads pictures that show one word each.

    Attributes:
        model: the network, as ``build_crnn`` makes it.

    Args:
        model: a trained network; what it learns later does not reach this recognizer.
        mode: how the network's training pictures were brought to its size, as in
            ``preprocessing.fit``.
    """

    def __init__(self, model: keras.Model, mode: str = FIT) -> None:
        self.model, self.mode = model, mode
        self._logits = compile_network(model)

    @classmethod
    def load(cls, weights: str | os.PathLike | None = None, mode: str = FIT) -> "Recognizer":
        """A recognizer with the course's weights, or with those of another file.

        Args:
            weights: a weights file of a training run, of any width.
            mode: "pad" for a network trained on MJSynth by the original's rules.

        Raises:
            WeightsError: the file is missing, damaged, or not this network's.
        """
        return cls(load_network(weights), mode)

    def read(self, images: Picture | Iterable[Picture], decoder: Decoder = greedy) -> list[Reading]:
        """Read any number of pictures.

        Args:
            images: pictures as ``preprocess`` takes them: paths, bytes, PIL images or arrays. A
                single one counts as a list of one. They are taken 64 at a time, so that an endless
                row of files never fills the memory.
            decoder: from logits (n, 31, classes) to n readings: ``greedy``, ``beam_search``, or
                ``functools.partial(lexicon_search, trie=…)``.

        Returns:
            One reading a picture, in their order.

        Raises:
            ImageError: one of them cannot be taken as a picture; the message says which.
        """
        inputs = _preprocessed(images, self.mode)
        readings = []
        while batch := list(islice(inputs, BATCH)):
            readings += decoder(self._logits(np.stack(batch)))
        return readings


def _preprocessed(images: Picture | Iterable[Picture], mode: str) -> Iterator[np.ndarray]:
    if _is_one(images):
        yield preprocess(images, mode)
        return
    for number, image in enumerate(images):
        try:
            yield preprocess(image, mode)
        except ImageError as error:
            raise ImageError(f"image {number} (from 0): {error}") from None


def _is_one(images: Picture | Iterable[Picture]) -> bool:
    if isinstance(images, np.ndarray):
        return images.ndim in (2, 3)
    return isinstance(images, str | bytes | bytearray | memoryview) or not isinstance(
        images, Iterable
    )
