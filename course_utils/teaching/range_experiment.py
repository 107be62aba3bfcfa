"""What the explorer of notebook 08 computes: networks of many seeds, trained here, tested there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import keras
import numpy as np

from course_utils.arithmetic.ensembles import NETWORKS, build, train
from course_utils.arithmetic.functions import FUNCTIONS, TEST, TRAIN, Range, Task
from course_utils.arithmetic.modules import NAC, NALU
from course_utils.arithmetic.scoring import TEST_PART, success_rate, threshold

EPSILON = 0.01  # a seed has learnt the function if its weights may as well be off by 1 %
LEARNING_RATE = 0.1
SEEDS = range(1, 101)
STEPS = range(100, 20_001)
POINTS = 200  # drawn in each of the two ranges
REPORTS = 10  # of a training's progress


@dataclass(frozen=True)
class Request:
    """What a learner asks for.

    Attributes:
        formula: one of ``FUNCTIONS``, of two inputs.
        networks: some of ``NETWORKS``.
        train: range of the inputs in training.
        test: range of the inputs in the test.
        seeds: how many of each network.
        steps: of training.
    """

    formula: str = "a + b"
    networks: tuple[str, ...] = ("ReLU6", "NAC", "NALU")
    train: Range = TRAIN
    test: Range = TEST
    seeds: int = 20
    steps: int = 2000
    task: Task = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check the request.

        Raises:
            ValueError: it is impossible; the sentence says why and what to choose.
        """
        if self.formula not in FUNCTIONS:
            raise ValueError(f"{self.formula!r}: choose one of {', '.join(FUNCTIONS)}")
        unknown = [name for name in self.networks if name not in NETWORKS]
        if unknown or not self.networks:
            raise ValueError(f"choose one or more of {', '.join(NETWORKS)}")
        for name, value, allowed in (("seeds", self.seeds, SEEDS), ("steps", self.steps, STEPS)):
            if value not in allowed:
                raise ValueError(f"{value} {name}: choose {allowed[0]} to {allowed[-1]:,}")
        task = Task(FUNCTIONS[self.formula], train=self.train, test=self.test)
        object.__setattr__(self, "task", task)


class Result(NamedTuple):
    """What became of one kind of network.

    Attributes:
        inputs: (points, 2) where it was asked, the first half in the training range, the other in
            the test range.
        truth: (points,) the function there.
        prediction: (points, seeds).
        inside, outside: (seeds,) mean squared error on the two halves.
        weights: (seeds, 2) W of a NAC or of a NALU's sum, or None.
        gates: (seeds,) mean of a NALU's gate over the test range, or None.
        success: (share, low, high) of the seeds that learnt the function, with Wilson's interval.
    """

    inputs: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    weights: np.ndarray | None
    gates: np.ndarray | None
    success: tuple[float, float, float]


@dataclass(frozen=True)
class Outcome:
    """A request and the result of each of its networks."""

    request: Request
    results: dict[str, Result]


def compute(
    request: Request, report: Callable[[float], bool | None] = lambda share: None
) -> Outcome | None:
    """Train and test what was asked for.

    Args:
        request: see there.
        report: called now and then with the share that is done; what it returns, if true, stops
            the computation.

    Returns:
        The outcome, or None if it was stopped.
    """
    results, stopped = {}, False
    for number, name in enumerate(request.networks):

        def on_interval(step: int, *_: np.ndarray, number: int = number) -> bool:
            nonlocal stopped
            stopped = bool(report((number + step / request.steps) / len(request.networks)))
            return stopped

        seeds = range(request.seeds)
        trained = train(
            build(name, 2, seeds),
            [(request.task, seed) for seed in seeds],
            request.steps,
            learning_rate=LEARNING_RATE,
            interval=max(1, request.steps // REPORTS),
            on_interval=on_interval,
        )
        if stopped:
            return None
        results[name] = _measure(request, trained.network)
    return Outcome(request, results)


def _measure(request: Request, network: keras.Model) -> Result:
    halves = [request.task.examples(0, TEST_PART, POINTS, test) for test in (False, True)]
    x, y = (np.concatenate(parts) for parts in zip(*halves, strict=True))
    everyone = np.repeat(x[:, None], request.seeds, axis=1)
    prediction = keras.ops.convert_to_numpy(network(everyone))[..., 0]
    errors = np.square(prediction.astype(np.float64) - y)
    inside, outside = errors[:POINTS].mean(axis=0), errors[POINTS:].mean(axis=0)
    layer, weights, gates = network.layers[-1], None, None
    if isinstance(layer, NAC):
        weights = keras.ops.convert_to_numpy(layer.weights_matrix())[..., 0]
    if isinstance(layer, NALU):
        gates = keras.ops.convert_to_numpy(layer.gate_of(everyone[POINTS:])).mean(axis=(0, 2))
    limit = threshold(request.task, [0], EPSILON)
    success = success_rate(outside, limit)
    return Result(x, y[:, 0], prediction, inside, outside, weights, gates, success)
