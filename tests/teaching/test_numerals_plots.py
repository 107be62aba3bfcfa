import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color

from course_utils.arithmetic.numerals import split
from course_utils.teaching import numerals_plots


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_the_split_is_a_row_a_hundred_with_a_colour_a_part():
    parts = split(0)
    axes = numerals_plots.split_grid(parts).axes[0]
    image = axes.images[0].get_array()
    assert image.shape == (10, 100)
    for kind, part in enumerate(parts):
        assert set(image.data.ravel()[part]) == {kind}
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["train, 169", "validation, 200", "test, 631"]
    patches = axes.get_legend().get_patches()
    for kind, patch in enumerate(patches):
        assert same_color(patch.get_facecolor(), axes.images[0].to_rgba(np.float64([kind]))[0])


def test_errors_are_clipped_and_training_numbers_dotted():
    errors = np.full(1000, 2.0)
    errors[[515, 20]] = 1e6, 0
    train = np.array([7, 342])
    axes = numerals_plots.error_grid(errors, train).axes[0]
    image = axes.images[0].get_array()
    assert image[5, 15] == 100
    assert image[0, 20] == 0.1
    assert image[9, 99] == 2
    assert axes.lines[0].get_xydata().tolist() == [[7, 0], [42, 3]]


def test_predictions_have_a_panel_a_reader():
    said = {"one": np.arange(1000.0), "two": np.zeros(1000)}
    figure = numerals_plots.predictions(said, np.array([3, 900]))
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]
    points = [axes.lines[-1].get_xydata().tolist() for axes in figure.axes]
    assert points == [[[3, 3], [900, 900]], [[3, 0], [900, 0]]]


def test_seeds_have_a_dot_each_and_a_bar_at_their_median():
    errors = {"one": [1, 2, 9], "two": [5, 5, 5]}
    axes = numerals_plots.seeds(errors, {"a limit": 1.5}).axes[0]
    dots, bar, other, *_ = axes.lines
    assert dots.get_xydata().tolist() == [[1, 0], [2, 0], [9, 0]]
    assert bar.get_xdata() == [2]
    assert other.get_ydata().tolist() == [1, 1, 1]
    assert axes.lines[-1].get_xdata() == [1.5, 1.5]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two"]
    assert axes.get_legend().get_texts()[0].get_text() == "a limit"
    assert numerals_plots.seeds(errors).axes[0].get_legend() is None


def test_curves_differ_in_more_than_colour():
    curves = {"one": ([1, 10], [5, 6]), "two": ([1, 10], [7, 8])}
    axes = numerals_plots.against(curves, "scale").axes[0]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[5, 6], [7, 8]]
    assert len({line.get_linestyle() for line in axes.lines}) == 2
    assert len({line.get_marker() for line in axes.lines}) == 2
    assert (axes.get_xscale(), axes.get_yscale(), axes.get_xlabel()) == ("log", "log", "scale")


def test_state_sizes_are_shares_and_their_median_is_on_the_tanh():
    states = {"small": np.full((10, 4), -0.01), "large": np.linspace(-1, 1, 11)}
    left, right = numerals_plots.state_sizes(states).axes
    for (name, values), patch in zip(states.items(), right.patches, strict=True):
        assert patch.get_label() == name
        assert patch.get_data().values.sum() == pytest.approx(1)
        point = next(line for line in left.lines if line.get_label() == f"median, {name}")
        (x,), (y,) = point.get_data()
        assert y == pytest.approx(np.median(np.abs(values)))
        assert np.tanh(x) == pytest.approx(y)
