import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from course_utils.arithmetic import identity
from course_utils.arithmetic.identity import ACTIVATIONS, ASKED, PUBLISHED, build, train

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
FORMULAS = {
    "Hardtanh": lambda x: np.clip(x, -1, 1),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "ReLU6": lambda x: np.clip(x, 0, 6),
    "Tanh": np.tanh,
    "Tanhshrink": lambda x: x - np.tanh(x),
    "Hardshrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "LeakyReLU": lambda x: np.where(x > 0, x, 0.01 * x),
    "Softshrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Threshold": lambda x: np.where(x > 0.1, x, 20),
    "ReLU": lambda x: np.maximum(x, 0),
    "PReLU": lambda x: np.where(x > 0, x, 0.25 * x),
    "Softplus": lambda x: np.log1p(np.exp(x)),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(x)),
    "SELU": lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(x)),
}


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.backends
@pytest.mark.parametrize("name", FORMULAS)
def test_activations_are_pytorchs_of_the_same_name(name):
    x = np.concatenate([np.linspace(-9, 9, 360), [0.0999, 0.1001]]).astype(np.float32)
    ours = numbers(ACTIVATIONS[name](x[:, None, None]))[:, 0, 0]
    np.testing.assert_allclose(ours, FORMULAS[name](x.astype(np.float64)), rtol=2e-6, atol=2e-6)


def test_the_published_figure_has_the_same_fifteen():
    assert len(ACTIVATIONS) == 15
    assert set(ACTIVATIONS) == set(FORMULAS) == set(PUBLISHED)
    assert all(reading.low <= reading.high for reading in PUBLISHED.values())


@pytest.mark.backends
def test_every_member_is_a_network_of_three_hidden_layers_of_eight():
    network = build([0, 4])
    assert network.output_shape == (None, 30, 1)
    assert network.count_params() == 30 * (1 * 8 + 8 + 2 * (8 * 8 + 8) + 8 + 1) + 3 * 2
    weights = [numbers(w) for w in network.trainable_variables]
    dense = [w for w in weights if w.shape[0] == 30]
    given = identity.answers(network, 15)
    for index, (name, formula) in enumerate(FORMULAS.items()):
        for seed in (0, 1):
            x = ASKED.astype(np.float64)
            for layer in range(4):
                kernel, bias = (w[2 * index + seed] for w in dense[2 * layer : 2 * layer + 2])
                x = x @ kernel + bias
                x = formula(x) if layer < 3 else x
            np.testing.assert_allclose(given[index, seed], x[:, 0], 1e-4, 1e-4, err_msg=name)


@pytest.mark.backends
def test_a_seed_starts_alike_with_every_activation_and_unlike_another_seed():
    network = build([3, 5], {"Tanh": ACTIVATIONS["Tanh"], "ReLU": ACTIVATIONS["ReLU"]})
    alone = build([5], {"ELU": ACTIVATIONS["ELU"]})
    for together, single in zip(network.weights, alone.weights, strict=True):
        together, single = numbers(together), numbers(single)
        np.testing.assert_array_equal(together[:2], together[2:])
        np.testing.assert_array_equal(together[1], single[0])
        assert not np.array_equal(together[0], together[1])
        assert np.abs(together).max() <= together.shape[1] ** -0.5 or together.ndim == 2


def test_a_member_learns_what_it_learns_alone():
    together, alone = build([3, 7]), build([7], {"PReLU": ACTIVATIONS["PReLU"]})
    for network in (together, alone):
        train(network, 300)
    ours = identity.answers(together, 15)[[*ACTIVATIONS].index("PReLU"), 1]
    np.testing.assert_allclose(ours, identity.answers(alone, 1)[0, 0], atol=1e-3)


def test_every_weight_learns():
    network = build([0], {"PReLU": ACTIVATIONS["PReLU"]})
    before = [numbers(w) for w in network.trainable_variables]
    train(network, 20)
    after = [numbers(w) for w in network.trainable_variables]
    assert len(before) == 8 + 3
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


def test_a_bounded_network_fits_inside_and_fails_outside_and_a_straight_one_less_so():
    network = build(range(5), {name: ACTIVATIONS[name] for name in ("Tanh", "PReLU")})
    train(network, 3000)
    error = identity.mean_error(identity.answers(network, 2))
    assert (identity.within(error) < 0.3).all()
    bounded, straight = identity.at_the_ends(error)
    assert bounded > 12 > 6 > straight


def test_a_run_is_looked_at_every_interval_and_at_its_end():
    seen = []
    network = build([0], {"ReLU": ACTIVATIONS["ReLU"]})
    train(network, 25, interval=10, on_interval=lambda step, net: seen.append((step, net)))
    assert [step for step, _ in seen] == [10, 20, 25]
    assert all(net is network for _, net in seen)
    assert int(network.optimizer.iterations) == 25


def test_answers_come_by_activation_then_seed():
    network = build([0, 1, 2], {"Tanh": ACTIVATIONS["Tanh"], "SELU": ACTIVATIONS["SELU"]})
    x = np.float32([[0.5], [2.0]])
    flat = numbers(network(x))
    given = identity.answers(network, 2, x)
    assert given.shape == (2, 3, 2)
    np.testing.assert_array_equal(given[1, 2], flat[:, 5, 0])


def test_errors_at_hand():
    x = np.float32([[-10], [0], [5], [10]])
    given = np.float32([[[-9, 0, 5, 13], [-11, 2, 5, 9]]])
    error = identity.mean_error(given, x)
    np.testing.assert_allclose(error, [[1, 1, 0, 2]])
    np.testing.assert_allclose(identity.at_the_ends(error), [1.5])
    np.testing.assert_allclose(identity.within(error, x), [0.5])


PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=15)


@given(PAIRS)
@settings(max_examples=100)
def test_the_rank_correlation_is_scipys(pairs):
    first, second = zip(*pairs, strict=True)
    if len(set(first)) > 1 and len(set(second)) > 1:
        ours = identity.rank_correlation(first, second)
        assert ours == pytest.approx(spearmanr(first, second).statistic)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: build([]), "at least one seed and one activation"),
        (lambda: build([0], {}), "at least one seed and one activation"),
        (lambda: train(build([0]), 0), "give at least 1 each"),
    ],
)
def test_impossible_requests_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_the_record_is_written_bit_by_bit_and_goes_on(tmp_path, monkeypatch, capsys):
    record, measured = tmp_path / "identity.json", []
    original = identity.measure

    def watched(optimiser, seeds, steps):
        measured.append(optimiser)
        return original(optimiser, seeds, steps)

    monkeypatch.setattr(identity, "measure", watched)
    monkeypatch.setattr(identity, "RECORD", record)
    monkeypatch.setattr(identity, "SEEDS", range(2))
    monkeypatch.setattr(identity, "STEPS", 20)
    monkeypatch.setattr(identity, "ACTIVATIONS", {n: ACTIVATIONS[n] for n in ("Tanh", "ReLU")})
    first, second, _ = identity.OPTIMISERS
    monkeypatch.setattr(identity, "OPTIMISERS", {first: identity.OPTIMISERS[first]})
    identity.main([])
    both = {first: None, second: lambda: keras.optimizers.Adam(1e-3)}
    monkeypatch.setattr(identity, "OPTIMISERS", both)
    identity.main([])
    assert measured == [first, second]
    runs = json.loads(record.read_text("utf-8"))["runs"]
    assert [run["optimiser"] for run in runs] == [first, second]
    assert {len(row["error"]) for run in runs for row in run["activations"].values()} == {41}
    assert capsys.readouterr().out.count('"Tanh"') == 2


def test_the_record_is_whole_and_agrees_with_itself():
    record = json.loads(identity.RECORD.read_text("utf-8"))
    assert record["command"] == "python -m course_utils.arithmetic.identity"
    assert record["numbers"] == ASKED[:, 0].tolist()
    assert [run["optimiser"] for run in record["runs"]] == [*identity.OPTIMISERS]
    for run in record["runs"]:
        assert (
            (run["seeds"], run["steps"]) == (len(identity.SEEDS), identity.STEPS) == (100, 10_000)
        )
        assert [*run["activations"]] == [*ACTIVATIONS]
        for row in run["activations"].values():
            error = np.array(row["error"])
            assert row["at 20"] == pytest.approx(identity.at_the_ends(error), abs=2e-4)
            assert row["inside"] == pytest.approx(identity.within(error), abs=2e-4)
            spread = row["seeds at 20: least, quartiles, most"]
            assert spread == sorted(spread)
            assert spread[0] <= row["at 20"] <= spread[-1]
        published = [(PUBLISHED[name].low + PUBLISHED[name].high) / 2 for name in ACTIVATIONS]
        ours = [row["at 20"] for row in run["activations"].values()]
        assert run["rank correlation with the published order"] == pytest.approx(
            spearmanr(published, ours).statistic, abs=1e-3
        )
