"""The identity function in pictures: what each activation looks like and what is learnt with it."""

from collections.abc import Mapping, Sequence

import ipywidgets
import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.arithmetic import identity
from course_utils.teaching.style import COLOURS, LINES, MARKERS
from course_utils.teaching.training_plots import png

FAMILIES = {
    "bounded": ("Hardtanh", "Sigmoid", "ReLU6", "Tanh", "Softsign"),
    "straight pieces": ("Hardshrink", "LeakyReLU", "Softshrink", "Threshold", "ReLU", "PReLU"),
    "curved, straight far out": ("Tanhshrink", "Softplus", "ELU", "SELU"),
}
TRAINED = (float(identity.TRAINED.min()), float(identity.TRAINED.max()))
GREY = "#DDDDDD"


def shapes(activations: Mapping[str, identity.Activation]) -> Figure:
    """Each activation from -8 to 8, a small picture each, five in a row."""
    x = np.linspace(-8, 8, 801, dtype=np.float32)
    rows = -(-len(activations) // 5)
    figure, places = plt.subplots(rows, 5, figsize=(10, 1.7 * rows), sharex=True, squeeze=False)
    for place in places.flat[len(activations) :]:
        place.set_axis_off()
    for place, (name, activation) in zip(places.flat, activations.items(), strict=False):
        y = keras.ops.convert_to_numpy(activation(x[None, :, None])).ravel()
        y[1:][np.abs(np.diff(y)) > 0.3] = np.nan  # a jump is no line
        place.plot(x, y)
        place.set_title(name, fontsize=11)
        place.tick_params(labelsize=9)
    return figure


def error_curves(
    errors: Mapping[str, np.ndarray], x: np.ndarray = identity.ASKED, most: float = 22
) -> Figure:
    """The mean absolute error at each number, a panel for each family of activations.

    Args:
        errors: (n,) for the names of activations; a family without any has no panel.
        x: (n, 1) numbers.
        most: upper end of the vertical axis.
    """
    families = {
        family: [name for name in names if name in errors] for family, names in FAMILIES.items()
    }
    families = {family: names for family, names in families.items() if names}
    figure, places = plt.subplots(
        1, len(families), figsize=(3.6 * len(families), 4.4), sharey=True, squeeze=False
    )
    for place, (family, names) in zip(places[0], families.items(), strict=True):
        place.axvspan(*TRAINED, color=GREY)
        looks = zip(names, COLOURS.values(), LINES, MARKERS, strict=False)
        for index, (name, colour, dashes, marker) in enumerate(looks):
            place.plot(
                x[:, 0],
                errors[name],
                color=colour,
                linestyle=dashes,
                marker=marker,
                markersize=5,
                markevery=(index, 8),
                label=name,
            )
        place.set(title=family, xlabel="x", ylim=(0, most))
        place.title.set_fontsize(11)
        place.legend(loc="upper center", fontsize=10)
    places[0, 0].set_ylabel("mean |answer - x|")
    return figure


def learnt_functions(
    answers: Mapping[str, np.ndarray], x: np.ndarray = identity.ASKED, reach: float = 40
) -> Figure:
    """What the networks of some activations answer: a panel each, a thin line for every seed.

    Args:
        answers: (seeds, n) for each activation's name.
        x: (n, 1) numbers.
        reach: ends of the vertical axis.
    """
    figure, places = plt.subplots(
        1, len(answers), figsize=(2.7 * len(answers), 3.6), sharey=True, squeeze=False
    )
    for place, (name, values) in zip(places[0], answers.items(), strict=True):
        place.axvspan(*TRAINED, color=GREY)
        place.plot(x[:, 0], values.T, "-", color=COLOURS["blue"], linewidth=1, alpha=0.4)
        place.plot(x[:, 0], x[:, 0], "--", color="black", label="y = x")
        place.set(title=name, xlabel="x", ylim=(-reach, reach))
    places[0, 0].set_ylabel("answer")
    places[0, 0].legend(loc="upper left", fontsize=10)
    return figure


def inside_a_network(x: np.ndarray, units: np.ndarray, answer: np.ndarray) -> Figure:
    """One network: what the units of its last hidden layer say, and what it answers.

    Args:
        x: (n, 1) numbers.
        units: (n, units).
        answer: (n, 1).
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    for place in (left, right):
        place.axvspan(*TRAINED, color=GREY)
        place.set_xlabel("x")
    for values, colour, dashes in zip(units.T, (*COLOURS.values(),) * 2, LINES * 2, strict=False):
        left.plot(x[:, 0], values, color=colour, linestyle=dashes, linewidth=1.5)
    left.set_title("units of the last hidden layer", fontsize=11)
    right.plot(x[:, 0], x[:, 0], "--", color="black", label="y = x")
    right.plot(x[:, 0], answer[:, 0], "-", color=COLOURS["blue"], label="the network")
    right.set_title("its answer", fontsize=11)
    right.legend(loc="upper left")
    return figure


def beside_published(runs: Mapping[str, Mapping[str, float]]) -> Figure:
    """Errors at |x| = 20 beside the published ones, the activations in the published order.

    A grey bar is what was read off the published figure, with the 0.3 that the reading may be off;
    "?" stands after a name whose curve could have been mistaken for another.

    Args:
        runs: for each run's name, the mean error of each activation.
    """
    names = [*identity.PUBLISHED]
    figure, axes = plt.subplots(figsize=(8.5, 0.36 * len(names) + 1.2))
    for row, reading in enumerate(identity.PUBLISHED.values()):
        low, high = reading.low - identity.READ_WITHIN, reading.high + identity.READ_WITHIN
        label = "read off the published figure" if row == 0 else None
        axes.barh(row, high - low, 0.75, low, color="#BBBBBB", label=label)
    looks = zip(runs.items(), COLOURS.values(), MARKERS, strict=False)
    for (run, errors), colour, marker in looks:
        axes.plot(
            [errors[name] for name in names],
            range(len(names)),
            marker,
            color=colour,
            label=run,
            markerfacecolor="none",
            markeredgewidth=2,
        )
    labels = [name if identity.PUBLISHED[name].sure else f"{name} ?" for name in names]
    axes.set_yticks(range(len(names)), labels)
    axes.set(
        xlabel="mean |answer - x| at |x| = 20", xlim=(-0.5, None), ylim=(len(names) - 0.4, -0.6)
    )
    figure.legend(loc="outside upper center", ncols=2)
    return figure


class LiveErrors:
    """An ``on_interval`` for ``identity.train``: shows the error curves as they come to be.

    Display its ``widget`` before the training.

    Args:
        names: of the activations that are trained.
        steps: the run's length.
    """

    def __init__(self, names: Sequence[str], steps: int) -> None:
        self._names = names
        self._bar = ipywidgets.IntProgress(max=steps, description="step 0")
        self._picture = ipywidgets.Image(format="png")
        self.widget = ipywidgets.VBox([self._bar, self._picture])

    def __call__(self, step: int, network: keras.Model) -> None:
        """Show the errors after so many steps."""
        self._bar.value, self._bar.description = step, f"step {step}"
        errors = identity.mean_error(identity.answers(network, len(self._names)))
        named = dict(zip(self._names, errors, strict=True))
        self._picture.value = png(error_curves(named))
