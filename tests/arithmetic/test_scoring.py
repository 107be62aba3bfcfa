import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.arithmetic.functions import FUNCTIONS, Range, Task
from course_utils.arithmetic.scoring import (
    extrapolation_examples,
    normalised,
    sparsity_error,
    squared_error,
    success_rate,
    success_rates,
    threshold,
)


def task(formula, **arguments):
    return Task(FUNCTIONS[formula], **arguments)


# Each of them the error on one test set of theirs, for weights off by 1e-5.
@pytest.mark.parametrize(
    ("formula", "published", "within"),
    [
        ("a + b", 1.4786e-5, 0.15),
        ("a - b", 1.3844e-8, 0.15),
        ("a * b", 0.160011, 0.02),
        ("a / b", 4.938e-12, 0.2),
        ("a^2", 0.159474, 0.02),
        ("sqrt(a)", 8.955e-9, 0.2),
    ],
)
def test_thresholds_of_100_inputs_are_those_of_madsen_and_johansen(formula, published, within):
    assert threshold(task(formula, inputs=100), range(10)) == pytest.approx(published, rel=within)


@pytest.mark.parametrize(
    ("formula", "test", "expected"),
    [
        ("a + b", Range(20, 40), 3.67e-7),
        ("a + b", Range(2, 6), 6.67e-9),
        ("a - b", Range(2, 6), 6.67e-9),
        ("a * b", Range(20, 40), 3.48e-4),
        ("a * b", Range(2, 6), 1.20e-7),
        ("a / b", Range(20, 40), 4.67e-10),
        ("a / b", Range(2, 6), 5.77e-10),
        ("a * b", Range(0.2, 2), 8.8e-10),
    ],
)
def test_thresholds_of_2_inputs_are_those_of_the_primers_formulas(formula, test, expected):
    assert threshold(task(formula, test=test), range(5)) == pytest.approx(expected, rel=0.02)


def test_a_threshold_grows_with_the_square_of_epsilon():
    small, large = (threshold(task("a + b"), range(2), epsilon) for epsilon in (1e-5, 1e-3))
    assert large / small == pytest.approx(1e4, rel=1e-3)


def test_squared_error_is_each_members_own():
    truth = np.zeros((4, 3, 2), np.float32)
    prediction = np.broadcast_to(np.array([1, 2, 3], np.float32)[:, None], (4, 3, 2))
    np.testing.assert_allclose(squared_error(truth, prediction), [1, 4, 9])


def test_normalised_is_0_for_perfect_and_100_for_random():
    np.testing.assert_allclose(normalised(np.array([0.0, 5.0, 10.0]), 5.0), [0, 100, 200])
    with pytest.raises(ValueError, match="random error of 0"):
        normalised(np.array([1.0]), 0.0)


def test_success_rate_counts_what_is_below_and_never_nan():
    errors = np.array([1e-9, 1e-3, np.nan, np.inf, 1e-10])
    share, low, high = success_rate(errors, 1e-6)
    assert share == 0.4
    assert low < 0.4 < high
    with pytest.raises(ValueError, match="total"):
        success_rate(np.array([]), 1.0)


@given(st.lists(st.sampled_from((-1.0, 0.0, 1.0)), min_size=6, max_size=6))
def test_sparsity_error_is_nothing_at_the_corners(values):
    assert sparsity_error(np.reshape(values, (1, 3, 2))) == [0]


def test_sparsity_error_is_the_worst_weights():
    matrix = np.array([[[1.0], [0.1]], [[-0.7], [0.0]], [[0.5], [1.0]]])
    np.testing.assert_allclose(sparsity_error(matrix), [0.1, 0.3, 0.5])


def test_extrapolation_examples_lie_in_the_test_range_and_never_change():
    members = [(task("a + b"), 4), (task("a + b", test=Range(-6, -2)), 4)]
    x, y = extrapolation_examples(members)
    assert x[:, 0].min() >= 2
    assert x[:, 1].max() <= -2
    np.testing.assert_array_equal(extrapolation_examples(members)[1], y)


def test_success_rates_are_told_function_by_function():
    members = [(task(formula), seed) for formula in ("a + b", "a * b") for seed in range(4)]
    errors = np.array([1e-12, 1.0, np.nan, 1e-9, 1e-9, 1e-9, 1e-9, 2e-7])
    rates = success_rates(errors, members)
    assert rates.keys() == {"a + b", "a * b"}
    assert rates["a + b"] == success_rate(errors[:4], 6.67e-9)
    assert rates["a * b"][0] == 0.75
