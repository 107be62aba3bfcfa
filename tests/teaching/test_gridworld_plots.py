import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils.arithmetic.arriving import Played
from course_utils.teaching import gridworld_plots


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def played(arrived):
    """Two episodes of one member, five steps at most, the NAC counting down from 4."""
    positions = np.zeros((2, 1, 6, 2), int)
    positions[:, :, 1:, 1] = 1
    positions[:, :, 3:, 0] = 2
    return Played(
        target=np.array([[3], [5]]),
        arrived=np.array(arrived)[:, None],
        positions=positions,
        goal=np.full((2, 1, 2), (2, 1)),
        probabilities=np.full((2, 1, 5, 5), 0.2),
        values=np.zeros((2, 1, 5)),
        counts=np.tile(4.0 - np.arange(5), (2, 1, 1)),
    )


@pytest.mark.parametrize(
    ("arrived", "title", "shown"),
    [(3, "Told 3: arrived at step 3", 4), (0, "Told 3: never arrived", 6)],
)
def test_a_frame_for_each_step_with_agent_and_goal(arrived, title, shown):
    figure = gridworld_plots.frames(played([arrived, 0]), size=3)
    drawn = [axes for axes in figure.axes if axes.lines]
    assert figure.get_suptitle() == title
    assert [axes.get_title() for axes in drawn] == [f"step {step}" for step in range(shown)]
    places = [
        tuple(int(line.get_data()[axis][0]) for axis in (1, 0))
        for line in (axes.lines[-1] for axes in drawn)
    ]
    assert places == [(0, 0), (0, 1), (0, 1), (2, 1), (2, 1), (2, 1)][:shown]
    goal = drawn[0].lines[-2]
    assert (goal.get_ydata()[0], goal.get_xdata()[0]) == (2, 1)


def test_shares_are_means_within_their_band():
    tested = [5, 12, 20]
    shares = {"LSTM": np.array([[1, 0.8], [0.9, 0.7], [0, 0.2]]), "NAC": np.ones((3, 2))}
    axes = gridworld_plots.on_time_by_target(tested, shares).axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [0.9, 0.8, 0.1])
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), tested)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert set(labels) == {"trained", "LSTM", "NAC"}
    assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_outcomes_fill_each_picture_to_the_top():
    shares = {
        "on time": np.array([[0.5], [0.25]]),
        "early": np.array([[0.25], [0.25]]),
        "late": np.zeros((2, 1)),
        "never": np.array([[0.25], [0.5]]),
    }
    figure = gridworld_plots.outcomes_by_target([5, 9], {"a": shares, "b": shares}, (5, 7))
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    top = figure.axes[0].collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(1)
    first = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1].max()
    assert first == pytest.approx(0.5)


def test_a_line_a_seed_and_one_for_their_mean():
    steps, shares = np.array([100, 200]), np.array([[0.1, 0.3], [0.5, 0.9]])
    axes = gridworld_plots.learning({"NAC": (steps, shares)}).axes[0]
    assert len(axes.lines) == 3
    np.testing.assert_allclose(axes.lines[-1].get_ydata(), [0.2, 0.7])


def test_counts_end_with_the_episode():
    axes = gridworld_plots.counts(played([3, 0])).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [4, 3, 2])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [4, 3, 2, 1, 0])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["told 3", "told 5"]


def test_arrivals_are_medians_of_those_that_arrived():
    arrived = {"LSTM": np.array([[5, 5, 0], [12, 14, 13]])}
    axes = gridworld_plots.arrival_by_target([5, 20], arrived).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [5, 20])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [5, 13])
