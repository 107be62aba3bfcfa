"""The arithmetic functions a network is to learn, and the numbers it learns them from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

SUBSET = 0.25  # share of many inputs that a sums, and as many that b does
OVERLAP = 0.5  # share of a's inputs that b sums too


@dataclass(frozen=True)
class Function:
    """A function of two numbers.

    Attributes:
        formula: how it is written, with a and b.
        of: (a, b) arrays -> y.
        gap: why it has no value at some a and b, or "".
    """

    formula: str
    of: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gap: str = ""


ADD = Function("a + b", lambda a, b: a + b)
SUBTRACT = Function("a - b", lambda a, b: a - b)
MULTIPLY = Function("a * b", lambda a, b: a * b)
DIVIDE = Function("a / b", lambda a, b: a / b, gap="nothing can be divided by 0")
SQUARE = Function("a^2", lambda a, b: a * a)
ROOT = Function("sqrt(a)", lambda a, b: np.sqrt(a), gap="no number below 0 has a square root")
RETURN = Function("a - b + a", lambda a, b: a - b + a)
FUNCTIONS = {
    function.formula: function
    for function in (ADD, SUBTRACT, MULTIPLY, DIVIDE, SQUARE, ROOT, RETURN)
}


class Range(NamedTuple):
    """The numbers from ``low`` to ``high`` that inputs are drawn from, evenly."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


TRAIN, TEST = Range(1.0, 2.0), Range(2.0, 6.0)


@dataclass(frozen=True)
class Task:
    """What is learnt: a function, of how many inputs, where, and where it is tested.

    With 2 inputs they are a and b. With more, a and b are sums over two subsets, each a quarter of
    the inputs, that share half of theirs; where they begin is drawn once for each seed, as in
    Madsen and Johansen (2020, arXiv:2001.05016), whose ranges are the default too.

    Attributes:
        function: of a and b.
        inputs: how many numbers the network is given.
        train: range of each input in training, and in the test of interpolation.
        test: range of each input in the test of extrapolation.
        tested: how many examples a seed's extrapolation is tested on.

    Raises:
        ValueError: a range is empty or not of finite numbers, the function has no value somewhere
            in it, or ``inputs`` is neither 2 nor at least 8.
    """

    function: Function
    inputs: int = 2
    train: Range = TRAIN
    test: Range = TEST
    tested: int = 10_000

    def __post_init__(self) -> None:
        if self.inputs != 2 and self.inputs < 8:
            raise ValueError(f"inputs={self.inputs}: give 2, or 8 or more for sums over subsets")
        for name, (low, high) in (("training", self.train), ("test", self.test)):
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise ValueError(
                    f"the {name} range {low:g} to {high:g} is empty: "
                    "let it end above where it starts"
                )
            gap = self.function.gap
            if (self.function is DIVIDE and low <= 0 <= high) or (
                self.function is ROOT and low < 0
            ):
                raise ValueError(
                    f"{self.function.formula} on the {name} range {low:g} to {high:g}: {gap}; "
                    "choose a range above 0"
                )

    def subsets(self, seed: int) -> np.ndarray:
        """(2, inputs) of 0 and 1: the inputs that a and b are the sums of, for a seed."""
        if self.inputs == 2:
            return np.eye(2, dtype=np.float32)
        size = int(SUBSET * self.inputs)
        shift = size - int(OVERLAP * size)
        start = np.random.default_rng([seed, 0]).integers(self.inputs - size - shift + 1)
        chosen = np.zeros((2, self.inputs), np.float32)
        chosen[0, start : start + size] = chosen[1, start + shift : start + shift + size] = 1
        return chosen

    def sums(self, x: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """The sums a and b that ``chosen``, (2, inputs), weighs: (n, inputs) -> (2, n) float64."""
        return chosen.astype(np.float64) @ x.T.astype(np.float64)

    def answer(self, x: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """(n, inputs) -> (n, 1) float64: the function of the sums that ``chosen`` weighs."""
        return self.function.of(*self.sums(x, chosen))[:, None]

    def numbers(self, seed: int, part: int, count: int, test: bool = False) -> np.ndarray:
        """What the network is given: (count, inputs) float32.

        Args:
            seed: chooses them, together with ``part``.
            part: from 0 on; the parts of a seed are independent.
            count: how many examples.
            test: of the test of extrapolation, not of training.
        """
        low, high = self.test if test else self.train
        return uniform(seed, part, (count, self.inputs), low, high)

    def examples(
        self, seed: int, part: int, count: int, test: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Numbers and answers of one seed: (count, inputs) and (count, 1), float32.

        Args:
            seed: chooses the subsets and, with ``part``, the numbers.
            part: as for ``numbers``.
            count: how many examples.
            test: as for ``numbers``.
        """
        x = self.numbers(seed, part, count, test)
        return x, self.answer(x, self.subsets(seed)).astype(np.float32)


def uniform(seed: int, part: int, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    """Evenly drawn float32 numbers, the same for the same seed and part."""
    x = np.random.default_rng([seed, 1 + part]).random(shape, dtype=np.float32)
    x *= np.float32(high - low)
    x += np.float32(low)
    return x


def draw_members(
    members: Sequence[tuple[Task, int]],
    part: int,
    count: int,
    test: bool = False,
    shared: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Examples for every member of an ensemble, each from its own task and seed.

    Members that differ in nothing but the function share their numbers, which are drawn once.

    Args:
        members: (task, seed) of each; the examples of all tasks have one shape.
        part: as for ``Task.numbers``.
        count: examples a member.
        test: as for ``Task.numbers``.
        shared: give numbers that members share only once, in the order of the first of them.

    Returns:
        (count, members, inputs), fewer if ``shared``, and (count, members, 1), float32; sequences
        with their time axis before the inputs.
    """
    places: dict[tuple[Task, int], int] = {}
    place = [
        places.setdefault((replace(task, function=ADD), seed), len(places))
        for task, seed in members
    ]
    drawn = [task.numbers(seed, part, count, test) for task, seed in places]
    summed = [
        task.sums(x, task.subsets(seed)) for (task, seed), x in zip(places, drawn, strict=True)
    ]
    x = np.stack(drawn, axis=1)
    if len(places) < len(members) and not shared:
        x = np.take(x, place, axis=1)
    answers = [
        task.function.of(*summed[index]).astype(np.float32)
        for (task, _), index in zip(members, place, strict=True)
    ]
    return x, np.stack(answers, axis=1)[..., None]
