from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import same_color
from matplotlib.patches import FancyArrowPatch

from course_utils.ocr.lattice import Lattice, alignments
from course_utils.teaching import ctc_plots
from course_utils.teaching.style import COLOURS

A, B, BLANK = range(3)
NAMES = ["a", "b", "-"]
LABELS = [[], [A], [A, B], [A, A], [B, A, A, B]]
LOGITS = arrays(float, (6, 3), elements=st.floats(-4, 4))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def arrows_in(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]


def texts_in(figure):
    return Counter(text.get_text() for text in figure.axes[0].texts)


@given(LOGITS, st.sampled_from(LABELS))
@settings(max_examples=30, deadline=None)
def test_flows_are_those_of_the_alignments_one_by_one(logits, label):
    lattice = Lattice(logits, label, BLANK)
    wanted = np.zeros((5, 2 * len(label) + 1, 3))
    for path in alignments(label, 6, BLANK):
        probability = np.exp(lattice.log_probs[range(6), path].sum() - lattice.log_likelihood)
        for t, (before, after) in enumerate(pairwise(ctc_plots.states_of(lattice, path))):
            wanted[t, after, after - before] += probability
    np.testing.assert_allclose(ctc_plots.flows(lattice), wanted, atol=1e-9)


def test_nothing_flows_to_a_label_that_does_not_fit():
    lattice = Lattice(np.zeros((2, 3)), [A, A], BLANK)
    assert not ctc_plots.flows(lattice).any()
    assert arrows_in(ctc_plots.lattice_figure(lattice, NAMES)) == []


@pytest.mark.parametrize("label", LABELS)
def test_the_states_of_an_alignment_write_it(label):
    lattice = Lattice(np.zeros((6, 3)), label, BLANK)
    for path in alignments(label, 6, BLANK):
        visited = ctc_plots.states_of(lattice, path)
        assert tuple(lattice.states[visited]) == path
        assert set(np.diff(visited)) <= {0, 1, 2}


@pytest.mark.parametrize("path", [[A, B], [A, A, A, B], [A, A, A, A]])
def test_a_path_that_spells_another_label_is_refused(path):
    with pytest.raises(ValueError, match="give 4 class ids that spell"):
        ctc_plots.states_of(Lattice(np.zeros((4, 3)), [A, A], BLANK), path)


@pytest.mark.parametrize("label", LABELS)
def test_an_arrow_for_each_move_of_an_alignment(label):
    lattice = Lattice(np.zeros((6, 3)), label, BLANK)
    moves = {
        (t, *move)
        for path in alignments(label, 6, BLANK)
        for t, move in enumerate(pairwise(ctc_plots.states_of(lattice, path)))
    }
    assert len(arrows_in(ctc_plots.lattice_figure(lattice, NAMES))) == len(moves)
    assert len(arrows_in(ctc_plots.lattice_figure(lattice, NAMES, flowing=True))) == len(moves)


def test_a_marked_path_stands_out():
    lattice = Lattice(np.zeros((4, 3)), [A, B], BLANK)
    figure = ctc_plots.lattice_figure(lattice, NAMES, path=[A, A, BLANK, B])
    marked = [a for a in arrows_in(figure) if same_color(a.get_edgecolor(), COLOURS["vermilion"])]
    assert len(marked) == 3


def test_states_carry_symbols_or_numbers():
    lattice = Lattice(np.zeros((2, 3)), [A, B], BLANK)
    assert texts_in(ctc_plots.lattice_figure(lattice, NAMES)) == {"a": 1, "b": 1}
    numbers = np.array([[0, 0.25, 0, 0, 0], [0, 0, 0, 1, 0]])
    figure = ctc_plots.lattice_figure(lattice, NAMES, numbers=numbers)
    assert texts_in(figure) == {".2500": 1, "1": 1}


def test_what_flows_sets_the_width_of_the_lines():
    logits = np.log([[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])
    lattice = Lattice(logits, [A], BLANK)
    widths = [
        a.get_linewidth() for a in arrows_in(ctc_plots.lattice_figure(lattice, NAMES, flowing=True))
    ]
    flow = ctc_plots.flows(lattice)
    np.testing.assert_allclose(sorted(widths), sorted(14 * flow[flow > 0]))


def test_heat_maps_print_every_number():
    says = np.array([[0.5, 0.25, 0.25], [1, 0, 0]])
    figure = ctc_plots.heat_maps({"says": says, "change": says - 0.5}, NAMES)
    left, right = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["says", "change"]
    assert Counter(t.get_text() for t in left.texts) == {".50": 1, ".25": 2, "1.00": 1, ".00": 2}
    assert Counter(t.get_text() for t in right.texts)["-.50"] == 2
    assert left.images[0].norm.vmin == 0
    assert right.images[0].norm.vmin == -1


def test_a_small_negative_number_has_no_minus():
    figure = ctc_plots.heat_maps({"change": np.full((1, 3), -0.001)}, NAMES)
    assert {text.get_text() for text in figure.axes[0].texts} == {".00"}


def test_class_curves_draw_the_classes_asked_for():
    table = np.arange(12.0).reshape(4, 3) / 12
    figure = ctc_plots.class_curves({"first": table, "last": table[::-1]}, {"blank": 2, "b": 1})
    for axes, drawn in zip(figure.axes, (table, table[::-1]), strict=True):
        assert [line.get_label() for line in axes.lines] == ["blank", "b"]
        np.testing.assert_array_equal([line.get_ydata() for line in axes.lines], drawn.T[[2, 1]])
