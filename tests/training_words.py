"""Word datasets for the tests of training: plain, picklable and importable by worker processes."""

import os
import sys
import time

import cv2
import numpy as np

from course_utils.ocr.datasets import WordImage


class DrawnWords:
    """Endless plain words, each a function of (seed, index)."""

    def __init__(self, seed=0):
        self.seed = seed

    def __len__(self):
        return sys.maxsize

    def __getitem__(self, index):
        rng = np.random.default_rng((self.seed, index))
        text = "".join(rng.choice(list("abcXYZ12"), rng.integers(1, 5)))
        image = np.full((32, 128), 255, np.uint8)
        cv2.putText(image, text, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
        return WordImage(image, text)


class NumberedWords:
    """Endless blank images; sample i has the number i in its first pixels."""

    def __init__(self):
        self.drawn = []

    def __getitem__(self, index):
        self.drawn.append(index)
        image = np.zeros((32, 128), np.uint8)
        image.reshape(-1)[:8] = np.frombuffer(np.int64(index).tobytes(), np.uint8)
        return WordImage(image, "a")


def numbers(images):
    return images.reshape(len(images), -1)[:, :8].copy().view(np.int64)[:, 0].tolist()


class SlowWords(NumberedWords):
    def __getitem__(self, index):
        time.sleep(0.02)
        return super().__getitem__(index)


class DeadlyWords(NumberedWords):
    """Its sample 20 ends the process that draws it."""

    def __getitem__(self, index):
        if index == 20:
            os._exit(1)
        return super().__getitem__(index)


class ProcessWords(NumberedWords):
    """Each sample's number is the id of the process that drew it, or 0 where that has Keras."""

    def __getitem__(self, index):
        heavy = {"keras", "tensorflow", "jax"} & set(sys.modules)
        return super().__getitem__(0 if heavy else os.getpid())
