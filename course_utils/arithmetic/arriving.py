"""Trains agents to arrive on time, and tests them on times they were never told: notebook 11.

    python -m course_utils.arithmetic.arriving

Eight seeds of every kind in ``KINDS`` train together. data/results/arriving_on_time.json is written
after each kind; started again, the command goes on with those that are missing. The weights of the
first seed of two kinds go to data/weights. Under half an hour on two quiet cores.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from course_utils.arithmetic.gridworld import TARGETS, Episodes, GridWorldVector, draw
from course_utils.arithmetic.travellers import Kind, Traveller, chosen
from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "arriving_on_time.json"
WEIGHTS = {
    "LSTM": DATA / "weights" / "traveller_lstm.weights.h5",
    "adding NAC": DATA / "weights" / "traveller_nac.weights.h5",
}
KINDS = {
    "LSTM": Kind("LSTM"),
    "adding NAC": Kind("adding NAC"),
    "GRU": Kind("GRU"),
    "adding NAC, not squashed": Kind("adding NAC", squash="none"),
    "recurrent NAC": Kind("recurrent NAC"),
    "adding NAC + LSTM": Kind("adding NAC + LSTM"),
}
SEEDS = 8
STEPS = 8000
BATCH = 128  # episodes a member and step
AT_ONCE = 100  # steps between two looks at the progress
TESTED = (*range(TARGETS[0], 41), 50, 60, 80, 100)
EPISODES = 100  # of each tested step and seed
TEST_SEED = 1_000_000  # episodes of the test are drawn from it, of the training from the members'


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class ActorCritic(keras.losses.Loss):
    """Advantage actor-critic on whole episodes (Mnih et al. 2016, A2C), the members' added up.

    What an episode brought, less what the critic expected, weighs the logarithm of each chosen
    action's probability; the critic learns the squared difference; entropy is rewarded.
    """

    def __init__(self, name: str = "actor_critic", **kwargs: object) -> None:
        super().__init__(name=name, reduction="sum")

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Each member's loss.

        Args:
            y_true: (batch, members) the weight of the entropy.
            y_pred: (batch, members, steps, 5) from ``rollout``.

        Returns:
            (members,).
        """
        log, value, entropy, reward, going = (y_pred[..., part] for part in range(5))
        missing = ops.sum(reward, axis=-1, keepdims=True) - value
        actor = -log * ops.stop_gradient(missing) - y_true[..., None] * entropy
        return ops.mean(ops.sum(going * (actor + ops.square(missing) / 2), axis=-1), axis=0)

    def get_config(self) -> dict:
        """Its name."""
        return {"name": self.name}


@dataclass(frozen=True)
class Trained:
    """What became of an ensemble of agents.

    Attributes:
        agent: trained.
        model: around it: episodes in, their log out, as in ``rollout``.
        steps: (logged,) after how many training steps was measured.
        on_time: (logged, members) share of the episodes just played that arrived on time.
    """

    agent: Traveller
    model: keras.Model
    steps: np.ndarray
    on_time: np.ndarray


def around(agent: Traveller, steps: int) -> keras.Model:
    """A model that plays episodes of ``steps`` steps; see ``rollout``."""
    members = len(agent.seeds)
    given = [keras.Input(shape) for shape in ((members, 4), (members,), (members, steps))]
    return keras.Model(given, agent(given))


def experience(
    seeds: Sequence[int], part: int, count: int, targets: tuple[int, int], size: int
) -> list[np.ndarray]:
    """What ``rollout`` needs for ``count`` episodes of each seed.

    Returns:
        float32: places (count, members, 4), targets (count, members) and chance
        (count, members, the last target).
    """
    members = []
    for seed in seeds:
        rng = np.random.default_rng([seed, part])
        episodes = draw(rng, count, targets, size)
        places = np.concatenate([episodes.start, episodes.goal], axis=1)
        members.append((places, episodes.target, rng.random((count, targets[1]))))
    return [np.stack(kind, axis=1).astype(np.float32) for kind in zip(*members, strict=True)]


def train(
    kind: Kind,
    seeds: Sequence[int],
    steps: int = STEPS,
    *,
    targets: tuple[int, int] = TARGETS,
    batch: int = BATCH,
    learning_rate: float = 0.005,
    entropy: float = 0.01,
    on_interval: Callable[[int, np.ndarray], None] | None = None,
) -> Trained:
    """Train an agent of each seed; a seed chooses its weights, its episodes and its luck.

    Args:
        kind: what to train.
        seeds: of the members.
        steps: of training, in hundreds; each plays ``batch`` episodes.
        targets: the least and the greatest step to arrive at.
        batch: episodes a member.
        learning_rate: Adam's at first; it falls to 0 along a cosine.
        entropy: its weight at first; it falls to a twentieth.
        on_interval: called after every ``AT_ONCE`` steps with the steps so far and the members'
            shares on time.

    Raises:
        ValueError: ``steps`` are not whole hundreds.
    """
    if steps < AT_ONCE or steps % AT_ONCE:
        raise ValueError(f"{steps} steps: give a multiple of {AT_ONCE}")
    agent = Traveller(kind, seeds)
    model = around(agent, targets[1])
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)),
        ActorCritic(),
        jit_compile=True,
        steps_per_execution=AT_ONCE,
    )
    log = []
    for part in range(steps // AT_ONCE):
        given = experience(seeds, part, AT_ONCE * batch, targets, kind.size)
        weight = entropy * max(0.05, 1 - part * AT_ONCE / steps)
        weights = np.full(given[1].shape, weight, np.float32)
        model.fit(given, weights, batch_size=batch, shuffle=False, verbose=0)
        last = ops.convert_to_numpy(model([numbers[-4 * batch :] for numbers in given]))
        log.append(last[..., 3].sum(axis=-1).mean(axis=0))
        if on_interval:
            on_interval((part + 1) * AT_ONCE, log[-1])
    return Trained(agent, model, np.arange(AT_ONCE, steps + 1, AT_ONCE), np.array(log))


@dataclass(frozen=True)
class Played:
    """Episodes that agents played in a ``GridWorldVector``.

    Attributes:
        target: (n, members) the step to arrive at.
        arrived: (n, members) the step at which the goal was entered, 0 for never.
        positions: (n, members, steps + 1, 2) where the agent was.
        goal: (n, members, 2).
        probabilities: (n, members, steps, 5) of the actions.
        values: (n, members, steps) what the critic expected.
        counts: (n, members, steps) the NAC's number, nan without a NAC.
    """

    target: np.ndarray
    arrived: np.ndarray
    positions: np.ndarray
    goal: np.ndarray
    probabilities: np.ndarray
    values: np.ndarray
    counts: np.ndarray

    def shares(self) -> dict[str, np.ndarray]:
        """How many episodes of each member arrived on time, early, late or never: (members,)."""
        never = self.arrived == 0
        outcome = {
            "on time": self.arrived == self.target,
            "early": ~never & (self.arrived < self.target),
            "late": self.arrived > self.target,
            "never": never,
        }
        return {name: happened.mean(axis=0) for name, happened in outcome.items()}


def play(agent: Traveller, episodes: Episodes, rng: np.random.Generator | None = None) -> Played:
    """Let agents play episodes through Gymnasium's interface, all at once.

    Args:
        agent: of one seed or several.
        episodes: (n * members), each n in a row one episode for each member.
        rng: draws the actions by their probability; if not given, the likeliest is taken.
    """
    members = len(agent.seeds)
    shape = (len(episodes) // members, members)
    world = GridWorldVector(
        len(episodes),
        (int(episodes.target.min()), int(episodes.target.max())),
        "once",
        agent.kind.size,
    )
    seen, _ = world.reset(options={"episodes": episodes})
    states = agent.initial(np.zeros(shape, np.float32))
    arrived = np.zeros(len(episodes), np.int64)
    positions, log = [world.position], []
    while not world.ended.all():
        grid = seen["grid"].reshape(*shape, -1).astype(np.float32)
        logits, value, states = agent.step(grid, seen["instruction"].reshape(*shape, 1), states)
        probability = ops.softmax(logits)
        count = states[0][0][..., 0] if agent.nac else ops.full(shape, np.nan)
        log.append([ops.convert_to_numpy(part) for part in (probability, value, count)])
        if rng is None:
            action = ops.convert_to_numpy(ops.argmax(logits, axis=-1))
        else:
            chance = rng.random(shape, np.float32)
            action = ops.convert_to_numpy(ops.argmax(chosen(probability, chance), axis=-1))
        before = world.ended
        seen, _, entered, _, _ = world.step(action.ravel())
        arrived[entered & ~before] = world.steps[entered & ~before]
        positions.append(world.position)
    probabilities, values, counts = (np.stack(part, axis=2) for part in zip(*log, strict=True))
    return Played(
        episodes.target.reshape(shape),
        arrived.reshape(shape),
        np.stack(positions, axis=1).reshape(*shape, -1, 2),
        episodes.goal.reshape(*shape, 2),
        probabilities,
        values,
        counts,
    )


def replay(
    agent: Traveller,
    start: tuple[int, int],
    goal: tuple[int, int],
    target: int,
    rng: np.random.Generator | None = None,
) -> Played:
    """One episode of your choice, played by each seed's agent: what a picture of it needs.

    Args:
        agent: of one seed or several.
        start: row and column.
        goal: row and column.
        target: the step to arrive at.
        rng: as for ``play``.

    Raises:
        ValueError: a cell outside the grid, the start as the goal, or a goal too far away.
    """
    size, members = agent.kind.size, len(agent.seeds)
    if not all(0 <= at < size for at in (*start, *goal)):
        raise ValueError(f"{start} to {goal}: rows and columns go from 0 to {size - 1}")
    one = Episodes(
        np.array([start] * members), np.array([goal] * members), np.array([target] * members)
    )
    if not 1 <= one.distance()[0] <= target:
        raise ValueError(
            f"{start} to {goal} is {one.distance()[0]} steps and cannot take {target}: choose two "
            "cells, and at least as many steps as lie between them"
        )
    return play(agent, one, rng)


def outcomes(
    agent: Traveller, tested: Sequence[int], count: int = EPISODES, sampled: bool = False
) -> dict[str, np.ndarray]:
    """What becomes of agents that are told each of ``tested``.

    Args:
        agent: of one seed or several.
        tested: steps to arrive at, each for all episodes.
        count: episodes of each step and member.
        sampled: draw actions by their probability; otherwise the likeliest is taken.

    Returns:
        "on time", "early", "late" and "never": (tested, members) shares.
    """
    rng = np.random.default_rng(TEST_SEED)
    rows = []
    for target in tested:
        episodes = draw(rng, count * len(agent.seeds), (target, target), agent.kind.size)
        rows.append(play(agent, episodes, rng if sampled else None).shares())
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def first_member(agent: Traveller, steps: int) -> keras.Model:
    """The model around the first seed's agent alone."""
    alone = around(Traveller(agent.kind, agent.seeds[:1]), steps)
    alone.set_weights([ops.convert_to_numpy(weight)[:1] for weight in agent.weights])
    return alone


def load(name: str) -> Traveller:
    """An agent trained by this module's command, of one seed.

    Args:
        name: a key of ``WEIGHTS``.
    """
    agent = Traveller(KINDS[name], [0])
    around(agent, 1).load_weights(WEIGHTS[name])
    return agent


def measure(name: str, seeds: range, steps: int, weights: Path | None) -> dict:
    """Train agents and say what became of each seed."""
    start = time.perf_counter()
    with tqdm(total=steps, unit="step", desc=name, leave=False) as bar:
        run = train(KINDS[name], seeds, steps, on_interval=lambda *_: bar.update(AT_ONCE))
    row = {"name": name, "settings": asdict(KINDS[name])}
    row["training curve"] = rounded(run.on_time[4::5])
    row["seconds"] = round(time.perf_counter() - start)
    for how in ("greedy", "sampled"):
        shares = outcomes(run.agent, TESTED, sampled=how == "sampled")
        row[how] = {outcome: rounded(share) for outcome, share in shares.items()}
    if run.agent.nac:
        row["W"] = rounded(ops.convert_to_numpy(run.agent.nac.nac.weights_matrix())[..., 0])
    if weights:
        with replacing(weights) as path:
            first_member(run.agent, 1).save_weights(path)
    return row


def rounded(values: np.ndarray) -> list:
    """To four decimals."""
    return np.asarray(values, np.float64).round(4).tolist()


def main() -> None:
    """Train what is missing in the record, print a line a kind, record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="forget what is recorded")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--record", type=Path, default=RECORD, help="where to write")
    given = parser.parse_args()
    rows = []
    if given.record.exists() and not given.anew:
        record = json.loads(given.record.read_text(encoding="utf-8"))
        if (record["seeds"], record["steps"]) == (given.seeds, given.steps):
            rows = record["kinds"]
    known = {row["name"] for row in rows}
    for name in KINDS:
        if name in known:
            continue
        keras.utils.clear_session()
        weights = WEIGHTS.get(name) if given.record == RECORD else None
        rows.append(row := measure(name, range(given.seeds), given.steps, weights))
        record = {
            **provenance(),
            "seeds": given.seeds,
            "steps": given.steps,
            "tested": TESTED,
            "kinds": rows,
        }
        with replacing(given.record) as path:
            path.write_text(json.dumps(record) + "\n", encoding="utf-8")
        on_time = np.array(row["greedy"]["on time"])
        inside = np.array(TESTED) <= TARGETS[1]
        print(
            f"{name}: on time {on_time[inside].mean():.1%} as trained, "
            f"{on_time[TESTED.index(40)].mean():.1%} at 40, {row['seconds']} s"
        )


if __name__ == "__main__":
    main()
