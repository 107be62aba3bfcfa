import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.ocr import Alphabet
from course_utils.ocr.crnn import Window
from course_utils.teaching import crnn_plots, style

IMAGE = np.linspace(0, 1, 32 * 128, dtype=np.float32).reshape(32, 128, 1)
WINDOWS = [Window(4 * step - 19, 4 * step + 27) for step in range(31)]


@pytest.fixture(autouse=True)
def course_style():
    with mpl.rc_context():
        style.use()
        yield
    plt.close("all")


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_maps_are_drawn_to_scale():
    figure = crnn_plots.shrinking_maps(IMAGE, {"pool1": (16, 64, 3), "conv7": (1, 31, 5)})
    (axes,) = figure.axes
    frames = [(patch.get_width(), patch.get_height()) for patch in axes.patches]
    assert frames == [(64, 16), (31, 1)]
    assert {"32 × 128 × 1", "16 × 64 × 3", "1 × 31 × 5"} <= set(texts(axes))


def test_every_word_stands_in_the_bar_of_its_steps():
    figure = crnn_plots.room_for_words(np.array([3, 3, 9]), (7, 31))
    (axes,) = figure.axes
    heights = {bar.get_x() + bar.get_width() / 2: bar.get_height() for bar in axes.patches}
    assert {x: height for x, height in heights.items() if height} == {3: 2, 9: 1}
    assert [line.get_xdata()[0] for line in axes.lines] == [7.5, 31.5]


def test_standout_channels_pass_over_copies_and_what_is_dead():
    rng = np.random.default_rng(0)
    loud, quiet = 5 * rng.normal(size=(4, 8)), rng.normal(size=(4, 8))
    maps = np.stack([np.zeros((4, 8)), 0.9 * loud, quiet, loud, loud + 3], axis=-1)
    assert set(crnn_plots.standout_channels(maps, 2)) < {2, 3, 4}
    assert 2 in crnn_plots.standout_channels(maps, 2)


@given(st.integers(0, 2**32), st.integers(1, 6), st.booleans())
def test_standout_channels_are_different_ones(seed, count, all_alike):
    maps = np.random.default_rng(seed).normal(size=(3, 5, 6)).astype(np.float32)
    if all_alike:
        maps[:] = maps[..., :1]
    chosen = crnn_plots.standout_channels(maps, count)
    assert len(set(chosen)) == count
    assert set(chosen) <= set(range(6))


def test_feature_maps_shows_so_many_channels_of_each_layer():
    maps = {"conv1": np.random.default_rng(0).normal(size=(32, 128, 4)), "conv2": np.eye(8)[None]}
    figure = crnn_plots.feature_maps(IMAGE, maps, count=3)
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 1 + 2 * 3
    assert [axes.get_ylabel() for axes in shown if axes.get_ylabel()] == [
        "the picture",
        "conv1",
        "conv2",
    ]


def test_windows_lie_where_they_are():
    figure = crnn_plots.windows_over(IMAGE, WINDOWS, (0, 15))
    (axes,) = figure.axes
    drawn = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert drawn == [WINDOWS[0], WINDOWS[15]]
    assert texts(axes) == ["step 0", "step 15"]


def test_staircase_outlines_the_predicted_windows():
    changes = np.array([[left <= c < right for left, right in WINDOWS] for c in range(128)], float)
    figure = crnn_plots.staircase(2 * changes, WINDOWS)
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), changes.T)
    lefts, rights = (patch.get_data().values for patch in axes.patches)
    np.testing.assert_array_equal(lefts, [max(0, window.left) for window in WINDOWS])
    np.testing.assert_array_equal(rights, [min(128, window.right) for window in WINDOWS])


def test_changes_by_step_leaves_the_unchanged_empty():
    values = np.array([0, 0, 4, 1.0])
    figure = crnn_plots.changes_by_step({"conv7": values, "scores": values + 1}, (2, 3))
    first, second = figure.axes
    bars = first.containers[0]
    np.testing.assert_allclose([bar.get_height() for bar in bars], [0, 0, 1, 0.5])
    assert min(bar.get_height() for bar in second.containers[0]) > 0


def test_columns_to_characters_names_each_letter_once():
    alphabet, maps = Alphabet(), np.random.default_rng(0).random((1, 31, 40))
    best = np.full(31, alphabet.blank)
    best[[3, 4, 9, 11, 30]] = alphabet.encode("tt7tZ")
    probabilities = np.eye(alphabet.classes)[best]
    figure = crnn_plots.columns_to_characters(IMAGE, maps, probabilities, "read as: t7tZ", count=5)
    top, middle, bottom = figure.axes
    assert texts(bottom) == ["t", "7", "t", "Z"]
    assert middle.images[0].get_array().shape == (5, 31)
    assert top.get_title() == "read as: t7tZ"
