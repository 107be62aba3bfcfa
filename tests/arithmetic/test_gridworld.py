import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.arithmetic.gridworld import (
    ACTIONS,
    GRACE,
    Episodes,
    GridWorld,
    GridWorldVector,
    draw,
)

STAY, UP, DOWN, LEFT, RIGHT = range(len(ACTIONS))


def episode(start, goal, target):
    return Episodes(np.array([start]), np.array([goal]), np.array([target]))


def play(world, episodes, actions):
    """Reward, arrived, cut off after the last of the actions, and their number."""
    world.reset(options={"episodes": episodes})
    for count, action in enumerate(actions, start=1):
        _, reward, arrived, late, _ = world.step(action)
        if arrived or late:
            return reward, arrived, late, count
    return reward, arrived, late, count


@pytest.mark.parametrize("told", ["once", "at every step"])
@pytest.mark.filterwarnings("error")
def test_gymnasium_accepts_it(told):
    check_env(GridWorld(told=told, render_mode="ansi"), skip_render_check=True)


@given(
    seed=st.integers(0, 1000),
    low=st.integers(1, 15),
    more=st.integers(0, 15),
    size=st.integers(2, 6),
)
@settings(max_examples=50, deadline=None)
def test_every_drawn_episode_can_be_solved(seed, low, more, size):
    drawn = draw(np.random.default_rng(seed), 200, (low, low + more), size)
    assert (drawn.distance() >= 1).all()
    assert (drawn.target >= drawn.distance()).all()
    assert drawn.target.min() >= low
    assert drawn.target.max() <= low + more
    cells = np.concatenate([drawn.start, drawn.goal])
    assert cells.min() >= 0
    assert cells.max() < size


def test_every_step_of_the_range_is_drawn():
    drawn = draw(np.random.default_rng(0), 2000)
    assert set(drawn.target) == set(range(5, 13))


@pytest.mark.parametrize("targets", [(0, 3), (6, 5)])
def test_an_impossible_range_is_refused(targets):
    with pytest.raises(ValueError, match="give a range"):
        GridWorld(targets=targets)


def test_an_unknown_way_of_telling_and_a_lone_cell_are_refused():
    with pytest.raises(ValueError, match="once"):
        GridWorldVector(told="twice")
    with pytest.raises(ValueError, match="no way to go"):
        GridWorldVector(size=1)


def test_only_arriving_on_time_is_rewarded():
    here = episode((0, 0), (0, 2), 4)
    world = GridWorld()
    assert play(world, here, [RIGHT, RIGHT]) == (0, True, False, 2)
    assert play(world, here, [RIGHT, STAY, STAY, RIGHT]) == (1, True, False, 4)
    assert play(world, here, [STAY, STAY, STAY, RIGHT, RIGHT]) == (0, True, False, 5)
    assert play(world, here, [UP] * 20) == (0, False, True, 4 + GRACE)


def test_walls_stop_and_moves_are_by_the_name():
    world = GridWorld(render_mode="ansi")
    world.reset(options={"episodes": episode((0, 0), (4, 4), 12)})
    for action, position in [
        (UP, (0, 0)),
        (LEFT, (0, 0)),
        (DOWN, (1, 0)),
        (RIGHT, (1, 1)),
        (LEFT, (1, 0)),
        (UP, (0, 0)),
        (STAY, (0, 0)),
    ]:
        world.step(action)
        assert world.position == position
    assert world.render().split() == ["A", *["."] * 23, "G"]


@pytest.mark.parametrize(("told", "later"), [("once", 0), ("at every step", 7)])
def test_the_step_is_told_as_often_as_asked(told, later):
    world = GridWorld(told=told)
    first, _ = world.reset(options={"episodes": episode((0, 0), (4, 4), 7)})
    second = world.step(STAY)[0]
    assert first["instruction"] == 7
    assert second["instruction"] == later


@given(
    seed=st.integers(0, 1000),
    told=st.sampled_from(["once", "at every step"]),
    size=st.integers(2, 5),
)
@settings(max_examples=15, deadline=None)
def test_many_worlds_are_single_ones_side_by_side(seed, told, size):
    rng = np.random.default_rng(seed)
    episodes = draw(rng, 8, (3, 9), size)
    many = GridWorldVector(8, (3, 9), told, size)
    single = [GridWorld((3, 9), told, size) for _ in range(8)]
    seen, _ = many.reset(options={"episodes": episodes})
    ones = [
        world.reset(options={"episodes": episode(start, goal, target)})[0]
        for world, start, goal, target in zip(
            single, episodes.start, episodes.goal, episodes.target, strict=True
        )
    ]
    going = np.ones(8, bool)
    for _ in range(14):
        assert many.observation_space.contains(seen)
        for key in ("grid", "instruction"):
            expected = np.stack([one[key] for one in ones])[going]
            np.testing.assert_array_equal(seen[key][going], expected)
        actions = rng.integers(5, size=8)
        seen, reward, arrived, late, _ = many.step(actions)
        assert not reward[~going].any()
        for i in np.flatnonzero(going):
            ones[i], *outcome, _ = single[i].step(int(actions[i]))
            assert outcome == [reward[i], arrived[i], late[i]]
        going &= ~(arrived | late)
    assert not going.any()


def test_a_mask_resets_some_worlds_only():
    world = GridWorldVector(6)
    world.reset(seed=1)
    for _ in range(4):
        world.step(np.full(6, UP))
    before = world.position.copy()
    mask = np.arange(6) < 2
    world.reset(options={"reset_mask": mask})
    np.testing.assert_array_equal(world.steps[mask], 0)
    np.testing.assert_array_equal(world.position[~mask], before[~mask])


def test_the_same_seed_gives_the_same_episodes():
    first, second = (GridWorldVector(50).reset(seed=3)[0] for _ in range(2))
    np.testing.assert_array_equal(first["grid"], second["grid"])
    np.testing.assert_array_equal(first["instruction"], second["instruction"])
