import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.arithmetic.functions import (
    DIVIDE,
    FUNCTIONS,
    RETURN,
    ROOT,
    Range,
    Task,
    draw_members,
)

EXPECTED = {
    "a + b": 10.0,
    "a - b": 6.0,
    "a * b": 16.0,
    "a / b": 4.0,
    "a^2": 64.0,
    "sqrt(a)": 8**0.5,
    "a - b + a": 14.0,
}
seeds = st.integers(0, 10_000)


def test_each_function_does_what_its_formula_says():
    assert FUNCTIONS.keys() == EXPECTED.keys()
    for formula, value in EXPECTED.items():
        y = Task(FUNCTIONS[formula]).answer(np.array([[8.0, 2.0]]), np.eye(2))
        np.testing.assert_allclose(y, [[value]])


@given(seeds, st.integers(8, 200))
def test_subsets_are_a_quarter_each_and_share_half(seed, inputs):
    a, b = Task(RETURN, inputs).subsets(seed)
    size = inputs // 4
    assert a.sum() == b.sum() == size
    assert (a * b).sum() == size // 2
    assert set(np.diff(np.flatnonzero(a))) | set(np.diff(np.flatnonzero(b))) <= {1}


def test_subsets_differ_between_seeds_and_reach_both_ends():
    starts = {int(np.argmax(Task(RETURN, 100).subsets(seed)[0])) for seed in range(2000)}
    assert starts == set(range(100 - 25 - 13 + 1))


@given(seeds, st.integers(0, 5), st.sampled_from((2, 8, 100)))
def test_examples_lie_in_the_range_and_are_answered(seed, part, inputs):
    task = Task(RETURN, inputs, train=Range(-3, -1))
    x, y = task.examples(seed, part, 50)
    assert x.dtype == y.dtype == np.float32
    assert x.shape == (50, inputs)
    assert x.min() >= -3
    assert x.max() <= -1
    a, b = (x.astype(np.float64) @ task.subsets(seed).T.astype(np.float64)).T
    np.testing.assert_allclose(y, (a - b + a)[:, None], rtol=1e-6)


def test_parts_and_seeds_are_independent():
    drawn = [Task(RETURN).examples(seed, part, 2000)[0][:, 0] for seed in (0, 1) for part in (0, 1)]
    assert np.abs(np.corrcoef(drawn) - np.eye(4)).max() < 0.1
    again = Task(RETURN).examples(1, 1, 2000)[0][:, 0]
    np.testing.assert_array_equal(again, drawn[3])


def test_members_get_their_own_task_and_seed():
    first, second = Task(RETURN), Task(ROOT, train=Range(4, 9), test=Range(16, 25))
    for test in (False, True):
        x, y = draw_members([(first, 3), (second, 8)], 2, 10, test)
        for index, (task, seed) in enumerate(((first, 3), (second, 8))):
            expected = task.examples(seed, 2, 10, test)
            np.testing.assert_array_equal(x[:, index], expected[0])
            np.testing.assert_array_equal(y[:, index], expected[1])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"function": RETURN, "inputs": 5}, "inputs=5: give 2, or 8 or more"),
        ({"function": RETURN, "train": Range(2, 2)}, "the training range 2 to 2 is empty"),
        ({"function": RETURN, "test": Range(2, 1)}, "the test range 2 to 1 is empty"),
        ({"function": RETURN, "test": Range(0, np.inf)}, "the test range 0 to inf is empty"),
        ({"function": RETURN, "train": Range(np.nan, 1)}, "the training range nan to 1"),
        ({"function": DIVIDE, "test": Range(-1, 1)}, "test range -1 to 1: nothing can be divided"),
        ({"function": DIVIDE, "train": Range(0, 1)}, "training range 0 to 1: nothing can be"),
        ({"function": ROOT, "train": Range(-2, 1)}, "training range -2 to 1: no number below 0"),
    ],
)
def test_impossible_tasks_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Task(**arguments)


def test_a_negative_divisor_is_possible():
    assert Task(DIVIDE, train=Range(-2, -1)).train == (-2, -1)
