"""Figures that more than one place shows: the map of the course, readings, curves past a range."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_utils.teaching.style import COLOURS

READ = ("01 Word images", "02 The CRNN", "03 CTC", "04 Training", "05 Decoding\nand testing")
RECKON = (
    "06 Networks that\ncannot count",
    "07 NAC and NALU",
    "08 Learning\narithmetic",
    "09 Counting digits\n10 Number words",
    "11 Arriving\non time",
)


def course_map() -> Figure:
    """The two halves of the course, notebook by notebook."""
    figure, axes = plt.subplots(figsize=(10.5, 3.2))
    axes.set_axis_off()
    axes.set(xlim=(-0.62, 7.15), ylim=(-0.62, 1.62))
    _box(axes, 0, 0.5, "00\nStart here", "black")
    for row, colour, titles in ((1, "blue", READ), (0, "vermilion", RECKON)):
        places = [(0.0, 0.5)] + [(1.3 * (column + 1), row) for column in range(len(titles))]
        for (x, y), title in zip(places[1:], titles, strict=True):
            _box(axes, x, y, title, colour)
        for start, end in pairwise(places):
            arrow = FancyArrowPatch(
                (start[0] + 0.54, start[1]),
                (end[0] - 0.54, end[1]),
                arrowstyle="-|>",
                mutation_scale=12,
                color="#555555",
                shrinkA=1,
                shrinkB=1,
            )
            axes.add_patch(arrow)
    axes.text(0.75, 1.48, "Read: words from images", color=COLOURS["blue"], weight="bold")
    axes.text(
        0.75,
        -0.55,
        "Reckon: arithmetic past the training range",
        color=COLOURS["vermilion"],
        weight="bold",
    )
    return figure


def _box(axes: plt.Axes, x: float, y: float, title: str, colour: str) -> None:
    shape = FancyBboxPatch(
        (x - 0.52, y - 0.26),
        1.04,
        0.52,
        boxstyle="round,pad=0.02",
        linewidth=2,
        edgecolor=COLOURS[colour],
        facecolor="white",
    )
    axes.add_patch(shape)
    axes.text(x, y, title, ha="center", va="center", fontsize=9)


def readings(pictures: Sequence[np.ndarray], texts: Sequence[str], columns: int = 3) -> Figure:
    """Pictures of words, each above what was read in it.

    Args:
        pictures: (h, w) uint8 each, grey.
        texts: a line for each.
        columns: pictures in a row.
    """
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.2 * columns, 1.5 * rows), squeeze=False)
    for place in axes.flat:
        place.set_axis_off()
    for place, picture, text in zip(axes.flat, pictures, texts, strict=False):
        place.imshow(picture, vmin=0, vmax=255)
        place.set_title(
            text, y=0, pad=-4, va="top", fontsize=12, family="monospace", weight="normal"
        )
    return figure


def beyond_the_range(
    x: np.ndarray,
    curves: Mapping[str, np.ndarray],
    trained: tuple[float, float],
    labels: tuple[str, str],
) -> Figure:
    """Curves over numbers inside and outside the range that was trained on.

    Args:
        x: (n,) numbers.
        curves: (n,) for each name; the first is the truth.
        trained: ends of the training range.
        labels: of the two axes.
    """
    figure, axes = plt.subplots(figsize=(8, 4))
    axes.axvspan(*trained, color="#DDDDDD", label="training range")
    for name, values in curves.items():
        axes.plot(x, values, label=name)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.legend(loc="upper left")
    return figure
