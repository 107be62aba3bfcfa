import numpy as np
import pytest

from course_utils.arithmetic import numeral_training
from course_utils.arithmetic.numeral_readers import Reader, predict
from course_utils.arithmetic.numeral_training import draw, mean_absolute_errors, train
from course_utils.arithmetic.numerals import split, tokens


def test_errors_are_those_of_the_members_own_parts():
    predictions = np.repeat(np.arange(1000.0)[:, None], 2, axis=1)
    predictions[split(5).validation, 1] += 3
    predictions[split(5).test, 1] -= 7
    predictions[split(4).train, 0] = 0
    expected = [[split(4).train.mean(), 0], [0, 3], [0, 7]]
    np.testing.assert_allclose(mean_absolute_errors(predictions, [4, 5]), expected)


def test_training_numbers_come_equally_often_and_in_another_order_each_time():
    drawn = draw([4, 5], 0, 400)
    assert drawn.shape == (400, 2)
    for member, seed in enumerate((4, 5)):
        numbers, counts = np.unique(drawn[:, member], return_counts=True)
        assert set(numbers) == set(split(seed).train)
        assert set(counts) == {2, 3}
    assert not np.array_equal(drawn[:169], drawn[169:338])
    assert not np.array_equal(drawn, draw([4, 5], 1, 400))
    np.testing.assert_array_equal(drawn[:, 1], draw([5], 0, 400)[:, 0])


@pytest.mark.parametrize(("head", "body"), [("NAC", "LSTM"), ("NALU, epsilon 1", "pairs")])
def test_a_member_learns_what_it_learns_alone(head, body):
    reader = Reader(head, 1000.0, body, hidden=6, embedding=5, steps=50, interval=50)
    together, alone = train(reader, [3, 7]), train(reader, [7])
    np.testing.assert_allclose(together.predictions[:, 1], alone.predictions[:, 0], atol=0.02)
    np.testing.assert_allclose(together.errors[..., 1], alone.errors[..., 0], atol=0.02)


def test_the_weights_of_the_lowest_validation_error_are_kept(monkeypatch):
    off = np.array([[9, 1, 5], [2, 3, 5], [4, 8, 6], [3, 2, 7.0]])
    moments, seen = [], []

    def scripted(network, ids):
        moments.append(network.get_weights())
        return np.arange(1000.0)[:, None] + off[len(moments) - 1]

    monkeypatch.setattr(numeral_training, "predict", scripted)
    reader = Reader("linear", 1000.0, "pairs", embedding=5, steps=20, interval=5)
    run = train(reader, [0, 1, 2], on_interval=lambda step, errors: seen.append((step, errors)))
    assert run.steps.tolist() == [step for step, _ in seen] == [5, 10, 15, 20]
    np.testing.assert_array_equal(run.errors, [errors for _, errors in seen])
    np.testing.assert_allclose(run.errors[:, 1], off)
    assert run.chosen.tolist() == [1, 0, 0]
    np.testing.assert_allclose(run.best(), [[2, 1, 5]] * 3)
    np.testing.assert_allclose(run.predictions[7], [9, 8, 12])
    for member, row in enumerate(run.chosen):
        for kept, then in zip(run.network.get_weights(), moments[row], strict=True):
            np.testing.assert_array_equal(kept[member], then[member])
    assert not np.array_equal(moments[0][0], moments[1][0])


def test_a_scaled_reader_learns():
    run = train(Reader("NAC", 5000.0, steps=1000), [0, 1])
    np.testing.assert_allclose(predict(run.network, tokens()), run.predictions, rtol=1e-4)
    np.testing.assert_allclose(mean_absolute_errors(run.predictions, [0, 1]), run.best())
    assert (run.best()[0] < 60).all()
    assert (run.best()[2] < 120).all()
