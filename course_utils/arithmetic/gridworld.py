"""A grid world in which an agent is told when to arrive: too early is as bad as too late.

An agent starts in one cell of a 5 x 5 grid and is told, once, at which step to enter the goal. It
moves up, down, left or right, or stays. The episode ends when it enters the goal, or a few steps
after the step it was told; the reward is 1 for arriving exactly then and 0 otherwise.

The idea, an agent in a grid world that has to track time, is that of Trask et al. (2018,
arXiv:1808.00508), whose settings are in no source we could read; the rules above are ours.
"""

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

SIZE = 5  # cells a side
ACTIONS = ("stay", "up", "down", "left", "right")
MOVES = np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)])  # (rows, columns)
TARGETS = (5, 12)  # the step to arrive at, from and to
GRACE = 3  # steps after that step until the episode is cut off
TOLD = ("once", "at every step")


@dataclass(frozen=True)
class Episodes:
    """Where episodes start, where they should end, and when.

    Attributes:
        start: (n, 2) whole numbers, row and column.
        goal: (n, 2), likewise; never the start.
        target: (n,) the step to arrive at; never below the distance.
    """

    start: np.ndarray
    goal: np.ndarray
    target: np.ndarray

    def __len__(self) -> int:
        """How many."""
        return len(self.target)

    def distance(self) -> np.ndarray:
        """(n,) the fewest steps from start to goal."""
        return np.abs(self.start - self.goal).sum(axis=1)


def draw(
    rng: np.random.Generator, count: int, targets: tuple[int, int] = TARGETS, size: int = SIZE
) -> Episodes:
    """Random episodes that can be solved.

    Args:
        rng: where chance comes from.
        count: how many.
        targets: the least and the greatest step to arrive at; each that the distance allows is
            equally likely.
        size: cells a side.

    Raises:
        ValueError: a grid of one cell, or ``targets`` that are not a range from 1 on.
    """
    low, high = targets
    if size < 2:
        raise ValueError(f"a grid of {size} cell a side has no way to go: give at least 2")
    if not 1 <= low <= high:
        raise ValueError(f"targets {low} to {high}: give a range that starts at 1 or later")
    start, goal = np.zeros((2, count, 2), np.int64)
    open_ = np.ones(count, bool)
    while open_.any():
        drawn = rng.integers(size, size=(2, open_.sum(), 2))
        start[open_], goal[open_] = drawn
        distance = np.abs(start - goal).sum(axis=1)
        open_ = (distance == 0) | (distance > high)
    target = rng.integers(np.maximum(low, distance), high + 1)
    return Episodes(start, goal, target)


def moved(position: np.ndarray, action: np.ndarray, size: int = SIZE) -> np.ndarray:
    """(n, 2) where an action leads from each (n, 2) position; against a wall one stays."""
    return np.clip(position + MOVES[action], 0, size - 1)


def _observation_space(size: int, last: int) -> spaces.Dict:
    return spaces.Dict(
        {
            "grid": spaces.Box(0, 1, (2, size, size), np.int8),
            "instruction": spaces.Box(0, last, (1,), np.float32),
        }
    )


def _grids(position: np.ndarray, goal: np.ndarray, size: int) -> np.ndarray:
    """(n, 2, size, size) int8: a 1 where the agent is, and a 1 where the goal is."""
    grids = np.zeros((len(position), 2, size, size), np.int8)
    rows = np.arange(len(position))
    grids[rows, 0, position[:, 0], position[:, 1]] = 1
    grids[rows, 1, goal[:, 0], goal[:, 1]] = 1
    return grids


def _check(told: str) -> None:
    if told not in TOLD:
        raise ValueError(f"told {told!r}: choose one of {', '.join(TOLD)}")


class GridWorldVector(VectorEnv):
    """Many grid worlds at once, in NumPy.

    An observation is ``grid``, (n, 2, size, size) int8, the agent's cell and the goal's, and
    ``instruction``, (n, 1) float32: the step to arrive at, and 0 after the first step if it is told
    once. A world whose episode has ended stands still, without reward, until it is reset;
    ``reset(options={"reset_mask": …})`` resets some, ``options={"episodes": …}`` says which
    episodes to play.

    Args:
        num_envs: worlds.
        targets: the least and the greatest step to arrive at.
        told: one of ``TOLD``.
        size: cells a side.

    Raises:
        ValueError: an unknown ``told``, or settings that ``draw`` refuses.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        targets: tuple[int, int] = TARGETS,
        told: str = "once",
        size: int = SIZE,
    ) -> None:
        super().__init__()
        _check(told)
        draw(np.random.default_rng(0), 1, targets, size)  # Refuses what is impossible, now.
        self.num_envs, self.targets, self.told, self.size = num_envs, targets, told, size
        self.render_mode = None
        self.single_observation_space = _observation_space(size, targets[1])
        self.single_action_space = spaces.Discrete(len(ACTIONS))
        self.observation_space = gymnasium.vector.utils.batch_space(
            self.single_observation_space, num_envs
        )
        self.action_space = spaces.MultiDiscrete([len(ACTIONS)] * num_envs)
        self.position, self.goal = np.zeros((2, num_envs, 2), np.int64)
        self.target, self.steps = np.zeros((2, num_envs), np.int64)
        self.ended = np.ones(num_envs, bool)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begin new episodes, in all worlds or where ``options["reset_mask"]`` is true."""
        super().reset(seed=seed)
        options = options or {}
        mask = np.asarray(options.get("reset_mask", np.ones(self.num_envs, bool)))
        episodes = options.get("episodes")
        if episodes is None:
            episodes = draw(self.np_random, int(mask.sum()), self.targets, self.size)
        self.position[mask], self.goal[mask] = episodes.start, episodes.goal
        self.target[mask], self.steps[mask], self.ended[mask] = episodes.target, 0, False
        return self._observation(), {}

    def step(
        self, actions: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One step of every world: observation, reward, terminated, truncated, nothing more."""
        going = ~self.ended
        self.steps += going
        there = moved(self.position, np.asarray(actions), self.size)
        self.position = np.where(going[:, None], there, self.position)
        arrived = (self.position == self.goal).all(axis=1)
        late = ~arrived & (self.steps >= self.target + GRACE)
        reward = (going & arrived & (self.steps == self.target)).astype(np.float64)
        self.ended = arrived | late
        return self._observation(), reward, arrived, late, {}

    def _observation(self) -> dict[str, np.ndarray]:
        tells = (self.steps == 0) | (self.told != "once")
        return {
            "grid": _grids(self.position, self.goal, self.size),
            "instruction": (self.target * tells).astype(np.float32)[:, None],
        }


class GridWorld(gymnasium.Env):
    """One grid world, by Gymnasium's interface; see the module for the rules.

    Args:
        targets: the least and the greatest step to arrive at.
        told: one of ``TOLD``.
        size: cells a side.
        render_mode: None, or "ansi" for a picture in letters.

    Raises:
        ValueError: an unknown ``told``, or settings that ``draw`` refuses.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        targets: tuple[int, int] = TARGETS,
        told: str = "once",
        size: int = SIZE,
        render_mode: str | None = None,
    ) -> None:
        _check(told)
        draw(np.random.default_rng(0), 1, targets, size)
        self.targets, self.told, self.size = targets, told, size
        self.render_mode = render_mode
        self.observation_space = _observation_space(size, targets[1])
        self.action_space = spaces.Discrete(len(ACTIONS))
        self.position = self.goal = (0, 0)
        self.target = self.steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begin an episode, a random one unless ``options["episodes"]`` holds one."""
        super().reset(seed=seed)
        episodes = (options or {}).get("episodes")
        if episodes is None:
            episodes = draw(self.np_random, 1, self.targets, self.size)
        self.position, self.goal = tuple(episodes.start[0]), tuple(episodes.goal[0])
        self.target, self.steps = int(episodes.target[0]), 0
        return self._observation(), {}

    def step(self, action: int) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Move: observation, reward, whether the goal was entered, whether time ran out."""
        self.steps += 1
        row, column = (
            min(max(at + move, 0), self.size - 1)
            for at, move in zip(self.position, MOVES[action], strict=True)
        )
        self.position = (row, column)
        arrived = self.position == self.goal
        late = not arrived and self.steps >= self.target + GRACE
        return self._observation(), float(arrived and self.steps == self.target), arrived, late, {}

    def render(self) -> str | None:
        """The grid in letters: A the agent, G the goal, * both."""
        if self.render_mode != "ansi":
            return None
        rows = [["."] * self.size for _ in range(self.size)]
        rows[self.goal[0]][self.goal[1]] = "G"
        rows[self.position[0]][self.position[1]] = "*" if self.position == self.goal else "A"
        return "\n".join(" ".join(row) for row in rows)

    def _observation(self) -> dict[str, np.ndarray]:
        grid = _grids(np.array([self.position]), np.array([self.goal]), self.size)[0]
        told = self.target if self.steps == 0 or self.told != "once" else 0
        return {"grid": grid, "instruction": np.array([told], np.float32)}
