"""The convolutional-recurrent network: a grey word image in, class scores per time step out."""

from typing import NamedTuple

import keras
from keras import layers

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.preprocessing import HEIGHT, WIDTH
from course_utils.ocr.winograd import convolve


def build_crnn(
    alphabet: Alphabet | None = None,
    width: float = 1.0,
    unroll: bool = False,
    winograd: bool = False,
) -> keras.Model:
    """The CRNN of Shi, Bai and Yao (2015, arXiv:1507.05717), in the course's original sizes.

    Args:
        alphabet: its classes, blank included, are the outputs; the default alphabet has 63.
        width: multiplies the channels of every convolution; the recurrent layers keep theirs.
        unroll: write the recurrent layers out step by step: the same numbers, a larger graph.
        winograd: compute the convolutions 3 to 6 as ``winograd.convolve`` does: the same numbers,
            on a processor sooner than the definition if ``width`` is 1.

    Returns:
        A model from (batch, 32, 128, 1) float32 in [0, 1] to (batch, 31, classes) float32 logits.
        At ``width=1`` it has 6,619,711 parameters, 2,048 of them not trainable.

    Raises:
        ValueError: ``width`` leaves a layer without channels.
    """
    alphabet = alphabet or Alphabet()
    channels = channels_of(width)
    if min(channels) < 1:
        raise ValueError(f"width={width} leaves a convolution without channels: use at least 0.01")
    narrow, middle, wide, widest = channels

    def conv(number: int, filters: int) -> layers.Layer:
        layer = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{number}")
        if winograd and number > 2:
            layer.convolution_op = convolve  # a class of its own would save under another name
        return layer

    def lstm(number: int) -> layers.Layer:
        # float32 in mixed precision too: under JAX, cuDNN's LSTM reads any other type's bits as it.
        cells = layers.LSTM(128, return_sequences=True, dropout=0.2, unroll=unroll, dtype="float32")
        return layers.Bidirectional(cells, name=f"lstm{number}", dtype="float32")

    return keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, 1), name="image"),
            conv(1, narrow),
            layers.MaxPooling2D((2, 2), name="pool1"),
            conv(2, middle),
            layers.MaxPooling2D((2, 2), name="pool2"),
            conv(3, wide),
            conv(4, wide),
            layers.MaxPooling2D((2, 1), name="pool4"),
            conv(5, widest),
            layers.BatchNormalization(name="norm5"),
            conv(6, widest),
            layers.BatchNormalization(name="norm6"),
            layers.MaxPooling2D((2, 1), name="pool6"),
            layers.Conv2D(widest, 2, activation="relu", name="conv7"),
            layers.Reshape((-1, widest), name="squeeze"),
            lstm(1),
            lstm(2),
            layers.Dense(alphabet.classes, dtype="float32", name="scores"),
        ],
        name="crnn",
    )


def channels_of(width: float) -> list[int]:
    """Channels of the convolutions 1, 2, 3 and 4, and 5 to 7, in a network of this width."""
    return [round(channels * width) for channels in (64, 128, 256, 512)]


class Window(NamedTuple):
    """Image columns ``left`` to ``right`` (exclusive); beyond the image they are padding."""

    left: int
    right: int


def receptive_fields(model: keras.Model, upto: str = "conv7") -> list[Window]:
    """The image columns that each column of a convolutional layer's output can see.

    The recurrent layers see everything; these windows are what the convolutions hand to them.

    Args:
        model: a model from ``build_crnn``.
        upto: name of the convolution, pooling or normalisation layer whose output is asked about.

    Returns:
        One window a column of that layer's output, left to right: 31 for ``conv7``.

    Raises:
        ValueError: ``model`` has no such convolutional layer.
    """
    size, stride, left, columns = 1, 1, 0, WIDTH
    for layer in model.layers:
        if isinstance(layer, layers.Reshape):
            break
        kernel = getattr(layer, "kernel_size", getattr(layer, "pool_size", (1, 1)))[1]
        step = getattr(layer, "strides", (1, 1))[1]
        padding = (kernel - 1) // 2 if getattr(layer, "padding", "valid") == "same" else 0
        left -= padding * stride
        size += (kernel - 1) * stride
        columns = (columns + 2 * padding - kernel) // step + 1
        stride *= step
        if layer.name == upto:
            starts = [left + stride * column for column in range(columns)]
            return [Window(start, start + size) for start in starts]
    names = [layer.name for layer in model.layers[:14]]
    raise ValueError(f"no convolutional layer {upto!r}: choose one of {', '.join(names)}")
