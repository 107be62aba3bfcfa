import keras
import numpy as np
import pytest
from autodiff import value_and_gradient
from keras import ops

from course_utils.arithmetic import NAC, NALU, MultiplicativeNAC

pytestmark = pytest.mark.backends
FORMS = [
    (NAC, {}),
    (MultiplicativeNAC, {}),
    (MultiplicativeNAC, {"epsilon": 0.1, "largest_exponent": None}),
    (NALU, {}),
    (NALU, {"shared": False}),
    (NALU, {"gate_sees_input": False}),
    (NALU, {"shared": False, "gate_sees_input": False, "epsilon": 1e-3}),
]
# Keras computes in float32 under JAX, whatever dtype it is asked for.
TOLERANCE = 1e-5 if keras.backend.backend() == "jax" else 1e-12
every_form = pytest.mark.parametrize(("module", "options"), FORMS)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-3, 3, shape)


def built(module, options, ensemble=None, inputs=3, units=2, **more):
    layer = module(units, ensemble, **options, **more)
    layer.build((None, inputs) if ensemble is None else (None, ensemble, inputs))
    return layer


def oracle(layer, x, member=None):
    """The published equations in NumPy, for a lone layer or one member."""
    weight = {
        variable.name: np.asarray(ops.convert_to_numpy(variable), np.float64)
        for variable in layer.trainable_variables
    }
    if member is not None:
        weight = {name: value[member] for name, value in weight.items()}
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    w = np.tanh(weight["W_hat"]) * sigmoid(weight["M_hat"])
    added = x @ w
    if type(layer) is NAC:
        return added
    if "product_W_hat" in weight:
        w = np.tanh(weight["product_W_hat"]) * sigmoid(weight["product_M_hat"])
    exponent = np.log(np.abs(x) + layer.epsilon) @ w
    multiplied = np.exp(np.minimum(exponent, layer.largest_exponent or np.inf))
    if type(layer) is MultiplicativeNAC:
        return multiplied
    gate = sigmoid(x @ weight["G"] if layer.gate_sees_input else weight["G"][0])
    return gate * added + (1 - gate) * multiplied


@every_form
def test_values_are_those_of_the_published_equations(module, options):
    layer, x = built(module, options, dtype="float64"), numbers(50, 3)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x)), oracle(layer, x), rtol=TOLERANCE, atol=TOLERANCE
    )


@every_form
def test_members_share_nothing(module, options):
    layer = built(module, options, ensemble=4, dtype="float64")
    x = numbers(50, 4, 3)
    y = ops.convert_to_numpy(layer(x))
    assert y.shape == (50, 4, 2)
    for member in range(4):
        expected = oracle(layer, x[:, member], member)
        np.testing.assert_allclose(y[:, member], expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_many_inputs_are_summed_as_few_are():
    layer, x = built(NAC, {}, ensemble=3, inputs=40, dtype="float64"), numbers(20, 3, 40)
    for member in range(3):
        expected = oracle(layer, x[:, member], member)
        np.testing.assert_allclose(
            ops.convert_to_numpy(layer(x))[:, member], expected, rtol=TOLERANCE, atol=TOLERANCE
        )


@every_form
def test_a_member_starts_as_the_lone_module_with_its_seed(module, options):
    ensemble = built(module, options, ensemble=3, seed=[4, 0, 11])
    for member, seed in enumerate((4, 0, 11)):
        lone = built(module, options, seed=seed)
        for ours, its in zip(ensemble.weights, lone.weights, strict=True):
            ours, its = ops.convert_to_numpy(ours)[member], ops.convert_to_numpy(its)
            np.testing.assert_array_equal(ours, its)


def test_the_weights_of_a_module_are_drawn_independently():
    layer = built(NALU, {"shared": False}, inputs=30, units=30)
    drawn = np.stack([ops.convert_to_numpy(w).ravel() for w in layer.weights])
    assert np.abs(np.corrcoef(drawn) - np.eye(5)).max() < 0.15


@every_form
@pytest.mark.parametrize("ensemble", [None, 3])
def test_every_weight_has_the_gradient_that_finite_differences_give(module, options, ensemble):
    layer = built(module, options, ensemble, dtype="float64")
    shapes = [tuple(w.shape) for w in layer.trainable_variables]
    start = np.concatenate(
        [ops.convert_to_numpy(w).ravel() for w in layer.trainable_variables]
    ).astype(np.float64)
    x = numbers(8, 3) if ensemble is None else numbers(8, ensemble, 3)

    def output(x, flat):
        weights, used = [], 0
        for shape in shapes:
            size = int(np.prod(shape))
            weights.append(ops.reshape(flat[used : used + size], shape))
            used += size
        y, _ = layer.stateless_call(weights, [], x)
        return ops.sum(ops.reshape(y, (-1,)) ** 2, keepdims=True)

    measure = value_and_gradient(output, jit=False)
    _, gradient = measure(x, start)
    assert np.all(gradient != 0)
    for index in range(len(start)):
        step = np.zeros_like(start)
        step[index] = h = TOLERANCE**0.4
        difference = (measure(x, start + step)[0] - measure(x, start - step)[0]) / (2 * h)
        tolerance = 30 * TOLERANCE**0.5
        np.testing.assert_allclose(gradient[index], difference[0], rtol=tolerance, atol=tolerance)


def test_w_follows_its_matrices():
    # Two popular ports computed W once, in the constructor.
    layer = built(NAC, {})
    x = ops.ones((1, 3))
    layer.w_hat.assign(ops.full((3, 2), 20.0))
    layer.m_hat.assign(ops.full((3, 2), 20.0))
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), [[3, 3]])
    layer.w_hat.assign(ops.full((3, 2), -20.0))
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x)), [[-3, -3]])


def saturated(module, value, inputs=100, **options):
    layer = built(module, options, inputs=inputs, units=1)
    layer.w_hat.assign(ops.full((inputs, 1), value))
    layer.m_hat.assign(ops.full((inputs, 1), 20.0))
    return layer


@pytest.mark.parametrize("module", [MultiplicativeNAC, NALU])
def test_a_hundred_inputs_stay_finite_unless_asked_for(module):
    x = ops.full((1, 100), 6.0)
    assert np.isfinite(ops.convert_to_numpy(saturated(module, 20.0)(x))).all()
    paper = saturated(module, 20.0, largest_exponent=None)
    paper_y = ops.convert_to_numpy(paper(x))
    assert not np.isfinite(paper_y).all()


def test_the_largest_product_is_the_documented_one():
    y = ops.convert_to_numpy(saturated(MultiplicativeNAC, 20.0)(ops.full((1, 100), 6.0)))
    np.testing.assert_allclose(y, [[4.85165195e8]], rtol=1e-5)


@every_form
@pytest.mark.parametrize("ensemble", [None, 2])
def test_saved_and_loaded_a_module_is_the_same(tmp_path, module, options, ensemble):
    shape = (3,) if ensemble is None else (ensemble, 3)
    model = keras.Sequential([keras.Input(shape), module(2, ensemble, seed=5, **options)])
    model.save(tmp_path / "module.keras")
    again = keras.saving.load_model(tmp_path / "module.keras")
    x = numbers(6, *shape).astype(np.float32)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.layers[0].get_config() == model.layers[0].get_config()


@every_form
def test_shapes_are_told_before_anything_runs(module, options):
    assert module(2, **options).compute_output_shape((None, 3)) == (None, 2)
    assert module(2, 5, **options).compute_output_shape((None, 5, 3)) == (None, 5, 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"units": 0}, "give at least 1"),
        ({"units": 1, "ensemble": 0}, "give at least 1"),
        ({"units": 1, "ensemble": 3, "seed": [1, 2]}, "2 seeds for 3 members"),
        ({"units": 1, "seed": -1}, "seed -1"),
    ],
)
def test_impossible_modules_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        NALU(**arguments)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match="axis 1"):
        NAC(1, 3)(np.ones((2, 4, 5)))
    with pytest.raises(ValueError, match="ndim"):
        NAC(1)(np.ones((2, 4, 5)))
