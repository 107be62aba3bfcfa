import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.arithmetic import numerals
from course_utils.arithmetic.numerals import PADDING, encode, split, tokens, vocabulary

SMALL = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen
"""
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
VALUES = {word: value for value, word in enumerate(SMALL.split())}
VALUES |= {word: 10 * value for value, word in enumerate(TENS, 2)}


def value(text):
    total = 0
    for word in text.split():
        total = total * 100 if word == "hundred" else total + VALUES[word]
    return total


def test_every_numeral_has_the_value_of_its_words():
    assert [value(text) for text in numerals.numerals()] == list(range(1000))
    assert numerals.numerals()[515] == "five hundred fifteen"


def test_the_vocabulary_has_padding_and_29_words():
    assert vocabulary()[PADDING] == ""
    assert sorted(vocabulary()[1:]) == sorted([*VALUES, "hundred"])
    assert len(vocabulary()) == 30


@given(st.integers(0, 999))
def test_tokens_spell_the_numeral_with_padding_in_front(number):
    ids = tokens()[number]
    assert ids.shape == (4,)
    assert ids.dtype == np.int32
    words = [vocabulary()[token] for token in ids]
    assert " ".join(words).strip() == numerals.numerals()[number]
    assert np.all(np.diff((ids == PADDING).astype(int)) <= 0)
    assert ids[-1] != PADDING


def test_hyphens_and_capitals_are_read_too():
    np.testing.assert_array_equal(encode("Ninety-Nine"), tokens()[99])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one thousand", "'thousand' is none of"),
        ("  ", "has 0 words"),
        ("one hundred twenty one two", "has 5 words"),
    ],
)
def test_what_is_no_numeral_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        encode(text)


def test_the_tokens_cannot_be_changed_by_mistake():
    with pytest.raises(ValueError, match="read-only"):
        tokens()[0] = 1


@given(st.integers(0, 2**32))
def test_a_split_has_the_published_sizes_and_every_word(seed):
    parts = split(seed)
    assert tuple(map(len, parts)) == (169, 200, 631)
    assert sorted(np.concatenate(parts)) == list(range(1000))
    assert set(range(20)) <= set(parts.train)
    words = {word for number in parts.train for word in numerals.numerals()[number].split()}
    assert words == set(vocabulary()[1:])


def test_a_seed_has_one_split_of_its_own():
    np.testing.assert_array_equal(split(3).test, split(3).test)
    assert set(split(3).test) != set(split(4).test)


def test_a_split_without_some_word_is_drawn_again(monkeypatch):
    table = tokens().copy()
    table[table == vocabulary().index("ninety")] = vocabulary().index("eighty")
    needed = int(split(0).train[-1])
    table[needed] = encode("ninety")  # now only this number has the word
    monkeypatch.setattr(numerals, "tokens", lambda: table)
    for seed in range(5):
        assert needed in split(seed).train
