import re
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ocr.alphabet import Alphabet, LabelError

FULL = Alphabet()
ABC = Alphabet("abc", time_steps=5)


def steps_of_shortest_path(text):
    """Write the text with a blank where one is forced, and count."""
    return len(re.sub(r"(.)(?=\1)", r"\1-", text))


def test_the_courses_alphabet():
    assert FULL.characters == string.ascii_lowercase + string.ascii_uppercase + string.digits
    assert (FULL.blank, FULL.classes, FULL.time_steps) == (62, 63, 31)


@pytest.mark.parametrize("characters", ["", "aba"])
def test_characters_are_distinct_and_some(characters):
    with pytest.raises(ValueError, match="each character once, and at least one"):
        Alphabet(characters)


LABELS = st.text("abc", min_size=1, max_size=5).filter(lambda x: steps_of_shortest_path(x) <= 5)


@given(LABELS)
def test_encoding_round_trip(text):
    ids = ABC.encode(text)
    assert ids.dtype == np.int32
    assert [ABC.characters[k] for k in ids] == list(text)
    assert ABC.decode(ids) == text


@given(st.lists(LABELS))
def test_batch_is_padded_with_the_blank(texts):
    ids = ABC.encode_batch(texts)
    assert (ids.shape, ids.dtype) == ((len(texts), 5), np.int32)
    for row, text in zip(ids, texts, strict=True):
        assert row.tolist() == ABC.encode(text).tolist() + [ABC.blank] * (5 - len(text))
        assert ABC.decode(row) == text


def test_batch_of_another_length():
    assert ABC.encode_batch(["ab", "c"], length=2).tolist() == [[0, 1], [2, 3]]
    with pytest.raises(LabelError, match="'abc' is longer than 2 characters"):
        ABC.encode_batch(["abc"], length=2)


@given(st.text("ab", max_size=12))
def test_steps_needed_and_the_limit(text):
    needed = steps_of_shortest_path(text)
    assert Alphabet.steps_needed(text) == needed
    assert Alphabet.steps_needed([ord(c) for c in text]) == needed
    if 0 < needed <= ABC.time_steps:
        ABC.check(text)
    else:
        with pytest.raises(LabelError):
            ABC.check(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the label is empty"),
        ("abd", "label 'abd': 'd' is not in the alphabet"),
        ("aaab", "label 'aaab' needs 6 time steps and the network has 5"),
    ],
)
def test_what_cannot_be_a_label_is_refused_by_name(text, message):
    for refuse in (ABC.check, ABC.encode, lambda x: ABC.encode_batch(["a", x])):
        with pytest.raises(LabelError, match=message):
            refuse(text)


def test_decoding_drops_blanks_and_collapses_nothing():
    assert ABC.decode([0, 0, 3, 1]) == "aab"
    assert ABC.decode([]) == ""


@pytest.mark.parametrize("wrong", [-1, 4])
def test_decoding_refuses_ids_outside(wrong):
    with pytest.raises(ValueError, match=rf"class id {wrong} is outside 0\.\.3"):
        ABC.decode([0, wrong])
