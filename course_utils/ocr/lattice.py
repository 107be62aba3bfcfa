"""CTC laid open: alignments one by one, and the forward-backward lattice, in NumPy and float64."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np


def collapse(path: Sequence[int], blank: int) -> tuple[int, ...]:
    """The label that a path spells: equal neighbours merged, then blanks dropped.

    Args:
        path: one class id a time step.
        blank: class id of the blank.
    """
    return tuple(int(k) for k, _ in groupby(path) if k != blank)


def extended(label: Sequence[int], blank: int) -> np.ndarray:
    """The lattice's states: a blank before, between and behind the symbols, (2L + 1,) class ids."""
    states = np.full(2 * len(label) + 1, blank)
    states[1::2] = label
    return states


def alignments(label: Sequence[int], steps: int, blank: int) -> Iterator[tuple[int, ...]]:
    """Every path of ``steps`` class ids that collapses to ``label``, each once.

    There may be very many: ask ``count_alignments`` first.

    Args:
        label: class ids without blanks.
        steps: length of the paths.
        blank: class id of the blank.
    """
    states = [int(k) for k in extended(label, blank)]
    may_skip = _may_skip(np.array(states), blank)

    def walk(state: int, left: int) -> Iterator[tuple[int, ...]]:
        if left == 0:
            if state >= len(states) - 2:
                yield ()
            return
        for after in range(state, min(state + 3, len(states))):
            if after < state + 2 or may_skip[after]:
                yield from ((states[after], *rest) for rest in walk(after, left - 1))

    # To stand on the first blank before the first step allows just what may come first.
    yield from walk(0, steps)


def count_alignments(label: Sequence[int], steps: int) -> int:
    """How many paths of ``steps`` class ids collapse to ``label``; exact, however many.

    Args:
        label: class ids or characters.
        steps: length of the paths.
    """
    # Each symbol's run begins somewhere and ends somewhere: 2L borders among the places there are,
    # less the blanks that repeated letters force between them.
    forced = sum(a == b for a, b in pairwise(label))
    return math.comb(max(steps + len(label) - forced, 0), 2 * len(label))


def _may_skip(states: np.ndarray, blank: int) -> np.ndarray:
    """(S,) bool: which states may be entered from two states before, over a blank."""
    may = states != blank
    may[:2] = False
    may[2:] &= states[2:] != states[:-2]
    return may


class Lattice:
    """All alignments of one label with one image's logits, summed by dynamic programming.

    Follows Graves et al. (2006), section 4.1, in logarithms. Alpha counts the step it stands on
    and beta does not, so that alpha + beta is the log-probability of all paths through a state.

    Args:
        logits: (T, classes) unnormalised scores.
        label: (L,) class ids without blanks.
        blank: class id of the blank.

    Attributes:
        states: (2L + 1,) class ids.
        log_probs: (T, classes) log-softmax of the logits.
        alpha: (T, 2L + 1) log-probability of all ways from the start to a state, that step's
            symbol written.
        beta: (T, 2L + 1) log-probability of all ways from there to the end.
        log_likelihood: log-probability of the label, -inf if it needs more than T steps; the CTC
            loss is its negative.

    Raises:
        ValueError: the shapes do not fit, or the label has an id that is no class or is the blank.
    """

    def __init__(self, logits: np.ndarray, label: Sequence[int], blank: int) -> None:
        logits = np.asarray(logits, dtype=np.float64)
        if logits.ndim != 2 or len(logits) == 0:
            raise ValueError(f"logits {logits.shape}: give (T, classes), at least one step")
        if not all(0 <= k < logits.shape[1] and k != blank for k in label):
            raise ValueError(
                f"label {list(label)}: give class ids below {logits.shape[1]}, and not the "
                f"blank {blank}"
            )
        self.blank = blank
        self.states = extended(label, blank)
        self.log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        here = self.log_probs[:, self.states]
        # Backwards is forwards through the mirrored lattice.
        self.alpha = _sweep(here, _may_skip(self.states, blank))
        self.beta = _sweep(here[::-1, ::-1], _may_skip(self.states[::-1], blank))[::-1, ::-1] - here
        self.log_likelihood = float(np.logaddexp.reduce(self.alpha[-1, -2:]))

    @property
    def posterior(self) -> np.ndarray:
        """(T, 2L + 1) probability that the path is in a state, given the label; rows sum to one.

        Zero throughout for a label that needs more than T steps.
        """
        if self.log_likelihood == -np.inf:
            return np.zeros_like(self.alpha)
        return np.exp(self.alpha + self.beta - self.log_likelihood)

    @property
    def gradient(self) -> np.ndarray:
        """(T, classes) gradient of the loss with respect to the logits (eq. 16).

        What the network believes less what it should believe, given the label. Zero throughout for
        a label that needs more than T steps: no small change makes it possible.
        """
        if self.log_likelihood == -np.inf:
            return np.zeros_like(self.log_probs)
        gradient = np.exp(self.log_probs)
        for state, symbol in enumerate(self.states):
            gradient[:, symbol] -= self.posterior[:, state]
        return gradient


def _sweep(here: np.ndarray, may_skip: np.ndarray) -> np.ndarray:
    """Forward recursion: (T, S) log-probabilities of each state's symbol -> (T, S) alphas."""
    alpha = np.full_like(here, -np.inf)
    alpha[0, :2] = here[0, :2]
    for t in range(1, len(here)):
        staying = alpha[t - 1]
        stepping = np.concatenate(([-np.inf], staying[:-1]))
        skipping = np.where(may_skip, np.concatenate(([-np.inf, -np.inf], staying[:-2])), -np.inf)
        alpha[t] = np.logaddexp(np.logaddexp(staying, stepping), skipping[: len(staying)]) + here[t]
    return alpha
