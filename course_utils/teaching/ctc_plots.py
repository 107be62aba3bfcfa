"""CTC in pictures: what the network says at each step, the lattice, and what flows through it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from course_utils.ocr.lattice import Lattice, collapse
from course_utils.teaching.style import COLOURS, LINES, MARKERS

GREY, FAINT = "#767676", "#CCCCCC"


def flows(lattice: Lattice) -> np.ndarray:
    """How much of the label's probability takes each arrow of the lattice.

    Args:
        lattice: T steps and S states.

    Returns:
        (T - 1, S, 3): entry [t, s, hop] is the probability, given the label, that the path stands
        in state s - hop at step t and in state s at step t + 1. Each step's entries sum to one;
        all are zero for a label that needs more than T steps.
    """
    states = lattice.states
    steps, count = lattice.alpha.shape
    flow = np.zeros((steps - 1, count, 3))
    if lattice.log_likelihood == -np.inf:
        return flow
    entering = lattice.log_probs[1:, states] + lattice.beta[1:] - lattice.log_likelihood
    for hop in range(min(3, count)):
        flow[:, hop:, hop] = np.exp(lattice.alpha[:-1, : count - hop] + entering[:, hop:])
    # Over a blank between equal neighbours, or from blank to blank, there is no arrow.
    flow[:, 2:, 2] *= states[2:] != states[:-2]
    return flow


def states_of(lattice: Lattice, path: Sequence[int]) -> list[int]:
    """The states that a path visits on its way through the lattice, one a step.

    Args:
        lattice: of the label that the path spells.
        path: one class id a step.

    Raises:
        ValueError: the path does not have one id a step, or spells another label.
    """
    label = tuple(int(k) for k in lattice.states[1::2])
    if len(path) != len(lattice.alpha) or collapse(path, lattice.blank) != label:
        raise ValueError(
            f"path {list(path)}: give {len(lattice.alpha)} class ids that spell {list(label)}"
        )
    visited, state = [], 0
    for symbol in path:
        # A state's symbol, its neighbour's and the next one's differ, or the first is meant.
        while lattice.states[state] != symbol:
            state += 1
        visited.append(state)
    return visited


def lattice_figure(
    lattice: Lattice,
    names: Sequence[str],
    numbers: np.ndarray | None = None,
    path: Sequence[int] = (),
    flowing: bool = False,
) -> Figure:
    """The lattice: steps from left to right, states from top to bottom, an arrow for each move.

    Only what lies on a way from the start to the end has arrows; the rest are faint dots.

    Args:
        lattice: T steps and S states.
        names: of the classes.
        numbers: (T, S) to write into the states, instead of their symbols.
        path: class ids of one alignment, to be marked.
        flowing: draw each state as large, and each arrow as thick, as the probability there.
    """
    steps, count = lattice.alpha.shape
    flow, posterior = flows(lattice), lattice.posterior
    figure, axes = plt.subplots(figsize=(1.4 + 1.25 * steps, 0.8 + 0.72 * count))
    marked = states_of(lattice, path) if len(path) else []
    for t, state, hop in np.argwhere(flow):
        on_path = bool(marked) and marked[t : t + 2] == [state - hop, state]
        style = {"color": COLOURS["vermilion"], "linewidth": 3, "zorder": 2} if on_path else {}
        if flowing:
            style = {"color": COLOURS["blue"], "linewidth": 14 * flow[t, state, hop]}
        gap = 0 if flowing else 13 if numbers is None else 22
        _arrow(axes, (t + 1, state - hop), (t + 2, state), gap, **style)
    for t, state in np.ndindex(posterior.shape):
        if posterior[t, state] == 0:
            axes.plot(t + 1, state, ".", color=FAINT)
        elif flowing:
            size = 900 * posterior[t, state]
            axes.scatter(t + 1, state, size, COLOURS["orange"], edgecolor="black", zorder=3)
        else:
            on_path = bool(marked) and marked[t] == state
            symbol = names[lattice.states[state]]
            text = symbol if numbers is None else _short(numbers[t, state])
            _node(axes, t + 1, state, text, strong=on_path)
    axes.set(xlabel="step", ylabel="state", xlim=(0.5, steps + 0.5), ylim=(count - 0.4, -0.6))
    axes.set_xticks(range(1, steps + 1))
    axes.set_yticks(range(count), [names[k] for k in lattice.states], family="monospace")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    return figure


def _arrow(
    axes: plt.Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    gap: float,
    color: str = GREY,
    linewidth: float = 1,
    zorder: int = 1,
) -> None:
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>" if gap else "-",
        mutation_scale=11,
        shrinkA=gap,
        shrinkB=gap,
        color=color,
        linewidth=linewidth,
        zorder=zorder,
    )
    axes.add_patch(arrow)


def _node(axes: plt.Axes, x: float, y: float, text: str, strong: bool) -> None:
    box = {
        "boxstyle": "round,pad=0.3",
        "facecolor": "white",
        "edgecolor": COLOURS["vermilion"] if strong else GREY,
        "linewidth": 2.5 if strong else 1,
    }
    axes.text(x, y, text, ha="center", va="center", fontsize=9, family="monospace", bbox=box)


def _short(number: float) -> str:
    """A probability in at most five characters: .1234, or 1 where it is one."""
    return f"{number:.4f}".removeprefix("0").removesuffix(".0000")


def heat_maps(tables: Mapping[str, np.ndarray], names: Sequence[str]) -> Figure:
    """Tables of a number for each class and step, in colours and digits.

    Args:
        tables: (T, classes) for each title; probabilities, or from -1 to 1.
        names: of the classes.
    """
    steps = len(next(iter(tables.values())))
    size = (0.5 + 0.5 * steps * len(tables), 1 + 0.5 * len(names))
    figure, panels = plt.subplots(1, len(tables), figsize=size, squeeze=False, sharey=True)
    for axes, (title, table) in zip(panels.flat, tables.items(), strict=True):
        lowest = -1 if table.min() < 0 else 0
        colours = "PuOr" if lowest else "Blues"
        axes.imshow(table.T, cmap=colours, vmin=lowest, vmax=1, aspect="auto")
        for (t, k), number in np.ndenumerate(table):
            ink = "white" if abs(number) > 0.6 else "black"
            digits = f"{number:.2f}".replace("0.", ".", 1).replace("-.00", ".00")
            axes.text(t, k, digits, ha="center", va="center", color=ink, fontsize=9)
        axes.set(title=title, xlabel="step")
        axes.set_xticks(range(steps), range(1, steps + 1))
        axes.set_yticks(range(len(names)), names, family="monospace")
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    return figure


def class_curves(tables: Mapping[str, np.ndarray], classes: Mapping[str, int]) -> Figure:
    """Probabilities of a few classes over the steps, a panel for each table.

    Args:
        tables: (T, classes) for each title.
        classes: ids of the classes to draw, by name; the first is drawn in grey, as the ground.
    """
    figure, panels = plt.subplots(
        1, len(tables), figsize=(2.4 * len(tables), 3.2), squeeze=False, sharey=True
    )
    inks = [GREY, *COLOURS.values()]
    for axes, (title, table) in zip(panels.flat, tables.items(), strict=True):
        steps = range(1, len(table) + 1)
        for (name, k), ink, line, mark in zip(classes.items(), inks, LINES, MARKERS, strict=False):
            axes.plot(steps, table[:, k], color=ink, linestyle=line, marker=mark, ms=4, label=name)
        axes.set(title=title, xlabel="step", ylim=(-0.03, 1.03))
    panels[0, 0].set_ylabel("probability")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure
