import numpy as np
import pytest

from course_utils.arithmetic.functions import Range
from course_utils.teaching.range_experiment import POINTS, Request, compute


def test_a_request_trains_what_it_names_and_measures_where_it_says():
    request = Request(
        "a - b", ("ReLU6", "NAC", "NALU"), Range(-1, 1), Range(5, 10), seeds=3, steps=300
    )
    done = []
    outcome = compute(request, done.append)
    assert outcome.request == request
    assert list(outcome.results) == ["ReLU6", "NAC", "NALU"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)
    for name, result in outcome.results.items():
        inside, outside = result.inputs[:POINTS], result.inputs[POINTS:]
        assert -1 <= inside.min() < inside.max() <= 1
        assert 5 <= outside.min() < outside.max() <= 10
        np.testing.assert_allclose(
            result.truth, result.inputs[:, 0] - result.inputs[:, 1], atol=1e-6
        )
        errors = (result.prediction - result.truth[:, None]) ** 2
        np.testing.assert_allclose(result.inside, errors[:POINTS].mean(axis=0), rtol=1e-4)
        np.testing.assert_allclose(result.outside, errors[POINTS:].mean(axis=0), rtol=1e-4)
        assert (result.weights is None) == (name == "ReLU6")
        assert (result.gates is None) == (name != "NALU")


def test_a_nac_s_predictions_follow_from_the_weights_shown():
    result = compute(Request("a + b", ("NAC",), seeds=2, steps=200)).results["NAC"]
    np.testing.assert_allclose(result.prediction, result.inputs @ result.weights.T, rtol=1e-4)


def test_nac_learns_to_add_where_relu6_does_not():
    outcome = compute(Request("a + b", ("ReLU6", "NAC"), seeds=5, steps=2000))
    assert outcome.results["NAC"].success[0] == 1
    assert outcome.results["ReLU6"].success[0] < 0.5


def test_a_computation_can_be_stopped():
    shares = []

    def report(share):
        shares.append(share)
        return share > 0.2

    assert compute(Request(networks=("NAC", "NALU"), seeds=2, steps=1000), report) is None
    assert 0.2 < shares[-1] < 0.5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"formula": "a ** b"}, "'a \\*\\* b': choose one of a \\+ b"),
        ({"networks": ()}, "choose one or more of linear"),
        ({"networks": ("MLP",)}, "choose one or more of linear"),
        ({"train": Range(2, 2)}, "training range 2 to 2 is empty"),
        ({"formula": "sqrt(a)", "test": Range(-1, 1)}, "no number below 0 has a square root"),
        ({"formula": "a / b", "train": Range(-1, 1)}, "nothing can be divided by 0"),
        ({"seeds": 0}, "0 seeds: choose 1 to 100"),
        ({"steps": 10**9}, "steps: choose 100 to 20,000"),
    ],
)
def test_impossible_requests_are_answered(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Request(**arguments)
