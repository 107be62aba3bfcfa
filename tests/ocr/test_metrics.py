import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.ctc import CTCLoss
from course_utils.ocr.decoding import greedy
from course_utils.ocr.metrics import (
    CharacterErrorRate,
    WordAccuracy,
    character_error_rate,
    edit_distances,
    normalise,
    one_minus_ned,
    word_accuracy,
)

ALPHABET = Alphabet("abcd", time_steps=12)
WORDS = st.text("abcd", max_size=8)


def edit_distance(a, b):
    """Levenshtein by its textbook recursion over a whole table."""
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    table[:, 0], table[0] = range(len(a) + 1), range(len(b) + 1)
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (x != y)
            )
    return table[-1, -1]


def labels_of(texts, alphabet=ALPHABET):
    labels = np.full((len(texts), alphabet.time_steps), alphabet.blank, np.int32)
    for row, text in zip(labels, texts, strict=True):
        row[: len(text)] = [alphabet.characters.index(c) for c in text]
    return labels


def test_normalise_keeps_letters_and_digits_in_lower_case():
    assert normalise("It's 5-Star!") == "its5star"
    assert normalise("Ünlü") == "nl"


def test_measures_by_hand():
    texts, references = ["cat", "dog", "", "hose"], ["cat", "Dog", "a", "horses"]
    assert word_accuracy(texts, references) == 1 / 4
    assert word_accuracy([t.lower() for t in texts], [t.lower() for t in references]) == 2 / 4
    assert character_error_rate(texts, references) == (0 + 1 + 1 + 2) / 13
    assert one_minus_ned(texts, references) == pytest.approx(1 - (0 + 1 / 3 + 1 + 2 / 6) / 4)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1))
def test_measures_equal_their_definitions(pairs):
    texts, references = zip(*pairs, strict=True)
    edits = [edit_distance(a, b) for a, b in pairs]
    longer = [max(len(a), len(b), 1) for a, b in pairs]
    assert word_accuracy(texts, references) == np.mean([e == 0 for e in edits])
    ned = np.mean([e / n for e, n in zip(edits, longer, strict=True)])
    assert one_minus_ned(texts, references) == pytest.approx(1 - ned)
    if any(references):
        cer = sum(edits) / len("".join(references))
        assert character_error_rate(texts, references) == pytest.approx(cer)


@pytest.mark.parametrize("measure", [word_accuracy, character_error_rate, one_minus_ned])
def test_measures_refuse_what_does_not_pair(measure):
    with pytest.raises(ValueError, match="0 texts for 0 references"):
        measure([], [])
    with pytest.raises(ValueError, match="1 texts for 2 references"):
        measure(["a"], ["a", "b"])


def test_error_rate_needs_characters():
    with pytest.raises(ValueError, match="all references are empty"):
        character_error_rate(["a"], [""])


@pytest.mark.backends
def test_edit_distances_in_a_graph_equal_those_of_texts():
    rng = np.random.default_rng(0)
    references = ["".join(rng.choice(list("abcd"), rng.integers(0, 9))) for _ in range(500)]
    logits = rng.normal(size=(500, 12, 5)).astype("float32")
    logits[:250, :, ALPHABET.blank] += 2  # shorter texts, some of them empty
    texts = [reading.text for reading in greedy(logits, ALPHABET)]
    result = edit_distances(labels_of(references), logits, ALPHABET.blank)
    expected = [edit_distance(a, b) for a, b in zip(texts, references, strict=True)]
    assert "" in texts
    assert len(set(expected)) > 5
    assert keras.ops.convert_to_numpy(result).tolist() == expected


def noisy_task(n=50):
    """Logits that a greedy reading gets partly right, and the labels' texts."""
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcd"), rng.integers(1, 5))) for _ in range(n)]
    logits = rng.normal(size=(n, 12, 5)).astype("float32")
    for row, text in zip(logits, texts, strict=True):
        path = np.full(12, ALPHABET.blank)
        path[1 : 1 + 2 * len(text) : 2] = [ALPHABET.characters.index(c) for c in text]
        row += 3 * np.eye(5, dtype="float32")[path]
    return logits, texts


@pytest.mark.backends
@pytest.mark.parametrize("jit", [False, True] if keras.backend.backend() != "jax" else [True])
def test_streaming_in_evaluate_equals_the_texts_measures(jit):
    logits, references = noisy_task()
    texts = [reading.text for reading in greedy(logits, ALPHABET)]
    model = keras.Sequential([keras.Input((12, 5)), keras.layers.Activation("linear")])
    model.compile(
        loss=CTCLoss(ALPHABET),
        metrics=[WordAccuracy(ALPHABET), CharacterErrorRate(ALPHABET)],
        jit_compile=jit,
    )
    # 50 words in batches of 16: the last batch is smaller, and a mean of means would show.
    result = model.evaluate(
        logits, labels_of(references), batch_size=16, verbose=0, return_dict=True
    )
    accuracy = word_accuracy(texts, references)
    assert 0.1 < accuracy < 0.9
    assert result["word_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    rate = character_error_rate(texts, references)
    assert result["character_error_rate"] == pytest.approx(rate, abs=1e-6)


@pytest.mark.backends
def test_streaming_in_fit_starts_afresh_each_epoch():
    logits, references = noisy_task()
    model = keras.Sequential([keras.Input((12, 5)), keras.layers.Dense(5)])
    model.compile(
        keras.optimizers.SGD(0.0), CTCLoss(ALPHABET), metrics=[CharacterErrorRate(ALPHABET)]
    )
    history = model.fit(logits, labels_of(references), epochs=2, verbose=0).history
    first, second = history["character_error_rate"]
    assert first == pytest.approx(second, abs=1e-6)
    assert first > 0


@pytest.mark.backends
def test_weights_of_words_count():
    logits, references = noisy_task(20)
    weight = np.random.default_rng(1).uniform(size=20)
    right = [r.text == t for r, t in zip(greedy(logits, ALPHABET), references, strict=True)]
    metric = WordAccuracy(ALPHABET)
    metric.update_state(labels_of(references), logits, sample_weight=weight)
    assert float(metric.result()) == pytest.approx(np.average(right, weights=weight), abs=1e-6)


@pytest.mark.parametrize("metric", [WordAccuracy, CharacterErrorRate])
def test_config_round_trip(metric):
    original = metric(ALPHABET, name="m")
    copy = keras.metrics.deserialize(keras.metrics.serialize(original))
    assert type(copy) is metric
    assert (copy.alphabet, copy.name) == (ALPHABET, "m")


def test_nothing_read_yet_is_zero():
    assert float(WordAccuracy().result()) == 0
