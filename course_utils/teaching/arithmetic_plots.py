"""Learnt arithmetic in pictures: inside and outside the training range, seed by seed."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.arithmetic.ensembles import NETWORKS
from course_utils.teaching.range_experiment import Outcome, Result
from course_utils.teaching.style import COLOURS, LINES, MARKERS

LOOKS = {  # the same for a network in every figure: colour, line, marker
    name: look for name, *look in zip(NETWORKS, COLOURS.values(), LINES, MARKERS, strict=False)
}
BAND = "#DDDDDD"  # the training range
FLOOR = 1e-9  # smallest error that is drawn


def range_experiment(outcome: Outcome) -> Figure:
    """Four pictures of an experiment: predictions, errors, weights and success rates.

    Args:
        outcome: of ``range_experiment.compute``.
    """
    figure, ((first, second), (third, fourth)) = plt.subplots(2, 2, figsize=(11, 7.6))
    for number, (name, result) in enumerate(outcome.results.items()):
        colour, line, marker = LOOKS[name]
        _predictions(first, name, result, colour, marker)
        _errors(second, name, result, colour, line)
        _weights(third, name, result, colour, marker)
        _success(fourth, number, result, colour)
    request = outcome.request
    truth = next(iter(outcome.results.values())).truth
    inside = truth[: len(truth) // 2]
    first.axline((float(truth.mean()),) * 2, slope=1, color="black", lw=1, label="the truth")
    first.axvspan(inside.min(), inside.max(), color=BAND, zorder=0, label="in training")
    margin = 0.1 * np.ptp(truth) + 1e-6
    first.set_ylim(truth.min() - 3 * margin, truth.max() + 3 * margin)
    first.set(xlabel=f"{request.formula}, true", ylabel="median prediction", title="Predictions")
    sizes = np.abs(inside)
    second.axvspan(sizes.min(), sizes.max(), color=BAND, zorder=0)
    second.set(
        xlabel=f"size of {request.formula}", ylabel="median |error|", title="Errors", yscale="log"
    )
    third.set(xlabel="W of a", ylabel="W of b", title="W of each seed")
    third.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    fourth.set(xlabel="share of seeds", xlim=(0, 1), title="Seeds that learnt it")
    fourth.set_yticks(range(len(outcome.results)), outcome.results)
    fourth.invert_yaxis()
    first.legend(fontsize=9)
    if third.collections:
        third.legend(fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    else:
        third.text(0, 0, "none of these networks\nhas a W of two", ha="center", va="center")
    return figure


def _predictions(axes: Axes, name: str, result: Result, colour: str, marker: str) -> None:
    middle = np.median(result.prediction, axis=1)
    axes.plot(
        result.truth, middle, linestyle="", marker=marker, ms=4, alpha=0.5, color=colour, label=name
    )


def _errors(axes: Axes, name: str, result: Result, colour: str, line: str) -> None:
    size = np.abs(result.truth)
    order = np.argsort(size)
    error = np.median(np.abs(result.prediction - result.truth[:, None]), axis=1)[order]
    # Neighbours are averaged: the single points jump by orders of magnitude.
    window = np.ones(15) / 15
    smooth = np.convolve(np.maximum(error, FLOOR), window, mode="valid")
    axes.plot(size[order][7:-7], smooth, color=colour, linestyle=line, label=name)


def _weights(axes: Axes, name: str, result: Result, colour: str, marker: str) -> None:
    if result.weights is None:
        return
    gate = "" if result.gates is None else f", gate {np.median(result.gates):.2f}"
    axes.scatter(
        *result.weights.T, color=colour, marker=marker, alpha=0.6, label=f"{name}{gate}", s=40
    )


def _success(axes: Axes, number: int, result: Result, colour: str) -> None:
    share, low, high = result.success
    axes.barh(number, share, color=colour, alpha=0.7)
    reach = [[max(0.0, share - low)], [max(0.0, high - share)]]
    axes.errorbar(share, number, xerr=reach, color="black", capsize=4, linestyle="none")
    axes.text(0.98, number - 0.42, f"{share:.0%}", ha="right", va="top", fontsize=10)


def describe(outcome: Outcome) -> str:
    """The same in a sentence or two, for those who do not see it."""
    request = outcome.request
    parts = [
        f"{name}: {result.success[0]:.0%} of the seeds learnt it, median error "
        f"{np.sqrt(np.median(result.inside)):.2g} inside and "
        f"{np.sqrt(np.median(result.outside)):.2g} outside"
        for name, result in outcome.results.items()
    ]
    return (
        f"{request.formula}, trained on {request.train}, tested on {request.test}. "
        + "; ".join(parts)
        + "."
    )


def grid(
    values: Mapping[str, Mapping[str, float]], title: str, spec: str = ".0%", low: float = 0.0
) -> Figure:
    """A table of numbers as shaded cells: a row for each network, a column for each function.

    Args:
        values: network -> function -> number; nan for none.
        title: of the figure.
        spec: how a number is written, as for ``format``.
        low: the number that is white; the highest is the darkest.
    """
    columns = list(next(iter(values.values())))
    numbers = np.array([[row[column] for column in columns] for row in values.values()])
    figure, axes = plt.subplots(figsize=(1.6 + 1.15 * len(columns), 1.1 + 0.42 * len(values)))
    top = max(np.nanmax(numbers), low + 1e-9)
    axes.imshow(numbers, cmap="Blues", vmin=low, vmax=1.6 * top, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(values)), values)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_title(title, pad=26)
    for (row, column), number in np.ndenumerate(numbers):
        axes.text(
            column,
            row,
            "–" if np.isnan(number) else format(number, spec),
            ha="center",
            va="center",
            weight="bold" if number == top else "normal",
        )
    return figure


def read_aloud(values: Mapping[str, Mapping[str, float]], spec: str = ".0%") -> str:
    """The same table in a sentence for each row."""
    return " ".join(
        f"{name}: " + ", ".join(f"{column} {number:{spec}}" for column, number in row.items()) + "."
        for name, row in values.items()
    )
