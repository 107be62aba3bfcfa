import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.winograd import convolve


@given(
    images=st.integers(1, 3),
    rows=st.integers(1, 3),
    columns=st.integers(1, 5),
    channels=st.integers(1, 7),
    filters=st.integers(1, 7),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_it_is_the_convolution(images, rows, columns, channels, filters, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((images, 4 * rows, 4 * columns, channels)).astype("float32")
    kernel = rng.standard_normal((3, 3, channels, filters)).astype("float32")
    expected = ops.convert_to_numpy(ops.conv(x, kernel, padding="same"))
    assert ops.convert_to_numpy(convolve(ops.convert_to_tensor(x), kernel)) == pytest.approx(
        expected, abs=2e-4
    )


@pytest.mark.parametrize(("size", "kernel"), [((6, 8), (3, 3)), ((8, 8), (2, 2))])
def test_other_sizes_are_refused(size, kernel):
    with pytest.raises(ValueError, match="multiples of 4, and 3 x 3"):
        convolve(np.zeros((1, *size, 2), "float32"), np.zeros((*kernel, 2, 2), "float32"))


def test_the_network_trains_alike():
    """One step of training, with and without: the same loss and weights."""
    rng = np.random.default_rng(0)
    images = rng.random((2, 32, 128, 1), np.float32)
    targets = rng.random((2, 31, 63), np.float32)
    results = []
    for winograd in (False, True):
        keras.utils.set_random_seed(3)
        model = build_crnn(width=0.05, winograd=winograd)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        loss = model.train_on_batch(images, targets)
        results.append((loss, model.get_weights()))
    (loss, weights), (other_loss, other_weights) = results
    assert loss == pytest.approx(other_loss, rel=1e-5)
    for one, other in zip(weights, other_weights, strict=True):
        assert other == pytest.approx(one, abs=1e-5)


def test_weights_files_are_interchangeable(tmp_path):
    plain, other = build_crnn(width=0.05), build_crnn(width=0.05, winograd=True)
    other.save_weights(tmp_path / "w.weights.h5")
    plain.load_weights(tmp_path / "w.weights.h5")
    for one, two in zip(plain.get_weights(), other.get_weights(), strict=True):
        assert np.array_equal(one, two)


def test_in_bfloat16_it_differs_by_little():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 8, 32, 64)).astype("float32")
    kernel = rng.standard_normal((3, 3, 64, 64)).astype("float32") / 24
    expected = ops.convert_to_numpy(ops.conv(x, kernel, padding="same"))
    rounded = convolve(ops.cast(x, "bfloat16"), ops.cast(kernel, "bfloat16"))
    assert keras.backend.standardize_dtype(rounded.dtype) == "bfloat16"
    error = ops.convert_to_numpy(ops.cast(rounded, "float32")) - expected
    assert 0.001 < error.std() / expected.std() < 0.05
