"""Derivatives on whichever backend Keras runs, for tests."""

from collections.abc import Callable

import keras
import numpy as np


def compiled(function: Callable, jit: bool = True) -> Callable:
    """The function as ``fit`` would run it: traced, so that tensors have no values meanwhile."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=jit, autograph=False)


def value_and_gradient(function: Callable, jit: bool = True) -> Callable:
    """Make ``g(*others, x)``: the value of ``function(*others, x)``, (n,), and its sum's gradient.

    Compiled; takes and gives NumPy arrays.
    """
    if keras.backend.backend() == "jax":
        import jax

        def both(*inputs: jax.Array) -> tuple:
            value, back = jax.vjp(lambda x: function(*inputs[:-1], x), inputs[-1])
            return value, back(jax.numpy.ones_like(value))[0]
    else:
        import tensorflow as tf

        def both(*inputs: tf.Tensor) -> tuple:
            with tf.GradientTape() as tape:
                tape.watch(inputs[-1])
                value = function(*inputs)
            return value, tape.gradient(value, inputs[-1])

    fast = compiled(both, jit)

    def call(*inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = fast(*map(keras.ops.convert_to_tensor, inputs))
        return keras.ops.convert_to_numpy(value), keras.ops.convert_to_numpy(gradient)

    return call
