"""Reading number words in pictures: the split, the errors, the seeds, the scales."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from course_utils.arithmetic.numerals import NUMBERS, PARTS, Split
from course_utils.teaching.style import COLOURS, LINES, MARKERS

PART_COLOURS = dict(zip(PARTS, (COLOURS["blue"], COLOURS["orange"], "#E6E6E6"), strict=True))
LEAST, MOST = 0.1, 100.0  # errors outside are drawn as these


def split_grid(split: Split) -> Figure:
    """All numbers, a row a hundred, coloured by the part they are in."""
    kinds = np.empty(NUMBERS)
    for kind, part in enumerate(split):
        kinds[part] = kind
    figure, axes = plt.subplots(figsize=(10, 2.6))
    colours = ListedColormap(list(PART_COLOURS.values()))
    _grid(axes, kinds, cmap=colours, vmin=-0.5, vmax=2.5)
    handles = [
        Patch(facecolor=colour, edgecolor="black", label=f"{name}, {len(part)}")
        for (name, colour), part in zip(PART_COLOURS.items(), split, strict=True)
    ]
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return figure


def error_grid(errors: np.ndarray, train: np.ndarray) -> Figure:
    """How wrong each number is read, a row a hundred; training numbers have a dot.

    Args:
        errors: (1000,) absolute errors.
        train: the numbers that were learnt from.
    """
    figure, axes = plt.subplots(figsize=(10, 2.6))
    image = _grid(
        axes, np.clip(errors, LEAST, MOST), cmap="cividis_r", norm=LogNorm(vmin=LEAST, vmax=MOST)
    )
    axes.plot(train % 100, train // 100, ".", color=COLOURS["vermilion"], ms=4, label="learnt from")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    bar = figure.colorbar(image, ax=axes, label="|error|", pad=0.01)
    bar.set_ticks([0.1, 1, 10, 100], labels=["≤ 0.1", "1", "10", "≥ 100"])
    return figure


def _grid(axes: Axes, values: np.ndarray, **kwargs: object) -> object:
    image = axes.imshow(values.reshape(10, 100), aspect="auto", **kwargs)
    axes.set_yticks(range(10), [f"{hundreds}00 +" for hundreds in range(10)], fontsize=9)
    axes.set_xticks(range(0, 100, 10))
    axes.grid(visible=False)
    return image


def predictions(readers: Mapping[str, np.ndarray], numbers: np.ndarray) -> Figure:
    """What readers make of numbers, a panel each, beside what is right.

    Args:
        readers: (1000,) predictions of each.
        numbers: those to show.
    """
    figure, places = plt.subplots(
        1, len(readers), figsize=(3.4 * len(readers), 3.6), sharey=True, squeeze=False
    )
    for axes, (name, said) in zip(places[0], readers.items(), strict=True):
        axes.axline((0, 0), slope=1, color="black", lw=1, label="right")
        axes.plot(numbers, said[numbers], ".", color=COLOURS["blue"], ms=4, label="read")
        axes.set_title(name, fontsize=11)
        axes.set(xlabel="number", xlim=(-20, 1020), ylim=(-100, 1150))
    places[0, 0].set_ylabel("what it reads")
    places[0, 0].legend(loc="upper left")
    return figure


def seeds(
    errors: Mapping[str, Sequence[float]], lines: Mapping[str, float] | None = None
) -> Figure:
    """Each seed's error as a dot and their median as a bar, a row a reader, on a log axis.

    Args:
        errors: (seeds,) of each reader.
        lines: names and places of vertical lines.
    """
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(errors) + 1.4))
    for row, values in enumerate(errors.values()):
        axes.plot(values, np.full(len(values), row), "o", color=COLOURS["blue"], alpha=0.6, ms=6)
        axes.plot(np.median(values), row, "|", color="black", ms=18, mew=3)
    for (name, place), line in zip((lines or {}).items(), LINES[1:], strict=False):
        axes.axvline(place, color=COLOURS["vermilion"], linestyle=line, label=name)
    if lines:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(lines))
    axes.set(xscale="log", xlabel="mean absolute error on the test numbers")
    axes.set_yticks(range(len(errors)), errors)
    axes.invert_yaxis()
    return figure


def against(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str = "median test error",
) -> Figure:
    """Curves of (x, y), both axes logarithmic."""
    figure, axes = plt.subplots(figsize=(8, 3.8))
    looks = zip(COLOURS.values(), LINES, MARKERS, strict=False)
    for (name, (x, y)), (colour, line, marker) in zip(curves.items(), looks, strict=False):
        axes.plot(x, y, color=colour, linestyle=line, marker=marker, label=name)
    axes.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    axes.legend()
    return figure


def state_sizes(states: Mapping[str, np.ndarray]) -> Figure:
    """How large the numbers in the LSTM's last state are, beside the tanh they come from.

    Args:
        states: of each reader, any shape.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    x = np.linspace(0, 3, 200)
    left.plot(x, x, color="black", linestyle=":", lw=1.5, label="x")
    left.plot(x, np.tanh(x), color="black", linestyle="-", lw=1.5, label="tanh x")
    left.set(xlabel="x", ylim=(0, 1.3))
    bins = np.logspace(-3, 0, 40)
    looks = zip(COLOURS.values(), LINES, MARKERS, strict=False)
    for (name, values), (colour, line, marker) in zip(states.items(), looks, strict=False):
        sizes = np.abs(values).ravel()
        middle = float(np.median(sizes))
        left.plot(np.arctanh(middle), middle, marker, color=colour, ms=9, label=f"median, {name}")
        shares = np.histogram(np.clip(sizes, bins[0], bins[-1]), bins)[0] / sizes.size
        right.stairs(shares, bins, color=colour, linestyle=line, lw=2, label=name)
    left.legend(fontsize=10, loc="lower right")
    right.set(xscale="log", xlabel="|state|", ylabel="share")
    right.legend(fontsize=10, loc="upper left")
    return figure
