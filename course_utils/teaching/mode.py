"""Fast or full: how much a notebook computes."""

import os

MODES = ("fast", "full")


def course_mode() -> str:
    """The mode notebooks run in: ``$COURSE_MODE``, "fast" if it is not set.

    Raises:
        ValueError: the variable holds something else.
    """
    mode = os.environ.get("COURSE_MODE", "fast")
    if mode not in MODES:
        raise ValueError(f"COURSE_MODE is {mode!r}: set it to fast or full, or unset it")
    return mode
