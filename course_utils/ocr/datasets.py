"""What a word dataset is, and the one whose words are drawn as they are asked for."""

import hashlib
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.fonts import Face, default_faces, faces_hash, has_glyphs
from course_utils.ocr.lexicon import load_lexicon
from course_utils.ocr.preprocessing import FIT, MODES, fit
from course_utils.ocr.rendering import Recipe, clean_recipe, draw_recipe, render
from course_utils.ocr.texts import Text, draw_text, labelled, plain_text

SPLITS = ("train", "validation", "test")


class Style(NamedTuple):
    """What is written, (generator, words) -> Text, and how it looks, generator -> Recipe."""

    text: Callable[[np.random.Generator, Sequence[str]], Text]
    recipe: Callable[[np.random.Generator], Recipe]


STYLES = {"signs": Style(draw_text, draw_recipe), "print": Style(plain_text, clean_recipe)}


class WordImage(NamedTuple):
    """One sample of a word dataset.

    Attributes:
        image: (32, 128) uint8, grey.
        text: a label that ``Alphabet.check`` accepts.
    """

    image: np.ndarray
    text: str


def collate(
    words: Sequence[WordImage], alphabet: Alphabet | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Samples -> one training batch.

    Args:
        words: n samples.
        alphabet: encodes the texts.

    Returns:
        Images (n, 32, 128, 1) float32 in [0, 1] and labels (n, 31) int32, padded with the blank.
    """
    alphabet = alphabet or Alphabet()
    images = np.stack([word.image for word in words])[..., None].astype(np.float32) / 255
    return images, alphabet.encode_batch([word.text for word in words])


class SyntheticWords:
    """Endless word images, each a pure function of (seed, split, index).

    Sample ``i`` is the same in any order of access and in any process, so that nothing need be
    stored: workers share the dataset by knowing its seed. The splits draw from disjoint streams of
    random numbers and never share an image. They do share words, unless ``words`` differ: see
    ``lexicon.split_lexicon``.

    Args:
        seed: which dataset.
        split: "train", "validation" or "test".
        words: lower-case words to draw, commonest first; the course's lexicon if not given.
        faces: fonts to draw them in; those of ``default_faces()`` if not given.
        size: number of samples; without bound if not given.
        style: what is drawn and how: signs as in photographs, print, or a style of your own.
        mode: how an image is brought to 32 x 128, as in ``preprocessing.fit``.

    Raises:
        LabelError: a word that cannot be a label.
        ValueError: an unknown split or mode, a seed or size below 0, or no words or faces.
    """

    def __init__(
        self,
        seed: int,
        split: str = "train",
        *,
        words: Sequence[str] | None = None,
        faces: Sequence[Face] | None = None,
        size: int | None = None,
        style: Style = STYLES["signs"],
        mode: str = FIT,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f"split {split!r}: choose one of {', '.join(SPLITS)}")
        if seed < 0:
            raise ValueError(f"seed {seed}: choose a whole number from 0 on")
        if size is not None and size < 0:
            raise ValueError(f"size {size}: choose a whole number from 0 on")
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: choose one of {', '.join(MODES)}")
        for word in () if words is None else words:
            Alphabet().check(word)
        self.words = tuple(load_lexicon() if words is None else words)
        self.faces = tuple(default_faces() if faces is None else faces)
        if not self.words or not self.faces:
            raise ValueError("give at least one word and one face")
        self.seed, self.split, self.mode = seed, split, mode
        self._size = sys.maxsize if size is None else size
        self._style = style

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> WordImage:
        text, picture = self.picture(index)
        return WordImage(fit(picture, self.mode), text.label)

    def picture(self, index: int) -> tuple[Text, np.ndarray]:
        """What sample ``index`` says and its picture before it is fitted: (h, w) uint8."""
        if not 0 <= index < self._size:
            raise IndexError(f"index {index} is outside 0..{self._size - 1}")
        stream = np.array([0, 0, 0, SPLITS.index(self.split)], np.uint64)
        key = np.array([self.seed, index], np.uint64)
        rng = np.random.Generator(np.random.Philox(key=key, counter=stream))
        text = self._style.text(rng, self.words)
        face = self.faces[int(rng.random() * len(self.faces))]
        recipe = self._style.recipe(rng)
        if face.capitals_only:
            text = labelled(text.drawn.upper())
        if text.drawn != text.label and not has_glyphs(face, text.drawn):
            text = labelled(text.label)
        return text, render(text.drawn, face, rng, recipe)

    def fingerprint(self) -> str:
        """A hash of the words and the faces: datasets that share it draw the same samples."""
        words = hashlib.sha256("\n".join(self.words).encode()).hexdigest()
        return hashlib.sha256((words + faces_hash(self.faces)).encode()).hexdigest()[:16]
