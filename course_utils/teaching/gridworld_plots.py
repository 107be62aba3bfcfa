"""Pictures of the grid world: an episode step by step, what agents' clocks show, who is on time."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils.arithmetic.arriving import Played
from course_utils.arithmetic.gridworld import TARGETS
from course_utils.intervals import bootstrap
from course_utils.teaching.style import COLOURS, LINES, MARKERS

OUTCOMES = {"on time": "green", "early": "orange", "late": "purple", "never": "black"}
HATCHES = ("", "//", "..", "xx")
ACROSS = 8  # frames a row


def frames(played: Played, size: int, member: int = 0) -> Figure:
    """The first episode of a member, a small grid for every step until it ended.

    Args:
        played: the episodes.
        size: cells a side.
        member: whose.
    """
    arrived, target = int(played.arrived[0, member]), int(played.target[0, member])
    path = played.positions[0, member]
    last = arrived or len(path) - 1
    rows = -(-(last + 1) // ACROSS)
    figure, grid = plt.subplots(rows, ACROSS, figsize=(10, 1.55 * rows), squeeze=False)
    for step, axes in enumerate(grid.ravel()):
        axes.set_axis_off()
        if step <= last:
            _frame(axes, size, path[step], played.goal[0, member])
            axes.set_title(f"step {step}", fontsize=10, fontweight="normal")
    said = f"arrived at step {arrived}" if arrived else "never arrived"
    figure.suptitle(f"Told {target}: {said}")
    return figure


def _frame(axes: Axes, size: int, agent: np.ndarray, goal: np.ndarray) -> None:
    for line in np.arange(size + 1) - 0.5:
        axes.plot([line, line], [-0.5, size - 0.5], "-", color="#BBBBBB", lw=0.7)
        axes.plot([-0.5, size - 0.5], [line, line], "-", color="#BBBBBB", lw=0.7)
    axes.plot(*goal[::-1], "s", color=COLOURS["orange"], ms=11)
    axes.plot(*agent[::-1], "o", color=COLOURS["blue"], ms=7)
    axes.set(xlim=(-0.6, size - 0.4), ylim=(size - 0.4, -0.6), aspect="equal")


def on_time_by_target(
    tested: Sequence[int],
    shares: Mapping[str, np.ndarray],
    trained: tuple[int, int] = TARGETS,
) -> Figure:
    """The share on time against the step told: the mean of the seeds and its 95 % interval.

    Args:
        tested: steps told.
        shares: of each kind of agent, (tested, members).
        trained: the range it was trained on, shaded.
    """
    figure, axes = plt.subplots(figsize=(9, 4.2))
    _shade(axes, trained)
    looks = zip(shares.items(), COLOURS.values(), LINES, MARKERS, strict=False)
    for (name, share), colour, line, marker in looks:
        share = np.asarray(share)
        axes.plot(
            tested, share.mean(axis=1), color=colour, ls=line, marker=marker, ms=4, label=name
        )
        axes.fill_between(tested, *bootstrap(share), color=colour, alpha=0.2, lw=0)
    axes.set(xlabel="told to arrive at step", ylabel="share on time", ylim=(-0.03, 1.03))
    axes.legend()
    return figure


def outcomes_by_target(
    tested: Sequence[int],
    outcomes: Mapping[str, Mapping[str, np.ndarray]],
    trained: tuple[int, int] = TARGETS,
) -> Figure:
    """What became of the episodes, a picture a kind of agent, stacked; the mean of the seeds.

    Args:
        tested: steps told.
        outcomes: of each kind "on time", "early", "late" and "never", (tested, members).
        trained: the range it was trained on, between the two lines.
    """
    figure, row = plt.subplots(1, len(outcomes), figsize=(10, 3.6), sharey=True, squeeze=False)
    for axes, (name, shares) in zip(row[0], outcomes.items(), strict=True):
        bands = axes.stackplot(
            tested,
            [np.asarray(shares[outcome]).mean(axis=1) for outcome in OUTCOMES],
            colors=[COLOURS[colour] for colour in OUTCOMES.values()],
            labels=list(OUTCOMES),
            alpha=0.75,
        )
        for band, hatch in zip(bands, HATCHES, strict=True):
            band.set(hatch=hatch, edgecolor="white", linewidth=0)
        for edge in trained:
            axes.axvline(edge, color="black", lw=1, ls="--")
        axes.set(title=name, xlabel="told to arrive at step", ylim=(0, 1))
        axes.margins(x=0)
    row[0, 0].set_ylabel("share of episodes")
    handles, labels = row[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def learning(curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """The share on time while agents learn, a thin line a seed.

    Args:
        curves: of each kind of agent the (logged,) steps and the (logged, members) shares.
    """
    figure, axes = plt.subplots(figsize=(8, 3.6))
    looks = zip(curves.items(), COLOURS.values(), LINES, strict=False)
    for (name, (steps, shares)), colour, line in looks:
        axes.plot(steps, shares, color=colour, ls=line, lw=0.8, alpha=0.6)
        axes.plot(steps, np.mean(shares, axis=1), color=colour, ls=line, label=name)
    axes.set(xlabel="training step", ylabel="share on time, sampled", ylim=(-0.03, 1.03))
    axes.legend()
    return figure


def counts(played: Played, member: int = 0) -> Figure:
    """The NAC's number at each step of a member's episodes, until they ended.

    Args:
        played: episodes with different steps told.
        member: whose.
    """
    figure, axes = plt.subplots(figsize=(8, 3.6))
    looks = zip(played.counts[:, member], played.target[:, member], strict=True)
    for episode, (count, target) in enumerate(looks):
        last = int(played.arrived[episode, member]) or len(count)
        colour = list(COLOURS.values())[episode % len(COLOURS)]
        line, marker = LINES[episode % len(LINES)], MARKERS[episode % len(MARKERS)]
        axes.plot(
            range(last),
            count[:last],
            color=colour,
            ls=line,
            marker=marker,
            ms=4,
            label=f"told {target}",
        )
    axes.axhline(0, color="black", lw=0.8)
    axes.set(xlabel="steps taken", ylabel="the NAC's number")
    axes.legend()
    return figure


def _shade(axes: Axes, trained: tuple[int, int]) -> None:
    axes.axvspan(trained[0] - 0.5, trained[1] + 0.5, color="#DDDDDD", label="trained", zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def arrival_by_target(
    tested: Sequence[int],
    arrived: Mapping[str, np.ndarray],
    trained: tuple[int, int] = TARGETS,
) -> Figure:
    """When agents arrive against when they are told to: the median of the episodes, and the truth.

    Args:
        tested: steps told.
        arrived: of each kind of agent the steps of arrival, (tested, episodes), 0 for never.
        trained: the range it was trained on, shaded.
    """
    figure, axes = plt.subplots(figsize=(8, 4))
    _shade(axes, trained)
    axes.plot(tested, tested, color="black", ls=":", lw=1, label="on time")
    looks = zip(arrived.items(), COLOURS.values(), LINES, MARKERS, strict=False)
    for (name, steps), colour, line, marker in looks:
        there = np.where(np.asarray(steps) == 0, np.nan, steps)
        median = np.nanmedian(there, axis=1)
        axes.plot(tested, median, color=colour, ls=line, marker=marker, ms=4, label=name)
    axes.set(xlabel="told to arrive at step", ylabel="arrived at step, median")
    axes.legend()
    return figure
