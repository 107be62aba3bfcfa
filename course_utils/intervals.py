"""How sure a share of successes is."""

import math

import numpy as np


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson (1927): it stays within 0 to 1.

    Args:
        right: how often it was so.
        total: of how many, independent of each other.

    Raises:
        ValueError: ``total`` is below 1, or ``right`` is not within 0 to ``total``.
    """
    if not 0 <= right <= total or total < 1:
        raise ValueError(f"{right} of {total}: give a count within 0 and a total of at least 1")
    share, z2 = right / total, 1.96**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = math.sqrt(z2 * (share * (1 - share) / total + z2 / (4 * total**2))) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(values: np.ndarray, resamples: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of means over the last axis, by the percentile bootstrap (Efron 1979).

    The same values give the same interval. From a handful of values it is somewhat too narrow.

    Args:
        values: (…, n), n independent of each other.
        resamples: how many means of n values drawn with replacement.

    Returns:
        Its ends, (…) each.

    Raises:
        ValueError: fewer than two values.
    """
    values = np.asarray(values, np.float64)
    if values.shape[-1] < 2:
        raise ValueError("one value says nothing of how much they vary: give at least 2")
    rng = np.random.default_rng(0)
    drawn = rng.integers(values.shape[-1], size=(resamples, values.shape[-1]))
    low, high = np.percentile(values[..., drawn].mean(axis=-1), (2.5, 97.5), axis=-1)
    return low, high
