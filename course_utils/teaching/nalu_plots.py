"""NAC and NALU in pictures: the surface of a weight, losses over two weights, what seeds end at."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from course_utils.teaching.style import COLOURS, LINES, MARKERS

CORNERS = (-1, 0, 1)


def weight_surface(axis: np.ndarray, weight: np.ndarray, gradient: np.ndarray) -> Figure:
    """W and the length of its gradient, over the two numbers it is made of.

    Args:
        axis: (n,) values of both numbers, rising.
        weight: (n, n), a row for each M_hat and a column for each W_hat.
        gradient: (n, n), above 0; it has a logarithmic scale.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    shown = left.pcolormesh(axis, axis, weight, cmap="PuOr", vmin=-1, vmax=1, rasterized=True)
    lines = left.contour(
        axis, axis, weight, levels=[-0.9, -0.5, -0.1, 0.1, 0.5, 0.9], colors="black", linewidths=1
    )
    left.clabel(lines, fontsize=9)
    left.set_title("W", fontsize=11)
    figure.colorbar(shown, ax=left, ticks=CORNERS)
    scale = LogNorm(gradient.min(), gradient.max())
    shown = right.pcolormesh(axis, axis, gradient, cmap="Blues", norm=scale, rasterized=True)
    lines = right.contour(
        axis, axis, gradient, levels=[1e-4, 1e-3, 1e-2, 1e-1], colors="black", linewidths=1
    )
    right.clabel(lines, fontsize=9, fmt="%g")
    right.set_title("length of its gradient", fontsize=11)
    figure.colorbar(shown, ax=right)
    for place in (left, right):
        place.set(xlabel="Ŵ", ylabel="M̂", aspect="equal")
        place.grid(visible=False)
    return figure


def loss_surfaces(
    axis: np.ndarray,
    losses: Mapping[str, np.ndarray],
    labels: tuple[str, str] = ("W of a", "W of b"),
    least: float = 1e-3,
) -> Figure:
    """Losses over two weights, a panel each, on logarithmic scales of their own.

    A cross marks the smallest loss, dots the nine points whose coordinates are -1, 0 and 1.

    Args:
        axis: (n,) values of both weights, rising.
        losses: (n, n) for each title, a row for each value of the second weight.
        labels: of the weights.
        least: losses below are drawn as this.
    """
    figure, places = plt.subplots(
        1, len(losses), figsize=(3.9 * len(losses), 3.9), squeeze=False, sharey=True
    )
    for place, (title, loss) in zip(places[0], losses.items(), strict=True):
        row, column = np.unravel_index(loss.argmin(), loss.shape)
        loss = np.maximum(loss, least)
        shown = place.pcolormesh(
            axis, axis, loss, cmap="Blues_r", norm=LogNorm(least, loss.max()), rasterized=True
        )
        levels = np.geomspace(loss.min(), loss.max(), 12)[1:-1]
        place.contour(axis, axis, loss, levels=levels, colors="white", linewidths=0.7)
        first, second = np.meshgrid(CORNERS, CORNERS)
        if axis.min() >= -1.5:
            place.plot(first.ravel(), second.ravel(), "o", color="black", ms=4)
        place.plot(axis[column], axis[row], "X", color=COLOURS["vermilion"], ms=11)
        place.set_title(title, fontsize=11)
        place.set(xlabel=labels[0], aspect="equal")
        place.grid(visible=False)
        figure.colorbar(shown, ax=place, shrink=0.8)
    places[0, 0].set_ylabel(labels[1])
    return figure


def panels(
    x: np.ndarray,
    curves: Mapping[str, Mapping[str, np.ndarray]],
    xlabel: str,
    limits: Sequence[tuple[float, float] | None] | None = None,
    logarithmic: Sequence[str] = (),
    log_x: bool = False,
) -> Figure:
    """Some curves over the same numbers, in a panel for each group.

    Args:
        x: (n,) numbers.
        curves: (n,) for each name, for each panel's title.
        xlabel: of all panels.
        limits: of each panel's vertical axis, None where it fits the curves.
        logarithmic: titles of the panels whose vertical axis is logarithmic.
        log_x: give the horizontal axes a logarithmic scale.
    """
    figure, places = plt.subplots(1, len(curves), figsize=(4.6 * len(curves), 3.6), squeeze=False)
    limits = limits or [None] * len(curves)
    for place, (title, lines), limit in zip(places[0], curves.items(), limits, strict=True):
        looks = zip(COLOURS.values(), LINES, strict=True)
        for (name, values), (colour, dashes) in zip(lines.items(), looks, strict=False):
            place.plot(x, values, color=colour, linestyle=dashes, label=name)
        place.set(xlabel=xlabel, xscale="log" if log_x else "linear")
        place.set_yscale("log" if title in logarithmic else "linear")
        if limit:
            place.set_ylim(limit)
        place.set_title(title, fontsize=11)
        place.legend(fontsize=10)
    return figure


def weights_of_seeds(weights: Mapping[str, np.ndarray]) -> Figure:
    """Where the two weights of each seed ended, a panel for each network.

    Args:
        weights: (seeds, 2) for each title.
    """
    figure, places = plt.subplots(1, len(weights), figsize=(3.5 * len(weights), 3.5), squeeze=False)
    for place, (title, ends), colour, marker in zip(
        places[0], weights.items(), COLOURS.values(), MARKERS, strict=False
    ):
        place.plot(*ends.T, marker, color=colour, alpha=0.6, linestyle="")
        place.set_title(title, fontsize=11)
        _square_of_weights(place)
    places[0, 0].set_ylabel("W of b")
    return figure


def _square_of_weights(axes: Axes) -> None:
    first, second = np.meshgrid(CORNERS, CORNERS)
    axes.plot(first.ravel(), second.ravel(), "+", color="black", ms=12)
    axes.set(xlabel="W of a", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    axes.set_xticks(CORNERS)
    axes.set_yticks(CORNERS)
