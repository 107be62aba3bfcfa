import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.lexicon import load_lexicon, split_lexicon

WORDS = st.lists(st.text(min_size=1, max_size=8), unique=True)


def test_the_lexicon_is_large_plain_and_without_repeats():
    words = load_lexicon()
    assert len(words) >= 80_000
    assert len(set(words)) == len(words)
    assert all(re.fullmatch("[a-z]+", word) for word in words)


def test_every_word_can_be_a_label():
    for word in load_lexicon():
        Alphabet().check(word)


def test_common_words_come_first():
    places = {word: place for place, word in enumerate(load_lexicon())}
    assert places["time"] < places["parliament"] < places["zymurgy"]


@pytest.mark.parametrize("word", ["color", "colour", "mice", "running", "london", "dont", "cafe"])
def test_spellings_inflections_names_and_contractions_are_there(word):
    assert word in load_lexicon()


@pytest.mark.parametrize("word", ["shit", "shitting", "whores", "raped", "raping", "bitchy"])
def test_offensive_words_and_their_inflections_are_not(word):
    assert word not in load_lexicon()


@pytest.mark.parametrize("word", ["class", "scraped", "cocktail", "therapist", "testing", "baker"])
def test_innocent_words_that_hold_them_are(word):
    assert word in load_lexicon()


@given(words=WORDS, fraction=st.floats(0, 1), seed=st.integers())
def test_a_split_shares_out_the_words_and_keeps_their_order(words, fraction, seed):
    seen, unseen = split_lexicon(words, fraction, seed)
    assert sorted(seen + unseen) == sorted(words)
    for side in (seen, unseen):
        assert list(side) == sorted(side, key=words.index)


@given(words=WORDS, fraction=st.floats(0, 1), seed=st.integers())
def test_a_word_falls_on_the_same_side_whatever_the_others_are(words, fraction, seed):
    seen, unseen = split_lexicon(words, fraction, seed)
    alone = [split_lexicon([word], fraction, seed) for word in words]
    assert seen == sum((side for side, _ in alone), ())
    assert unseen == sum((side for _, side in alone), ())


def test_about_the_wanted_share_is_kept_unseen():
    words = load_lexicon()[:20_000]
    for fraction in (0.05, 0.5):
        _, unseen = split_lexicon(words, fraction)
        assert len(unseen) == pytest.approx(fraction * len(words), rel=0.1)


def test_a_larger_share_keeps_the_same_words_and_more():
    words = load_lexicon()[:5000]
    assert set(split_lexicon(words, 0.1)[1]) < set(split_lexicon(words, 0.2)[1])


def test_seeds_keep_different_words():
    words = load_lexicon()[:5000]
    assert split_lexicon(words, 0.5, seed=1) != split_lexicon(words, 0.5, seed=2)


def test_the_split_is_the_same_on_every_platform():
    words = ["cat", "dog", "horse", "mouse", "owl", "pig"]
    assert split_lexicon(words, 0.5, seed=0) == (("cat", "dog", "mouse", "owl"), ("horse", "pig"))


def test_a_share_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_lexicon(["cat"], 1.5)
