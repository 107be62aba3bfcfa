"""Whether a network has learnt a function, or only its values in the training range."""

from collections.abc import Sequence

import numpy as np

from course_utils.arithmetic.functions import Task, draw_members
from course_utils.intervals import wilson

EPSILON = 1e-5
TEST_PART = 1_000_000_000  # a part of every seed's numbers that training never draws


def squared_error(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Mean squared error of each member: (n, members, units) twice -> (members,) float64."""
    difference = prediction.astype(np.float64) - truth.astype(np.float64)
    return np.mean(difference**2, axis=(0, 2))


def normalised(error: np.ndarray, random_error: float) -> np.ndarray:
    """100 * error / the error of networks that have learnt nothing: 0 is perfect, 100 random.

    The scale of Trask et al. (2018). It flatters: outside the training range untrained networks
    are so wrong that a large error is a small share of theirs.

    Raises:
        ValueError: ``random_error`` is not above 0.
    """
    if not random_error > 0:
        raise ValueError(f"a random error of {random_error}: give the error of untrained networks")
    return 100 * np.asarray(error) / random_error


def threshold(task: Task, seeds: Sequence[int], epsilon: float = EPSILON) -> float:
    """The extrapolation error below which a network counts as having learnt the task.

    The mean squared error of the exact solution when the weights that sum a and b are slightly
    off. Of many inputs, every weight that should be 1 is ``1 - epsilon`` and every one that should
    be 0 is ``epsilon`` (Madsen and Johansen 2019, arXiv:1910.01888). Of two inputs, a is taken
    ``1 - epsilon`` times and b ``1 - epsilon`` or ``1 + epsilon`` times, whichever is worse
    (Mistry, Farrahi and Hare 2022, arXiv:2101.09530).

    Args:
        task: what was to be learnt.
        seeds: those that it was learnt with.
        epsilon: how far off.
    """
    errors = []
    for seed in seeds:
        x = task.numbers(seed, TEST_PART, task.tested, test=True)
        chosen = task.subsets(seed).astype(np.float64)
        if task.inputs == 2:
            slips = [np.diag([1 - epsilon, 1 - epsilon]), np.diag([1 - epsilon, 1 + epsilon])]
        else:
            slips = [np.abs(chosen - epsilon)]
        exact = task.answer(x, chosen)
        errors.append(max(np.mean((task.answer(x, slip) - exact) ** 2) for slip in slips))
    return float(np.mean(errors))


def extrapolation_examples(
    members: Sequence[tuple[Task, int]], shared: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The fixed test examples outside the training range, as from ``draw_members``."""
    return draw_members(members, TEST_PART, members[0][0].tested, test=True, shared=shared)


def success_rate(errors: np.ndarray, limit: float) -> tuple[float, float, float]:
    """The share of seeds below a threshold and its 95 % Wilson interval: (share, low, high).

    Args:
        errors: (seeds,) extrapolation errors; nan and infinity are failures.
        limit: from ``threshold``.

    Raises:
        ValueError: there are no errors.
    """
    right = int(np.sum(np.asarray(errors) < limit))
    return (right / max(len(errors), 1), *wilson(right, len(errors)))


def success_rates(
    errors: np.ndarray, members: Sequence[tuple[Task, int]], epsilon: float = EPSILON
) -> dict[str, tuple[float, float, float]]:
    """The success rate of every function that an ensemble learnt.

    Args:
        errors: (members,) extrapolation errors.
        members: the task and the seed of each, one task a function.
        epsilon: as for ``threshold``.

    Returns:
        formula -> (share, low, high), as from ``success_rate``.
    """
    rates = {}
    for task in dict.fromkeys(task for task, _ in members):
        own = [seed if each == task else None for each, seed in members]
        chosen = [error for error, seed in zip(errors, own, strict=True) if seed is not None]
        limit = threshold(task, [seed for seed in own if seed is not None], epsilon)
        rates[task.function.formula] = success_rate(np.array(chosen), limit)
    return rates


def sparsity_error(matrix: np.ndarray) -> np.ndarray:
    """How far each member's W is from -1, 0 and 1 at worst: max of min(|W|, |1 - |W||).

    Args:
        matrix: (members, inputs, units).

    Returns:
        (members,), from 0 to 0.5 for |W| up to 1.
    """
    size = np.abs(matrix)
    return np.minimum(size, np.abs(1 - size)).max(axis=(1, 2))
