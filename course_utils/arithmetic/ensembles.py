"""Many seeds of a network, of one task or several, trained at once along the ensemble axis."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from tqdm.auto import tqdm

from course_utils.arithmetic.functions import Task, draw_members
from course_utils.arithmetic.members import PerMember
from course_utils.arithmetic.modules import NAC, NALU, MultiplicativeNAC
from course_utils.arithmetic.scoring import TEST_PART, extrapolation_examples, squared_error

LAYER = 1_000_003  # between the seeds of one layer and of the next
VALIDATION = 1000  # examples a member, of the test of interpolation
AT_ONCE = 1000  # examples
FED = 10_000_000  # numbers handed to ``fit`` at a time at most: 40 MB


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class SummedSquaredError(keras.losses.Loss):
    """The members' mean squared errors, added up.

    A mean over members would divide each one's gradient by their number; Adam's epsilon then makes
    every member drift from what it would learn alone. A sum leaves each gradient as it is.
    """

    def __init__(self, name: str = "summed_squared_error", **kwargs: Any) -> None:
        super().__init__(name=name, reduction="sum")

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, [members,] units) twice -> ([members]): each member's mean squared error."""
        return ops.mean(ops.square(y_pred - y_true), axis=(0, -1))

    def get_config(self) -> dict:
        """Its name."""
        return {"name": self.name}


def dense(
    units: int, seeds: Sequence[int], activation: str | None = None, **kwargs: Any
) -> keras.layers.Layer:
    """An ordinary dense layer for each member: (batch, members, inputs) -> (…, units).

    Args:
        units: number of outputs.
        seeds: each member's.
        activation: a name that Keras knows, or None.
        **kwargs: as for ``keras.layers.EinsumDense``.
    """
    return keras.layers.EinsumDense(
        "bri,rio->bro",
        (len(seeds), units),
        activation=activation,
        bias_axes="ro",
        kernel_initializer=PerMember("glorot_uniform", list(seeds), 0, len(seeds)),
        **kwargs,
    )


def _layers(name: str, seeds: list[int], inputs: int, hidden: int) -> list[keras.layers.Layer]:
    members, second = len(seeds), [seed + LAYER for seed in seeds]
    if name == "linear":
        return [dense(hidden, seeds), dense(1, second)] if hidden else [dense(1, seeds)]
    if name == "ReLU6":
        return [dense(hidden or 8, seeds, "relu6"), dense(1, second)]
    last = {"NAC": NAC, "NAC•": MultiplicativeNAC, "NALU": NALU}[name]
    if not hidden:
        return [last(1, members, seed=seeds)]
    first = NALU if name == "NALU" else NAC  # a product is one of sums
    return [first(hidden, members, seed=seeds), last(1, members, seed=second)]


NETWORKS = ("linear", "ReLU6", "NAC", "NAC•", "NALU")


def build(name: str, inputs: int, seeds: Sequence[int], hidden: int | None = None) -> keras.Model:
    """A network of each seed, side by side.

    Args:
        name: one of ``NETWORKS``: dense without activation, dense with ReLU6, or the module, which
            in a network of two layers follows a NAC (a NALU follows a NALU).
        inputs: numbers that a network is given.
        seeds: of the members' weights.
        hidden: units of a first layer before the one with the output; 0 for none (ReLU6 then has
            8). If not given, 0 for 2 inputs and 2 for more.

    Returns:
        A model (batch, members, inputs) -> (batch, members, 1).

    Raises:
        ValueError: an unknown name, or no seeds.
    """
    if name not in NETWORKS:
        raise ValueError(f"network {name!r}: choose one of {', '.join(NETWORKS)}")
    if not len(seeds):
        raise ValueError("give at least one seed")
    hidden = (0 if inputs == 2 else 2) if hidden is None else hidden
    shape = (len(seeds), inputs)
    return keras.Sequential([keras.Input(shape), *_layers(name, list(seeds), inputs, hidden)])


def build_shared(
    name: str, inputs: int, seeds: Sequence[int], functions: int, hidden: int = 2
) -> keras.Model:
    """Two layers for several functions of the same numbers, which are fed once for each seed.

    The first layers of a seed's networks stand side by side as one layer with more units, which
    saves copying 100 numbers for every function. Values and gradients are those of
    ``build(name, inputs, list(seeds) * functions, hidden)``.

    Args:
        name: one of ``NETWORKS``.
        inputs: numbers that a network is given.
        seeds: of the members' weights; the members are function by function, seed by seed.
        functions: how many.
        hidden: units of each first layer.

    Returns:
        A model (batch, seeds, inputs) -> (batch, functions * seeds, 1).
    """
    apart = build(name, inputs, list(seeds) * functions, hidden).layers
    first = build(name, inputs, seeds, functions * hidden).layers[0]
    shape = (functions, len(seeds))
    first.set_weights([_side_by_side(weight, shape) for weight in apart[0].get_weights()])
    return keras.Sequential(
        [
            keras.Input((len(seeds), inputs)),
            first,
            keras.layers.Reshape((len(seeds), functions, hidden)),
            keras.layers.Permute((2, 1, 3)),
            keras.layers.Reshape((functions * len(seeds), hidden)),
            *apart[1:],
        ]
    )


def _side_by_side(weight: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(functions * seeds, …, units) -> (seeds, …, functions * units)."""
    apart = np.moveaxis(weight.reshape(*shape, *weight.shape[1:]), 0, -2)
    return apart.reshape(*apart.shape[:-2], -1)


@dataclass(frozen=True)
class Trained:
    """What became of an ensemble.

    Attributes:
        network: trained, (batch, members, inputs) -> (batch, members, 1).
        steps: (logged,) after how many steps each row was measured.
        interpolation: (logged, members) mean squared error in the training range.
        extrapolation: (logged, members) mean squared error in the test range.
    """

    network: keras.Model
    steps: np.ndarray
    interpolation: np.ndarray
    extrapolation: np.ndarray

    def chosen(self) -> np.ndarray:
        """(members,) extrapolation error where the interpolation error was lowest.

        The test range is looked at only to judge, never to choose (Madsen and Johansen 2019).
        """
        known = np.where(np.isfinite(self.interpolation), self.interpolation, np.inf)
        return self.extrapolation[known.argmin(axis=0), np.arange(known.shape[1])]


def train(
    network: keras.Model,
    members: Sequence[tuple[Task, int]],
    steps: int,
    *,
    batch: int = 128,
    learning_rate: float = 1e-3,
    interval: int = 1000,
    progress: bool = False,
    on_interval: Callable[[int, np.ndarray, np.ndarray], bool | None] | None = None,
) -> Trained:
    """Train an ensemble with Adam, on examples drawn afresh for every step.

    Args:
        network: from ``build``, with as many members, or from ``build_shared``.
        members: the task and the seed of the numbers of each member.
        steps: batches.
        batch: examples a member in each of them.
        learning_rate: Adam's.
        interval: steps between two measurements.
        progress: show a progress bar.
        on_interval: called after each measurement with the steps so far and the members' errors in
            and out of the training range; what it returns, if true, ends the training.

    Raises:
        ValueError: ``steps``, ``batch`` or ``interval`` is below 1.
    """
    if min(steps, batch, interval) < 1:
        raise ValueError(f"{steps} steps, batch {batch}, interval {interval}: give at least 1 each")
    fed_members = network.input_shape[1]
    shared = fed_members < len(members)
    numbers = batch * fed_members * draw_members(members[:1], 0, 1)[0].size
    fed = max(1, min(interval, steps, FED // numbers))
    network.compile(
        keras.optimizers.Adam(learning_rate),
        SummedSquaredError(),
        jit_compile=True,
        steps_per_execution=fed,
    )
    inside = draw_members(members, TEST_PART, VALIDATION, shared=shared)
    outside = extrapolation_examples(members, shared)
    # Longer sequences need an input of their own; the layers are the same.
    tester = keras.Sequential([keras.Input(outside[0].shape[1:]), *network.layers])
    log, step = [], 0
    with (
        tqdm(total=steps, unit="step", disable=not progress, leave=False) as bar,
        ThreadPoolExecutor(1) as pool,
    ):
        for due, x, y in _ahead(pool, members, batch, _pieces(steps, interval, fed), shared):
            network.fit(x, y, batch_size=batch, shuffle=False, verbose=0)
            step += due
            bar.update(due)
            if step % interval and step < steps:
                continue
            errors = [error(network, *inside), error(tester, *outside)]
            log.append((step, *errors))
            if on_interval and on_interval(step, *errors):
                break
    measured, interpolation, extrapolation = zip(*log, strict=True)
    return Trained(network, np.array(measured), np.array(interpolation), np.array(extrapolation))


def _pieces(steps: int, interval: int, most: int) -> list[int]:
    """Steps between two measurements, cut into pieces of ``most`` steps at most."""
    pieces, step = [], 0
    while step < steps:
        pieces.append(min(interval - step % interval, steps - step, most))
        step += pieces[-1]
    return pieces


def _ahead(
    pool: ThreadPoolExecutor,
    members: Sequence[tuple[Task, int]],
    batch: int,
    pieces: list[int],
    shared: bool,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each piece's steps and examples; the next piece's are drawn while this one is used."""

    def draw(part: int) -> tuple[np.ndarray, np.ndarray]:
        return draw_members(members, part, pieces[part] * batch, shared=shared)

    waiting = pool.submit(draw, 0)
    for part, due in enumerate(pieces, start=1):
        x, y = waiting.result()
        if part < len(pieces):
            waiting = pool.submit(draw, part)
        yield due, x, y


def error(network: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(members,) mean squared error on examples as ``draw_members`` gives them."""
    # Called directly: ``predict`` would trace a function for each network, and warn of so many.
    parts = [network(x[start : start + AT_ONCE]) for start in range(0, len(x), AT_ONCE)]
    return squared_error(y, ops.convert_to_numpy(ops.concatenate(parts)))
