import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils.arithmetic.functions import Range
from course_utils.teaching import arithmetic_plots
from course_utils.teaching.range_experiment import Outcome, Request, Result

REQUEST = Request("a + b", ("ReLU6", "NALU"), Range(1, 2), Range(2, 6), seeds=3)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def result(weights, gates, success):
    inputs = np.stack([np.linspace(1, 6, 40)] * 2, axis=1)
    truth = inputs.sum(axis=1)
    prediction = truth[:, None] + np.array([0.1, 0.2, 0.9])
    return Result(
        inputs, truth, prediction, np.full(3, 0.04), np.full(3, 0.25), weights, gates, success
    )


def outcome():
    weights = np.array([[0.9, 1.0], [0.8, -0.5], [0.0, 0.2]])
    return Outcome(
        REQUEST,
        {
            "ReLU6": result(None, None, (0.0, 0.0, 0.56)),
            "NALU": result(weights, np.array([0.9, 0.8, 0.7]), (2 / 3, 0.2, 0.93)),
        },
    )


def test_predictions_are_the_seeds_median_against_the_truth():
    axes = arithmetic_plots.range_experiment(outcome()).axes[0]
    for line in axes.lines[:2]:
        np.testing.assert_allclose(line.get_ydata(), line.get_xdata() + 0.2)
    assert axes.get_xlabel() == "a + b, true"


def test_every_seeds_w_is_drawn_and_the_gate_told():
    axes = arithmetic_plots.range_experiment(outcome()).axes[2]
    (points,) = axes.collections
    np.testing.assert_allclose(points.get_offsets(), outcome().results["NALU"].weights)
    assert points.get_label() == "NALU, gate 0.80"


def test_networks_without_w_say_so():
    relu6 = Outcome(REQUEST, {"ReLU6": outcome().results["ReLU6"]})
    axes = arithmetic_plots.range_experiment(relu6).axes[2]
    assert "none of these networks" in axes.texts[0].get_text()


def test_bars_are_the_success_rates():
    axes = arithmetic_plots.range_experiment(outcome()).axes[3]
    assert [round(patch.get_width(), 3) for patch in axes.patches] == [0, 0.667]
    assert [text.get_text() for text in axes.texts] == ["0%", "67%"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ReLU6", "NALU"]


def test_a_network_looks_the_same_beside_any_other():
    both = arithmetic_plots.range_experiment(outcome()).axes[0].lines[1]
    alone = Outcome(REQUEST, {"NALU": outcome().results["NALU"]})
    assert arithmetic_plots.range_experiment(alone).axes[0].lines[0].get_color() == both.get_color()


def test_the_description_tells_ranges_rates_and_errors():
    text = arithmetic_plots.describe(outcome())
    assert text.startswith("a + b, trained on 1 to 2, tested on 2 to 6. ReLU6: 0% of the seeds")
    assert "NALU: 67% of the seeds learnt it, median error 0.2 inside and 0.5 outside" in text


def test_a_grid_has_every_number_where_it_belongs():
    values = {"NAC": {"a + b": 1.0, "a * b": 0.0}, "NALU": {"a + b": 0.14, "a * b": float("nan")}}
    axes = arithmetic_plots.grid(values, "Seeds").axes[0]
    written = {(t.get_position()[1], t.get_position()[0]): t.get_text() for t in axes.texts}
    assert written == {(0, 0): "100%", (0, 1): "0%", (1, 0): "14%", (1, 1): "–"}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a + b", "a * b"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["NAC", "NALU"]


def test_a_grid_is_read_aloud_row_by_row():
    values = {"NAC": {"a + b": 1.0, "a * b": 0.0}}
    assert arithmetic_plots.read_aloud(values) == "NAC: a + b 100%, a * b 0%."
