import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.inference import _winograd, compile_network

IMAGES = np.random.default_rng(0).random((70, 32, 128, 1), np.float32)


def shaken(model):
    """Every weight a value of its own: batch norms that scale, shift, and turn signs round."""
    rng = np.random.default_rng(1)
    model.set_weights([w + rng.normal(0, 0.05, w.shape) for w in model.get_weights()])
    for name in ("norm5", "norm6"):
        gamma, *others = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([gamma * rng.choice([-1, 1], gamma.shape), *others])
    return model


@pytest.fixture(scope="module")
def model():
    return shaken(build_crnn(width=0.1))


@pytest.mark.backends
def test_the_scores_are_the_models_for_batches_of_any_size(model):
    compiled = compile_network(model)
    expected = model.predict(IMAGES, verbose=0)
    tolerance = 2e-5 * np.abs(expected).max()
    assert np.ptp(expected, axis=0).max() > 1000 * tolerance  # the images matter
    for n in (1, 2, 70):
        scores = compiled(IMAGES[:n])
        assert scores.dtype == np.float32
        assert np.abs(scores - expected[:n]).max() < tolerance


def test_so_are_they_at_full_width():
    model = shaken(build_crnn())
    expected = model.predict(IMAGES[:2], verbose=0)
    difference = np.abs(compile_network(model)(IMAGES[:2]) - expected).max()
    assert difference < 2e-5 * np.abs(expected).max()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends use the model")
def test_later_training_does_not_change_a_compiled_network():
    model = shaken(build_crnn(width=0.1))
    compiled = compile_network(model)
    before = compiled(IMAGES[:1])
    model.set_weights([2 * w for w in model.get_weights()])
    np.testing.assert_array_equal(compiled(IMAGES[:1]), before)


@settings(max_examples=10, deadline=None)
@given(
    rows=st.integers(1, 3), columns=st.integers(1, 4), n=st.integers(1, 3), seed=st.integers(0, 9)
)
def test_winograds_convolution_is_the_layers(rows, columns, n, seed):
    rng = np.random.default_rng(seed)
    layer = keras.layers.Conv2D(5, 3, padding="same", activation="relu")
    keras.Sequential([keras.Input((4 * rows, 4 * columns, 2)), layer])
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    x = rng.normal(size=(n, 4 * rows, 4 * columns, 2)).astype(np.float32)
    result = keras.ops.convert_to_numpy(_winograd(layer)(keras.ops.transpose(x, (1, 2, 0, 3))))
    expected = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(result.transpose(2, 0, 1, 3), expected, rtol=0, atol=1e-4)
