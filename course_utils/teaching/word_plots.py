"""Figures of word images: sheets with captions, and what a set of labels is made of."""

from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.ocr.rendering import Mix
from course_utils.teaching.style import COLOURS

WIDTH = 9.6  # inches: as wide as a notebook's column on a laptop
CAPTION = 0.26  # inches below each picture


def sheet(
    pictures: Sequence[np.ndarray], captions: Sequence[str], columns: int = 4, frame: bool = False
) -> Figure:
    """Pictures in rows, each above its caption; none is cropped or drawn out of proportion.

    Args:
        pictures: (h, w) uint8 or, with values from 0 to 255, floats; grey.
        captions: one for each picture.
        columns: pictures in a row.
        frame: draw a line round each picture, for those that end in white.

    Raises:
        ValueError: not one caption for each picture.
    """
    if len(captions) != len(pictures):
        raise ValueError(f"{len(captions)} captions for {len(pictures)} pictures: give one each")
    cell = WIDTH / columns
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    heights = [max(cell * h / w for h, w in (p.shape for p in row)) + CAPTION for row in rows]
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(WIDTH, sum(heights)), height_ratios=heights, squeeze=False
    )
    figure.set_layout_engine("constrained", w_pad=0.04, h_pad=0.02, wspace=0, hspace=0)
    for place in axes.flat:
        place.set_axis_off()
    for place, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        place.imshow(picture, vmin=0, vmax=255)
        place.set_title(caption, y=0, pad=-3, va="top", fontsize=10, weight="normal")
        if frame:
            height, width = picture.shape
            outline = plt.Rectangle((-0.5, -0.5), width, height, fill=False, clip_on=False)
            outline.set(edgecolor=COLOURS["vermilion"], linewidth=1.5)
            place.add_patch(outline)
    return figure


def mix_chances(mix: Mapping[str, Mix]) -> Figure:
    """How often each stage of a mix occurs, and how strong it then is on average."""
    names = list(mix)
    chances = np.array([stage.chance for stage in mix.values()])
    # The mean of u ** p for a uniform u is 1 / (p + 1).
    means = np.array([1 / (stage.power + 1) for stage in mix.values()])
    figure, axes = plt.subplots(figsize=(WIDTH * 0.8, 0.27 * len(names) + 0.8))
    places = np.arange(len(names))
    axes.barh(places, chances, color=COLOURS["sky"], label="chance that the stage is on")
    axes.plot(means, places, "D", color="black", linestyle="", label="its mean strength when on")
    axes.set(yticks=places, yticklabels=names, xlim=(0, 1.03), ylim=(len(names) - 0.4, -0.6))
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def character_counts(labels: Sequence[str], characters: str) -> Figure:
    """How often each character occurs in labels; small letters, capitals and digits in rows."""
    counts = Counter("".join(labels))
    groups = {
        "small letters": [c for c in characters if c.islower()],
        "capitals": [c for c in characters if c.isupper()],
        "digits": [c for c in characters if c.isdigit()],
    }
    figure, axes = plt.subplots(3, 1, figsize=(WIDTH * 0.85, 5), sharey=True)
    for place, (title, group) in zip(axes, groups.items(), strict=True):
        place.bar(range(len(group)), [counts[c] for c in group], color=COLOURS["blue"])
        place.set(xticks=range(len(group)), xticklabels=group, ylabel=title, xlim=(-0.8, 25.8))
        place.grid(axis="x", visible=False)
    return figure


def lengths_and_steps(lengths: Sequence[int], steps: Sequence[int], limit: int) -> Figure:
    """How many labels have each length, and each number of time steps that they need.

    Args:
        lengths: characters of each label.
        steps: time steps each label needs.
        limit: how many steps there are.
    """
    figure, axes = plt.subplots(figsize=(WIDTH * 0.85, 3.4))
    places = np.arange(limit + 1)
    axes.bar(places, np.bincount(lengths, minlength=limit + 1), color=COLOURS["sky"])
    axes.plot(places, np.bincount(steps, minlength=limit + 1), "o-", color="black")
    axes.axvline(limit, color=COLOURS["vermilion"], linestyle="--")
    axes.set(xlabel="characters, or time steps", ylabel="labels")
    axes.legend(["time steps needed", f"the network's {limit} steps", "characters"])
    return figure
