"""Trains readers of number words, and keeps each one's weights of the lowest validation error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from tqdm.auto import tqdm

from course_utils.arithmetic.ensembles import SummedSquaredError
from course_utils.arithmetic.numeral_readers import Reader, build, predict
from course_utils.arithmetic.numerals import NUMBERS, SIZES, split, tokens


@dataclass(frozen=True)
class Trained:
    """What became of an ensemble of readers.

    Attributes:
        network: with each member's weights of the lowest validation error.
        steps: (logged,) after how many steps was measured.
        errors: (logged, 3, members) mean absolute error in training, validation and test.
        chosen: (members,) the row of the lowest validation error.
        predictions: (1000, members) of ``network`` for every number.
    """

    network: keras.Model
    steps: np.ndarray
    errors: np.ndarray
    chosen: np.ndarray
    predictions: np.ndarray

    def best(self) -> np.ndarray:
        """(3, members) the errors in the chosen rows; the test has no part in the choice."""
        return self.errors[self.chosen, :, np.arange(len(self.chosen))].T


def mean_absolute_errors(predictions: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
    """(1000, members) -> (3, members): of each member's training, validation and test numbers."""
    errors = np.abs(predictions - np.arange(NUMBERS)[:, None])
    return np.array(
        [
            [error[part].mean() for part in split(seed)]
            for seed, error in zip(seeds, errors.T, strict=True)
        ]
    ).T


def draw(seeds: Sequence[int], part: int, count: int) -> np.ndarray:
    """Numbers to train on, (count, members): each member's training set, again and again, mixed.

    Args:
        seeds: of the split and, with ``part``, of the order.
        part: from 0 on.
        count: how many for each.
    """
    rounds = -(-count // SIZES[0])
    drawn = []
    for seed in seeds:
        rng = np.random.default_rng([seed, 1 + part])
        drawn.append(np.concatenate([rng.permutation(split(seed).train) for _ in range(rounds)]))
    return np.stack(drawn, axis=1)[:count]


def train(
    reader: Reader,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    on_interval: Callable[[int, np.ndarray], None] | None = None,
) -> Trained:
    """Train a reader of each seed; a seed chooses its split, weights and order.

    Args:
        reader: what to train.
        seeds: of the members.
        progress: show a progress bar.
        on_interval: called after each measurement with the steps so far and the
            (3, members) errors.
    """
    network = build(reader, seeds)
    network.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(reader.learning_rate, reader.steps)
        ),
        SummedSquaredError(),
        jit_compile=True,
        steps_per_execution=reader.interval,
    )
    best = _Best(network, len(seeds))
    steps = np.arange(reader.interval, reader.steps + 1, reader.interval)
    log = []
    for row, step in enumerate(tqdm(steps, disable=not progress, leave=False)):
        numbers = draw(seeds, row, reader.interval * reader.batch)
        targets = numbers[..., None].astype(np.float32)
        network.fit(tokens()[numbers], targets, batch_size=reader.batch, shuffle=False, verbose=0)
        predictions = predict(network, tokens())
        log.append(mean_absolute_errors(predictions, seeds))
        best.update(row, log[-1][1], predictions)
        if on_interval:
            on_interval(int(step), log[-1])
    network.set_weights(best.weights)
    return Trained(network, steps, np.array(log), best.rows, best.predictions)


class _Best:
    """Each member's weights and predictions where its validation error was lowest."""

    def __init__(self, network: keras.Model, members: int) -> None:
        self.network = network
        self.errors = np.full(members, np.inf)
        self.rows = np.zeros(members, int)
        self.predictions = np.full((NUMBERS, members), np.nan)
        self.weights = network.get_weights()

    def update(self, row: int, errors: np.ndarray, predictions: np.ndarray) -> None:
        better = errors < self.errors
        self.errors[better], self.rows[better] = errors[better], row
        self.predictions[:, better] = predictions[:, better]
        for kept, weight in zip(self.weights, self.network.get_weights(), strict=True):
            kept[better] = weight[better]
