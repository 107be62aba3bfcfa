import keras
import numpy as np
import pytest
from keras import ops

from course_utils.arithmetic.ensembles import dense
from course_utils.arithmetic.numeral_readers import (
    BODIES,
    HEADS,
    Embedding,
    Reader,
    SumOverPairs,
    build,
    predict,
    states,
)
from course_utils.arithmetic.numerals import tokens, vocabulary

EVERY = [(head, body) for head in HEADS for body in BODIES]


@pytest.mark.backends
def test_each_member_looks_up_its_own_vectors():
    ids = np.random.default_rng(0).integers(0, 7, (5, 3, 4)).astype(np.int32)
    layer = Embedding(7, 6, 0.5, [4, 5, 6])
    y = ops.convert_to_numpy(layer(ids))
    table = ops.convert_to_numpy(layer.vectors)
    assert y.shape == layer.compute_output_shape(ids.shape) == (5, 3, 4, 6)
    for member in range(3):
        np.testing.assert_array_equal(y[:, member], table[member][ids[:, member]])
    assert np.abs(table).max() <= 0.5
    assert np.abs(table).max() > 0.4
    lone = Embedding(7, 6, 0.5, [5])
    lone.build((None, 1, 4))
    np.testing.assert_array_equal(ops.convert_to_numpy(lone.vectors)[0], table[1])


@pytest.mark.backends
def test_pairs_are_added_up_from_a_pair_with_zeros_on():
    x = np.random.default_rng(0).normal(size=(5, 2, 4, 3)).astype(np.float32)
    layer = SumOverPairs(dense(1, [1, 2], "relu"))
    y = ops.convert_to_numpy(layer(x))
    kernel, bias = (ops.convert_to_numpy(weight) for weight in layer.layer.weights)
    expected = np.zeros((5, 2, 1))
    for member in range(2):
        before = np.zeros((5, 3))
        for step in range(4):
            pair = np.concatenate([before, x[:, member, step]], axis=1)
            expected[:, member] += np.maximum(pair @ kernel[member] + bias[member], 0)
            before = x[:, member, step]
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_numerals_are_a_sum_over_pairs():
    """A word is worth one thing at the end and another before other words; nothing else counts."""
    words = vocabulary()
    reader = build(Reader("linear", body="pairs", embedding=2), [0])
    last, earlier = np.zeros(30), np.zeros(30)
    for number in [*range(20), *range(20, 100, 10)]:
        last[words.index(numeral(number))] = number
    for number in range(1, 10):
        earlier[words.index(numeral(number))] = 100 * number
    for number in range(20, 100, 10):
        earlier[words.index(numeral(number))] = number
    # A pair adds what its second word would be at the end and takes back what its first was.
    vectors = np.stack([last, earlier], axis=1)[None]
    kernel = np.array([-1, 1, 1, 0.0]).reshape(1, 4, 1)
    reader.set_weights([vectors, kernel, np.zeros((1, 1))])
    np.testing.assert_allclose(predict(reader, tokens())[:, 0], np.arange(1000), atol=1e-3)


def numeral(number):
    return vocabulary()[tokens()[number][-1]]


@pytest.mark.parametrize(("head", "body"), EVERY)
def test_a_reader_has_an_output_a_member(head, body):
    network = build(Reader(head, 3.0, body, hidden=5, embedding=6), [0, 1, 2])
    said = predict(network, tokens()[:7])
    assert said.shape == (7, 3)
    assert len(set(said[5])) == 3
    assert all(weight.shape[0] == 3 for weight in network.weights)


@pytest.mark.parametrize("head", HEADS)
def test_the_scale_multiplies_what_the_head_says(head):
    plain, scaled = (build(Reader(head, scale, hidden=5), [8]) for scale in (1.0, 50.0))
    np.testing.assert_allclose(
        predict(scaled, tokens()[:50]), 50 * predict(plain, tokens()[:50]), rtol=1e-5
    )


@pytest.mark.parametrize(("head", "body"), EVERY)
def test_a_step_changes_every_weight(head, body):
    network = build(Reader(head, 2.0, body, hidden=5, embedding=6), [0, 1])
    network.compile(keras.optimizers.Adam(0.01), "mse")
    before = network.get_weights()
    x = np.repeat(tokens()[::3][:, None], 2, axis=1)
    network.fit(x, np.ones((len(x), 2, 1)), batch_size=len(x), verbose=0)
    for was, weight in zip(before, network.weights, strict=True):
        assert not np.array_equal(was, ops.convert_to_numpy(weight)), weight.path


@pytest.mark.parametrize(("head", "body"), EVERY)
def test_a_saved_reader_reads_the_same(head, body, tmp_path):
    network = build(Reader(head, 2.0, body, hidden=5, embedding=6), [3, 4])
    network.save(tmp_path / "reader.keras")
    again = keras.saving.load_model(tmp_path / "reader.keras")
    np.testing.assert_array_equal(predict(again, tokens()[:9]), predict(network, tokens()[:9]))


def test_states_are_what_the_head_sees():
    network = build(Reader("linear", 10.0, hidden=5), [3, 4])
    seen = states(network, tokens()[:9])
    assert seen.shape == (9, 2, 5)
    kernel, bias = network.get_weights()[-2:]
    said = 10 * (np.einsum("nmh,mho->nmo", seen, kernel) + bias)[..., 0]
    np.testing.assert_allclose(predict(network, tokens()[:9]), said, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head": "tanh"}, "head 'tanh': choose one of linear; exp"),
        ({"head": "NAC", "body": "GRU"}, "body 'GRU': choose one of LSTM; pairs"),
        ({"head": "NAC", "steps": 750}, "750 steps are not whole intervals of 500"),
        ({"head": "NAC", "steps": 0}, "0 steps"),
    ],
)
def test_an_impossible_reader_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Reader(**arguments)
