import numpy as np
import pytest
from keras import ops

from course_utils.arithmetic.digit_training import Answers, ask, look, state_weights, train
from course_utils.arithmetic.digits import load


@pytest.fixture(scope="module")
def digits():
    return load()


@pytest.fixture(scope="module")
def counter(digits):
    return train("keeping NAC", "count", digits.train, [0, 1], 60, length=4)


def test_training_lowers_the_loss_and_is_told_on_the_way(digits):
    seen = []
    run = train(
        "NAC", "count", digits.train, [3], 150, on_interval=lambda *at: seen.append(at), length=3
    )
    assert [step for step, _ in seen] == [100, 150]
    assert [loss for _, loss in seen] == run.losses.tolist()
    assert run.losses[-1] < run.losses[0]


def test_no_steps_are_refused(digits):
    with pytest.raises(ValueError, match="give at least 1"):
        train("NAC", "count", digits.train, [0], 0)


def test_looking_once_and_reading_is_what_the_network_does(digits, counter):
    seen = look(counter, digits.test.pixels)
    assert seen.shape == (450, 2, 10)
    places = np.random.default_rng(0).integers(450, size=(6, 2, 4))
    expected = ops.convert_to_numpy(counter.network(digits.test.pixels[places]))
    head = counter.network.layers[1]
    said = ops.convert_to_numpy(head(np.stack([seen[places[:, i], i] for i in (0, 1)], axis=1)))
    np.testing.assert_allclose(said, expected, atol=1e-4)


def test_answers_have_their_truth_and_other_images_than_other_seeds(digits, counter):
    answers = ask(counter, digits.test, 25, sequences=8)
    assert answers.said.shape == answers.true.shape == (8, 2, 10)
    assert (answers.true.sum(axis=2) == 25).all()
    assert (answers.true[:, 0] != answers.true[:, 1]).any()


def test_rounded_weights_keep_the_sum_exactly(digits, counter):
    w = state_weights(counter.network.layers[1])
    np.testing.assert_array_equal(np.round(w), np.tile(np.eye(10), (2, 1, 1)))
    exact = ask(counter, digits.test, 30, sequences=4, snap=True)
    near = ask(counter, digits.test, 30, sequences=4)
    np.testing.assert_allclose(exact.said, near.said, rtol=0.2, atol=0.5)


def test_errors_by_hand():
    said = np.array([[[1.0, 2.0]], [[4.0, 4.4]]])
    true = np.array([[[2.0, 2.0]], [[0.0, 4.0]]])
    answers = Answers(4, said, true)
    np.testing.assert_allclose(answers.per_digit(), [(1 + 4.4) / 2 / 4])
    np.testing.assert_allclose(answers.share(), [5.4 / 8])
    np.testing.assert_allclose(answers.rounded().share(), [5 / 8])
