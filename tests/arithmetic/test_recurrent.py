import keras
import numpy as np
import pytest
from keras import ops

from course_utils.arithmetic.ensembles import train
from course_utils.arithmetic.functions import ADD, MULTIPLY, RETURN
from course_utils.arithmetic.modules import NAC, NALU
from course_utils.arithmetic.recurrent import (
    GRU,
    LSTM,
    NETWORKS,
    Recurrent,
    SequenceTask,
    build_recurrent,
)


def numbers(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def randomised(layer):
    for number, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(number).normal(size=weight.shape))
    return layer


@pytest.mark.parametrize(("ours", "theirs"), [(LSTM, keras.layers.LSTM), (GRU, keras.layers.GRU)])
def test_gated_cells_compute_what_keras_layers_do(ours, theirs):
    x = numbers(5, 3, 7, 4)
    layer = ours(6, [1, 2, 3])
    layer.build(x.shape)
    randomised(layer)
    y = ops.convert_to_numpy(layer(x))
    for member in range(3):
        reference = theirs(6)
        reference.build((5, 7, 4))
        kernel, recurrent, bias = (ops.convert_to_numpy(w)[member] for w in layer.weights)
        if ours is GRU:  # Keras has a second bias, inside the reset gate.
            bias = np.stack([bias, np.zeros_like(bias)])
        reference.set_weights([kernel, recurrent, bias])
        expected = ops.convert_to_numpy(reference(x[:, member]))
        np.testing.assert_allclose(y[:, member], expected, atol=1e-5)


def test_an_lstm_starts_as_keras_does():
    layer = LSTM(6, [4])
    layer.build((None, 1, 7, 4))
    reference = keras.layers.LSTM(6)
    reference.build((None, 7, 4))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(layer.bias)[0], ops.convert_to_numpy(reference.cell.bias)
    )
    recurrent = ops.convert_to_numpy(layer.recurrent)[0]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(6), atol=1e-5)


@pytest.mark.parametrize("module", [NAC, NALU])
def test_a_recurrent_module_is_the_module_step_by_step(module):
    x = numbers(5, 3, 7, 4)
    layer = Recurrent(module(2, 3))
    y = ops.convert_to_numpy(layer(x))
    state = np.zeros((5, 3, 2), np.float32)
    for step in range(7):
        joined = np.concatenate([x[:, :, step], state], axis=-1)
        state = ops.convert_to_numpy(layer.module(joined))
    np.testing.assert_allclose(y, state, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_and_loaded_it_is_the_same(tmp_path, name):
    network = build_recurrent(name, 4, [0, 1], 5)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    x = numbers(6, 2, 5, 4)
    np.testing.assert_allclose(again.predict(x, verbose=0), network.predict(x, verbose=0))


def test_sequences_are_longer_in_the_test_and_add_up():
    task = SequenceTask(RETURN, length=6, longer=20)
    for test, steps in ((False, 6), (True, 20)):
        x, y = task.examples(3, 0, 50, test)
        assert x.shape == (50, steps, 10)
        assert 1 <= x.min() < x.max() <= 2
        a, b = task.subsets(3).astype(np.float64) @ x.sum(axis=1, dtype=np.float64).T
        np.testing.assert_allclose(y[:, 0], a - b + a, rtol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_member_learns_what_it_learns_alone(name):
    members = [
        (SequenceTask(function, length=3, longer=5), seed)
        for function, seed in ((ADD, 1), (MULTIPLY, 2))
    ]
    together = train(build_recurrent(name, 10, [1, 2], 3), members, 60, interval=60)
    alone = train(build_recurrent(name, 10, [2], 3), members[1:], 60, interval=60)
    for ours, its in zip(together.network.weights, alone.network.weights, strict=True):
        ours, its = ops.convert_to_numpy(ours)[1], ops.convert_to_numpy(its)[0]
        np.testing.assert_allclose(ours, its, atol=1e-5)
    np.testing.assert_allclose(together.extrapolation[-1, 1], alone.extrapolation[-1, 0], rtol=1e-3)


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="network 'RNN': choose one of LSTM"):
        build_recurrent("RNN", 10, [0], 10)
