"""From logits to texts: greedy, prefix beam search, and the best word of a lexicon.

All three take many images at once, in NumPy and float64, where 31 steps of probabilities stay far
from underflow, so that no logarithms are needed.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.trie import Trie

# Images decoded together: enough to hide Python's cost a step, few enough for the caches.
_CHUNK = 64

# Branches an image that the first pass of the lexicon search keeps on each level.
_GLANCE = 20

# A 64-bit hash tells the prefixes of a beam apart: FNV's prime.
_PRIME = np.uint64(0x100000001B3)


class Reading(NamedTuple):
    """What was read.

    Attributes:
        text: the word.
        confidence: its probability under CTC, 0 to 1: that of all its alignments together,
            ``exp(-loss)``. It says how sure the network is, not how often it is right.
    """

    text: str
    confidence: float


def greedy(logits: np.ndarray, alphabet: Alphabet | None = None) -> list[Reading]:
    """The text of the likeliest path: the best class of each step, collapsed.

    Args:
        logits: (n, T, classes) unnormalised scores.
        alphabet: names the classes; the default alphabet if not given.

    Returns:
        One reading an image.

    Raises:
        ValueError: the shape is wrong, or a score is NaN or infinite.
    """
    alphabet = alphabet or Alphabet()
    readings = []
    for probabilities in _chunks(logits, alphabet):
        path = probabilities.argmax(axis=2)
        written = path != alphabet.blank
        written[:, 1:] &= path[:, 1:] != path[:, :-1]
        lengths = written.sum(axis=1)
        labels = np.full((len(path), lengths.max()), alphabet.blank)
        labels[np.arange(labels.shape[1]) < lengths[:, None]] = path[written]
        readings += _readings(probabilities, labels, alphabet)
    return readings


def beam_search(
    logits: np.ndarray, alphabet: Alphabet | None = None, width: int = 10
) -> list[Reading]:
    """The likeliest text that a prefix beam search finds (Graves 2012; Hannun et al. 2014).

    Where greedy decoding takes the likeliest path, this sums the paths of a text; with a beam wide
    enough to hold every prefix the result is exact.

    Args:
        logits: (n, T, classes) unnormalised scores.
        alphabet: names the classes; the default alphabet if not given.
        width: how many prefixes to keep at each step.

    Returns:
        One reading an image.

    Raises:
        ValueError: the shape is wrong, a score is NaN or infinite, or ``width`` is below 1.
    """
    if width < 1:
        raise ValueError(f"width is {width}: keep at least one prefix")
    alphabet = alphabet or Alphabet()
    readings = []
    for probabilities in _chunks(logits, alphabet):
        labels = _best_prefixes(probabilities, alphabet.blank, width)
        readings += _readings(probabilities, labels, alphabet)
    return readings


def _best_prefixes(probabilities: np.ndarray, blank: int, width: int) -> np.ndarray:
    """Prefix beam search: (n, T, classes) probabilities -> (n, T) labels, padded with the blank."""
    n, steps, classes = probabilities.shape
    images = np.arange(n)[:, None]
    # One row an image, one column a prefix. Each prefix is known by its symbols, their number, the
    # last of them (the blank: none) and a hash; its paths end in a blank or in its last symbol.
    symbols = np.full((n, 1, steps), blank)
    length = np.zeros((n, 1), int)
    last = np.full((n, 1), blank)
    key = np.zeros((n, 1), np.uint64)
    ends_blank = np.ones((n, 1))
    ends_symbol = np.zeros((n, 1))
    for y in probabilities.swapaxes(0, 1):
        beam = last.shape[1]
        both = ends_blank + ends_symbol
        y_last = y[images, last]
        stay_symbol = ends_symbol * y_last
        stay_blank = both * y[:, blank, None]
        # A symbol that repeats the last one is a new one only behind a blank.
        grow = both[:, :, None] * y[:, None, :]
        np.put_along_axis(grow, last[:, :, None], (ends_blank * y_last)[:, :, None], axis=2)
        grow[:, :, blank] = 0

        # Prefix i grown by the last symbol of prefix j may be prefix j, which is in the beam.
        grown_key = key[:, :, None] * _PRIME + last[:, None, :].astype(np.uint64) + np.uint64(1)
        image, i, j = np.nonzero((grown_key == key[:, None, :]) & (last != blank)[:, None, :])
        stay_symbol[image, j] += grow[image, i, last[image, j]]
        grow[image, i, last[image, j]] = 0

        scores = np.concatenate((stay_blank + stay_symbol, grow.reshape(n, -1)), axis=1)
        kept = min(width, scores.shape[1])
        best = np.argpartition(scores, -kept, axis=1)[:, -kept:]
        grown = best >= beam
        parent, symbol = np.divmod(best - beam, classes)
        parent[~grown] = best[~grown]
        score = scores[images, best]

        ends_blank = np.where(grown, 0.0, stay_blank[images, parent])
        ends_symbol = np.where(grown, score, stay_symbol[images, parent])
        symbols = symbols[images, parent]
        length = length[images, parent]
        image, i = np.nonzero(grown)
        symbols[image, i, length[image, i]] = symbol[image, i]
        length = length + grown
        key = key[images, parent]
        key[grown] = key[grown] * _PRIME + symbol[grown].astype(np.uint64) + np.uint64(1)
        # A prefix without probability only fills the row: no growth may be taken for it.
        last = np.where(score > 0, np.where(grown, symbol, last[images, parent]), blank)
    winner = np.argmax(ends_blank + ends_symbol, axis=1)
    return symbols[np.arange(n), winner]


def lexicon_search(logits: np.ndarray, trie: Trie, width: int = 200) -> list[Reading]:
    """The likeliest word of a lexicon.

    Walks down the lexicon's trie, and leaves a branch when all texts that begin like it, words or
    not, are together less likely than a word already found (the prefix search of Graves et al.
    2006); of what is left on a level, the ``width`` likeliest branches go on. Without that limit
    the result would be exact. With it, words that fit are hardly ever missed, and an image that
    shows none of the words costs no more than others.

    If no word is possible, or each is 1e300 times less likely than the best path, the reading is
    the first word in the alphabet's order, with confidence 0.

    Args:
        logits: (n, T, classes) unnormalised scores.
        trie: the lexicon.
        width: how many branches an image to follow from level to level.

    Returns:
        One reading an image. Its confidence is the word's probability among all texts, not among
        the words of the lexicon: a low one may well mean that the word is not there.

    Raises:
        ValueError: the shape is wrong, a score is NaN or infinite, or ``width`` is below 1.
    """
    if width < 1:
        raise ValueError(f"width is {width}: follow at least one branch")
    readings = []
    for probabilities in _chunks(logits, trie.alphabet):
        words = _best_words(probabilities, trie, width)
        readings += _readings(probabilities, trie.labels[words], trie.alphabet)
    return readings


def _best_words(probabilities: np.ndarray, trie: Trie, width: int) -> np.ndarray:
    """The rows of ``trie.labels`` that ``lexicon_search`` answers with: (n,)."""
    n, steps, _ = probabilities.shape
    # Relative to the best path, for words that are far from it; time last, for quick gathering.
    y = (probabilities / probabilities.max(axis=2, keepdims=True)).transpose(0, 2, 1).copy()
    y_blank = y[:, trie.alphabet.blank]
    # All that may be written after each step, whatever it is.
    after = np.ones((n, steps))
    after[:, :-1] = np.cumprod(y.sum(axis=1)[:, :0:-1], axis=1)[:, ::-1]
    best = np.zeros(n)
    words = np.zeros(n, int)
    # A glance at a few branches finds a good word, with which the second walk leaves most others.
    for limit in (min(_GLANCE, width), width):
        # The branches of all images in one row. Behind 0 to T steps, their text alone is written
        # with these probabilities, the last step being a blank or the text's last symbol.
        image, node = np.arange(n), np.zeros(n, int)
        ends_blank = np.concatenate((np.ones((n, 1)), np.cumprod(y_blank, axis=1)), axis=1)
        ends_symbol = np.zeros((n, steps + 1))
        while len(node):
            parent, child = trie.children(node)
            symbol = trie.symbol[child]
            repeats = symbol == trie.symbol[node[parent]]
            begins = ends_blank[parent, :-1]
            begins += np.where(repeats[:, None], 0, ends_symbol[parent, :-1])
            begins *= y[image[parent], symbol]
            bound = np.einsum("kt,kt->k", begins, after[image[parent]])
            kept = np.flatnonzero(bound > best[image[parent]])
            kept = _leading(kept, image[parent[kept]], bound[kept], limit)
            image, node, symbol, begins = (
                image[parent[kept]],
                child[kept],
                symbol[kept],
                begins[kept],
            )

            ends_blank = np.zeros((len(node), steps + 1))
            ends_symbol = np.zeros((len(node), steps + 1))
            for t in range(steps):
                ends_blank[:, t + 1] = (ends_blank[:, t] + ends_symbol[:, t]) * y_blank[image, t]
                ends_symbol[:, t + 1] = ends_symbol[:, t] * y[image, symbol, t] + begins[:, t]
            word = trie.word[node]
            likelihood = np.where(word >= 0, ends_blank[:, -1] + ends_symbol[:, -1], 0)
            np.maximum.at(best, image, likelihood)
            found = (likelihood == best[image]) & (likelihood > 0)
            words[image[found]] = word[found]
    return words


def _leading(items: np.ndarray, group: np.ndarray, score: np.ndarray, limit: int) -> np.ndarray:
    """Of the items of each group, those with the ``limit`` highest scores."""
    order = np.lexsort((-score, group))
    group = group[order]
    rank = np.arange(len(order)) - np.searchsorted(group, group)
    return items[order[rank < limit]]


def _chunks(logits: np.ndarray, alphabet: Alphabet) -> Iterator[np.ndarray]:
    """Check the logits and give their probabilities, (up to 64, T, classes) float64 at a time."""
    logits = np.asarray(logits)
    if logits.ndim != 3 or logits.shape[1] == 0 or logits.shape[2] != alphabet.classes:
        raise ValueError(
            f"logits {logits.shape}: give (n, T, {alphabet.classes}), one row an image, at least "
            "one time step"
        )
    for start in range(0, len(logits), _CHUNK):
        scores = logits[start : start + _CHUNK].astype(np.float64)
        wrong = np.flatnonzero(~np.isfinite(scores).all(axis=(1, 2)))
        if wrong.size:
            raise ValueError(f"logits of image {start + wrong[0]}: a score is NaN or infinite")
        probabilities = np.exp(scores - scores.max(axis=2, keepdims=True))
        yield probabilities / probabilities.sum(axis=2, keepdims=True)


def _readings(probabilities: np.ndarray, labels: np.ndarray, alphabet: Alphabet) -> list[Reading]:
    confidences = label_probabilities(probabilities, labels, alphabet.blank)
    texts = (alphabet.decode(label) for label in labels)
    return [Reading(*pair) for pair in zip(texts, confidences.tolist(), strict=True)]


def label_probabilities(probabilities: np.ndarray, labels: np.ndarray, blank: int) -> np.ndarray:
    """CTC probability of one label an image, all its alignments summed: ``exp(-loss)``.

    Args:
        probabilities: (n, T, classes), each step's summing to one.
        labels: (n, L) class ids, each row padded at its tail with the blank.
        blank: class id of the blank.

    Returns:
        (n,) float64.
    """
    n, steps, _ = probabilities.shape
    length = (labels != blank).sum(axis=1)
    labels = labels[:, : length.max(initial=0)]
    may_skip_blank = np.ones(labels.shape, bool)
    may_skip_blank[:, 1:] = labels[:, 1:] != labels[:, :-1]
    on_symbol = np.take_along_axis(probabilities, labels[:, None, :], axis=2)
    # States as in ``ctc``; no symbol stands before the first blank, hence the leading zeros.
    blanks = np.zeros((n, labels.shape[1] + 1))
    blanks[:, 0] = 1
    symbols = np.zeros_like(blanks)
    for t in range(steps):
        arrivals = blanks + symbols
        entering = np.where(may_skip_blank, arrivals[:, :-1], blanks[:, :-1])
        symbols[:, 1:] = (symbols[:, 1:] + entering) * on_symbol[:, t]
        blanks = arrivals * probabilities[:, t, blank, None]
    return (blanks + symbols)[np.arange(n), length]
