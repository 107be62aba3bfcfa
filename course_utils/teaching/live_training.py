"""The small training that notebook 04 shows live: its words, its settings, and what to watch.

Everything that makes it short stands here: dark words on light ground, 22 plain faces, small
letters and digits, an eighth of the network's channels. The network and its 62 classes, the loss
and the training loop are those of the course.
"""

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.datasets import Style, SyntheticWords, WordImage
from course_utils.ocr.decoding import greedy
from course_utils.ocr.fonts import Face, default_faces
from course_utils.ocr.lexicon import load_lexicon, split_lexicon
from course_utils.ocr.metrics import word_accuracy
from course_utils.ocr.rendering import Recipe
from course_utils.ocr.texts import DIGITS, Text, labelled
from course_utils.ocr.training import Settings

SETTINGS = Settings(
    width=0.125,
    steps=1200,
    batch=32,
    learning_rate=3e-3,
    warmup=100,
    interval=50,
    validation=400,
)
FACES = (
    *("Arvo-Bold", "Arvo-Regular", "Caladea-Bold", "Caladea-Regular", "DejaVuSans"),
    *("DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold", "Lato-Bold"),
    *("Lato-Regular", "Roboto[wdth,wght]", "RobotoCondensed[wght]", "RobotoSlab[wght]"),
    *("STIXGeneral", "STIXGeneralBol", "SourceSansPro-Bold", "SourceSansPro-Regular"),
    *("SourceSerifPro-Bold", "SourceSerifPro-Regular", "cmr10", "cmss10"),
)
LENGTHS = range(3, 11)
NUMBERS = 0.2  # share of the labels that are digits


def live_faces() -> tuple[Face, ...]:
    """The upright text faces that draw, all from the locked packages."""
    return tuple(face for face in default_faces() if face.path.stem in FACES)


def live_text(rng: np.random.Generator, words: Sequence[str]) -> Text:
    """A word in small letters or, once in five, as many digits."""
    word = words[int(rng.random() * len(words))]
    if rng.random() < NUMBERS:
        word = "".join(DIGITS[int(u * len(DIGITS))] for u in rng.random(len(word)))
    return labelled(word)


def live_recipe(rng: np.random.Generator) -> Recipe:
    """Level words of strong contrast, a little blurred, noisy and unevenly cropped."""
    contrast, blur, noise, crop = rng.random(4).tolist()
    return Recipe(contrast=0.7 + 0.3 * contrast, blur=0.1 * blur, noise=0.2 * noise, crop=crop / 2)


class DarkWords(SyntheticWords):
    """Rendered words of which every image is dark on light: a light-on-dark one is inverted."""

    def __getitem__(self, index: int) -> WordImage:
        word = super().__getitem__(index)
        dark_ground = np.median(word.image) < 128
        return word._replace(image=255 - word.image) if dark_ground else word


class LiveWords(NamedTuple):
    """Three datasets; no lexicon word of one occurs in another."""

    train: DarkWords
    validation: DarkWords
    test: DarkWords


def live_words(seed: int) -> LiveWords:
    """The words to train, validate and test on.

    Lexicon words of 3 to 10 letters: 80 % train, 10 % validate, 10 % test. Digits are drawn anew
    for each split, so that a short number can occur in two.
    """
    lexicon = [word for word in load_lexicon() if len(word) in LENGTHS]
    train, unseen = split_lexicon(lexicon, 0.2)
    validation, test = split_lexicon(unseen, 0.5, seed=1)
    faces, style = live_faces(), Style(live_text, live_recipe)
    return LiveWords(
        *(
            DarkWords(seed, split, words=words, faces=faces, style=style)
            for split, words in zip(LiveWords._fields, (train, validation, test), strict=True)
        )
    )


def read(network: keras.Model, images: np.ndarray) -> tuple[list[str], np.ndarray]:
    """What a network reads.

    Args:
        network: from ``build_crnn``.
        images: (n, 32, 128) uint8.

    Returns:
        The n texts, and the best class of each step, (n, 31).
    """
    logits = keras.ops.concatenate(
        [network(part[..., None] / 255, training=False) for part in _parts(images)]
    )
    logits = keras.ops.convert_to_numpy(logits)
    return [reading.text for reading in greedy(logits)], logits.argmax(axis=2)


def accuracy(network: keras.Model, words: Sequence[WordImage], count: int = 1000) -> float:
    """The share of the first ``count`` images of a dataset that a network reads without a fault."""
    chosen = [words[index] for index in range(count)]
    texts, _ = read(network, np.stack([word.image for word in chosen]))
    return word_accuracy(texts, [word.text for word in chosen])


def _parts(images: np.ndarray, size: int = 200) -> list[np.ndarray]:
    return [images[start : start + size] for start in range(0, len(images), size)]


class Moment(NamedTuple):
    """What a network made of some words when the log got a row.

    Attributes:
        row: of the log: step, loss, validation_loss, word_accuracy, …
        texts: what was read in each image.
        blanks: share of the images' time steps at which the blank was the likeliest class.
    """

    row: dict[str, float]
    texts: list[str]
    blanks: float


class Watch:
    """An ``on_interval`` for ``train``: remembers how the reading of some words goes.

    Attributes:
        words: (image, text) of the words that are watched.
        moments: one a row of the log.
    """

    def __init__(self, words: Sequence[WordImage]) -> None:
        self.words = list(words)
        self.moments: list[Moment] = []

    def __call__(self, row: dict[str, float], network: keras.Model) -> None:
        """Remember the log's new row and what the network reads now."""
        texts, best = read(network, np.stack([word.image for word in self.words]))
        blanks = float((best == Alphabet().blank).mean())
        self.moments.append(Moment(row, texts, blanks))

    def silent(self) -> list[int]:
        """The steps at which nothing at all was read."""
        return [moment.row["step"] for moment in self.moments if not any(moment.texts)]
