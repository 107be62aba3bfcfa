"""Networks that read number words, many seeds at once: embedding -> LSTM -> a head."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from course_utils.arithmetic.ensembles import LAYER, dense
from course_utils.arithmetic.members import PerMember
from course_utils.arithmetic.modules import NAC, NALU
from course_utils.arithmetic.numerals import LENGTH, NUMBERS, vocabulary
from course_utils.arithmetic.recurrent import LSTM

HEADS: dict[str, Callable[[list[int]], keras.layers.Layer]] = {
    "linear": lambda seeds: dense(1, seeds),
    "exp": lambda seeds: dense(1, seeds, "exponential"),
    "NAC": lambda seeds: NAC(1, len(seeds), seed=seeds),
    "NALU": lambda seeds: NALU(1, len(seeds), seed=seeds),
    "NALU, epsilon 1": lambda seeds: NALU(1, len(seeds), seed=seeds, epsilon=1.0),
    "NALU, two W": lambda seeds: NALU(1, len(seeds), seed=seeds, shared=False),
}
BODIES = ("LSTM", "pairs")


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class Embedding(keras.layers.Layer):
    """A vector for each token and member.

    Args:
        count: of different tokens.
        units: length of a vector.
        spread: its numbers start between ``-spread`` and ``spread``.
        seeds: each member's.
        **kwargs: as for any Keras layer.
    """

    def __init__(
        self, count: int, units: int, spread: float, seeds: Sequence[int], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.count, self.units, self.spread, self.seeds = count, units, spread, list(seeds)

    def build(self, input_shape: tuple) -> None:
        """Draw the vectors."""
        initializer = keras.initializers.RandomUniform(-self.spread, self.spread)
        self.vectors = self.add_weight(
            (len(self.seeds), self.count, self.units),
            PerMember(initializer, self.seeds, 0, len(self.seeds)),
            name="vectors",
        )

    def call(self, ids: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, members, time) of ids -> (batch, members, time, units)."""
        first = ops.arange(len(self.seeds), dtype=ids.dtype)[:, None] * self.count
        return ops.take(ops.reshape(self.vectors, (-1, self.units)), ids + first, axis=0)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """(batch, members, time, units)."""
        return (*input_shape, self.units)

    def compute_output_spec(self, ids: keras.KerasTensor) -> keras.KerasTensor:
        """The output is of floats, though the input is not."""
        return keras.KerasTensor(self.compute_output_shape(ids.shape), self.compute_dtype)

    def get_config(self) -> dict:
        """The arguments."""
        own = {name: getattr(self, name) for name in ("count", "units", "spread", "seeds")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class SumOverPairs(keras.layers.Layer):
    """Applies one layer to every two neighbouring vectors, and adds up what it says.

    Zeros stand before the first vector, so that the first, too, is the second of a pair.

    Args:
        layer: maps (batch, members, 2 * inputs) to (batch, members, units).
        **kwargs: as for any Keras layer.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: tuple) -> None:
        """Draw the layer's weights."""
        if not self.layer.built:  # A saved one is, when it is loaded.
            self.layer.build((*input_shape[:2], 2 * input_shape[-1]))

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, members, time, inputs) -> (batch, members, units)."""
        before = ops.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))[:, :, :-1]
        pairs = ops.concatenate([before, x], axis=-1)
        return sum(self.layer(pairs[:, :, step]) for step in range(pairs.shape[2]))

    def get_config(self) -> dict:
        """The arguments, serialised."""
        return {
            **super().get_config(),
            "layer": keras.saving.serialize_keras_object(self.layer),
        }

    @classmethod
    def from_config(cls, config: dict) -> "SumOverPairs":
        """The layer again."""
        return cls(keras.saving.deserialize_keras_object(config.pop("layer")), **config)


@dataclass(frozen=True)
class Reader:
    """A network that reads number words, and how it is trained.

    Attributes:
        head: one of ``HEADS``; it sees the LSTM's last state, or each pair of neighbouring vectors.
        scale: what the head's output is multiplied by, fixed.
        body: "LSTM", or "pairs": no LSTM, the head's outputs for all pairs are added.
        hidden: units of the LSTM.
        embedding: length of a token's vector.
        spread: the vectors' numbers start between ``-spread`` and ``spread``.
        learning_rate: Adam's at the start; it falls to 0 along half a cosine.
        steps: of training.
        batch: numbers a step.
        interval: steps between two measurements; divides ``steps``.

    Raises:
        ValueError: an unknown head or body, or steps that are not whole intervals.
    """

    head: str
    scale: float = 1.0
    body: str = "LSTM"
    hidden: int = 32
    embedding: int = 32
    spread: float = 0.01
    learning_rate: float = 3e-3
    steps: int = 10_000
    batch: int = 32
    interval: int = 500

    def __post_init__(self) -> None:
        for name, choices in (("head", HEADS), ("body", BODIES)):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} {getattr(self, name)!r}: choose one of {'; '.join(choices)}"
                )
        if self.steps < 1 or self.steps % self.interval:
            raise ValueError(f"{self.steps} steps are not whole intervals of {self.interval}")


def build(reader: Reader, seeds: Sequence[int]) -> keras.Sequential:
    """A reader of each seed, side by side: (batch, members, 4) ids -> (batch, members, 1).

    Every weight has the members as its first axis.
    """
    first, second, third = ([seed + layer * LAYER for seed in seeds] for layer in range(3))
    head = HEADS[reader.head](third)
    body = [SumOverPairs(head)] if reader.body == "pairs" else [LSTM(reader.hidden, second), head]
    return keras.Sequential(
        [
            keras.Input((len(first), LENGTH), dtype="int32"),
            Embedding(len(vocabulary()), reader.embedding, reader.spread, first),
            *body,
            keras.layers.Rescaling(reader.scale),
        ]
    )


def predict(network: keras.Model, ids: np.ndarray) -> np.ndarray:
    """What every member makes of token ids: (n, 4) -> (n, members) float64."""
    members = network.input_shape[1]
    spread = np.repeat(ids[:, None], members, axis=1)
    return network.predict(spread, batch_size=NUMBERS, verbose=0)[..., 0].astype(np.float64)


def states(network: keras.Sequential, ids: np.ndarray) -> np.ndarray:
    """The LSTM's last states: (n, 4) ids -> (n, members, hidden)."""
    reading = keras.Sequential([keras.Input(network.input_shape[1:], dtype="int32")])
    for layer in network.layers[:2]:
        reading.add(layer)
    spread = np.repeat(ids[:, None], network.input_shape[1], axis=1)
    return reading.predict(spread, batch_size=NUMBERS, verbose=0)
