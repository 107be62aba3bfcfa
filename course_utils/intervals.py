"""How sure a share of successes is."""

import math


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
