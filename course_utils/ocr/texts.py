"""(random generator, word list) -> what to write on a sign, and the label it gets."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
LONGEST = 23  # characters of a label that is more than one of the words
LONGEST_NUMBER = 16  # digits: even all alike they take no more than the network's 31 time steps
COMMON = 12_000  # so many words at the head of the list are drawn more often


class Text(NamedTuple):
    """What is drawn, and its letters and digits: punctuation is seen but never read."""

    drawn: str
    label: str


def labelled(drawn: str) -> Text:
    """The text with the label that real data sets give it: punctuation left out."""
    return Text(drawn, "".join(c for c in drawn if c.isascii() and c.isalnum()))


def _pick(rng: np.random.Generator, options: Sequence) -> str:
    return options[int(rng.random() * len(options))]


def _string(rng: np.random.Generator, characters: str, length: int) -> str:
    return "".join(characters[int(u * len(characters))] for u in rng.random(length))


def _cased(rng: np.random.Generator, word: str) -> str:
    u = rng.random()
    if u < 0.36:
        return word.upper()
    if u < 0.66:
        return word.capitalize()
    return word if u < 0.98 else "".join(_pick(rng, (c, c.upper())) for c in word)


def _word(rng: np.random.Generator, words: Sequence[str]) -> str:
    reach = min(COMMON, len(words)) if rng.random() < 0.5 else len(words)
    return _cased(rng, words[int(rng.random() * reach)])


def _number(rng: np.random.Generator, words: Sequence[str]) -> str:
    """House numbers, years, prices, times, dates, telephone numbers, ordinals."""
    u = rng.random()
    if u < 0.5:
        return _string(rng, DIGITS, 1 + int(6 * rng.random() ** 1.3))
    if u < 0.6:
        return _pick(rng, ("19", "20")) + _string(rng, DIGITS, 2)
    if u < 0.7:
        return _string(rng, DIGITS, 1 + int(3 * rng.random())) + "." + _string(rng, DIGITS, 2)
    if u < 0.8:
        separator = _pick(rng, (":", "-", "/", ".", ","))
        return separator.join(_string(rng, DIGITS, 2) for _ in range(2 + int(2 * rng.random())))
    if u < 0.9:
        return _string(rng, DIGITS, 3) + _pick(rng, ("-", ".", "")) + _string(rng, DIGITS, 4)
    ending = _pick(
        rng, ("st", "nd", "rd", "th", "TH", "am", "pm", "AM", "PM", "km", "kg", "ml", "s")
    )
    return _string(rng, DIGITS, 1 + int(2 * rng.random())) + ending


def _code(rng: np.random.Generator, words: Sequence[str]) -> str:
    """Letters and digits in no order that a dictionary knows."""
    u = rng.random()
    length = 1 + int(8 * rng.random() ** 1.2)
    if u < 0.35:
        return _string(rng, LETTERS.upper() + DIGITS, length)
    if u < 0.7:
        return _string(rng, LETTERS.upper(), length)
    return _string(rng, LETTERS, length) if u < 0.9 else _cased(rng, _string(rng, LETTERS, length))


def _compound(rng: np.random.Generator, words: Sequence[str]) -> str:
    """Two words, or an address, written as one."""
    common = words[: min(3000, len(words))]
    first, second = _cased(rng, _pick(rng, common)), _cased(rng, _pick(rng, common))
    u = rng.random()
    if u < 0.4:
        return first + second
    if u < 0.7:
        return first + _pick(rng, ("-", "&", "/", ".", "+")) + second
    address = "www." + first.lower() + _pick(rng, (".com", ".org", ".co.uk", ".net", ".de"))
    return address if u < 0.9 else address.upper()


def _possessive(rng: np.random.Generator, words: Sequence[str]) -> str:
    word = _word(rng, words)
    return word + ("'S" if word.isupper() else "'s")


KINDS = (  # each up to this point of [0, 1)
    (0.74, _word),
    (0.84, _number),
    (0.93, _code),
    (0.97, _compound),
    (1.00, _possessive),
)
OPENINGS = ("'", '"', "(", "$", "#", "*", "-")
CLOSINGS = (".", ",", "!", "?", ":", ";", "'", '"', ")", "...", "!!", "*", "-", "%", "+")


def draw_text(rng: np.random.Generator, words: Sequence[str]) -> Text:
    """Something that stands on signs: mostly a word, else a number, a code, an address.

    Args:
        rng: source of random numbers.
        words: lower-case words, commonest first.

    Returns:
        A text whose label is one of the words or has 1 to 23 characters, ASCII letters and digits.
    """
    u = rng.random()
    kind = next(kind for reach, kind in KINDS if u < reach)
    drawn = kind(rng, words)
    if rng.random() < 0.05:
        drawn = _pick(rng, OPENINGS) + drawn
    if rng.random() < 0.1:
        drawn += _pick(rng, CLOSINGS)
    text = labelled(drawn)
    return text if len(text.label) <= LONGEST else labelled(_word(rng, words))


def plain_text(rng: np.random.Generator, words: Sequence[str]) -> Text:
    """A lower-case, capitalised or upper-case word, or about as many digits, unadorned."""
    word = _cased(rng, _pick(rng, words))
    if rng.random() < 0.8:
        return labelled(word)
    return labelled(_string(rng, DIGITS, min(len(word), LONGEST_NUMBER)))
