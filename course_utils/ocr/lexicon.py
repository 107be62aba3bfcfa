"""Which words to draw, and which of them a network never sees in training."""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

LEXICON = Path(__file__).parents[2] / "data" / "lexicon.txt"


@functools.cache
def load_lexicon() -> tuple[str, ...]:
    """The course's English words, lower-case a-z, the commonest first.

    ``data/README.md`` says where they come from.
    """
    return tuple(LEXICON.read_text(encoding="ascii").split())


def split_lexicon(
    words: Iterable[str], test_fraction: float = 0.1, seed: int = 0
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split words into those for training and those kept unseen, both in the order given.

    On which side a word falls depends on the word and the seed alone: not on the other words, the
    platform or the Python version.

    Args:
        words: the words.
        test_fraction: about which share of them to keep unseen, 0 to 1.
        seed: another seed keeps other words unseen.

    Raises:
        ValueError: ``test_fraction`` is outside 0..1.
    """
    if not 0 <= test_fraction <= 1:
        raise ValueError(f"test_fraction is {test_fraction}: give a share between 0 and 1")
    sides: tuple[list[str], list[str]] = ([], [])
    for word in words:
        sides[_place(word, seed) < test_fraction].append(word)
    return tuple(sides[False]), tuple(sides[True])


def _place(word: str, seed: int) -> float:
    """A number from 0 to under 1, random-looking, the same for the same word and seed."""
    digest = hashlib.blake2b(f"{seed} {word}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48
