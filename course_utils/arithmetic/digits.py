"""Sequences of images of handwritten digits, to be counted or added up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SOURCES = ("digits", "mnist")
TASKS = ("count", "add")
OUTPUTS = {"count": 10, "add": 1}
TEST_SHARE = 0.25
ARRAYS = {"x_train": 3, "y_train": 1, "x_test": 3, "y_test": 1}  # and their axes


@dataclass(frozen=True)
class Images:
    """Images of digits.

    Attributes:
        pixels: (n, height, width) float32, from 0 to 1.
        labels: (n,) the digits, 0 to 9.
    """

    pixels: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Digits:
    """Images to train on and others to test on."""

    train: Images
    test: Images


def load(source: str = "digits", path: Path | None = None) -> Digits:
    """Real handwritten digits.

    Args:
        source: "digits", the 1,797 images of 8 x 8 pixels that come with scikit-learn, a quarter of
            them for testing; or "mnist", 70,000 of 28 x 28 (LeCun et al. 1998), which Keras
            downloads once.
        path: a file to take MNIST from instead, with the arrays of Keras' ``mnist.npz``.

    Raises:
        ValueError: an unknown source, a path without MNIST, or a file with other arrays.
        FileNotFoundError: there is no such file.
    """
    if source not in SOURCES:
        raise ValueError(f"digits {source!r}: choose one of {', '.join(SOURCES)}")
    if source == "mnist":
        return _mnist(path)
    if path is not None:
        raise ValueError(f"{path}: a file is for mnist; scikit-learn's digits come with it")
    bunch = load_digits()
    parts = train_test_split(
        bunch.images / 16,
        bunch.target,
        test_size=TEST_SHARE,
        random_state=0,
        stratify=bunch.target,
    )
    train, test, train_labels, test_labels = parts
    return Digits(
        Images(train.astype(np.float32), train_labels), Images(test.astype(np.float32), test_labels)
    )


def _mnist(path: Path | None) -> Digits:
    if path is None:
        (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
        return Digits(_from_bytes(x_train, y_train), _from_bytes(x_test, y_test))
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ARRAYS if name in stored}
    except (ValueError, OSError, AttributeError, TypeError) as error:
        raise ValueError(f"{path}: not a NumPy archive (.npz)") from error
    _check(arrays, path)
    return Digits(
        _from_bytes(arrays["x_train"], arrays["y_train"]),
        _from_bytes(arrays["x_test"], arrays["y_test"]),
    )


def _check(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    for name, axes in ARRAYS.items():
        if name not in arrays:
            raise ValueError(f"{path}: no array {name}; it needs {', '.join(ARRAYS)}")
        if arrays[name].ndim != axes or not len(arrays[name]):
            raise ValueError(
                f"{path}: {name} is {arrays[name].shape}; it needs {axes} axes, filled"
            )
    for part in ("train", "test"):
        pixels, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if pixels.dtype != np.uint8:
            raise ValueError(f"{path}: x_{part} is {pixels.dtype}; pixels are bytes (uint8)")
        if len(pixels) != len(labels):
            raise ValueError(f"{path}: {len(pixels)} images and {len(labels)} labels in {part}")
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 9:
            raise ValueError(f"{path}: y_{part} has other labels than the digits 0 to 9")
    if arrays["x_train"].shape[1:] != arrays["x_test"].shape[1:]:
        raise ValueError(f"{path}: images of two sizes in train and test")


def _from_bytes(pixels: np.ndarray, labels: np.ndarray) -> Images:
    return Images(pixels.astype(np.float32) / 255, labels.astype(int))


def draw(images: Images, seeds: Sequence[int], part: int, count: int, length: int) -> np.ndarray:
    """Sequences of images, each image drawn with equal chance: their places in ``images``.

    Args:
        images: to draw from.
        seeds: a member's sequences depend on its seed and ``part`` alone.
        part: tells apart the draws of one seed, from 0 on.
        count: sequences for each seed.
        length: images in each.

    Returns:
        (count, seeds, length) int.
    """
    drawn = [
        np.random.default_rng([seed, part]).integers(len(images), size=(count, length))
        for seed in seeds
    ]
    return np.stack(drawn, axis=1)


def totals(labels: np.ndarray, task: str) -> np.ndarray:
    """What is to be said of sequences.

    Args:
        labels: (…, length) digits.
        task: "count", how many there are of each digit; or "add", their sum.

    Returns:
        (…, 10) or (…, 1) float32.

    Raises:
        ValueError: an unknown task.
    """
    if task not in TASKS:
        raise ValueError(f"task {task!r}: choose one of {', '.join(TASKS)}")
    if task == "add":
        return labels.sum(axis=-1, keepdims=True).astype(np.float32)
    return np.stack([(labels == digit).sum(axis=-1) for digit in range(10)], axis=-1).astype(
        np.float32
    )
