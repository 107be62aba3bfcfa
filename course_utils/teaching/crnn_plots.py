"""The CRNN in pictures: how the maps shrink, what they show, and what a time step sees.

Everything is drawn over the picture: pixel column ``c`` lies between ``c`` and ``c + 1``.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import Window
from course_utils.ocr.preprocessing import HEIGHT, WIDTH
from course_utils.teaching.style import COLOURS, LINES

PICTURE = (0, WIDTH, HEIGHT, 0)  # left, right, bottom, top
STRIDE = 4  # pixel columns from one time step to the next
CHEQUERS = ListedColormap(["#FFFFFF", "#9CC4DE"])


def shrinking_maps(image: np.ndarray, shapes: Mapping[str, tuple[int, int, int]]) -> Figure:
    """The picture and the maps made from it, to scale: a cell of a map is as large as a pixel.

    Args:
        image: (32, 128, 1) in [0, 1].
        shapes: rows, columns and channels of each map, by the name of its layer, in their order.
    """
    tops = np.cumsum([0, HEIGHT + 9, *(rows + 9 for rows, _, _ in shapes.values())])
    figure, axes = plt.subplots(figsize=(9, 5))
    axes.set_axis_off()
    axes.imshow(image, vmin=0, vmax=1, extent=PICTURE)
    _captions(axes, HEIGHT / 2, "the picture", image.shape)
    for top, (name, shape) in zip(tops[1:], shapes.items(), strict=False):
        rows, columns, _ = shape
        cells = np.indices((rows, columns)).sum(axis=0) % 2
        axes.imshow(cells, cmap=CHEQUERS, extent=(0, columns, top + rows, top))
        axes.add_patch(plt.Rectangle((0, top), columns, rows, fill=False, edgecolor="black"))
        _captions(axes, top + rows / 2, name, shape)
    axes.set(xlim=(-32, WIDTH + 42), ylim=(tops[-1] - 6, -2))
    return figure


def _captions(axes: plt.Axes, y: float, name: str, shape: tuple[int, int, int]) -> None:
    axes.text(-3, y, name, ha="right", va="center")
    size = " × ".join(str(length) for length in shape)
    axes.text(WIDTH + 3, y, size, va="center", family="monospace")


def room_for_words(needed: np.ndarray, budgets: Sequence[int]) -> Figure:
    """How many words need how many time steps, and where each budget of steps ends.

    Args:
        needed: time steps that each word's shortest alignment takes.
        budgets: numbers of time steps to mark.
    """
    figure, axes = plt.subplots(figsize=(8, 3.4))
    counts = np.bincount(needed)
    axes.bar(np.arange(len(counts)), counts, color="#9CC4DE")
    for budget, colour, dashes in zip(budgets, COLOURS.values(), LINES, strict=False):
        label = f"room in {budget} steps"
        axes.axvline(budget + 0.5, color=colour, linestyle=dashes, label=label)
    axes.set(xlabel="time steps needed", ylabel="words", xlim=(0, max(*budgets, len(counts)) + 1))
    figure.legend(loc="outside upper center", ncols=len(budgets))
    return figure


def standout_channels(maps: np.ndarray, count: int) -> list[int]:
    """The channels that vary most, each judged by what the ones before it do not show.

    A greedy choice by Gram-Schmidt, as in a QR factorisation with column pivoting: the channel of
    largest variance, then the one with the largest variance left when the first is regressed out,
    and so on.

    Args:
        maps: (rows, columns, channels).
        count: how many to choose, at most the number of channels.
    """
    rest = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
    rest = rest - rest.mean(axis=0)
    chosen = []
    for _ in range(count):
        spread = (rest**2).sum(axis=0)
        spread[chosen] = -1  # what rounding left of them
        best = int(spread.argmax())
        chosen.append(best)
        if spread[best] > 0:
            direction = rest[:, best] / np.sqrt(spread[best])
            rest -= np.outer(direction, direction @ rest)
    return chosen


def feature_maps(image: np.ndarray, maps: Mapping[str, np.ndarray], count: int = 5) -> Figure:
    """The picture above the maps of some layers: a row a layer, ``count`` channels in each.

    Args:
        image: (32, 128, 1) in [0, 1].
        maps: (rows, columns, channels) for each layer's name. Each channel has a grey scale of its
            own, from its least value, black, to its greatest, white.
        count: how many channels of each; ``standout_channels`` chooses them.
    """
    figure, places = plt.subplots(
        len(maps) + 1, count, figsize=(1.8 * count, 0.64 * (len(maps) + 1)), squeeze=False
    )
    for place in places.flat:
        place.grid(visible=False)
        place.set(xticks=[], yticks=[])
        place.spines[:].set_visible(False)
    for place in places[0, 1:]:
        place.set_axis_off()
    places[0, 0].imshow(image, vmin=0, vmax=1, extent=PICTURE)
    for row, values in zip(places[1:], maps.values(), strict=True):
        for place, channel in zip(row, standout_channels(values, count), strict=True):
            place.imshow(values[..., channel], extent=PICTURE)
    for place, name in zip(places[:, 0], ("the picture", *maps), strict=True):
        place.set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


def windows_over(image: np.ndarray, windows: Sequence[Window], steps: Sequence[int]) -> Figure:
    """The picture and, below it, the columns that some of the time steps see.

    Args:
        image: (32, 128, 1) in [0, 1].
        windows: of all time steps, from ``receptive_fields``.
        steps: which of them to draw.
    """
    figure, axes = plt.subplots(figsize=(9, 4))
    axes.imshow(image, vmin=0, vmax=1, extent=PICTURE)
    for row, step in enumerate(steps):
        left, right = windows[step]
        y, centre = HEIGHT + 8 * (row + 1), (left + right) / 2
        axes.barh(y, right - left, 2, left, color=COLOURS["blue"])
        axes.plot(centre, y, "o", color="black")
        axes.text(centre, y - 1.5, f"step {step}", ha="center", va="bottom")
    for edge in (0, WIDTH):
        axes.axvline(edge, color="#767676", linestyle="--", linewidth=1)
    axes.set(xlabel="pixel column", xlim=(-22, WIDTH + 22), ylim=(HEIGHT + 8 * len(steps) + 4, 0))
    axes.set_xticks(range(0, WIDTH + 1, 16))
    axes.set(yticks=[])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    return figure


def staircase(changes: np.ndarray, windows: Sequence[Window]) -> Figure:
    """How much each time step changes with each pixel column, and what the windows predict.

    Args:
        changes: (128, steps), not negative.
        windows: of the time steps, from ``receptive_fields``.
    """
    columns, steps = changes.shape
    figure, axes = plt.subplots(figsize=(9, 4.6))
    shown = axes.imshow(
        changes.T / changes.max(),
        cmap="Blues",
        norm=PowerNorm(0.5, 0, 1),  # faint changes would be lost in white
        aspect="auto",
        extent=(0, columns, steps - 0.5, -0.5),
    )
    edges = np.arange(steps + 1) - 0.5
    for ends, label in (
        ([window.left for window in windows], "ends of the predicted windows"),
        ([window.right for window in windows], None),
    ):
        axes.stairs(
            np.clip(ends, 0, columns),
            edges,
            orientation="horizontal",
            baseline=None,
            color=COLOURS["vermilion"],
            linewidth=2,
            label=label,
        )
    axes.grid(visible=False)
    axes.set(xlabel="pixel column that was altered", ylabel="time step")
    axes.set_xticks(range(0, columns + 1, 16))
    axes.legend(loc="lower left")
    figure.colorbar(shown, label="change, the largest = 1", ticks=[0, 0.1, 0.5, 1])
    return figure


def changes_by_step(changes: Mapping[str, np.ndarray], window: Sequence[int]) -> Figure:
    """How much each time step changes in several layers.

    Args:
        changes: (steps,) for each layer's name, not negative.
        window: the first and the last step that the convolutions let change.
    """
    figure, places = plt.subplots(
        len(changes), 1, figsize=(8, 1.15 * len(changes) + 0.5), sharex=True, squeeze=False
    )
    for place, (name, values) in zip(places.flat, changes.items(), strict=True):
        place.axvspan(window[0] - 0.5, window[1] + 0.5, color="#E3E3E3")
        # The square root keeps faint changes visible.
        place.bar(np.arange(len(values)), np.sqrt(values / values.max()), color=COLOURS["blue"])
        place.set_ylabel(name, rotation=0, ha="right", va="center")
        place.set(yticks=[], ylim=(0, 1.05))
        place.grid(visible=False)
    places[-1, 0].set(xlabel="time step (grey: the altered column is in its window)")
    return figure


def columns_to_characters(
    image: np.ndarray, maps: np.ndarray, probabilities: np.ndarray, title: str, count: int = 24
) -> Figure:
    """The picture, the column of features of each time step, and the step's probabilities.

    Args:
        image: (32, 128, 1) in [0, 1].
        maps: (1, steps, channels): what the last convolution makes of it.
        probabilities: (steps, classes) of the default alphabet, the blank last.
        title: of the figure.
        count: how many channels to show; ``standout_channels`` chooses them.
    """
    alphabet, steps = Alphabet(), len(probabilities)
    features = maps[0][:, standout_channels(maps, count)]
    features = features / np.maximum(features.max(axis=0), 1e-9)
    across = (STRIDE / 2, STRIDE / 2 + STRIDE * steps)
    figure, (top, middle, bottom) = plt.subplots(
        3, 1, figsize=(9, 7), sharex=True, height_ratios=(1, 1.2, 2.6)
    )
    top.imshow(image, vmin=0, vmax=1, extent=PICTURE, aspect="auto")
    top.set_title(title)
    middle.imshow(features.T, cmap="Blues", extent=(*across, count, 0), aspect="auto")
    middle.set_ylabel(f"{count} of {maps.shape[-1]}\nfeatures")
    bottom.imshow(
        probabilities.T, cmap="Blues", extent=(*across, alphabet.classes, 0), aspect="auto"
    )
    best = probabilities.argmax(axis=1)
    for step in np.flatnonzero((best != alphabet.blank) & (np.diff(best, prepend=-1) != 0)):
        place = across[0] + STRIDE * step - 0.5, best[step] + 0.5
        bottom.text(*place, alphabet.characters[best[step]], ha="right", va="center", weight="bold")
    for edge in (26, 52, alphabet.blank):
        bottom.axhline(edge, color="#BBBBBB", linewidth=1)
    bottom.set_yticks([13, 39, 56.5, alphabet.blank + 0.5], ["a to z", "A to Z", "0 to 9", "blank"])
    bottom.tick_params(axis="y", length=0)
    bottom.set(xlim=(0, WIDTH), xlabel="time step")
    bottom.set_xticks([STRIDE * (step + 1) for step in range(0, steps, 5)], range(0, steps, 5))
    for place in (top, middle):
        place.set(yticks=[])
    for place in (top, middle, bottom):
        place.grid(visible=False)
    return figure
