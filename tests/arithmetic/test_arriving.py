import json

import keras
import numpy as np
import pytest

from course_utils.arithmetic import arriving
from course_utils.arithmetic.arriving import (
    ActorCritic,
    around,
    experience,
    outcomes,
    play,
    replay,
    train,
)
from course_utils.arithmetic.gridworld import Episodes, draw
from course_utils.arithmetic.travellers import CLOCKS, Kind, Traveller, chosen


class Told:
    """Stands in for a random generator: gives the numbers that it was told to."""

    def __init__(self, chance):
        self.chance = iter(np.moveaxis(chance, -1, 0))

    def random(self, shape, dtype):
        return np.asarray(next(self.chance), dtype)


def built(kind, seeds, steps=1):
    agent = Traveller(kind, seeds)
    return agent, around(agent, steps)


def flat(places, target):
    places = places.reshape(-1, 4).astype(int)
    return Episodes(places[:, :2], places[:, 2:], target.ravel().astype(int))


@pytest.mark.backends
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_compiled_episode_is_gymnasiums_step_by_step(clock):
    steps, size = 9, 3
    agent, model = built(Kind(clock, size=size), [0, 5], steps)
    places, target, _ = experience([0, 5], 0, 60, (3, 6), size)
    chance = np.random.default_rng(1).random((60, 2, steps), np.float32)
    log = np.asarray(model([places, target, chance]))
    world = play(agent, flat(places, target), Told(chance))
    on_time = world.arrived == world.target
    assert 0 < on_time.sum() < on_time.size
    np.testing.assert_array_equal(log[..., 3].sum(axis=-1), on_time)
    last = np.where(world.arrived == 0, world.target, np.minimum(world.arrived, world.target))
    np.testing.assert_array_equal(log[..., 4].sum(axis=-1), last)
    going = log[..., 4] > 0
    np.testing.assert_allclose(log[..., 1][going], world.values[going], atol=1e-5)
    probability = world.probabilities
    entropy = -(probability * np.log(probability)).sum(axis=-1)
    np.testing.assert_allclose(log[..., 2][going], entropy[going], atol=1e-5)
    distance = np.abs(np.exp(log[..., 0])[..., None] - probability).min(axis=-1)
    assert distance[going].max() < 1e-5


def test_a_member_plays_as_it_would_alone():
    given = experience([3, 8], 0, 20, (3, 6), 5)
    _, together = built(Kind("adding NAC + LSTM"), [3, 8], 6)
    _, alone = built(Kind("adding NAC + LSTM"), [8], 6)
    expected = np.asarray(together(given))[:, 1:]
    lone = np.asarray(alone([numbers[:, 1:] for numbers in given]))
    np.testing.assert_allclose(lone, expected, atol=1e-5)
    for one, both in zip(experience([8], 0, 20, (3, 6), 5), given, strict=True):
        np.testing.assert_array_equal(one, both[:, 1:])


def test_actions_are_as_likely_as_they_should_be():
    probability = np.array([0.1, 0.2, 0.0, 0.3, 0.4], np.float32)
    chance = (np.arange(1000, dtype=np.float32) + 0.5) / 1000
    picked = np.asarray(chosen(np.tile(probability, (1000, 1)), chance))
    np.testing.assert_array_equal(picked.sum(axis=1), 1)
    np.testing.assert_allclose(picked.mean(axis=0), probability, atol=1.1e-3)
    assert np.asarray(chosen(probability[None], np.ones(1, np.float32)))[0].tolist()[-1] == 1


@pytest.mark.backends
def test_the_loss_is_the_textbooks():
    rng = np.random.default_rng(0)
    log = rng.random((3, 2, 4, 5)).astype(np.float32)
    log[..., 3] = 0
    log[0, 0, 2, 3] = log[2, 1, 1, 3] = 1
    log[..., 4] = rng.integers(2, size=(3, 2, 4))
    weight = 0.3
    expected = 0.0
    for episode in log.reshape(-1, 4, 5):
        reward = episode[:, 3].sum()
        for log_probability, value, entropy, _, going in episode:
            advantage = reward - value
            expected += going * (-log_probability * advantage - weight * entropy)
            expected += going * 0.5 * advantage**2
    loss = ActorCritic()(np.full((3, 2), weight, np.float32), log)
    assert float(loss) == pytest.approx(expected / 3, rel=1e-5)


@pytest.mark.parametrize("adding", [True, False])
def test_a_nac_with_whole_weights_holds_the_steps_left(adding):
    agent, _ = built(Kind("adding NAC" if adding else "recurrent NAC"), [0])
    signs = np.array([1.0, -1.0] if adding else [1.0, -1.0, 1.0])
    agent.nac.nac.w_hat.assign(20 * signs.reshape(1, -1, 1))
    agent.nac.nac.m_hat.assign(np.full((1, len(signs), 1), 20.0))
    world = play(agent, draw(np.random.default_rng(0), 30, (30, 40)))
    steps = np.arange(world.counts.shape[-1])
    before = (world.arrived == 0)[..., None] | (steps < world.arrived[..., None])
    expected = world.target[..., None] - 1 - steps
    np.testing.assert_allclose(
        world.counts[before], np.broadcast_to(expected, before.shape)[before]
    )


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_weight_learns(clock):
    agent, model = built(Kind(clock, size=2), [0, 1], 3)
    before = [keras.ops.convert_to_numpy(weight).copy() for weight in agent.trainable_weights]
    model.compile(keras.optimizers.SGD(1.0), ActorCritic())
    given = experience([0, 1], 0, 200, (2, 3), 2)
    model.fit(given, np.full(given[1].shape, 0.1, np.float32), batch_size=200, verbose=0)
    for was, weight in zip(before, agent.trainable_weights, strict=True):
        changed = np.abs(keras.ops.convert_to_numpy(weight) - was).reshape(2, -1).max(axis=1)
        assert (changed > 0).all(), weight.path


def test_an_agent_learns_a_small_world():
    calls = []
    run = train(
        Kind("adding NAC", size=2),
        [0, 1],
        800,
        targets=(2, 3),
        batch=64,
        learning_rate=0.02,
        on_interval=lambda step, share: calls.append((step, share)),
    )
    assert [step for step, _ in calls] == run.steps.tolist() == [*range(100, 801, 100)]
    assert run.on_time[-1].min() > 0.8
    assert run.on_time[0].max() < run.on_time[-1].min()
    shares = outcomes(run.agent, (2, 3), count=50)
    assert shares["on time"].min() > 0.8
    np.testing.assert_allclose(sum(shares.values()), 1)


def test_whole_hundreds_are_trained():
    with pytest.raises(ValueError, match="multiple of 100"):
        train(Kind("LSTM"), [0], 150)


def test_a_replay_is_repeatable_and_begins_where_it_is_told():
    agent, _ = built(Kind("GRU"), [0, 1])
    one, two = (replay(agent, (0, 1), (4, 4), 9, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one.positions, two.positions)
    np.testing.assert_array_equal(one.positions[:, :, 0], [[[0, 1], [0, 1]]])
    assert one.target.tolist() == [[9, 9]]
    moves = np.abs(np.diff(one.positions, axis=2)).sum(axis=-1)
    assert moves.max() <= 1


@pytest.mark.parametrize(
    ("start", "goal", "target", "why"),
    [
        ((0, 0), (0, 5), 9, "0 to 4"),
        ((1, 1), (1, 1), 9, "choose two cells"),
        ((0, 0), (4, 4), 7, "cannot take 7"),
    ],
)
def test_an_impossible_episode_is_refused(start, goal, target, why):
    agent, _ = built(Kind("GRU"), [0])
    with pytest.raises(ValueError, match=why):
        replay(agent, start, goal, target)


@pytest.mark.parametrize("settings", [{"clock": "sundial"}, {"clock": "GRU", "squash": "flat"}])
def test_unknown_kinds_are_refused(settings):
    with pytest.raises(ValueError, match="choose"):
        Kind(**settings)


@pytest.mark.parametrize("name", arriving.WEIGHTS)
def test_the_agents_that_come_with_the_course_are_on_time(name):
    agent = arriving.load(name)
    shares = outcomes(agent, range(5, 13), count=100)
    assert shares["on time"].mean() >= 0.9


def test_the_command_goes_on_where_it_was_and_starts_anew_for_other_settings(tmp_path, monkeypatch):
    record, trained, interruptions = tmp_path / "record.json", [], [KeyboardInterrupt]

    def measure(name, seeds, steps, weights):
        assert weights is None
        if trained and interruptions:
            raise interruptions.pop()
        trained.append(name)
        shares = np.full((len(arriving.TESTED), len(seeds)), 0.5).tolist()
        return {"name": name, "greedy": {"on time": shares}, "seconds": 1}

    def run(steps):
        arguments = ["arriving", "--record", str(record), "--seeds", "2", "--steps", steps]
        monkeypatch.setattr("sys.argv", arguments)
        arriving.main()

    monkeypatch.setattr(arriving, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        run("100")
    run("100")
    assert trained == [*arriving.KINDS]
    assert [row["name"] for row in json.loads(record.read_text())["kinds"]] == [*arriving.KINDS]
    trained.clear()
    run("100")
    assert trained == []
    run("200")
    assert trained == [*arriving.KINDS]


def test_what_is_recorded_of_a_kind(tmp_path, monkeypatch):
    monkeypatch.setitem(arriving.KINDS, "adding NAC", Kind("adding NAC", size=2))
    monkeypatch.setattr(arriving, "TESTED", (5, 6))
    monkeypatch.setattr(arriving, "EPISODES", 10)
    weights = tmp_path / "kept.weights.h5"
    row = arriving.measure("adding NAC", range(2), 500, weights)
    assert np.shape(row["training curve"]) == (1, 2)
    assert np.shape(row["W"]) == (2, 2)
    for how in ("greedy", "sampled"):
        total = sum(np.array(share) for share in row[how].values())
        np.testing.assert_allclose(total, np.ones((2, 2)), atol=1e-3)
    monkeypatch.setitem(arriving.WEIGHTS, "adding NAC", weights)
    kept = arriving.load("adding NAC").nac.nac.weights_matrix()
    np.testing.assert_allclose(np.asarray(kept)[0, :, 0], row["W"][0], atol=1e-4)
