import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils.teaching import nalu_plots

AXIS = np.linspace(-1, 1, 21)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def picture(axes):
    return np.asarray(axes.collections[0].get_array()).reshape(len(AXIS), len(AXIS))


def crosses(axes):
    """Where each line that is a single point lies."""
    return [tuple(*line.get_xydata()) for line in axes.lines if len(line.get_xydata()) == 1]


def test_the_surface_of_a_weight_shows_weight_and_gradient():
    w_hat, m_hat = np.meshgrid(AXIS, AXIS)
    weight, gradient = w_hat / (2 + m_hat), np.exp(-(w_hat**2))
    figure = nalu_plots.weight_surface(AXIS, weight, gradient)
    left, right = figure.axes[:2]
    np.testing.assert_array_equal(picture(left), weight)
    np.testing.assert_array_equal(picture(right), gradient)
    assert (left.get_xlabel(), left.get_ylabel()) == ("Ŵ", "M̂")
    assert left.collections[0].get_clim() == (-1, 1)


def test_a_loss_surface_marks_its_lowest_point_and_the_corners():
    first, second = np.meshgrid(AXIS, AXIS)
    low = (first - 0.5) ** 2 + (second + 0.3) ** 2
    figure = nalu_plots.loss_surfaces(AXIS, {"low": low, "high": 1 + low}, least=1e-9)
    for axes, title in zip(figure.axes[:2], ("low", "high"), strict=True):
        assert axes.get_title() == title
        assert crosses(axes) == [pytest.approx((0.5, -0.3))]
        assert [len(line.get_xydata()) for line in axes.lines] == [9, 1]


def test_losses_below_the_least_are_drawn_as_it():
    loss = np.full((21, 21), 1.0)
    loss[3, 4], loss[5, 6] = 1e-11, 1e-12
    figure = nalu_plots.loss_surfaces(AXIS, {"": loss}, least=1e-2)
    assert picture(figure.axes[0]).min() == 1e-2
    assert crosses(figure.axes[0]) == [pytest.approx((AXIS[6], AXIS[5]))]


def test_beyond_the_square_of_weights_there_are_no_corners():
    axis = np.linspace(-6, 6, 21)
    loss = 1 + np.add.outer(axis**2, axis**2)
    figure = nalu_plots.loss_surfaces(axis, {"": loss})
    assert [len(line.get_xydata()) for line in figure.axes[0].lines] == [1]


def test_panels_draw_every_curve_with_a_look_of_its_own():
    x = np.arange(1, 6)
    curves = {"one": {"x": x, "2 x": 2 * x}, "two": {"x squared": x**2}}
    figure = nalu_plots.panels(
        x, curves, "x", limits=[(0, 20), None], logarithmic=["two"], log_x=True
    )
    first, second = figure.axes
    np.testing.assert_array_equal([line.get_ydata() for line in first.lines], [x, 2 * x])
    assert [line.get_label() for line in first.lines] == ["x", "2 x"]
    assert len({(line.get_color(), line.get_linestyle()) for line in first.lines}) == 2
    assert first.get_ylim() == (0, 20)
    low, high = second.get_ylim()
    assert low < 1
    assert 25 < high < 100
    assert first.get_xscale() == "log"
    assert (first.get_yscale(), second.get_yscale()) == ("linear", "log")


def test_every_seed_is_a_point_among_the_nine_corners():
    ends = np.array([[0.9, -0.8], [0.95, -0.9], [0.1, 0.2]])
    figure = nalu_plots.weights_of_seeds({"NAC": ends, "NALU": -ends})
    for axes, points in zip(figure.axes, (ends, -ends), strict=True):
        seeds, corners = axes.lines
        np.testing.assert_array_equal(seeds.get_xydata(), points)
        assert {tuple(corner) for corner in corners.get_xydata()} == {
            (a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)
        }
