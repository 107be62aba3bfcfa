"""How well words are read, in pictures: what each step says, and where readings go wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from course_utils.intervals import wilson
from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import Window
from course_utils.ocr.preprocessing import HEIGHT, WIDTH
from course_utils.teaching.style import COLOURS, MARKERS

GREY = "#BBBBBB"
SEEN = 0.05  # a runner-up less probable than this is not written
GAP = "–"  # a missing character in the confusion table


def _shares(groups: Sequence[Sequence[bool]]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) share of the true ones in each group, and (2, n) how far its interval goes each way."""
    shares = np.array([np.mean(group) for group in groups])
    ends = np.array([wilson(int(np.sum(group)), len(group)) for group in groups])
    return shares, np.abs(ends.T - shares)


def steps_over(
    image: np.ndarray, probabilities: np.ndarray, windows: Sequence[Window], title: str
) -> Figure:
    """A picture and, below the middle of what each time step sees, what the step says.

    A bar is as high as the probability of the likeliest class, a character or the blank. The
    runner-up stands beside the foot of the bar if it has at least one twentieth.

    Args:
        image: (32, 128, 1) in [0, 1].
        probabilities: (steps, classes) of the default alphabet, the blank last.
        windows: of the time steps, from ``receptive_fields``.
        title: of the figure.
    """
    alphabet = Alphabet()
    centres = np.array([(window.left + window.right) / 2 for window in windows])
    second, first = np.argsort(probabilities, axis=1)[:, -2:].T
    steps = np.arange(len(centres))
    heights, beside = probabilities[steps, first], probabilities[steps, second]
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(9.6, 4.6), sharex=True)
    top.imshow(image, vmin=0, vmax=1, extent=(0, WIDTH, HEIGHT, 0), aspect="auto")
    top.set(title=title, yticks=[])
    for name, chosen, colour in (
        ("a character", first != alphabet.blank, COLOURS["sky"]),
        ("the blank", first == alphabet.blank, GREY),
    ):
        bottom.bar(centres[chosen], heights[chosen], 3.2, color=colour, label=name)
    for step, x in enumerate(centres):
        if first[step] != alphabet.blank:
            best = alphabet.characters[first[step]]
            bottom.text(x, heights[step] + 0.02, best, ha="center", va="bottom", weight="bold")
        if beside[step] >= SEEN and second[step] != alphabet.blank:
            other = alphabet.characters[second[step]]
            bottom.text(x, 0.02, other, ha="center", va="bottom", fontsize=9)
    bottom.set(xlim=(0, WIDTH), ylim=(0, 1.2), ylabel="probability", xlabel="time step")
    bottom.set_xticks(centres[::5], range(0, len(centres), 5))
    for place in (top, bottom):
        place.grid(visible=False)
    figure.legend(loc="outside lower center", ncols=2)
    return figure


def gallery(pictures: Sequence[np.ndarray], captions: Sequence[str], columns: int = 5) -> Figure:
    """Pictures of any proportions in cells of one size, each above a caption of some lines.

    Args:
        pictures: (h, w) uint8 or, with values from 0 to 255, floats; grey.
        captions: one for each picture.
        columns: pictures in a row.

    Raises:
        ValueError: not one caption for each picture.
    """
    if len(captions) != len(pictures):
        raise ValueError(f"{len(captions)} captions for {len(pictures)} pictures: give one each")
    rows, lines = -(-len(pictures) // columns), max(c.count("\n") + 1 for c in captions)
    cell = 9.6 / columns
    figure, axes = plt.subplots(
        rows, columns, figsize=(9.6, rows * (0.45 * cell + 0.16 * lines + 0.15)), squeeze=False
    )
    figure.set_layout_engine("constrained", w_pad=0.05, h_pad=0.05)
    for place in axes.flat[len(pictures) :]:
        place.set_axis_off()
    for place, picture, caption in zip(axes.flat, pictures, captions, strict=False):
        place.imshow(picture, vmin=0, vmax=255)
        place.set(xticks=[], yticks=[], anchor="S")
        place.set_xlabel(caption, family="monospace", fontsize=9, multialignment="left")
        place.spines[:].set_visible(False)
        place.grid(visible=False)
    return figure


def accuracy_bars(groups: Mapping[str, Mapping[str, Sequence[bool]]]) -> Figure:
    """The share of words read right in groups of them, with 95 % intervals; one panel a question.

    Args:
        groups: for each question, for each answer's name, whether each word was right.
    """
    counts = [len(answers) for answers in groups.values()]
    figure, axes = plt.subplots(
        len(groups),
        1,
        figsize=(8.6, 0.34 * sum(counts) + 0.3 * len(groups) + 0.6),
        sharex=True,
        squeeze=False,
        height_ratios=counts,
    )
    for place, (question, answers) in zip(axes.flat, groups.items(), strict=True):
        shares, ends = _shares(list(answers.values()))
        rows = np.arange(len(answers))
        place.barh(rows, shares, 0.7, color=COLOURS["sky"])
        place.errorbar(shares, rows, xerr=ends, fmt="none", ecolor="black", capsize=3)
        names = [f"{name} ({len(words)})" for name, words in answers.items()]
        place.set(yticks=rows, yticklabels=names, xlim=(0, 1), ylim=(len(answers) - 0.4, -0.6))
        place.set_ylabel(question, rotation=0, ha="right", va="center", labelpad=12, weight="bold")
        place.grid(axis="y", visible=False)
        place.tick_params(axis="y", length=0)
    axes[-1, 0].set_xlabel("share of words read right; lines: 95 % intervals")
    return figure


def knobs(
    strengths: Sequence[float], right: Mapping[str, Sequence[Sequence[bool]]], columns: int = 4
) -> Figure:
    """How many words are read as one stage of the drawing after the other is turned up.

    Args:
        strengths: of the stage; the first is the state that all stages share.
        right: for each stage and each strength, whether each word was right.
        columns: panels in a row.
    """
    rows = -(-len(right) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(9.6, 1.9 * rows + 0.4), sharex=True, sharey=True, squeeze=False
    )
    for place in axes.flat[len(right) :]:
        place.set_axis_off()
    for place, (stage, groups) in zip(axes.flat, right.items(), strict=False):
        shares, ends = _shares(groups)
        place.errorbar(strengths, shares, ends, color=COLOURS["blue"], marker="o", capsize=3)
        place.axhline(shares[0], color=GREY, linestyle="--", linewidth=1)
        place.set_title(stage.replace("_", " "), fontsize=11)
        place.set(xticks=strengths, ylim=(0, 1.05))
    figure.supxlabel("strength of the stage", fontsize=12)
    figure.supylabel("share read right", fontsize=12)
    return figure


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> Figure:
    """How often readings are right against how sure the network is of them.

    Args:
        confidences: 0 to 1.
        right: whether each of these readings was right.
        bins: equal parts of 0 to 1 in which the readings are counted; empty ones are left out.
    """
    confidences, right = np.asarray(confidences), np.asarray(right)
    part = np.minimum((confidences * bins).astype(int), bins - 1)
    filled = np.unique(part)
    shares, ends = _shares([right[part == k] for k in filled])
    means = [confidences[part == k].mean() for k in filled]
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(6.4, 5.4), sharex=True, height_ratios=(3, 1)
    )
    top.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as sure as right")
    top.errorbar(
        means, shares, ends, color=COLOURS["blue"], marker="o", capsize=3, label="the network"
    )
    top.set(ylabel="share read right", ylim=(-0.03, 1.03))
    top.legend(loc="upper left")
    bottom.hist(confidences, bins=np.linspace(0, 1, bins + 1), color=COLOURS["sky"])
    bottom.set(xlabel="confidence", ylabel="readings", xlim=(0, 1))
    return figure


def confusion_table(counts: Mapping[tuple[str, str], int], size: int = 16) -> Figure:
    """Which character is read as which: the ones with most errors, rows true, columns read.

    Args:
        counts: of (true, read); an empty string stands for no character: one left out or put in.
        size: how many characters to show, the dash for *no character* aside.
    """
    errors = Counter()
    for (true, read), count in counts.items():
        errors.update({character: count for character in (true, read) if character})
    shown = sorted(character for character, _ in errors.most_common(size))
    table = np.array([[counts.get((t, r), 0) for r in [*shown, ""]] for t in [*shown, ""]])
    figure, axes = plt.subplots(figsize=(0.42 * len(table) + 1.6, 0.42 * len(table) + 0.8))
    # The square root keeps rare confusions visible.
    axes.imshow(table, cmap="Blues", norm=PowerNorm(0.5, 0, max(1, table.max())))
    for (row, column), count in np.ndenumerate(table):
        if count:
            ink = "white" if count > 0.45 * table.max() else "black"
            axes.text(column, row, count, ha="center", va="center", color=ink, fontsize=8)
    ticks = np.arange(len(table))
    axes.set_xticks(ticks, [*shown, GAP], family="monospace")
    axes.set_yticks(ticks, [*shown, GAP], family="monospace")
    axes.set(xlabel=f"read ({GAP}: left out)", ylabel=f"what stands there ({GAP}: nothing)")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    return figure


def engine_scores(scores: Mapping[str, Mapping[str, float]], words: Mapping[str, int]) -> Figure:
    """Shares of words read right by several programs, set by set, with 95 % intervals.

    Args:
        scores: for each program's name, its share right on each set.
        words: how many words each set has.
    """
    figure, axes = plt.subplots(figsize=(8.6, 3.8))
    places = np.arange(len(words))
    looks = zip(COLOURS.values(), MARKERS, strict=False)
    for number, ((name, shares), look) in enumerate(zip(scores.items(), looks, strict=False)):
        colour, marker = look
        values = np.array([shares[each] for each in words])
        ends = np.array(
            [wilson(round(v * n), n) for v, n in zip(values, words.values(), strict=True)]
        )
        shift = 0.16 * (number - (len(scores) - 1) / 2)
        axes.errorbar(
            places + shift,
            values,
            np.abs(ends.T - values),
            color=colour,
            marker=marker,
            linestyle="",
            capsize=4,
            label=name,
        )
    names = [f"{name}\n{count:,} words" for name, count in words.items()]
    axes.set(ylabel="share read right", ylim=(0, 1.02), xlim=(-0.5, len(words) - 0.5))
    axes.set_xticks(places, names)
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside upper center", ncols=len(scores))
    return figure


def boxed(
    picture: np.ndarray, boxes: Sequence[tuple[int, int, int, int]], texts: Sequence[str]
) -> Figure:
    """A picture, a box round each word found in it, and above the box what was read there.

    Args:
        picture: (h, w) uint8, grey.
        boxes: top, left, bottom and right of each word, in pixels; bottom and right are outside.
        texts: one for each box.

    Raises:
        ValueError: not one text for each box.
    """
    if len(texts) != len(boxes):
        raise ValueError(f"{len(texts)} texts for {len(boxes)} boxes: give one each")
    height, width = picture.shape
    figure, axes = plt.subplots(figsize=(9.6, 9.6 * height / width))
    axes.set_axis_off()
    axes.imshow(picture, vmin=0, vmax=255, extent=(0, width, height, 0), interpolation="bilinear")
    for (top, left, bottom, right), text in zip(boxes, texts, strict=True):
        axes.add_patch(
            plt.Rectangle(
                (left, top), right - left, bottom - top, fill=False, edgecolor=COLOURS["blue"]
            )
        )
        paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.4}
        axes.text(left, top, text, va="bottom", fontsize=8, color=COLOURS["vermilion"], bbox=paper)
    return figure
