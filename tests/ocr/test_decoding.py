import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.decoding import (
    Reading,
    beam_search,
    greedy,
    label_probabilities,
    lexicon_search,
)
from course_utils.ocr.lattice import Lattice, collapse
from course_utils.ocr.lexicon import load_lexicon
from course_utils.ocr.trie import Trie

TINY = Alphabet("ab", time_steps=5)
ABC = Alphabet("abc", time_steps=5)
FULL = Alphabet()


def random_logits(alphabet, n, seed, scale=2.0):
    rng = np.random.default_rng(seed)
    shape = n, alphabet.time_steps, alphabet.classes
    return rng.normal(0, scale, shape).astype(np.float32)


def writing(path, alphabet, margin=20.0):
    """Logits whose likeliest path, by far, is this one; ``-`` stands for the blank."""
    classes = [alphabet.blank if c == "-" else alphabet.characters.index(c) for c in path]
    return (margin * np.eye(alphabet.classes)[classes]).astype(np.float32)


PATHS = np.array(list(itertools.product(range(ABC.classes), repeat=ABC.time_steps)))
TEXTS, TEXT_OF_PATH = np.unique(
    [ABC.decode(collapse(path, ABC.blank)) for path in PATHS], return_inverse=True
)


def every_text(logits):
    """Probability of every text in ABC, by adding up every path: the slow truth."""
    logits = logits.astype(float)
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    chances = probabilities[np.arange(ABC.time_steps), PATHS].prod(axis=1)
    return dict(zip(TEXTS.tolist(), np.bincount(TEXT_OF_PATH, chances), strict=True))


SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.sampled_from([0.0, 0.5, 2.0, 10.0])


def test_greedy_collapses_the_likeliest_path():
    paths = ["aabb-", "a-a-b", "-----", "abab-", "ccccc"]
    readings = greedy(np.stack([writing(path, ABC) for path in paths]), ABC)
    assert [r.text for r in readings] == ["ab", "aab", "", "abab", "c"]
    assert all(0.99 < r.confidence <= 1 for r in readings)


@given(SEEDS, SCALES)
@settings(max_examples=30)
def test_confidence_is_the_probability_of_the_text(seed, scale):
    logits = random_logits(ABC, 3, seed, scale)
    truth = [every_text(row) for row in logits]
    for decoder in (greedy, beam_search):
        for reading, texts in zip(decoder(logits, ABC), truth, strict=True):
            assert reading.confidence == pytest.approx(texts[reading.text], rel=1e-9)


@given(SEEDS, SCALES)
@settings(max_examples=30)
def test_wide_beam_equals_exhaustive_search(seed, scale):
    logits = random_logits(ABC, 4, seed, scale)
    for row, reading in zip(logits, beam_search(logits, ABC, width=1000), strict=True):
        texts = every_text(row)
        assert texts[reading.text] == pytest.approx(max(texts.values()), rel=1e-9)


@given(SEEDS, st.integers(1, 6))
@settings(max_examples=30)
def test_narrow_beam_equals_a_plain_one(seed, width):
    logits = random_logits(ABC, 3, seed, 1.0)
    expected = [plain_beam_search(row.astype(float), ABC.blank, width) for row in logits]
    assert [r.text for r in beam_search(logits, ABC, width)] == [ABC.decode(x) for x in expected]


def plain_beam_search(logits, blank, width):
    """Hannun et al. (2014), algorithm 1 without a language model, as one would write it first."""
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    beam = {(): (1.0, 0.0)}
    for y in probabilities:
        following = {}

        def add(prefix, blank_end, symbol_end, following=following):
            b, s = following.get(prefix, (0.0, 0.0))
            following[prefix] = b + blank_end, s + symbol_end

        for prefix, (b, s) in beam.items():
            add(prefix, (b + s) * y[blank], 0.0)
            for symbol in range(blank):
                if prefix and prefix[-1] == symbol:
                    add(prefix, 0.0, s * y[symbol])
                    add((*prefix, symbol), 0.0, b * y[symbol])
                else:
                    add((*prefix, symbol), 0.0, (b + s) * y[symbol])
        beam = dict(sorted(following.items(), key=lambda item: -sum(item[1]))[:width])
    return max(beam, key=lambda prefix: sum(beam[prefix]))


def test_beam_finds_a_text_that_greedy_misses():
    # Graves et al. (2006), figure 2: the blank path is the likeliest, "a" the likeliest text.
    logits = np.log([[[0.4, 1e-9, 0.6], [0.4, 1e-9, 0.6]]])
    assert greedy(logits, TINY)[0].text == ""
    assert beam_search(logits, TINY)[0].text == "a"
    assert beam_search(logits, TINY)[0].confidence == pytest.approx(0.64, abs=1e-6)


def test_beam_reads_what_greedy_reads_where_the_network_is_sure():
    paths = ["aa-bc", "c-cc-", "-----"]
    logits = np.stack([writing(path, ABC) for path in paths])
    assert beam_search(logits, ABC) == greedy(logits, ABC)


ABC_WORDS = ["".join(w) for n in (1, 2, 3) for w in itertools.product("abc", repeat=n)]


@given(SEEDS, SCALES, st.sets(st.sampled_from(ABC_WORDS), min_size=1))
@settings(max_examples=50)
def test_lexicon_search_finds_the_likeliest_word(seed, scale, words):
    logits = random_logits(ABC, 3, seed, scale)
    readings = lexicon_search(logits, Trie(words, ABC))
    for row, reading in zip(logits, readings, strict=True):
        texts = every_text(row)
        assert reading.text in words
        assert reading.confidence == pytest.approx(max(texts[w] for w in words), rel=1e-9)


def test_lexicon_search_among_many_words_equals_scoring_each():
    words = load_lexicon()[::40]
    trie = Trie(words)
    rng = np.random.default_rng(0)
    logits = []
    for word in rng.choice([w for w in words if len(w) <= 12], 6):
        path = np.full(31, FULL.blank)
        path[2 : 2 + 2 * len(word) : 2] = FULL.encode(word)
        logits.append(7 * np.eye(63)[path] + rng.normal(0, 1.5, (31, 63)))
    for row, reading in zip(logits, lexicon_search(np.array(logits), trie), strict=True):
        scores = np.exp(row - np.logaddexp.reduce(row, axis=1, keepdims=True))[None]
        each = label_probabilities(
            np.broadcast_to(scores, (len(words), 31, 63)), FULL.encode_batch(words), FULL.blank
        )
        assert reading.text == words[each.argmax()]
        assert reading.confidence == pytest.approx(each.max(), rel=1e-9)


def test_narrow_lexicon_search_may_miss_but_never_invents():
    logits = random_logits(ABC, 20, 0, 1.0)
    trie = Trie(ABC_WORDS, ABC)
    best = [r.confidence for r in lexicon_search(logits, trie)]
    narrow = lexicon_search(logits, trie, width=1)
    assert all(r.text in ABC_WORDS for r in narrow)
    assert all(r.confidence <= b * (1 + 1e-9) for r, b in zip(narrow, best, strict=True))


def test_an_impossible_lexicon_gives_confidence_zero():
    logits = np.stack([writing("ababa", TINY, margin=1000.0)])
    (reading,) = lexicon_search(logits, Trie(["b"], TINY))
    assert reading == Reading("b", 0.0)


def test_label_probabilities_agree_with_the_lattice():
    texts = ["", "a", "aa", "hello", "9" * 16, "9" * 17, "x" * 3 + "y" * 12]
    labels = np.full((len(texts), 31), FULL.blank)
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = [FULL.characters.index(c) for c in text]
    logits = random_logits(FULL, len(texts), 3).astype(float)
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=2, keepdims=True))
    expected = [
        np.exp(Lattice(row, label[label != FULL.blank], FULL.blank).log_likelihood)
        for row, label in zip(logits, labels, strict=True)
    ]
    assert expected[-2] == 0  # 17 equal letters need 33 steps
    result = label_probabilities(probabilities, labels, FULL.blank)
    np.testing.assert_allclose(result, expected, rtol=1e-9)


DECODERS = [greedy, beam_search, lambda logits: lexicon_search(logits, Trie(["cat"]))]
NAMES = ["greedy", "beam", "lexicon"]


@pytest.mark.parametrize("decoder", DECODERS, ids=NAMES)
def test_one_image_none_and_many(decoder):
    logits = random_logits(FULL, 150, 1)
    many = decoder(logits)
    assert decoder(logits[:0]) == []
    assert len(many) == 150
    (alone,) = decoder(logits[70:71])
    assert alone.text == many[70].text
    assert alone.confidence == pytest.approx(many[70].confidence, rel=1e-9)
    assert all(isinstance(r, Reading) and type(r.confidence) is float for r in many)


@pytest.mark.parametrize("decoder", DECODERS, ids=NAMES)
def test_wrong_logits_are_refused(decoder):
    logits = random_logits(FULL, 70, 1)
    for shape in (logits[0], logits[:, :, :62], logits[:, :0], logits[None]):
        with pytest.raises(ValueError, match=r"give \(n, T, 63\)"):
            decoder(shape)
    for bad in (np.nan, np.inf, -np.inf):
        broken = logits.copy()
        broken[66, 3, 5] = bad
        with pytest.raises(ValueError, match="image 66: a score is NaN or infinite"):
            decoder(broken)


def test_width_below_one_is_refused():
    logits = random_logits(FULL, 1, 1)
    with pytest.raises(ValueError, match="width is 0"):
        beam_search(logits, width=0)
    with pytest.raises(ValueError, match="width is 0"):
        lexicon_search(logits, Trie(["cat"]), width=0)
