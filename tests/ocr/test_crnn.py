import keras
import numpy as np
import pytest
from keras import ops

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import build_crnn, receptive_fields

# fmt: off
NAMES = [
    "conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "pool4", "conv5", "norm5", "conv6",
    "norm6", "pool6", "conv7", "squeeze", "lstm1", "lstm2", "scores",
]
# fmt: on


def images(n, seed=0):
    return np.random.default_rng(seed).uniform(size=(n, 32, 128, 1)).astype("float32")


def count_by_hand(channels, classes):
    """Trainable and other parameters of the original network, layer by layer."""
    a, b, c, d = channels
    convolutions = [(3, 1, a), (3, a, b), (3, b, c), (3, c, c), (3, c, d), (3, d, d), (2, d, d)]
    trainable = sum(size * size * before * after + after for size, before, after in convolutions)
    trainable += 2 * (d + d)  # scale and shift of two batch normalisations
    gates, units, directions = 4, 128, 2
    for before in (d, directions * units):
        trainable += directions * gates * (before * units + units * units + units)
    trainable += directions * units * classes + classes
    return trainable, 2 * (d + d)  # moving mean and variance


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def test_has_the_originals_parameters():
    model = build_crnn()
    assert model.count_params() == sum(count_by_hand((64, 128, 256, 512), 63)) == 6_619_711
    assert count(model.non_trainable_weights) == 2_048


@pytest.mark.parametrize(
    ("width", "channels"), [(0.25, (16, 32, 64, 128)), (0.05, (3, 6, 13, 26)), (0.01, (1, 1, 3, 5))]
)
def test_width_multiplies_the_channels(width, channels):
    model = build_crnn(Alphabet("abc"), width)
    trainable, fixed = count_by_hand(channels, 4)
    assert count(model.trainable_weights) == trainable
    assert count(model.non_trainable_weights) == fixed


def test_too_narrow_is_refused():
    with pytest.raises(ValueError, match=r"width=0\.005 leaves a convolution without channels"):
        build_crnn(width=0.005)


def test_layers_and_shapes_are_the_originals():
    model = build_crnn()
    assert [layer.name for layer in model.layers] == NAMES
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    assert model.input_shape == (None, 32, 128, 1)
    assert shapes["pool2"] == (8, 32, 128)
    assert shapes["pool4"] == (4, 32, 256)
    assert shapes["pool6"] == (2, 32, 512)
    assert shapes["conv7"] == (1, 31, 512)
    assert shapes["squeeze"] == (31, 512)
    assert shapes["lstm1"] == shapes["lstm2"] == (31, 256)
    assert model.output_shape == (None, 31, 63)


@pytest.mark.backends
def test_writes_float32_logits_of_any_alphabet():
    keras.utils.set_random_seed(0)
    logits = build_crnn(Alphabet("abc"), width=0.1)(images(2))
    assert logits.shape == (2, 31, 4)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert ops.convert_to_numpy(logits).min() < 0  # scores, no probabilities


@pytest.mark.backends
def test_mixed_precision_keeps_the_recurrent_part_and_the_logits_in_float32():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_crnn(width=0.02)
    finally:
        keras.config.set_dtype_policy(before)
    compute = {layer.name: layer.compute_dtype for layer in model.layers}
    assert compute["conv1"] == compute["conv7"] == "bfloat16"
    assert compute["lstm1"] == compute["lstm2"] == compute["scores"] == "float32"
    assert model.get_layer("lstm1").forward_layer.compute_dtype == "float32"
    logits = model(images(1))
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"


@pytest.mark.backends
def test_unrolled_gives_the_same_numbers():
    rolled = build_crnn(width=0.02)
    unrolled = build_crnn(width=0.02, unroll=True)
    unrolled.set_weights(rolled.get_weights())
    one, other = (ops.convert_to_numpy(model(images(3))) for model in (rolled, unrolled))
    assert np.abs(one).max() > 1e-3
    np.testing.assert_allclose(other, one, atol=1e-6)


@pytest.fixture(scope="module")
def all_seeing():
    """A narrow network of positive weights: what sees a bright column in black is not black."""
    model = build_crnn(width=0.02)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            layer.set_weights([np.full_like(kernel, 1 / kernel[..., 0].size), 0 * bias])
    return model


@pytest.mark.parametrize("name", ["conv1", "pool1", "conv2", "conv4", "norm5", "pool6", "conv7"])
def test_receptive_fields_are_the_columns_that_are_seen(all_seeing, name):
    upto = keras.Model(all_seeing.inputs, all_seeing.get_layer(name).output)
    bright = np.zeros((128, 32, 128, 1), "float32")
    for column in range(128):
        bright[column, :, column] = 1
    # (column of the image, column of the output)
    sees = upto.predict(bright, verbose=0).any(axis=(1, 3))
    windows = receptive_fields(all_seeing, name)
    assert len(windows) == sees.shape[1]
    for window, column in zip(windows, sees.T, strict=True):
        inside = np.arange(max(window.left, 0), min(window.right, 128))
        assert np.flatnonzero(column).tolist() == inside.tolist()


def test_receptive_fields_of_the_time_steps(all_seeing):
    windows = receptive_fields(all_seeing)
    assert len(windows) == 31
    assert np.diff([window.left for window in windows]).tolist() == [4] * 30
    # The first and the last look equally far beyond the image.
    assert -windows[0].left == windows[-1].right - 128


def test_receptive_field_of_what_is_no_convolution(all_seeing):
    with pytest.raises(ValueError, match="no convolutional layer 'lstm1': choose one of conv1"):
        receptive_fields(all_seeing, "lstm1")
