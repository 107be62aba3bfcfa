from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.intervals import bootstrap, wilson


def test_wilson_is_the_published_interval():
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    np.testing.assert_allclose(wilson(81, 263), (0.2553, 0.3662), atol=1e-4)
    np.testing.assert_allclose(wilson(0, 20), (0, 0.1611), atol=1e-4)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_stays_within_bounds(counts):
    low, high = wilson(*counts)
    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1
    mirrored = wilson(counts[1] - counts[0], counts[1])
    np.testing.assert_allclose(mirrored, (1 - high, 1 - low), atol=1e-12)


def test_wilson_narrows_with_more_words():
    ranges = [high - low for low, high in (wilson(9 * n, 10 * n) for n in (1, 10, 100))]
    assert all(before > after for before, after in pairwise(ranges))


@pytest.mark.parametrize("counts", [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="give a count within 0"):
        wilson(*counts)


def test_bootstrap_is_near_the_normal_interval_of_many_values():
    values = np.random.default_rng(1).normal(3, 2, (4, 400))
    low, high = bootstrap(values)
    half = 1.96 * values.std(axis=-1) / 20
    np.testing.assert_allclose(low, values.mean(axis=-1) - half, atol=0.03)
    np.testing.assert_allclose(high, values.mean(axis=-1) + half, atol=0.03)


def test_bootstrap_of_equal_values_has_no_width_and_of_one_is_refused():
    np.testing.assert_array_equal(bootstrap(np.full((2, 5), 0.7)), np.full((2, 2), 0.7))
    with pytest.raises(ValueError, match="at least 2"):
        bootstrap(np.ones((3, 1)))
