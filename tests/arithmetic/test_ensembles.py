import keras
import numpy as np
import pytest

from course_utils.arithmetic import ensembles
from course_utils.arithmetic.ensembles import (
    NETWORKS,
    SummedSquaredError,
    Trained,
    build,
    build_shared,
    train,
)
from course_utils.arithmetic.functions import ADD, FUNCTIONS, MULTIPLY, Task


def weights(network, member):
    return [keras.ops.convert_to_numpy(w)[member] for w in network.trainable_variables]


@pytest.mark.parametrize(("name", "inputs"), [*((name, 2) for name in NETWORKS), ("NALU", 100)])
def test_a_member_learns_what_it_learns_alone(name, inputs):
    members = [(Task(function, inputs), seed) for function in (ADD, MULTIPLY) for seed in (3, 7)]
    together = train(build(name, inputs, [3, 7, 3, 7]), members, 300, interval=150)
    for index in (1, 2):
        seed = members[index][1]
        alone = train(build(name, inputs, [seed]), [members[index]], 300, interval=150)
        pairs = zip(weights(together.network, index), weights(alone.network, 0), strict=True)
        assert max(np.abs(ours - its).max() for ours, its in pairs) < 1e-5


def test_the_loss_adds_the_members_up():
    truth = np.zeros((4, 3, 1), np.float32)
    prediction = np.broadcast_to(np.array([1, 2, 3], np.float32)[:, None], (4, 3, 1))
    assert float(SummedSquaredError()(truth, prediction)) == pytest.approx(14)
    again = keras.losses.deserialize(keras.losses.serialize(SummedSquaredError()))
    assert float(again(truth, prediction)) == pytest.approx(14)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("inputs", "hidden"), [(2, None), (2, 2), (100, None)])
def test_networks_have_one_output_a_member(name, inputs, hidden):
    network = build(name, inputs, [0, 1, 2], hidden)
    assert network.output_shape == (None, 3, 1)
    first, second = weights(network, 0)[0], weights(network, 1)[0]
    assert not np.array_equal(first, second)


def test_examples_are_fed_in_pieces_without_a_change(monkeypatch):
    members = [(Task(ADD), 0), (Task(ADD), 1)]
    drawn = []
    original = ensembles.draw_members

    def watched(members, part, count, **kwargs):
        drawn.append((part, count))
        return original(members, part, count, **kwargs)

    monkeypatch.setattr(ensembles, "draw_members", watched)
    monkeypatch.setattr(ensembles, "FED", 128 * 2 * 2 * 30)
    train(build("NAC", 2, [0, 1]), members, 100, interval=50)
    assert [count for part, count in drawn if part < 100 and count > 1] == [30 * 128, 20 * 128] * 2


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_shared_numbers_learn_as_if_each_had_its_own(name):
    tasks = [Task(function, inputs=10) for function in FUNCTIONS.values()][:3]
    seeds = range(2)
    members = [(task, seed) for task in tasks for seed in seeds]
    apart = build(name, 10, [seed for _, seed in members], 2)
    shared = build_shared(name, 10, seeds, len(tasks))
    runs = [train(network, members, 20, interval=20) for network in (apart, shared)]
    np.testing.assert_allclose(runs[0].interpolation, runs[1].interpolation, rtol=1e-4)
    np.testing.assert_allclose(runs[0].extrapolation, runs[1].extrapolation, rtol=1e-4)


def test_a_run_measures_every_interval_and_can_be_ended():
    seen = []

    def watch(step, inside, outside):
        seen.append((step, inside.shape, outside.shape))
        return step == 20

    run = train(
        build("NALU", 2, [0, 1]),
        [(Task(ADD), 0), (Task(ADD), 1)],
        100,
        interval=10,
        on_interval=watch,
    )
    assert seen == [(10, (2,), (2,)), (20, (2,), (2,))]
    assert run.steps.tolist() == [10, 20]
    assert run.interpolation.shape == run.extrapolation.shape == (2, 2)


def test_the_last_steps_are_measured_too():
    run = train(build("NAC", 2, [0]), [(Task(ADD), 0)], 25, interval=10)
    assert run.steps.tolist() == [10, 20, 25]


def test_errors_are_those_of_the_network():
    run = train(build("linear", 2, [0]), [(Task(ADD), 0)], 10, interval=10)
    x, y = ensembles.extrapolation_examples([(Task(ADD), 0)])
    prediction = keras.ops.convert_to_numpy(run.network(x))
    assert run.extrapolation[-1, 0] == pytest.approx(np.mean((prediction - y) ** 2), rel=1e-5)


def test_the_test_range_judges_and_does_not_choose():
    inside = np.array([[3.0, np.nan], [1.0, 5.0], [2.0, 4.0]])
    outside = np.array([[0.1, 9.0], [7.0, 8.0], [0.2, 6.0]])
    run = Trained(None, np.arange(3), inside, outside)
    np.testing.assert_array_equal(run.chosen(), [7.0, 6.0])


def test_a_nac_learns_to_add_out_of_range_and_a_relu6_network_does_not():
    members = [(Task(ADD), seed) for seed in range(5)]
    error = {
        name: np.median(train(build(name, 2, range(5)), members, 2000, learning_rate=0.05).chosen())
        for name in ("NAC", "ReLU6")
    }
    assert error["NAC"] < 0.01 < 0.1 < error["ReLU6"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: build("MLP", 2, [0]), "network 'MLP': choose one of"),
        (lambda: build("NAC", 2, []), "at least one seed"),
        (lambda: train(build("NAC", 2, [0]), [(Task(ADD), 0)], 0), "give at least 1 each"),
    ],
)
def test_impossible_requests_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
