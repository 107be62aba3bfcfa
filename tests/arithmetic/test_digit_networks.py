import keras
import numpy as np
import pytest
from keras import ops

from course_utils.arithmetic.digit_networks import HEADS, Convolution, build, build_eye, build_head
from course_utils.arithmetic.recurrent import RNN


def numbers(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


@pytest.mark.parametrize("size", [(8, 8), (7, 5)])
def test_the_convolution_is_keras_own_for_each_member(size):
    x = numbers(2, 3, 4, *size, 2)
    layer = Convolution(5, [1, 2, 3])
    y = ops.convert_to_numpy(layer(x))
    assert y.shape == layer.compute_output_shape(x.shape)
    for member in range(3):
        reference = keras.Sequential(
            [
                keras.Input((*size, 2)),
                keras.layers.Conv2D(5, 3, padding="same", activation="relu"),
                keras.layers.MaxPooling2D(),
            ]
        )
        layer.bias.assign(np.full(layer.bias.shape, 0.1))
        kernel, bias = (ops.convert_to_numpy(weight)[member] for weight in layer.weights)
        reference.set_weights([kernel, bias])
        expected = ops.convert_to_numpy(reference(x[:, member].reshape(8, *size, 2)))
        y = ops.convert_to_numpy(layer(x))[:, member]
        np.testing.assert_allclose(y.reshape(expected.shape), expected, atol=1e-5)


def test_an_rnn_computes_what_keras_does():
    x = numbers(5, 2, 7, 4)
    layer = RNN(6, [1, 2])
    y = ops.convert_to_numpy(layer(x))
    for member in range(2):
        reference = keras.layers.SimpleRNN(6)
        reference.build((5, 7, 4))
        reference.set_weights([ops.convert_to_numpy(weight)[member] for weight in layer.weights])
        expected = ops.convert_to_numpy(reference(x[:, member]))
        np.testing.assert_allclose(y[:, member], expected, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_a_long_sequence_is_read_like_a_short_one(head, monkeypatch):
    x = numbers(3, 2, 12, 10)
    network = build_head(head, [1, 2], 12, 10)
    unrolled = ops.convert_to_numpy(network(x))
    monkeypatch.setattr("course_utils.arithmetic.recurrent.UNROLLED", 5)
    scanned = build_head(head, [1, 2], 12, 10)
    scanned.set_weights(network.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(scanned(x)), unrolled, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("task", "outputs"), [("count", 10), ("add", 1)])
def test_a_member_is_what_it_is_alone(head, task, outputs):
    x = numbers(2, 2, 3, 8, 8)
    both = ops.convert_to_numpy(build(head, task, [4, 9], (8, 8), 3)(x))
    assert both.shape == (2, 2, outputs)
    alone = ops.convert_to_numpy(build(head, task, [9], (8, 8), 3)(x[:, 1:]))
    np.testing.assert_allclose(both[:, 1:], alone, rtol=1e-4, atol=1e-5)


def test_the_eye_looks_at_each_image_by_itself():
    x = numbers(2, 1, 3, 28, 28)
    eye = build_eye([1], (28, 28), 3)
    single = build_eye([1], (28, 28), 1)
    single.set_weights(eye.get_weights())
    expected = ops.convert_to_numpy(single(x[:, :, 2:]))
    np.testing.assert_allclose(ops.convert_to_numpy(eye(x))[:, :, 2:], expected, atol=1e-5)


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="choose one of keeping NAC"):
        build_head("abacus", [1], 10, 10)
