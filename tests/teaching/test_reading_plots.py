import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from course_utils.intervals import wilson
from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import Window
from course_utils.teaching import reading_plots

ALPHABET = Alphabet()
WINDOWS = [Window(4 * step - 19, 4 * step + 27) for step in range(31)]
PICTURES = [np.full((h, w), 200, np.uint8) for h, w in ((32, 60), (60, 20), (10, 90))]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts_in(axes):
    return [(text.get_text(), round(text.get_position()[0])) for text in axes.texts]


def widths(axes):
    return [patch.get_width() for patch in axes.patches]


def heights(axes):
    return [patch.get_height() for patch in axes.patches]


def statements(*said):
    """Steps that are sure of the blank, but for (step, character, probability, runner-up)."""
    probabilities = np.zeros((31, ALPHABET.classes))
    probabilities[:, ALPHABET.blank] = 1
    for step, best, p, other in said:
        probabilities[step] = 0
        probabilities[step, ALPHABET.encode(best)[0]] = p
        probabilities[step, ALPHABET.encode(other)[0]] = 1 - p
    return probabilities


def test_characters_stand_above_their_steps_and_likely_runners_up_below():
    said = statements((3, "a", 0.7, "o"), (10, "t", 0.99, "f"))
    figure = reading_plots.steps_over(np.ones((32, 128, 1)), said, WINDOWS, "at")
    bottom = figure.axes[1]
    assert texts_in(bottom) == [("a", 16), ("o", 16), ("t", 44)]
    characters, blanks = bottom.containers
    np.testing.assert_allclose([bar.get_height() for bar in characters], [0.7, 0.99])
    assert len(blanks) == 29


def test_a_runner_up_that_is_the_blank_is_not_written():
    said = statements((3, "a", 1.0, "b"))
    said[3, ALPHABET.blank], said[3, 0] = 0.4, 0.6
    figure = reading_plots.steps_over(np.ones((32, 128, 1)), said, WINDOWS, "a")
    assert texts_in(figure.axes[1]) == [("a", 16)]


def test_a_gallery_shows_each_picture_in_its_proportions():
    figure = reading_plots.gallery(PICTURES, ["one", "two\nlines", "three"], 2)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_xlabel() for axes in shown] == ["one", "two\nlines", "three"]
    assert [axes.get_aspect() for axes in shown] == [1.0] * 3
    assert not figure.axes[3].axison


def test_a_gallery_wants_a_caption_for_each_picture():
    with pytest.raises(ValueError, match="2 captions for 3 pictures"):
        reading_plots.gallery(PICTURES, ["one", "two"])


def test_bars_are_shares_with_the_number_of_words():
    groups = {"case": {"small": [True, True, False, False], "large": [True]}, "all": {"": [False]}}
    first, second = reading_plots.accuracy_bars(groups).axes
    assert widths(first) == [0.5, 1.0]
    assert widths(second) == [0.0]
    assert [label.get_text() for label in first.get_yticklabels()] == ["small (4)", "large (1)"]
    assert [first.get_ylabel(), second.get_ylabel()] == ["case", "all"]


def test_bars_carry_wilson_intervals():
    words = [True] * 9 + [False]
    (axes,) = reading_plots.accuracy_bars({"": {"": words}}).axes
    (bar,) = axes.containers[1].lines[2][0].get_segments()
    np.testing.assert_allclose(bar[:, 0], wilson(9, 10))


def test_knobs_show_each_stage_against_the_common_start():
    start = [True, True, True, False]
    right = {"blur": [start, [True] * 2 + [False] * 2], "low_resolution": [start, [False] * 4]}
    figure = reading_plots.knobs([0, 1], right)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == ["blur", "low resolution"]
    np.testing.assert_allclose(
        [axes.lines[0].get_ydata() for axes in shown], [[0.75, 0.5], [0.75, 0]]
    )


def test_reliability_counts_within_its_parts():
    confidences, right = [0.0, 0.05, 0.95, 1.0, 0.55], [False, True, True, True, False]
    top, bottom = reading_plots.reliability(confidences, right).axes
    points = top.containers[0].lines[0].get_xydata()
    np.testing.assert_allclose(points, [[0.025, 0.5], [0.55, 0], [0.975, 1]])
    assert heights(bottom) == [2, 0, 0, 0, 0, 1, 0, 0, 0, 2]


def test_the_confusion_table_has_the_worst_characters_and_the_gap():
    counts = {("a", "o"): 5, ("o", "a"): 1, ("", "i"): 4, ("l", ""): 3, ("x", "y"): 1}
    (axes,) = reading_plots.confusion_table(counts, size=4).axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["a", "i", "l", "o", reading_plots.GAP]
    written = {
        (names[int(text.get_position()[1])], names[int(text.get_position()[0])]): text.get_text()
        for text in axes.texts
    }
    gap = reading_plots.GAP
    assert written == {("a", "o"): "5", ("o", "a"): "1", (gap, "i"): "4", ("l", gap): "3"}


def test_no_confusions_are_drawn_too():
    (axes,) = reading_plots.confusion_table({}).axes
    assert not axes.texts


def test_engines_stand_side_by_side_with_their_intervals():
    words = {"signs": 100, "streets": 10}
    scores = {"A": {"signs": 0.9, "streets": 0.5}, "B": {"streets": 0.6, "signs": 0.8}}
    (axes,) = reading_plots.engine_scores(scores, words).axes
    a, b = (container.lines[0].get_xydata() for container in axes.containers)
    np.testing.assert_allclose(a[:, 1], [0.9, 0.5])
    np.testing.assert_allclose(b[:, 1], [0.8, 0.6])
    assert (a[:, 0] < b[:, 0]).all()
    first = axes.containers[0].lines[2][0].get_segments()[0]
    np.testing.assert_allclose(first[:, 1], wilson(90, 100))
    assert "signs\n100 words" in [label.get_text() for label in axes.get_xticklabels()]


def test_boxes_stand_round_their_words():
    figure = reading_plots.boxed(PICTURES[0], [(2, 5, 20, 40), (21, 6, 30, 9)], ["one", "two"])
    (axes,) = figure.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [box.get_bbox().extents.tolist() for box in boxes] == [[5, 2, 40, 20], [6, 21, 9, 30]]
    assert texts_in(axes) == [("one", 5), ("two", 6)]


def test_boxes_want_a_text_each():
    with pytest.raises(ValueError, match="1 texts for 2 boxes"):
        reading_plots.boxed(PICTURES[0], [(0, 0, 1, 1)] * 2, ["one"])
