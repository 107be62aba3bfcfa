import keras
import numpy as np
from keras import ops

from course_utils.arithmetic.ensembles import SummedSquaredError
from course_utils.arithmetic.keeping import Keeping, KeepingNAC
from course_utils.arithmetic.modules import NAC


def built(**settings):
    module = KeepingNAC(3, 2, seed=[5, 8], **settings)
    module.build((None, 2, 7))
    return module


def test_the_state_starts_near_kept_and_the_inputs_as_in_a_nac():
    w = ops.convert_to_numpy(built().weights_matrix())
    kept = np.tanh(4) / (1 + np.exp(-4))
    np.testing.assert_allclose(w[:, 4:], np.tile(kept * np.eye(3), (2, 1, 1)), rtol=1e-5)
    plain = NAC(3, 2, seed=[5, 8])
    plain.build((None, 2, 7))
    expected = ops.convert_to_numpy(plain.weights_matrix())
    np.testing.assert_allclose(w[:, :4], expected[:, :4], rtol=1e-4, atol=1e-6)


def test_it_computes_w_x():
    module = built()
    x = np.random.default_rng(0).normal(size=(5, 2, 7)).astype(np.float32)
    expected = np.einsum("bri,rio->bro", x, ops.convert_to_numpy(module.weights_matrix()))
    np.testing.assert_allclose(ops.convert_to_numpy(module(x)), expected, atol=1e-5)


def test_the_distance_is_that_of_the_states_weights_from_minus_one_zero_and_one():
    module = built()
    w = ops.convert_to_numpy(module.weights_matrix())[:, 4:]
    expected = np.min([np.abs(w - whole) for whole in (-1, 0, 1)], axis=0).sum()
    np.testing.assert_allclose(ops.convert_to_numpy(module.distance()), expected, rtol=1e-5)


def test_the_layer_adds_it_to_the_loss_once_and_is_saved(tmp_path):
    layer = Keeping(KeepingNAC(3, 2, seed=[5, 8], saturation=7.0))
    network = keras.Sequential([keras.Input((2, 6, 4)), layer])
    x = np.random.default_rng(0).normal(size=(5, 2, 6, 4)).astype(np.float32)
    y = ops.convert_to_numpy(network(x))
    expected = 7 * float(ops.convert_to_numpy(layer.module.distance()))
    assert len(network.losses) == 1
    np.testing.assert_allclose(float(network.losses[0]), expected, rtol=1e-5)
    network.save(tmp_path / "kept.keras")
    again = keras.saving.load_model(tmp_path / "kept.keras")
    np.testing.assert_allclose(ops.convert_to_numpy(again(x)), y, atol=1e-6)


def test_training_keeps_the_state_exactly():
    layer = Keeping(KeepingNAC(1, 1, seed=[5]))
    network = keras.Sequential([keras.Input((1, 5, 1)), layer])
    network.compile(keras.optimizers.Adam(0.02, beta_2=0.95), SummedSquaredError())
    x = np.random.default_rng(0).uniform(0, 1, (3200, 1, 5, 1)).astype(np.float32)
    network.fit(x, 0.5 * x.sum(axis=2), batch_size=16, verbose=0)
    w = ops.convert_to_numpy(layer.module.weights_matrix())[0, :, 0]
    np.testing.assert_allclose(w[1], 1, atol=1e-4)
    np.testing.assert_allclose(w[0], 0.5, atol=0.01)  # at a rate that does not fall
