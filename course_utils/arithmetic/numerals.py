"""Number words: 0 to 999 in English, as tokens, split into training, validation and test."""

from functools import cache
from typing import NamedTuple

import inflect
import numpy as np

NUMBERS = 1000
LENGTH = 4  # tokens of the longest numeral, as in "nine hundred ninety nine"
PADDING = 0
PARTS = ("train", "validation", "test")
SIZES = (169, 200, 631)  # of the parts, as in Trask et al. (2018)
ALWAYS = 20  # the numbers below it are in every training set


@cache
def numerals() -> tuple[str, ...]:
    """The numbers from 0 to 999 in words, without hyphens and without "and"."""
    engine = inflect.engine()
    texts = (engine.number_to_words(number, andword="") for number in range(NUMBERS))
    return tuple(" ".join(text.replace("-", " ").split()) for text in texts)


@cache
def vocabulary() -> tuple[str, ...]:
    """The 29 words, in the order in which counting meets them; padding, "", comes first."""
    return ("", *dict.fromkeys(word for text in numerals() for word in text.split()))


def encode(text: str) -> np.ndarray:
    """A numeral as token ids, padded in front, so that its last word is at the last step.

    Args:
        text: words of ``vocabulary``, at most four.

    Returns:
        (4,) int32; 0 is padding.

    Raises:
        ValueError: it has no words, more than four, or one that is not in the vocabulary.
    """
    words = text.replace("-", " ").lower().split()
    if not 1 <= len(words) <= LENGTH:
        raise ValueError(f"{text!r} has {len(words)} words: give 1 to {LENGTH}")
    unknown = [word for word in words if word not in vocabulary()]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of the words in the numbers from 0 to 999")
    ids = [vocabulary().index(word) for word in words]
    return np.array([PADDING] * (LENGTH - len(ids)) + ids, np.int32)


@cache
def tokens() -> np.ndarray:
    """All numerals encoded, (1000, 4) int32, read-only; row n is the number n."""
    table = np.stack([encode(text) for text in numerals()])
    table.flags.writeable = False
    return table


class Split(NamedTuple):
    """Numbers to learn from, to choose by and to judge by: (169,), (200,) and (631,) int."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(seed: int) -> Split:
    """A random split of 0 to 999 in the published sizes.

    Training has 0 to 19 and others drawn at random so that every word occurs in it (the task of
    Trask et al. 2018, arXiv:1808.00508); which numbers were drawn there is not known.
    """
    rng = np.random.default_rng([seed, 0])
    small, others = np.arange(ALWAYS), np.arange(ALWAYS, NUMBERS)
    words = len(vocabulary()) - 1  # without padding
    while True:
        mixed = np.concatenate([small, rng.permutation(others)])
        train, validation, test = np.split(mixed, np.cumsum(SIZES)[:-1])
        if np.count_nonzero(np.unique(tokens()[train])) == words:
            return Split(train, validation, test)
