"""Training the network: ``train(settings, folder)``, or ``python -m course_utils.ocr.training``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.ocr.training.settings import PRESETS, Preset, Settings, TrainingError

if TYPE_CHECKING:
    import keras

    from course_utils.ocr.datasets import SyntheticWords

__all__ = ["PRESETS", "Preset", "Settings", "TrainingError", "train"]


def train(
    settings: Settings,
    folder: str | Path,
    *,
    workers: int = 0,
    progress: bool = False,
    on_interval: "Callable[[dict, keras.Model], object] | None" = None,
    words: "tuple[SyntheticWords, SyntheticWords] | None" = None,
) -> dict:
    """Train a network, or go on with the training that ``folder`` holds.

    Args:
        settings: what to train.
        folder: where the run's checkpoints, log and weights go.
        workers: processes that draw the training images; 0 draws them in this one.
        progress: show a progress bar.
        on_interval: called after every validation with the log's new row and the network.
        words: to train and to validate on, instead of those that the settings' data, style and
            fonts name.

    Returns:
        The run's result, which ``result.json`` in the folder holds too. ``best.weights.h5`` is
        the network with the lowest validation loss, ``last.weights.h5`` the one at the end.

    Raises:
        TrainingError: the folder holds a run with other settings or cannot be written, the loss
            became infinite, or a worker died.
    """
    # The workers import this package, and Keras must not come along.
    from course_utils.ocr.training.loop import run

    return run(settings, Path(folder), workers, progress, on_interval, words)
