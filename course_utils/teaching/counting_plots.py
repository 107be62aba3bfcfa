"""Counting digits in pictures: a sequence, what is kept of it, answers beyond the length learnt."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.teaching.style import COLOURS, LINES, MARKERS


def sequence(pixels: np.ndarray, totals: np.ndarray) -> Figure:
    """Images in a row, and below them how many there are of each digit.

    Args:
        pixels: (length, height, width) from 0 to 1.
        totals: (10,) counts.
    """
    figure, places = plt.subplots(
        2, len(pixels), figsize=(0.85 * len(pixels), 2.4), height_ratios=(1, 1.2)
    )
    for axes, image in zip(places[0], pixels, strict=True):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axes.set_axis_off()
    for axes in places[1]:
        axes.remove()
    axes = figure.add_subplot(2, 1, 2)
    axes.bar(range(10), totals, color=COLOURS["blue"], width=0.6)
    axes.set(xticks=range(10), yticks=range(int(max(totals)) + 1), ylabel="how many")
    return figure


def kept(weights: Sequence[float], steps: int = 1000) -> Figure:
    """What is left of a number after some steps, for weights on the state."""
    figure, axes = plt.subplots(figsize=(8, 3.2))
    at = np.arange(steps + 1)
    for weight, colour, line in zip(weights, COLOURS.values(), LINES, strict=False):
        axes.plot(at, weight**at, color=colour, linestyle=line, label=f"W = {weight:g}")
    axes.set(xlabel="images read since", ylabel="share that is left", ylim=(-0.03, 1.05))
    axes.legend(loc="center right")
    return figure


def saturation() -> Figure:
    """How far tanh * sigmoid of two equal numbers is from 1, on a log axis."""
    figure, axes = plt.subplots(figsize=(8, 3.2))
    x = np.linspace(0, 12, 300)
    missing = 1 - np.tanh(x) / (1 + np.exp(-x))
    axes.semilogy(x, missing, color=COLOURS["blue"])
    for steps, line in zip((10, 1000), LINES[1:], strict=False):
        axes.axhline(
            0.1 / steps, color=COLOURS["vermilion"], linestyle=line, label=f"0.1 / {steps:,}"
        )
    axes.set(xlabel="W_hat = M_hat", ylabel="1 - W")
    axes.legend()
    return figure


def beyond_the_length(
    lengths: Sequence[int],
    said: Mapping[str, np.ndarray],
    errors: Mapping[str, np.ndarray],
    learnt: int,
) -> Figure:
    """Totals and errors against the length of the sequence, both with logarithmic axes.

    Args:
        lengths: of the sequences.
        said: of each head, how many images it says there are, (lengths, seeds).
        errors: of each head, error per digit, (lengths, seeds).
        learnt: the length in training.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    left.plot(lengths, lengths, color="black", lw=1, label="right")
    _lines(left, lengths, said)
    left.set(ylabel="images it says it counted")
    _lines(right, lengths, errors)
    right.set(ylabel="error per digit")
    for axes in (left, right):
        axes.axvline(learnt, color="#777777", lw=1, linestyle=":")
        axes.set(xscale="log", yscale="log", xlabel="images in the sequence")
    left.legend(fontsize=10)
    return figure


def _lines(axes: plt.Axes, lengths: Sequence[int], values: Mapping[str, np.ndarray]) -> None:
    looks = zip(COLOURS.values(), LINES, MARKERS, strict=False)
    for (name, seeds), (colour, line, marker) in zip(values.items(), looks, strict=False):
        positive = np.maximum(seeds, 1e-3)  # a logarithm has no place for less
        axes.plot(
            lengths,
            np.median(positive, axis=1),
            color=colour,
            linestyle=line,
            marker=marker,
            label=name,
        )
        axes.fill_between(
            lengths, positive.min(axis=1), positive.max(axis=1), color=colour, alpha=0.15, lw=0
        )
