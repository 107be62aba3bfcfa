"""Training in pictures: the curves of a run, what it reads meanwhile, and recorded runs."""

import io
from collections.abc import Mapping, Sequence

import ipywidgets
import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils.ocr.datasets import WordImage
from course_utils.teaching.live_training import Moment, Watch
from course_utils.teaching.style import COLOURS, LINES, MARKERS

SILENCE = "(nothing)"
RIGHT, WRONG = COLOURS["blue"], COLOURS["vermilion"]


def progress(words: Sequence[WordImage], moments: Sequence[Moment], steps: int) -> Figure:
    """A run so far: loss, accuracy and share of blanks; below them what it reads now.

    Args:
        words: images (32, 128) with their texts; an even number.
        moments: what was read in them, earliest first; at least one.
        steps: the run's length, for the horizontal axis.

    Raises:
        ValueError: no moment, or one with other than a text for each word.
    """
    if not moments or any(len(moment.texts) != len(words) for moment in moments):
        raise ValueError("give at least one moment, each with one text for every word")
    columns = len(words) // 2
    figure = plt.figure(figsize=(10, 5.4))
    curves, sheet = figure.subfigures(2, 1, height_ratios=(3, 2))
    rows = [moment.row for moment in moments]
    _curves(curves, rows, [moment.blanks for moment in moments], steps)
    places = sheet.subplots(2, columns, squeeze=False)
    for place, word, text in zip(places.flat, words, moments[-1].texts, strict=True):
        place.imshow(word.image, vmin=0, vmax=255)
        place.set_axis_off()
        right = text == word.text
        place.set_title(
            f"{'✓' if right else '✗'} {text or SILENCE}",
            y=0,
            pad=-4,
            va="top",
            fontsize=11,
            weight="normal",
            color=RIGHT if right else WRONG,
        )
    return figure


def _curves(
    figure: Figure, rows: Sequence[Mapping[str, float]], blanks: Sequence[float], steps: int
) -> None:
    at = [row["step"] for row in rows]
    left, right = figure.subplots(1, 2)
    for name, key, style, marker in (
        ("training", "loss", LINES[0], MARKERS[0]),
        ("validation", "validation_loss", LINES[1], MARKERS[1]),
    ):
        colour = COLOURS["blue" if key == "loss" else "vermilion"]
        values = [row[key] for row in rows]
        left.plot(at, values, color=colour, linestyle=style, marker=marker, ms=4, label=name)
    left.set(xlabel="step", ylabel="loss", xlim=(0, steps), ylim=(0, None))
    left.legend()
    accuracies = [row["word_accuracy"] for row in rows]
    right.plot(at, accuracies, color=COLOURS["green"], marker="o", ms=4, label="words read right")
    right.plot(
        at, blanks, color="black", linestyle=":", marker="^", ms=4, label="steps that say blank"
    )
    right.set(xlabel="step", ylabel="share", xlim=(0, steps), ylim=(-0.02, 1.02))
    right.legend(loc="lower right")


def reading_history(
    words: Sequence[WordImage], moments: Sequence[Moment], steps: Sequence[int]
) -> Figure:
    """What was read in each word, a row a word and a column a step; what is right is in a box.

    Args:
        words: images (32, 128) with their texts.
        moments: what was read in them.
        steps: of which moments to show; each must be the step of one.

    Raises:
        KeyError: there is no moment of such a step.
    """
    by_step = {moment.row["step"]: moment for moment in moments}
    chosen = [by_step[step] for step in steps]
    figure, places = plt.subplots(len(words), 2, width_ratios=(1, len(steps)), squeeze=False)
    figure.set_size_inches(10.5, 0.5 * len(words) + 0.5)
    for number, (word, (left, right)) in enumerate(zip(words, places, strict=True)):
        left.imshow(word.image, vmin=0, vmax=255)
        right.set(xlim=(-0.5, len(steps) - 0.5), ylim=(-0.5, 0.5))
        for column, moment in enumerate(chosen):
            text = moment.texts[number]
            right.text(
                column,
                0,
                text or SILENCE,
                ha="center",
                va="center",
                fontsize=10,
                color="black" if text else "#767676",
                bbox={"edgecolor": RIGHT, "facecolor": "#DCEBF5"} if text == word.text else None,
            )
    for column, step in enumerate(steps):
        places[0, 1].text(column, 0.6, f"step {step}", ha="center", va="bottom", weight="bold")
    for place in places.flat:
        place.set_axis_off()
    return figure


def learning_rates(rates: Mapping[str, np.ndarray]) -> Figure:
    """Learning rates over the steps of a run, (steps,) for each name."""
    figure, axes = plt.subplots(figsize=(8, 3))
    for name, values in rates.items():
        axes.plot(np.arange(len(values)), values, label=name)
    axes.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
    axes.legend()
    return figure


def losses(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Losses over training steps: (steps, values) for each name."""
    figure, axes = plt.subplots(figsize=(8, 3.4))
    for (name, (steps, values)), marker in zip(curves.items(), MARKERS, strict=False):
        axes.plot(steps, values, marker=marker, label=name)
    axes.set(xlabel="step", ylabel="validation loss", ylim=(0, None))
    axes.legend()
    return figure


def recorded_training(stages: Sequence[Mapping], published: Sequence[float]) -> Figure:
    """How the shipped weights were trained, stage after stage, beside the original's losses.

    Args:
        stages: of ``data/results/training.json``: each with ``style``, ``width`` and a ``log``.
        published: the original's validation loss after each epoch.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4), sharey=True)
    kinds = list(dict.fromkeys(map(_kind, stages)))
    looks = dict(zip(kinds, zip(COLOURS.values(), MARKERS, strict=True), strict=False))
    shown, named = 0, set()
    for stage in stages:
        kind = _kind(stage)
        colour, marker = looks[kind]
        images = [(shown + row["images"]) / 1e6 for row in stage["log"]]
        values = [row["validation_loss"] for row in stage["log"]]
        label = None if kind in named else kind
        left.plot(images, values, "-", color=colour, marker=marker, ms=4, label=label)
        named.add(kind)
        shown += stage["log"][-1]["images"]
        left.axvline(shown / 1e6, color="#BBBBBB", linewidth=1)
    left.set(xlabel="million images shown", ylabel="validation loss", yscale="log")
    left.set_title("the shipped weights: rendered words", fontsize=11)
    left.legend(fontsize=10)
    epochs, best = np.arange(1, len(published) + 1), int(np.argmin(published))
    right.plot(epochs, published, color="black", marker="o")
    right.plot(best + 1, published[best], "s", color=COLOURS["vermilion"], ms=11, label="the best")
    right.set(xlabel="epoch of 135,000 images", xticks=epochs)
    right.set_title("the original: real MJSynth", fontsize=11)
    right.legend()
    ticks = (1, 2, 5, 10, 20, 50)
    left.set_yticks(ticks, [str(tick) for tick in ticks])
    left.minorticks_off()
    return figure


def _kind(stage: Mapping) -> str:
    return f"{stage['style']}, width {stage['width']:g}"


def png(figure: Figure) -> bytes:
    """The figure as a PNG file; it is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    plt.close(figure)
    return buffer.getvalue()


class LiveView(Watch):
    """A ``Watch`` to be looked at while the training runs: display its ``widget``.

    Args:
        words: (image, text) of the words that are watched; an even number.
        steps: the run's length.
    """

    def __init__(self, words: Sequence[WordImage], steps: int) -> None:
        super().__init__(words)
        self._steps = steps
        self._bar = ipywidgets.IntProgress(max=steps, description="step 0")
        self._picture = ipywidgets.Image(format="png")
        self.widget = ipywidgets.VBox([self._bar, self._picture])

    def __call__(self, row: dict[str, float], network: keras.Model) -> None:
        """Remember the log's new row and what the network reads now, and show it."""
        super().__call__(row, network)
        self._bar.value, self._bar.description = row["step"], f"step {row['step']}"
        self._picture.value = png(progress(self.words, self.moments, self._steps))
