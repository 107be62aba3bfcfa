"""Networks that look at each image of a sequence and keep a total, with the ensemble axis.

A small convolutional network makes a few numbers of each image; a recurrent head turns the numbers
of the whole sequence into the total, which is all that is supervised (Trask et al. 2018).
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from course_utils.arithmetic.digits import OUTPUTS
from course_utils.arithmetic.ensembles import LAYER, dense
from course_utils.arithmetic.keeping import Keeping, KeepingNAC
from course_utils.arithmetic.members import PerMember
from course_utils.arithmetic.modules import NAC, NALU
from course_utils.arithmetic.recurrent import GRU, LSTM, RNN, Recurrent

HEADS = ("keeping NAC", "NAC", "NALU", "RNN", "GRU", "LSTM")
CELLS = 32  # of an RNN, GRU or LSTM
FILTERS = (16, 32)
FEATURES = 64
# Of the totals of ten images, by the number of outputs: where heads with a dense layer start.
SPREAD_AND_MEAN = {10: (0.95, 1.0), 1: (9.1, 45.0)}
NUMBERS = 10  # that the eye makes of each image


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class Convolution(keras.layers.Layer):
    """3 x 3, padded, with ReLU, and then the largest of each 2 x 2: one of its own per member.

    Each pixel's neighbourhood is laid out beside it, which makes the convolution a product of
    matrices: one for all members, where a convolution for each would be many small ones.

    Args:
        filters: number of outputs at each place.
        seeds: each member's.
        **kwargs: as for any Keras layer.
    """

    def __init__(self, filters: int, seeds: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters, self.seeds = filters, list(seeds)

    def build(self, input_shape: tuple) -> None:
        """Draw the weights as ``keras.layers.Conv2D`` does."""
        members = len(self.seeds)
        self.kernel = self.add_weight(
            (members, 3, 3, input_shape[-1], self.filters),
            PerMember("glorot_uniform", self.seeds, 0, members),
            name="kernel",
        )
        self.bias = self.add_weight((members, self.filters), "zeros", name="bias")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, members, time, height, width, channels) -> half the height and width."""
        height, width, channels = x.shape[3:]
        x = ops.pad(x, [[0, 0], [0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
        near = [
            x[:, :, :, down : down + height, right : right + width]
            for down in range(3)
            for right in range(3)
        ]
        kernel = ops.reshape(self.kernel, (len(self.seeds), 9 * channels, self.filters))
        y = ops.einsum("brthwi,rio->brthwo", ops.concatenate(near, axis=-1), kernel)
        return largest_of_four(ops.relu(y + self.bias[:, None, None, None]))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Half the height and width, rounded down, and ``filters``."""
        height, width = (side // 2 for side in input_shape[3:5])
        return (*input_shape[:3], height, width, self.filters)

    def get_config(self) -> dict:
        """The arguments."""
        return {**super().get_config(), "filters": self.filters, "seeds": self.seeds}


def largest_of_four(x: keras.KerasTensor) -> keras.KerasTensor:
    """(…, height, width, channels) -> half the height and width; an odd last line is left out."""
    height, width = x.shape[3] // 2 * 2, x.shape[4] // 2 * 2
    x = x[:, :, :, :height, :width]
    rows = ops.maximum(x[:, :, :, ::2], x[:, :, :, 1::2])
    return ops.maximum(rows[:, :, :, :, ::2], rows[:, :, :, :, 1::2])


def _each(units: int, seeds: Sequence[int], activation: str | None) -> keras.layers.Layer:
    """A dense layer for each member, the same at every time step."""
    return keras.layers.EinsumDense(
        "brti,rio->brto",
        (len(seeds), None, units),
        activation=activation,
        bias_axes="ro",
        kernel_initializer=PerMember("glorot_uniform", list(seeds), 0, len(seeds)),
    )


def build_eye(seeds: Sequence[int], size: tuple[int, int], length: int) -> keras.Model:
    """A convolutional network of each seed: (batch, members, length, *size) -> (…, length, 10).

    Args:
        seeds: of the members' weights.
        size: height and width of an image.
        length: images in a sequence.
    """
    members = len(seeds)
    layer = [[seed + number * LAYER for seed in seeds] for number in range(4)]
    places = size[0] // 4 * (size[1] // 4)
    return keras.Sequential(
        [
            keras.Input((members, length, *size)),
            keras.layers.Reshape((members, length, *size, 1)),
            Convolution(FILTERS[0], layer[0]),
            Convolution(FILTERS[1], layer[1]),
            keras.layers.Reshape((members, length, places * FILTERS[1])),
            _each(FEATURES, layer[2], "relu"),
            _each(NUMBERS, layer[3], None),
        ],
        name="eye",
    )


def build_head(name: str, seeds: Sequence[int], length: int, outputs: int) -> keras.Model:
    """A head of each seed: (batch, members, length, 10) -> (batch, members, outputs).

    A recurrent NAC or NALU has the total as its state; the other heads have ``CELLS`` cells and a
    dense layer.

    Args:
        name: one of ``HEADS``.
        seeds: of the members' weights.
        length: images in a sequence.
        outputs: of the task.

    Raises:
        ValueError: an unknown name.
    """
    if name not in HEADS:
        raise ValueError(f"head {name!r}: choose one of {', '.join(HEADS)}")
    first, second = ([seed + number * LAYER for seed in seeds] for number in (4, 5))
    if name == "keeping NAC":
        layers = [Keeping(KeepingNAC(outputs, len(seeds), seed=first))]
    elif name in ("NAC", "NALU"):
        module = {"NAC": NAC, "NALU": NALU}[name]
        layers = [Recurrent(module(outputs, len(seeds), seed=first))]
    else:
        layers = [
            {"RNN": RNN, "GRU": GRU, "LSTM": LSTM}[name](CELLS, first),
            dense(outputs, second),
            keras.layers.Rescaling(*SPREAD_AND_MEAN[outputs]),
        ]
    return keras.Sequential([keras.Input((len(seeds), length, NUMBERS)), *layers], name="head")


def build(
    name: str, task: str, seeds: Sequence[int], size: tuple[int, int], length: int
) -> keras.Model:
    """Eye and head: (batch, members, length, *size) -> (batch, members, 10 or 1)."""
    eye = build_eye(seeds, size, length)
    return keras.Sequential([eye, build_head(name, seeds, length, OUTPUTS[task])])
