"""Characters <-> class ids: the one owner of the CTC blank."""

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


class LabelError(ValueError):
    """A text that cannot be a training label; the message says why."""


@dataclass(frozen=True)
class Alphabet:
    """The characters a network can write, in class order, and the blank behind them.

    Attributes:
        characters: distinct characters; character ``k`` has class id ``k``.
        time_steps: how many steps the network has to write a label in.
    """

    characters: str = string.ascii_letters + string.digits
    time_steps: int = 31

    def __post_init__(self) -> None:
        if not self.characters or len(set(self.characters)) != len(self.characters):
            raise ValueError("characters: give each character once, and at least one")

    @property
    def blank(self) -> int:
        """Class id of the CTC blank, the last class; labels are padded with it."""
        return len(self.characters)

    @property
    def classes(self) -> int:
        """Number of classes the network has to tell apart, the blank included."""
        return len(self.characters) + 1

    @staticmethod
    def steps_needed(text: Sequence) -> int:
        """Time steps the shortest alignment of ``text`` takes.

        CTC needs one step a symbol and one blank between equal neighbours (Graves et al. 2006).
        """
        return len(text) + sum(a == b for a, b in pairwise(text))

    def check(self, text: str) -> None:
        """Accept ``text`` as a training label.

        Raises:
            LabelError: the text is empty, has a character outside the alphabet, or needs more
                time steps than there are.
        """
        if not text:
            raise LabelError("the label is empty: give it at least one character")
        unknown = sorted(set(text) - set(self.characters))
        if unknown:
            raise LabelError(f"label {text!r}: {unknown[0]!r} is not in the alphabet")
        steps = self.steps_needed(text)
        if steps > self.time_steps:
            raise LabelError(
                f"label {text!r} needs {steps} time steps and the network has {self.time_steps}: "
                "shorten it"
            )

    def encode(self, text: str) -> np.ndarray:
        """Class ids of a label: (len(text),) int32.

        Raises:
            LabelError: as in ``check``.
        """
        self.check(text)
        return np.array([self.characters.index(c) for c in text], dtype=np.int32)

    def encode_batch(self, texts: Sequence[str], length: int | None = None) -> np.ndarray:
        """Class ids of many labels, padded with the blank: (len(texts), length) int32.

        Args:
            texts: labels.
            length: columns of the result, ``time_steps`` if not given.

        Raises:
            LabelError: as in ``check``, or a label is longer than ``length``.
        """
        length = self.time_steps if length is None else length
        ids = np.full((len(texts), length), self.blank, dtype=np.int32)
        for row, text in zip(ids, texts, strict=True):
            if len(text) > length:
                raise LabelError(f"label {text!r} is longer than {length} characters")
            row[: len(text)] = self.encode(text)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of class ids; blanks are dropped, nothing is collapsed.

        Raises:
            ValueError: an id outside 0..blank.
        """
        ids, blank = [int(i) for i in ids], self.blank
        wrong = [i for i in ids if not 0 <= i <= blank]
        if wrong:
            raise ValueError(f"class id {wrong[0]} is outside 0..{blank}")
        return "".join(self.characters[i] for i in ids if i != blank)
