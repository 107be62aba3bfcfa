import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr.lattice import Lattice, alignments, collapse, count_alignments, extended

BLANK = 3
LABELS = st.lists(st.integers(0, BLANK - 1), max_size=4)
STEPS = st.integers(1, 6)


def all_paths(steps):
    return np.array(list(itertools.product(range(BLANK + 1), repeat=steps)))


def random_logits(steps, seed):
    return np.random.default_rng(seed).normal(0, 2, (steps, BLANK + 1))


def test_collapse_merges_before_it_drops_blanks():
    assert collapse([3, 0, 0, 3, 0, 1, 1, 3], BLANK) == (0, 0, 1)
    assert collapse([3, 3], BLANK) == ()
    assert collapse([], BLANK) == ()


def test_states_of_a_label():
    assert extended([0, 0, 2], BLANK).tolist() == [3, 0, 3, 0, 3, 2, 3]
    assert extended([], BLANK).tolist() == [3]


@given(LABELS, STEPS)
def test_alignments_are_the_paths_that_collapse_to_the_label(label, steps):
    found = list(alignments(label, steps, BLANK))
    expected = {
        tuple(path) for path in all_paths(steps).tolist() if collapse(path, BLANK) == tuple(label)
    }
    assert set(found) == expected
    assert len(found) == len(expected) == count_alignments(label, steps)


def test_count_where_nobody_can_count():
    for label in ("", "a", "lattices", "a" * 16, "abcdefghijklmnopqrstuvwxyzABCDE", "a" * 17):
        assert count_alignments(label, 31) == count_by_recursion(label, 31)


def count_by_recursion(label, steps):
    states = [None]
    for symbol in label:
        states += [symbol, None]
    ways = [1] + [0] * (len(states) - 1)
    for _ in range(steps):
        ways = [
            ways[s]
            + (ways[s - 1] if s > 0 else 0)
            + (ways[s - 2] if s > 1 and states[s] not in (None, states[s - 2]) else 0)
            for s in range(len(states))
        ]
    return sum(ways[-2:])


@given(LABELS, STEPS, st.integers(0, 2**32 - 1))
def test_lattice_sums_what_brute_force_sums(label, steps, seed):
    logits = random_logits(steps, seed)
    lattice = Lattice(logits, label, BLANK)
    probabilities = np.exp(lattice.log_probs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    paths = np.array(list(alignments(label, steps, BLANK)), int).reshape(-1, steps)
    chances = probabilities[np.arange(steps), paths].prod(axis=1)
    assert np.exp(lattice.log_likelihood) == pytest.approx(chances.sum(), rel=1e-12)

    if len(paths) == 0:
        assert lattice.log_likelihood == -np.inf
        assert not lattice.posterior.any()
        assert not lattice.gradient.any()
        return
    # What each class writes at each step, given the label: paths counted by their probability.
    written = np.einsum("p,ptk->tk", chances / chances.sum(), np.eye(BLANK + 1)[paths])
    by_class = np.stack(
        [lattice.posterior[:, lattice.states == k].sum(axis=1) for k in range(BLANK + 1)], axis=1
    )
    np.testing.assert_allclose(by_class, written, atol=1e-12)
    np.testing.assert_allclose(lattice.gradient, probabilities - written, atol=1e-12)


@given(LABELS, st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_gradient_is_what_finite_differences_give(label, seed):
    steps, tiny = 7, 1e-5
    logits = random_logits(steps, seed)
    gradient = np.zeros_like(logits)
    for place in np.ndindex(*logits.shape):
        shifted = [logits.copy(), logits.copy()]
        shifted[0][place] += tiny
        shifted[1][place] -= tiny
        above, below = (-Lattice(x, label, BLANK).log_likelihood for x in shifted)
        gradient[place] = (above - below) / (2 * tiny)
    np.testing.assert_allclose(Lattice(logits, label, BLANK).gradient, gradient, atol=1e-8)


def test_every_step_cuts_the_lattice():
    # Whichever step one looks at, the paths through its states add up to all paths.
    label = [0, 1, 1, 2, 0]
    lattice = Lattice(random_logits(20, 5), label, BLANK)
    through = np.logaddexp.reduce(lattice.alpha + lattice.beta, axis=1)
    np.testing.assert_allclose(through, lattice.log_likelihood, rtol=1e-13)
    np.testing.assert_allclose(lattice.posterior.sum(axis=1), 1, rtol=1e-12)


def test_the_corners_of_the_lattice():
    lattice = Lattice(random_logits(4, 1), [0, 1, 2], BLANK)
    assert (lattice.alpha[0, 2:] == -np.inf).all()
    assert (lattice.beta[-1, :-2] == -np.inf).all()
    assert (lattice.beta[-1, -2:] == 0).all()
    np.testing.assert_array_equal(lattice.alpha[0, :2], lattice.log_probs[0, [BLANK, 0]])


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match=r"give \(T, classes\), at least one step"):
        Lattice(np.zeros((0, 4)), [0], BLANK)
    with pytest.raises(ValueError, match=r"give \(T, classes\)"):
        Lattice(np.zeros((1, 5, 4)), [0], BLANK)
    for label in ([BLANK], [-1], [4]):
        with pytest.raises(ValueError, match="give class ids below 4"):
            Lattice(np.zeros((5, 4)), label, BLANK)
