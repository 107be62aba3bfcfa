"""Actor-critic agents for the grid world, whose sense of time is an LSTM, a NAC, or both.

An agent is a policy (five actions) and a value (the reward it expects), both from one layer that
sees the grid and a clock. The clock alone remembers anything: it is given the instruction, once,
and a tick of 1 at every step. Everything has the ensemble axis: agents of several seeds act and
learn side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from course_utils.arithmetic.ensembles import LAYER, dense
from course_utils.arithmetic.gridworld import ACTIONS, MOVES, SIZE
from course_utils.arithmetic.modules import NAC
from course_utils.arithmetic.recurrent import GRU, LSTM

CLOCKS = ("LSTM", "GRU", "recurrent NAC", "adding NAC", "adding NAC + LSTM")
CELLS = 16  # of an LSTM or GRU
HIDDEN = 64
USUAL = 10.0  # what a number of steps is divided by before an LSTM or a dense layer sees it
State = Sequence[keras.KerasTensor]


@dataclass(frozen=True)
class Kind:
    """What an agent is.

    Attributes:
        clock: one of ``CLOCKS``.
        squash: what a NAC's count goes through before the dense layer: "none", or "tanh", which
            cannot tell 30 steps left from 40.
        size: cells a side of its grid.
    """

    clock: str
    squash: str = "tanh"
    size: int = SIZE

    def __post_init__(self) -> None:
        if self.clock not in CLOCKS:
            raise ValueError(f"clock {self.clock!r}: choose one of {', '.join(CLOCKS)}")
        if self.squash not in ("none", "tanh"):
            raise ValueError(f"squash {self.squash!r}: choose none or tanh")


class GatedClock(keras.layers.Layer):
    """An LSTM or GRU, one step at a time.

    Args:
        cell: from ``recurrent``, with the ensemble axis.
        **kwargs: as for any Keras layer.
    """

    def __init__(self, cell: LSTM | GRU, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell

    def build(self, input_shape: tuple) -> None:
        """Draw the cell's weights."""
        self.cell.build(input_shape)

    def initial(self, like: keras.KerasTensor) -> State:
        """The state before the first step: zeros, for a batch as large as ``like``'s."""
        zeros = ops.zeros((ops.shape(like)[0], len(self.cell.seeds), self.cell.units))
        return zeros, zeros

    def step(self, time: keras.KerasTensor, state: State) -> tuple[keras.KerasTensor, State]:
        """(batch, members, 2) and the state -> what the clock shows, and the next state."""
        given = ops.einsum("bri,rio->bro", time / USUAL, self.cell.kernel) + self.cell.bias
        recalled = ops.einsum("bri,rio->bro", state[0], self.cell.recurrent)
        state = self.cell.next(given, recalled, *state)
        return state[0], state


class NACClock(keras.layers.Layer):
    """One number that a NAC keeps: with the right weights, the steps left.

    Args:
        seeds: each member's.
        adding: the NAC's output is added to the number, h + W [told; 1]; otherwise the number is
            one of the NAC's inputs, W [told; 1; h], as in ``Recurrent``.
        squash: as in ``Kind``.
        **kwargs: as for any Keras layer.
    """

    def __init__(self, seeds: Sequence[int], adding: bool, squash: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.nac = NAC(1, len(seeds), seed=list(seeds))
        self.adding, self.squash = adding, squash

    def build(self, input_shape: tuple) -> None:
        """Draw the NAC's weights."""
        self.nac.build((*input_shape[:-1], input_shape[-1] + (not self.adding)))

    def initial(self, like: keras.KerasTensor) -> State:
        """The number before the first step, 0, for a batch as large as ``like``'s."""
        return (ops.zeros((ops.shape(like)[0], self.nac.ensemble, 1)),)

    def step(self, time: keras.KerasTensor, state: State) -> tuple[keras.KerasTensor, State]:
        """(batch, members, 2) and the state -> what the clock shows, and the next state."""
        (count,) = state
        if self.adding:
            count = count + self.nac(time)
        else:
            count = self.nac(ops.concatenate([time, count], axis=-1))
        shown = count / USUAL
        return ops.tanh(shown) if self.squash == "tanh" else shown, (count,)


class Traveller(keras.layers.Layer):
    """Agents of one kind, one for each seed.

    Args:
        kind: what they are.
        seeds: each member's.
        **kwargs: as for any Keras layer.
    """

    def __init__(self, kind: Kind, seeds: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.seeds = kind, list(seeds)
        at = [[seed + layer * LAYER for seed in self.seeds] for layer in range(5)]
        self.nac = self.gated = None
        if "NAC" in kind.clock:
            self.nac = NACClock(at[0], kind.clock.startswith("adding"), kind.squash)
        if kind.clock.endswith(("LSTM", "GRU")):
            self.gated = GatedClock((GRU if kind.clock == "GRU" else LSTM)(CELLS, at[1]))
        self.hidden = dense(HIDDEN, at[2], "relu")
        self.policy = dense(len(ACTIONS), at[3])
        self.critic = dense(1, at[4])

    def build(self, input_shape: tuple | None = None) -> None:
        """Draw all weights."""
        members, shown = len(self.seeds), 0
        if self.nac:
            self.nac.build((None, members, 2))
            shown = 1
        if self.gated:
            self.gated.build((None, members, 2 if not self.nac else 1))
            shown = CELLS
        self.hidden.build((None, members, 2 * self.kind.size**2 + shown))
        self.policy.build((None, members, HIDDEN))
        self.critic.build((None, members, HIDDEN))
        self.built = True

    def initial(self, like: keras.KerasTensor) -> list[State]:
        """The clocks' states before the first step, for a batch as large as ``like``'s."""
        return [clock.initial(like) for clock in (self.nac, self.gated) if clock]

    def step(
        self, grid: keras.KerasTensor, told: keras.KerasTensor, states: list[State]
    ) -> tuple[keras.KerasTensor, keras.KerasTensor, list[State]]:
        """What the agents make of one observation.

        Args:
            grid: (batch, members, 2 * size ** 2) the agent's cell and the goal's.
            told: (batch, members, 1) the instruction.
            states: from ``initial`` or the step before.

        Returns:
            Logits (batch, members, 5), values (batch, members) and the next states.
        """
        shown, later, states = ops.concatenate([told, ops.ones_like(told)], -1), [], [*states]
        if self.nac:
            shown, state = self.nac.step(shown, states.pop(0))
            later.append(state)
        if self.gated:
            # A NAC's number is divided once only.
            given = shown * USUAL if self.nac else shown
            shown, state = self.gated.step(given, states.pop(0))
            later.append(state)
        hidden = self.hidden(ops.concatenate([grid, shown], axis=-1))
        return self.policy(hidden), self.critic(hidden)[..., 0], later

    def call(self, inputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """Play whole episodes; see ``rollout``."""
        return rollout(self, *inputs)

    def compute_output_shape(self, input_shape: Sequence[tuple]) -> tuple:
        """(batch, members, steps, 5)."""
        return (*input_shape[2], 5)


def rollout(
    agent: Traveller,
    places: keras.KerasTensor,
    target: keras.KerasTensor,
    chance: keras.KerasTensor,
) -> keras.KerasTensor:
    """Let agents play episodes, world and all inside one differentiable function.

    The rules are those of ``GridWorldVector``, told once. An episode counts until its last step
    that could be rewarded.

    Args:
        agent: who plays.
        places: (batch, members, 4) float32: row and column of the start, and of the goal.
        target: (batch, members) float32, the step to arrive at.
        chance: (batch, members, steps) float32 from 0 to 1, one for each choice of an action.

    Returns:
        (batch, members, steps, 5) float32: of each step the logarithm of the chosen action's
        probability, the value, the entropy of the policy, the reward, and 1 while the episode went
        on or 0; and the action is found by the chance, so it is not among them.
    """
    size, moves = agent.kind.size, ops.convert_to_tensor(MOVES, "float32")
    position, goal = places[..., :2], places[..., 2:]
    going = ops.ones_like(target)
    states, log = agent.initial(target), []
    for step in range(chance.shape[-1]):
        told = target[..., None] if step == 0 else ops.zeros_like(target)[..., None]
        seen = ops.concatenate([_cell(position, size), _cell(goal, size)], axis=-1)
        logits, value, states = agent.step(seen, told, states)
        logs = ops.log_softmax(logits, axis=-1)
        action = chosen(ops.exp(logs), chance[..., step])
        position = ops.clip(position + ops.matmul(action, moves), 0, size - 1)
        arrived = ops.cast(ops.all(position == goal, axis=-1), "float32")
        on_time = ops.cast(target == step + 1, "float32")
        chosen_log = ops.sum(action * logs, axis=-1)
        entropy = -ops.sum(ops.exp(logs) * logs, axis=-1)
        log.append(ops.stack([chosen_log, value, entropy, going * arrived * on_time, going], -1))
        going = going * (1 - arrived) * (1 - on_time)
    return ops.stack(log, axis=2)


def chosen(probability: keras.KerasTensor, chance: keras.KerasTensor) -> keras.KerasTensor:
    """(…, 5) probabilities and (…) a number from 0 to 1 -> (…, 5), a 1 at the action it picks."""
    below = ops.sum(ops.cast(chance[..., None] >= ops.cumsum(probability, -1), "int32"), -1)
    return ops.one_hot(ops.minimum(below, probability.shape[-1] - 1), probability.shape[-1])


def _cell(position: keras.KerasTensor, size: int) -> keras.KerasTensor:
    """(…, 2) row and column -> (…, size ** 2), a 1 in that cell."""
    cell = ops.cast(position[..., 0] * size + position[..., 1], "int32")
    return ops.one_hot(cell, size**2)
