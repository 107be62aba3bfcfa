"""The network's forward pass for reading on a processor: the same scores from less work.

What differs from the layers of ``crnn.py`` is exact but for rounding:

- The 3 x 3 convolutions on many channels are Winograd's (see ``winograd.py``), with kernels that
  are transformed once. Activations lie as (height, width, batch, channels) from there on, so that
  each of its steps is a matrix product and nothing need be turned round in between.
- A batch normalisation is one scale and one shift.
- The LSTMs' products with their inputs are taken out of the loop over time, and the loop is
  unrolled.
- All of it is compiled: a graph for a single image, for which Winograd's way does not pay, and one
  for more of them.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from course_utils.ocr.preprocessing import HEIGHT, WIDTH
from course_utils.ocr.winograd import KERNEL, TILE, tiling

Tensor = Any
Step = Callable[[Tensor], Tensor]


def compile_network(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """A function that computes what ``model.predict`` does, sooner.

    Under another backend than TensorFlow it is the model's own ``predict_on_batch``.

    Args:
        model: from ``build_crnn``, of any width; its weights are taken as they are now.

    Returns:
        A function from images (n, 32, 128, 1) float32 to logits (n, 31, classes) float32.
    """
    if keras.backend.backend() != "tensorflow":
        return model.predict_on_batch
    import tensorflow as tf

    layers = {layer.name: layer for layer in model.layers}

    def compiled(steps: Step, *shape: int | None) -> Step:
        return tf.function(steps, input_signature=[tf.TensorSpec(shape)], autograph=False)

    one = compiled(_convolutions(layers, _alone), 1, HEIGHT, WIDTH, 1)
    many = compiled(_convolutions(layers, _winograd), None, HEIGHT, WIDTH, 1)
    _, time_steps, features = layers["lstm1"].input.shape
    rest = compiled(_recurrent(layers), time_steps, None, features)

    def logits(images: np.ndarray) -> np.ndarray:
        return rest((one if len(images) == 1 else many)(images)).numpy()

    for n in (1, 2):  # builds the graphs now, lest the first picture wait for them
        logits(np.zeros((n, HEIGHT, WIDTH, 1), np.float32))
    return logits


def _convolutions(layers: dict[str, keras.Layer], three_by_three: Callable) -> Step:
    """(n, 32, 128, 1) -> (31, n, features)."""
    conv1, conv2 = _direct(layers["conv1"]), _direct(layers["conv2"])
    conv3, conv4, conv5, conv6 = (three_by_three(layers[f"conv{n}"]) for n in (3, 4, 5, 6))
    conv7 = _two_by_two(layers["conv7"])
    norm5, norm6 = _scale_and_shift(layers["norm5"]), _scale_and_shift(layers["norm6"])

    def steps(images: Tensor) -> Tensor:
        x = ops.max_pool(conv1(images), 2)
        x = ops.max_pool(conv2(x), 2)
        x = ops.transpose(x, (1, 2, 0, 3))
        x = _pool_rows(conv4(conv3(x)))
        x = norm5(conv5(x))
        x = _pool_rows(norm6(conv6(x)))
        return conv7(x)

    return steps


def _recurrent(layers: dict[str, keras.Layer]) -> Step:
    """(31, n, features) -> (n, 31, classes)."""
    lstm1, lstm2 = _lstms(layers["lstm1"]), _lstms(layers["lstm2"])
    scores = _product(*layers["scores"].get_weights())
    return lambda x: ops.transpose(scores(lstm2(lstm1(x))), (1, 0, 2))


def _direct(layer: keras.layers.Conv2D) -> Step:
    """A convolution as it is, on (n, h, w, channels)."""
    kernel, bias = layer.get_weights()
    return lambda x: ops.relu(ops.conv(x, kernel, padding="same") + bias)


def _alone(layer: keras.layers.Conv2D) -> Step:
    """A convolution as it is, on (h, w, 1, channels): for one image, this is quicker."""
    convolve = _direct(layer)
    return lambda x: ops.expand_dims(convolve(ops.expand_dims(x[:, :, 0], 0))[0], 2)


def _winograd(layer: keras.layers.Conv2D) -> Step:
    """A 3 x 3 convolution on (h, w, n, channels), h and w multiples of four."""
    kernel, bias = layer.get_weights()
    inputs, filters = kernel.shape[2:]
    _, height, width, _ = layer.input.shape
    (into_rows, from_rows), (into_columns, from_columns) = tiling(height), tiling(width)
    # A matrix for each of the 6 x 6 places in a tile; the axis between them is for rows of tiles.
    kernel = np.einsum("ia,jb,abxy->ijxy", KERNEL, KERNEL, kernel)[:, np.newaxis]
    kernel = ops.convert_to_tensor(kernel.astype(np.float32))

    def convolve(x: Tensor) -> Tensor:
        x = into_columns @ ops.reshape(x, (height, width, -1))
        x = into_rows @ ops.reshape(x, (height, -1))
        x = ops.reshape(x, (6, height // TILE, 6, -1, inputs)) @ kernel
        x = from_rows @ ops.reshape(x, (len(into_rows), -1))
        x = from_columns @ ops.reshape(x, (height, len(into_columns), -1))
        return ops.relu(ops.reshape(x, (height, width, -1, filters)) + bias)

    return convolve


def _two_by_two(layer: keras.layers.Conv2D) -> Step:
    """The last convolution, (2, w, n, channels) -> (w - 1, n, filters), as one product."""
    kernel, bias = layer.get_weights()
    product = _product(kernel.reshape(-1, kernel.shape[-1]), bias)

    def convolve(x: Tensor) -> Tensor:
        corners = [x[row, column : column - 1 or None] for row in (0, 1) for column in (0, 1)]
        return ops.relu(product(ops.concatenate(corners, axis=-1)))

    return convolve


def _scale_and_shift(layer: keras.layers.BatchNormalization) -> Step:
    gamma, beta, mean, variance = layer.get_weights()
    scale = gamma / np.sqrt(variance + layer.epsilon)
    shift = beta - mean * scale
    return lambda x: x * scale + shift


def _pool_rows(x: Tensor) -> Tensor:
    """The larger of two rows, on (h, w, n, channels)."""
    height, width, _, channels = x.shape
    return ops.max(ops.reshape(x, (height // 2, 2, width, -1, channels)), axis=1)


def _lstms(layer: keras.layers.Bidirectional) -> Step:
    """(time, n, features) -> (time, n, 2 * units), forwards and backwards."""
    weights = layer.get_weights()
    forwards, backwards = _lstm(*weights[:3]), _lstm(*weights[3:])

    def run(x: Tensor) -> Tensor:
        return ops.concatenate([forwards(x), ops.flip(backwards(ops.flip(x, 0)), 0)], axis=-1)

    return run


def _lstm(kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> Step:
    from_inputs = _product(kernel, bias)
    recurrent = ops.convert_to_tensor(recurrent)

    def run(x: Tensor) -> Tensor:
        first, *others = ops.unstack(from_inputs(x), x.shape[0])
        state, memory = _gates(first, 0.0)
        states = [state]
        for now in others:
            state, memory = _gates(now + state @ recurrent, memory)
            states.append(state)
        return ops.stack(states)

    return run


def _gates(x: Tensor, memory: Tensor | float) -> tuple[Tensor, Tensor]:
    """One step of an LSTM, its gates in Keras' order: (n, 4 * units) -> two of (n, units)."""
    enter, keep, news, leave = ops.split(x, 4, axis=-1)
    memory = ops.sigmoid(keep) * memory + ops.sigmoid(enter) * ops.tanh(news)
    return ops.sigmoid(leave) * ops.tanh(memory), memory


def _product(kernel: np.ndarray, bias: np.ndarray) -> Step:
    kernel, bias = ops.convert_to_tensor(kernel), ops.convert_to_tensor(bias)
    return lambda x: x @ kernel + bias
