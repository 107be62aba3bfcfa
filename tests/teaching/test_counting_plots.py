import matplotlib.pyplot as plt
import numpy as np
import pytest
from keras import ops

from course_utils.arithmetic.modules import between_minus_one_and_one
from course_utils.teaching import counting_plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_sequence_shows_each_image_and_each_count():
    figure = counting_plots.sequence(np.zeros((4, 8, 8)), np.array([0, 3, 1] + [0] * 7))
    *images, bars = figure.axes
    assert [len(axes.images) for axes in images] == [1] * 4
    assert [bar.get_height() for bar in bars.patches] == [0, 3, 1] + [0] * 7


def test_what_is_kept_is_a_power_of_the_weight():
    (axes,) = counting_plots.kept((0.999, 1.0), steps=1000).axes
    assert [line.get_ydata()[-1] for line in axes.lines] == pytest.approx([0.3677, 1], abs=1e-4)


def test_saturation_is_that_of_the_module():
    (axes,) = counting_plots.saturation().axes
    x, missing = axes.lines[0].get_data()
    weights = ops.convert_to_numpy(between_minus_one_and_one(x, x))
    assert missing[0] == 1
    np.testing.assert_allclose(missing, 1 - weights, atol=1e-12)


def test_the_medians_and_the_spread_of_the_seeds_are_drawn():
    said = {"NAC": np.array([[9.0, 10, 12], [90, 100, 130]])}
    errors = {"NAC": np.array([[0.1, 0.2, 0.4], [0.0, 0.3, 0.5]])}
    figure = counting_plots.beyond_the_length([10, 100], said, errors, 10)
    left, right = figure.axes
    assert left.lines[1].get_ydata().tolist() == [10, 100]
    assert right.lines[0].get_ydata().tolist() == [0.2, 0.3]
    ends = right.collections[0].get_paths()[0].vertices[:, 1]
    assert (ends.min(), ends.max()) == (1e-3, 0.5)
    assert left.get_xscale() == right.get_yscale() == "log"
