import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ocr.alphabet import Alphabet, LabelError
from course_utils.ocr.trie import Trie

ABC = Alphabet("abc", time_steps=8)


def words_below(trie, node=0, text=""):
    if trie.word[node] >= 0:
        yield text, trie.alphabet.decode(trie.labels[trie.word[node]])
    for child in trie.children(np.array([node]))[1]:
        yield from words_below(trie, child, text + trie.alphabet.characters[trie.symbol[child]])


@given(st.lists(st.text("abc", min_size=1, max_size=4), min_size=1))
def test_spells_its_words_and_no_others(words):
    trie = Trie(words, ABC)
    spelt = list(words_below(trie))
    assert sorted(text for text, _ in spelt) == sorted(set(words))
    assert all(text == label for text, label in spelt)
    prefixes = {word[:n] for word in words for n in range(len(word) + 1)}
    assert len(trie.symbol) == len(prefixes)


def test_children_of_many_nodes():
    trie = Trie(["a", "ab", "ac", "b"], ABC)
    parent, child = trie.children(np.array([0, 1, 2]))
    assert parent.tolist() == [0, 0, 1, 1]
    assert [ABC.characters[k] for k in trie.symbol[child]] == ["a", "b", "b", "c"]


def test_refuses_what_is_no_lexicon():
    with pytest.raises(ValueError, match="empty"):
        Trie([], ABC)
    with pytest.raises(LabelError, match="'d' is not in the alphabet"):
        Trie(["ad"], ABC)
