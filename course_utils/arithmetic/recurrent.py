"""Recurrent forms: a module, an LSTM or a GRU that reads a sequence, with the ensemble axis.

All map (batch, members, time, inputs) to the last state, (batch, members, units).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from course_utils.arithmetic.ensembles import LAYER, dense
from course_utils.arithmetic.functions import Task, uniform
from course_utils.arithmetic.members import PerMember
from course_utils.arithmetic.modules import NAC, NALU, Module, MultiplicativeNAC

NETWORKS = ("LSTM", "GRU", "NAC", "NAC•", "NALU")
CELLS = 16  # of an LSTM or GRU
SUMS = 2  # states of a recurrent module: a and b
UNROLLED = 100  # time steps up to which each has its own copy of the cell in the graph


@dataclass(frozen=True)
class SequenceTask(Task):
    """A function of two sums over a sequence of vectors.

    Each vector has ``inputs`` numbers of the training range; a sums a quarter of them over all time
    steps, and so does b. The test of extrapolation has longer sequences of the same numbers, so
    that the sums are larger.

    Attributes:
        length: time steps in training.
        longer: time steps in the test.
    """

    inputs: int = 10
    length: int = 10
    longer: int = 100
    tested: int = 500

    def sums(self, x: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """The sums a and b as ``chosen`` weighs them: (n, time, inputs) -> (2, n) float64."""
        return super().sums(x.sum(axis=1, dtype=np.float64), chosen)

    def numbers(self, seed: int, part: int, count: int, test: bool = False) -> np.ndarray:
        """What the network is given: (count, time, inputs) float32."""
        steps = self.longer if test else self.length
        return uniform(seed, part, (count, steps, self.inputs), *self.train)


def over_time(step: Callable[[Any, Any], Any], state: Any, x: keras.KerasTensor) -> Any:
    """The state after the last time step.

    Args:
        step: of a state and one time step's input, to the next state.
        state: before the first time step; a tensor or a tuple of them.
        x: (batch, members, time, inputs).
    """
    if x.shape[2] > UNROLLED:
        turned = ops.transpose(x, (2, 0, 1, 3))
        return ops.scan(lambda state, x: (step(state, x), None), state, turned)[0]
    for time in range(x.shape[2]):
        state = step(state, x[:, :, time])
    return state


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class Recurrent(keras.layers.Layer):
    """A module that is given its last output besides its input: h_t = module([x_t; h_(t-1)]).

    Args:
        module: with the ensemble axis; maps (batch, members, inputs + units) to units.
        **kwargs: as for any Keras layer.
    """

    def __init__(self, module: Module, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.module = module

    def build(self, input_shape: tuple) -> None:
        """Draw the module's weights."""
        batch, members, _, inputs = input_shape
        if not self.module.built:  # A saved one is, when it is loaded.
            self.module.build((batch, members, inputs + self.module.units))

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, members, time, inputs) -> (batch, members, units)."""
        state = ops.zeros((ops.shape(x)[0], x.shape[1], self.module.units), x.dtype)
        return over_time(self._step, state, x)

    def _step(self, state: keras.KerasTensor, x: keras.KerasTensor) -> keras.KerasTensor:
        return self.module(ops.concatenate([x, state], axis=-1))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """(batch, members, units)."""
        return (*input_shape[:2], self.module.units)

    def get_config(self) -> dict:
        """The arguments, serialised."""
        return {
            **super().get_config(),
            "module": keras.saving.serialize_keras_object(self.module),
        }

    @classmethod
    def from_config(cls, config: dict) -> "Recurrent":
        """The layer again."""
        module = keras.saving.deserialize_keras_object(config.pop("module"))
        return cls(module, **config)


class Gated(keras.layers.Layer):
    """What LSTM, GRU and RNN share: for each member a matrix for inputs, one for the state, a bias.

    Args:
        units: size of the state.
        seeds: each member's.
        **kwargs: as for any Keras layer.
    """

    gates = 4

    def __init__(self, units: int, seeds: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.seeds = units, list(seeds)

    def build(self, input_shape: tuple) -> None:
        """Draw the weights, as Keras' own layers do."""
        members, width = len(self.seeds), self.gates * self.units

        def weight(name: str, rows: int, stream: int, initializer: str) -> keras.Variable:
            drawn = PerMember(initializer, self.seeds, stream, members)
            return self.add_weight((members, rows, width), drawn, name=name)

        self.kernel = weight("kernel", input_shape[-1], 0, "glorot_uniform")
        self.recurrent = weight("recurrent", self.units, 1, "orthogonal")
        self.bias = self.add_weight((members, width), "zeros", name="bias")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, members, time, inputs) -> (batch, members, units)."""
        given = ops.einsum("brti,rio->brto", x, self.kernel) + self.bias[:, None]
        state = ops.zeros((ops.shape(x)[0], len(self.seeds), self.units), x.dtype)
        return over_time(self._step, (state, state), given)[0]

    def _step(self, states: tuple, given: keras.KerasTensor) -> tuple:
        state, memory = states
        recalled = ops.einsum("bri,rio->bro", state, self.recurrent)
        return self.next(given, recalled, state, memory)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """(batch, members, units)."""
        return (*input_shape[:2], self.units)

    def get_config(self) -> dict:
        """The arguments."""
        return {**super().get_config(), "units": self.units, "seeds": self.seeds}


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class LSTM(Gated):
    """Hochreiter and Schmidhuber (1997), in the form of ``keras.layers.LSTM``."""

    def build(self, input_shape: tuple) -> None:
        """Draw the weights; the forget gate's bias is 1 (Jozefowicz et al. 2015)."""
        super().build(input_shape)
        bias = np.zeros(self.bias.shape, np.float32)
        bias[:, self.units : 2 * self.units] = 1
        self.bias.assign(bias)

    @staticmethod
    def next(
        given: keras.KerasTensor,
        recalled: keras.KerasTensor,
        state: keras.KerasTensor,
        memory: keras.KerasTensor,
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """One time step's state and memory."""
        enter, forget, new, leave = ops.split(given + recalled, 4, axis=-1)
        memory = ops.sigmoid(forget) * memory + ops.sigmoid(enter) * ops.tanh(new)
        return ops.sigmoid(leave) * ops.tanh(memory), memory


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class GRU(Gated):
    """Cho et al. (2014), in the form of ``keras.layers.GRU(reset_after=True)``, one bias."""

    gates = 3

    @staticmethod
    def next(
        given: keras.KerasTensor,
        recalled: keras.KerasTensor,
        state: keras.KerasTensor,
        memory: keras.KerasTensor,
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """One time step's state, twice: a GRU has no other memory."""
        keep, reset, new = ops.split(given, 3, axis=-1)
        keep_recalled, reset_recalled, new_recalled = ops.split(recalled, 3, axis=-1)
        keep = ops.sigmoid(keep + keep_recalled)
        new = ops.tanh(new + ops.sigmoid(reset + reset_recalled) * new_recalled)
        state = keep * state + (1 - keep) * new
        return state, state


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class RNN(Gated):
    """Elman (1990), in the form of ``keras.layers.SimpleRNN``: no gate, one tanh."""

    gates = 1

    @staticmethod
    def next(
        given: keras.KerasTensor,
        recalled: keras.KerasTensor,
        state: keras.KerasTensor,
        memory: keras.KerasTensor,
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """One time step's state, twice."""
        state = ops.tanh(given + recalled)
        return state, state


def build_recurrent(name: str, inputs: int, seeds: Sequence[int], length: int) -> keras.Model:
    """A network of each seed that reads sequences of one length.

    An LSTM or GRU is followed by a dense layer; a recurrent NAC by a NAC, or for the products by a
    NAC•; a recurrent NALU by a NALU.

    Args:
        name: one of ``NETWORKS``.
        inputs: numbers at each time step.
        seeds: of the members' weights.
        length: time steps.

    Returns:
        A model (batch, members, time, inputs) -> (batch, members, 1).

    Raises:
        ValueError: an unknown name.
    """
    if name not in NETWORKS:
        raise ValueError(f"network {name!r}: choose one of {', '.join(NETWORKS)}")
    seeds, members = list(seeds), len(seeds)
    second = [seed + LAYER for seed in seeds]
    if name in ("LSTM", "GRU"):
        pair = [(LSTM if name == "LSTM" else GRU)(CELLS, seeds), dense(1, second)]
    else:
        first = NALU if name == "NALU" else NAC
        last = {"NAC": NAC, "NAC•": MultiplicativeNAC, "NALU": NALU}[name]
        pair = [Recurrent(first(SUMS, members, seed=seeds)), last(1, members, seed=second)]
    return keras.Sequential([keras.Input((members, length, inputs)), *pair])
