import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils.arithmetic import identity
from course_utils.teaching import identity_plots

ERRORS = {name: np.arange(41.0) + index for index, name in enumerate(identity.ACTIVATIONS)}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_every_activation_belongs_to_one_family():
    names = [name for family in identity_plots.FAMILIES.values() for name in family]
    assert sorted(names) == sorted(identity.ACTIVATIONS)


def test_the_families_are_what_the_functions_do():
    x = np.float32([-2000, -1000, -999, 999, 1000, 2000])[:, None, None]
    for family, names in identity_plots.FAMILIES.items():
        for name in names:
            y = keras.ops.convert_to_numpy(identity.ACTIVATIONS[name](x)).ravel()
            bounded = np.abs(y).max() < 10
            assert bounded == (family == "bounded"), name
            if not bounded:
                far = [(y[1] - y[0]) / 1000, (y[5] - y[4]) / 1000]
                near = [y[2] - y[1], y[4] - y[3]]
                np.testing.assert_allclose(near, far, atol=2e-3)


def test_shapes_are_the_functions_with_a_gap_at_each_jump():
    figure = identity_plots.shapes({n: identity.ACTIVATIONS[n] for n in ("ReLU", "Threshold")})
    relu, threshold = figure.axes[:2]
    x, y = relu.lines[0].get_data()
    np.testing.assert_allclose(y, np.maximum(x, 0), atol=1e-6)
    gaps = np.isnan(threshold.lines[0].get_ydata())
    assert gaps.sum() == 1
    assert x[gaps] == pytest.approx(0.1, abs=0.02)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["ReLU", "Threshold"]


def test_error_curves_draw_each_activation_once_in_its_family():
    figure = identity_plots.error_curves(ERRORS)
    assert [axes.get_title() for axes in figure.axes] == [*identity_plots.FAMILIES]
    for axes, names in zip(figure.axes, identity_plots.FAMILIES.values(), strict=True):
        drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert set(drawn) == set(names)
        assert all((drawn[name] == ERRORS[name]).all() for name in names)
        looks = [(line.get_color(), line.get_marker()) for line in axes.lines]
        assert len(set(looks)) == len(names)


def test_a_family_that_is_absent_has_no_panel():
    figure = identity_plots.error_curves({"Tanh": ERRORS["Tanh"]})
    assert [axes.get_title() for axes in figure.axes] == ["bounded"]


def test_learnt_functions_draw_every_seed_and_the_truth():
    answers = {"Tanh": np.arange(82.0).reshape(2, 41), "ReLU": np.zeros((3, 41))}
    figure = identity_plots.learnt_functions(answers)
    assert [len(axes.lines) for axes in figure.axes] == [3, 4]
    np.testing.assert_array_equal(figure.axes[0].lines[1].get_ydata(), answers["Tanh"][1])
    np.testing.assert_array_equal(figure.axes[0].lines[-1].get_ydata(), identity.ASKED[:, 0])


def test_inside_a_network_every_unit_has_a_line():
    units = np.arange(41 * 8.0).reshape(41, 8)
    figure = identity_plots.inside_a_network(identity.ASKED, units, units[:, :1])
    left, right = figure.axes
    np.testing.assert_array_equal([line.get_ydata() for line in left.lines], units.T)
    assert len({(line.get_color(), line.get_linestyle()) for line in left.lines[:7]}) == 7
    np.testing.assert_array_equal(right.lines[1].get_ydata(), units[:, 0])


def test_published_readings_are_bars_with_their_doubt():
    errors = {name: float(index) for index, name in enumerate(identity.ACTIVATIONS)}
    figure = identity_plots.beside_published({"ours": errors, "other": errors})
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:3] == ["Threshold", "Hardtanh ?", "Tanh"]
    assert sum(label.endswith(" ?") for label in labels) == 4
    bars = {
        label.removesuffix(" ?"): (bar.get_x(), bar.get_x() + bar.get_width())
        for label, bar in zip(labels, axes.patches, strict=True)
    }
    assert bars["Softsign"] == pytest.approx((3.8, 4.6))
    assert bars["ELU"] == pytest.approx((0.2, 0.8))
    points = axes.lines[0].get_xdata()
    assert [*points] == [errors[name] for name in identity.PUBLISHED]


def test_the_live_view_shows_steps_and_a_picture():
    chosen = {name: identity.ACTIVATIONS[name] for name in ("Tanh", "ReLU")}
    network = identity.build([0], chosen)
    view = identity_plots.LiveErrors([*chosen], 20)
    identity.train(network, 20, interval=10, on_interval=view)
    bar, picture = view.widget.children
    assert (bar.value, bar.max, bar.description) == (20, 20, "step 20")
    assert bytes(picture.value).startswith(b"\x89PNG")
    assert plt.get_fignums() == []
