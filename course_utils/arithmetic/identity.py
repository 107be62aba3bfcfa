"""Networks that learn y = x, and what becomes of it beyond the numbers they learnt it from.

The auto-encoder of a number of Trask et al. (2018, arXiv:1808.00508, figure 1): three hidden layers
of 8 units, alike but for their activation, trained from -5 to 5 and asked from -20 to 20. The paper
gives no optimiser and no number of steps. Both are taken from the replication in
kevinzakka/NALU-pytorch (failures.py): RMSprop with a learning rate of 0.01, 10,000 steps, each on
all 11 whole numbers. What it leaves to PyTorch has PyTorch's values here: initial weights, the
rest of RMSprop, the parameters of the activations.

    python -m course_utils.arithmetic.identity

trains every activation with 100 seeds and three optimisers, and records what they answer.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import activations, layers, ops
from tqdm.auto import tqdm

from course_utils.arithmetic.ensembles import SummedSquaredError
from course_utils.arithmetic.members import PerMember
from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

Activation = Callable[[keras.KerasTensor], keras.KerasTensor]

WIDTHS = (8, 8, 8, 1)
TRAINED = np.arange(-5, 6, dtype=np.float32)[:, None]
ASKED = np.arange(-20, 21, dtype=np.float32)[:, None]
STEPS = 10_000
INTERVAL = 500  # steps between two looks at the networks
RECORD = DATA / "results" / "identity.json"
SEEDS = range(100)


def prelu(x: keras.KerasTensor) -> keras.KerasTensor:
    """max(0, x) + slope * min(0, x), the slope learnt: one for each member's layer, from 0.25 on.

    Args:
        x: (batch, members, units).
    """
    quarter = keras.initializers.Constant(0.25)
    return layers.PReLU(alpha_initializer=quarter, shared_axes=[2])(x)


ACTIVATIONS: dict[str, Activation] = {
    "Hardtanh": activations.hard_tanh,
    "Sigmoid": activations.sigmoid,
    "ReLU6": activations.relu6,
    "Tanh": activations.tanh,
    "Tanhshrink": activations.tanh_shrink,
    "Hardshrink": activations.hard_shrink,
    "LeakyReLU": lambda x: activations.leaky_relu(x, negative_slope=0.01),
    "Softshrink": activations.soft_shrink,
    "Softsign": activations.softsign,
    # PyTorch has no default for these two numbers; they are its documentation's example of 2018.
    "Threshold": lambda x: activations.threshold(x, threshold=0.1, default_value=20.0),
    "ReLU": activations.relu,
    "PReLU": prelu,
    "Softplus": activations.softplus,
    "ELU": activations.elu,
    "SELU": activations.selu,
}


class Reading(NamedTuple):
    """An error as it was read off a published curve.

    Attributes:
        low: the least it can be, before the 0.3 that the reading itself may be off.
        high: the most.
        sure: False where two curves of one colour could be mistaken for each other.
    """

    low: float
    high: float
    sure: bool = True


READ_WITHIN = 0.3
# Mean absolute error at |x| = 20 in figure 1 of Trask et al. (2018).
PUBLISHED = {
    "Threshold": Reading(16.0, 16.6),
    "Hardtanh": Reading(15.0, 16.0, sure=False),
    "Tanh": Reading(14.0, 15.0),
    "Tanhshrink": Reading(14.0, 15.0),
    "Sigmoid": Reading(13.0, 14.0, sure=False),
    "ReLU6": Reading(12.7, 13.6, sure=False),
    "Hardshrink": Reading(9.4, 10.2),
    "Softsign": Reading(4.1, 4.3),
    "LeakyReLU": Reading(3.3, 3.3),
    "PReLU": Reading(2.5, 2.7),
    "Softplus": Reading(2.2, 2.5, sure=False),
    "Softshrink": Reading(1.6, 1.7),
    "ReLU": Reading(1.0, 1.0),
    "ELU": Reading(0.5, 0.5),
    "SELU": Reading(0.5, 0.5),
}

# The first is the replication's. The others tell what of the picture depends on it.
OPTIMISERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "RMSprop 0.01": lambda: keras.optimizers.RMSprop(1e-2, rho=0.99, epsilon=1e-8),
    "Adam 0.001": lambda: keras.optimizers.Adam(1e-3),
    "SGD 0.001, momentum 0.9": lambda: keras.optimizers.SGD(1e-3, momentum=0.9, clipvalue=1.0),
}


def _dense(units: int, inputs: int, seeds: list[int], stream: int) -> keras.layers.Layer:
    limit = inputs**-0.5
    drawn = keras.initializers.RandomUniform(-limit, limit)
    return layers.EinsumDense(
        "bri,rio->bro",
        (len(seeds), units),
        bias_axes="ro",
        kernel_initializer=PerMember(drawn, seeds, stream, len(seeds)),
        bias_initializer=PerMember(drawn, seeds, stream + 1, len(seeds)),
    )


def build(seeds: Sequence[int], chosen: Mapping[str, Activation] = ACTIVATIONS) -> keras.Model:
    """The auto-encoders of all activations and seeds, side by side.

    Args:
        seeds: of the initial weights; those of one seed are the same for every activation.
        chosen: activations by their names.

    Returns:
        A model (batch, 1) -> (batch, activations * seeds, 1), all seeds of one activation before
        the next. Its layers ``hidden_1`` to ``hidden_3`` have the outputs of the activations.

    Raises:
        ValueError: no seeds or no activations.
    """
    if not len(seeds) or not chosen:
        raise ValueError("give at least one seed and one activation")
    members = [*seeds] * len(chosen)
    given = keras.Input((1,))
    x = layers.RepeatVector(len(members))(given)
    for number, units in enumerate(WIDTHS, 1):
        x = _dense(units, x.shape[-1], members, 2 * number)(x)
        if number < len(WIDTHS):
            parts = ops.split(x, len(chosen), axis=1)
            parts = [act(part) for act, part in zip(chosen.values(), parts, strict=True)]
            x = layers.Concatenate(axis=1, name=f"hidden_{number}")(parts)
    return keras.Model(given, x)


def train(
    network: keras.Model,
    steps: int = STEPS,
    optimiser: keras.optimizers.Optimizer | None = None,
    *,
    interval: int = INTERVAL,
    progress: bool = False,
    on_interval: Callable[[int, keras.Model], None] | None = None,
) -> None:
    """Train every member to give back -5, -4, …, 5.

    Args:
        network: from ``build``.
        steps: each on all 11 numbers.
        optimiser: if not given, the replication's.
        interval: steps between two calls of ``on_interval``.
        progress: show a progress bar.
        on_interval: called with the steps so far and the network, which is trained in place.

    Raises:
        ValueError: ``steps`` or ``interval`` is below 1.
    """
    if min(steps, interval) < 1:
        raise ValueError(f"{steps} steps, interval {interval}: give at least 1 each")
    network.compile(
        optimiser or OPTIMISERS["RMSprop 0.01"](),
        SummedSquaredError(),
        jit_compile=True,
        steps_per_execution=min(interval, steps),
    )
    with tqdm(total=steps, unit="step", disable=not progress) as bar:
        for start in range(0, steps, interval):
            due = min(interval, steps - start)
            x = np.tile(TRAINED, (due, 1))
            network.fit(x, x[..., None], batch_size=len(TRAINED), shuffle=False, verbose=0)
            bar.update(due)
            if on_interval:
                on_interval(start + due, network)


def answers(network: keras.Model, kinds: int, x: np.ndarray = ASKED) -> np.ndarray:
    """What every member makes of some numbers.

    Args:
        network: from ``build``.
        kinds: how many activations it has.
        x: (n, 1).

    Returns:
        (kinds, seeds, n) float32.
    """
    y = keras.ops.convert_to_numpy(network(x))
    return y[..., 0].T.reshape(kinds, -1, len(x))


def mean_error(given: np.ndarray, x: np.ndarray = ASKED) -> np.ndarray:
    """The mean absolute error of the seeds at each number: (…, seeds, n) -> (…, n)."""
    return np.abs(given - x[:, 0]).mean(axis=-2)


def at_the_ends(error: np.ndarray) -> np.ndarray:
    """The mean of the first and the last of some numbers' errors, at ``ASKED`` |x| = 20."""
    return error[..., [0, -1]].mean(axis=-1)


def within(error: np.ndarray, x: np.ndarray = ASKED) -> np.ndarray:
    """The mean error at the numbers that were trained on: (…, n) -> (…)."""
    return error[..., np.abs(x[:, 0]) <= TRAINED.max()].mean(axis=-1)


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's: 1 if both put things in the same order, -1 in the opposite, near 0 if unrelated.

    Equal numbers share the mean of their ranks.
    """
    ranks = []
    for values in map(np.asarray, (first, second)):
        below = (values < values[:, None]).sum(axis=1)
        ranks.append(below + (values == values[:, None]).sum(axis=1) / 2)
    return float(np.corrcoef(ranks)[0, 1])


def published_order(names: Sequence[str]) -> list[float]:
    """The middle of what was read off for each activation, which sets their order."""
    return [(PUBLISHED[name].low + PUBLISHED[name].high) / 2 for name in names]


def measure(optimiser: str, seeds: Sequence[int], steps: int) -> dict:
    """Train with one optimiser, with a progress bar; what the record says of it."""
    start = time.perf_counter()
    network = build(seeds, ACTIVATIONS)
    train(network, steps, OPTIMISERS[optimiser](), progress=True)
    given = answers(network, len(ACTIVATIONS))
    error = mean_error(given)
    spread = np.quantile(at_the_ends(np.abs(given - ASKED[:, 0])), [0, 0.25, 0.5, 0.75, 1], axis=1)
    return {
        "optimiser": optimiser,
        "seeds": len(seeds),
        "steps": steps,
        "seconds": round(time.perf_counter() - start, 1),
        "rank correlation with the published order": round(
            rank_correlation(at_the_ends(error), published_order([*ACTIVATIONS])), 3
        ),
        "activations": {
            name: {
                "inside": round(float(within(error)[index]), 4),
                "at 20": round(float(at_the_ends(error)[index]), 4),
                "seeds at 20: least, quartiles, most": spread[:, index].round(4).tolist(),
                "error": error[index].round(4).tolist(),
            }
            for index, name in enumerate(ACTIVATIONS)
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the record lacks, and write it after every optimiser."""
    parser = argparse.ArgumentParser(description="The identity function, learnt by 15 activations")
    parser.add_argument("--anew", action="store_true", help="forget what is recorded")
    anew, runs = parser.parse_args(arguments).anew, []
    if RECORD.exists() and not anew:
        runs = json.loads(RECORD.read_text(encoding="utf-8"))["runs"]
    for optimiser in OPTIMISERS:
        if optimiser in [run["optimiser"] for run in runs]:
            continue
        runs.append(measure(optimiser, SEEDS, STEPS))
        with replacing(RECORD) as path:
            record = {**provenance(), "numbers": ASKED[:, 0].tolist(), "runs": runs}
            path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        line = {name: run["at 20"] for name, run in runs[-1]["activations"].items()}
        print(optimiser, json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
