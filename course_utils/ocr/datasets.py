"""What a word dataset is, and the one whose words are drawn as they are asked for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_utils.ocr.alphabet import Alphabet


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
