"""A progress bar for a training in a compared cell."""

import ipywidgets


class Progress:
    """An ``on_interval`` that moves a bar: display its ``widget`` before the training starts.

    Its value is set, nothing is printed, so that a cell's outputs are the same in every run.

    Args:
        steps: how long each training is.
        trainings: how many follow each other.
    """

    def __init__(self, steps: int, trainings: int = 1) -> None:
        self.widget = ipywidgets.IntProgress(max=steps * trainings, description="training")
        self._last = 0

    def __call__(self, step: int, *_: object) -> None:
        """Move on to a training's step; a step before the last one is the next training's."""
        self.widget.value += step - self._last if step > self._last else step
        self._last = step
