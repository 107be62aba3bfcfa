"""How well words were read: between texts, and streaming inside ``fit`` and ``evaluate``."""

import re
from collections.abc import Sequence
from dataclasses import asdict

import keras
from keras import ops
from rapidfuzz.distance import Levenshtein

from course_utils.ocr.alphabet import Alphabet


def normalise(text: str) -> str:
    """A text as scene-text benchmarks compare it: lower-case, the letters a-z and digits only."""
    return re.sub("[^a-z0-9]", "", text.lower())


def word_accuracy(texts: Sequence[str], references: Sequence[str]) -> float:
    """Share of texts that equal their reference exactly, 0 to 1; case counts.

    For the benchmarks' protocol put both through ``normalise`` first; so with the other measures.

    Args:
        texts: what was read.
        references: what stands there.

    Raises:
        ValueError: there are no texts, or not as many references.
    """
    _check(texts, references)
    return sum(a == b for a, b in zip(texts, references, strict=True)) / len(texts)


def character_error_rate(texts: Sequence[str], references: Sequence[str]) -> float:
    """CER: insertions, deletions and substitutions per character of the references; 0 is best.

    Can exceed 1. A long word weighs more than a short one.

    Args:
        texts: what was read.
        references: what stands there.

    Raises:
        ValueError: there are no texts, not as many references, or all references are empty.
    """
    _check(texts, references)
    characters = sum(map(len, references))
    if characters == 0:
        raise ValueError("all references are empty: there is no character to count errors by")
    return sum(map(Levenshtein.distance, texts, references)) / characters


def one_minus_ned(texts: Sequence[str], references: Sequence[str]) -> float:
    """1-NED of the ICDAR competitions: 1 - mean(edit distance / length of the longer); 1 is best.

    Every word weighs the same. Two empty texts are equal.

    Args:
        texts: what was read.
        references: what stands there.

    Raises:
        ValueError: there are no texts, or not as many references.
    """
    _check(texts, references)
    return sum(map(Levenshtein.normalized_similarity, texts, references)) / len(texts)


def _check(texts: Sequence[str], references: Sequence[str]) -> None:
    if not texts or len(texts) != len(references):
        raise ValueError(
            f"{len(texts)} texts for {len(references)} references: give one each, at least one"
        )


def edit_distances(
    labels: keras.KerasTensor, logits: keras.KerasTensor, blank: int
) -> keras.KerasTensor:
    """Levenshtein distance between the greedy reading of logits and the labels, in ``keras.ops``.

    Args:
        labels: (batch, L) class ids, padded with the blank.
        logits: (batch, T, classes) scores.
        blank: class id of the blank.

    Returns:
        (batch,) float32.
    """
    labels = ops.cast(labels, "int32")
    path = ops.cast(ops.argmax(logits, axis=-1), "int32")
    before = ops.pad(path[:, :-1], [[0, 0], [1, 0]], constant_values=blank)
    written = ops.logical_and(path != blank, path != before)
    places = ops.arange(labels.shape[1] + 1, dtype="float32")
    # Insertions: from any place to a later one, a symbol each.
    ahead = places[:, None] - places[None, :]
    insertions = ops.where(ahead >= 0, ahead, float("inf"))

    def step(row: keras.KerasTensor, here: tuple) -> tuple[keras.KerasTensor, None]:
        symbol, is_written = (x[:, None] for x in here)
        substituted = row[:, :-1] + ops.cast(symbol != labels, "float32")
        deleted = row + 1
        entered = ops.concatenate(
            (deleted[:, :1], ops.minimum(deleted[:, 1:], substituted)), axis=1
        )
        following = ops.min(entered[:, None, :] + insertions, axis=2)
        row = ops.where(is_written, following, row)
        return row, row

    start = ops.zeros_like(labels[:, :1], dtype="float32") + places
    last, _ = ops.scan(step, start, (ops.transpose(path), ops.transpose(written)))
    length = ops.sum(ops.cast(labels != blank, "int32"), axis=1, keepdims=True)
    return ops.take_along_axis(last, length, axis=1)[:, 0]


class _WordMetric(keras.metrics.Metric):
    """A ratio of two sums over all words so far.

    Args:
        alphabet: gives the blank; the default alphabet if not given.
        name: its key in Keras' logs.
        dtype: as for every Keras metric.
    """

    def __init__(
        self, alphabet: Alphabet | None = None, name: str | None = None, dtype: str | None = None
    ) -> None:
        # A fixed name: Keras would number a second one, and logs would be looked up in vain.
        super().__init__(name=name or self.log_name, dtype=dtype)
        self.alphabet = alphabet or Alphabet()
        self.part = self.add_variable((), initializer="zeros", name="part")
        self.whole = self.add_variable((), initializer="zeros", name="whole")

    def measure(self, edits: keras.KerasTensor, length: keras.KerasTensor) -> tuple:
        """Part and whole of each word, from its edit distance and its length, all (batch,)."""
        raise NotImplementedError

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> None:
        """Count labels (batch, L), padded with the blank, against logits (batch, T, classes)."""
        blank = self.alphabet.blank
        y_true = ops.convert_to_tensor(y_true)
        length = ops.sum(ops.cast(y_true != blank, self.dtype), axis=1)
        edits = ops.cast(edit_distances(y_true, y_pred, blank), self.dtype)
        part, whole = self.measure(edits, length)
        weight = 1.0 if sample_weight is None else ops.cast(sample_weight, self.dtype)
        self.part.assign_add(ops.sum(part * weight))
        self.whole.assign_add(ops.sum(whole * weight))

    def result(self) -> keras.KerasTensor:
        """The ratio; 0 before the first word."""
        return ops.divide_no_nan(self.part, self.whole)

    def get_config(self) -> dict:
        """What ``from_config`` needs."""
        return {**super().get_config(), "alphabet": asdict(self.alphabet)}

    @classmethod
    def from_config(cls, config: dict) -> "_WordMetric":
        """The metric that ``get_config`` described."""
        return cls(**{**config, "alphabet": Alphabet(**config["alphabet"])})


@keras.saving.register_keras_serializable("read_and_reckon")
class WordAccuracy(_WordMetric):
    """Share of words that greedy decoding reads exactly, case-sensitive; for ``compile``."""

    log_name = "word_accuracy"

    def measure(self, edits: keras.KerasTensor, length: keras.KerasTensor) -> tuple:
        """Right words of all words."""
        return ops.cast(edits == 0, self.dtype), ops.ones_like(length)


@keras.saving.register_keras_serializable("read_and_reckon")
class CharacterErrorRate(_WordMetric):
    """Edits per character of the labels, as greedy decoding reads them; for ``compile``."""

    log_name = "character_error_rate"

    def measure(self, edits: keras.KerasTensor, length: keras.KerasTensor) -> tuple:
        """Edits of all characters."""
        return edits, length
