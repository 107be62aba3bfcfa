"""NAC and NALU (Trask et al. 2018, arXiv:1808.00508), with an optional leading ensemble axis.

Every module maps (batch, inputs) to (batch, units); with ``ensemble=R`` it is R modules side by
side, (batch, R, inputs) -> (batch, R, units), that share nothing and start as lone modules with
their seeds would.
"""

from typing import Any

import keras
from keras import ops

from course_utils.arithmetic.members import PerMember, Seeds, member_seeds

EPSILON = 1e-7
LARGEST_EXPONENT = 20.0
FEW_INPUTS = 16  # of an ensemble, up to which a sum of products is faster than matrix products
Initializer = str | keras.initializers.Initializer


class Module(keras.layers.Layer):
    """What the arithmetic modules share: matrices for each member, drawn from seeds.

    Args:
        units: number of outputs.
        ensemble: number of members, or None for a lone module without the ensemble axis.
        initializer: draws the matrices ``W_hat`` and ``M_hat``.
        seed: of the first member, or a list with each member's; the layers of one model need
            seeds far apart.
        **kwargs: as for any Keras layer.

    Raises:
        ValueError: ``units`` or ``ensemble`` is below 1, the seeds are not one a member, or the
            input has another shape.
    """

    def __init__(
        self,
        units: int,
        ensemble: int | None = None,
        *,
        initializer: Initializer = "glorot_uniform",
        seed: Seeds = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units < 1 or (ensemble is not None and ensemble < 1):
            raise ValueError(f"units={units}, ensemble={ensemble}: give at least 1 of each")
        self.units, self.ensemble, self.seed = units, ensemble, seed
        member_seeds(seed, ensemble)
        self.initializer = keras.initializers.get(initializer)
        axes = 2 if ensemble is None else 3
        self.input_spec = keras.layers.InputSpec(
            ndim=axes, axes={} if ensemble is None else {1: ensemble}
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """(batch, [ensemble,] units)."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        """The arguments, serialised."""
        return {
            **super().get_config(),
            "units": self.units,
            "ensemble": self.ensemble,
            "initializer": keras.initializers.serialize(self.initializer),
            "seed": self.seed,
        }

    def _matrix(
        self, name: str, stream: int, inputs: int, initializer: Initializer | None = None
    ) -> keras.Variable:
        """A new weight, ([ensemble,] inputs, units)."""
        members = () if self.ensemble is None else (self.ensemble,)
        return self.add_weight(
            shape=(*members, inputs, self.units),
            initializer=PerMember(
                initializer or self.initializer, self.seed, stream, self.ensemble
            ),
            name=name,
        )

    def _times(self, x: keras.KerasTensor, matrix: keras.KerasTensor) -> keras.KerasTensor:
        """Each member's inputs times its matrix."""
        if self.ensemble is None:
            return ops.matmul(x, matrix)
        if matrix.shape[-2] <= FEW_INPUTS:
            return ops.sum(x[..., None] * matrix, axis=-2)
        return ops.einsum("bri,rio->bro", x, matrix)


def between_minus_one_and_one(
    w_hat: keras.KerasTensor, m_hat: keras.KerasTensor
) -> keras.KerasTensor:
    """W = tanh(W_hat) * sigmoid(M_hat): drawn to -1, 0 and 1, where its gradient vanishes."""
    return ops.tanh(w_hat) * ops.sigmoid(m_hat)


def product(
    log_inputs_times_w: keras.KerasTensor, largest_exponent: float | None
) -> keras.KerasTensor:
    """Exp of the argument, which is first cut at ``largest_exponent`` if there is one."""
    if largest_exponent is not None:
        log_inputs_times_w = ops.minimum(log_inputs_times_w, largest_exponent)
    return ops.exp(log_inputs_times_w)


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class NAC(Module):
    """The neural accumulator: a = W x, W = tanh(W_hat) * sigmoid(M_hat), no bias.

    With every W at -1, 0 or 1 the outputs are sums and differences of inputs, of any size.
    """

    def build(self, input_shape: tuple) -> None:
        """Draw ``W_hat`` and ``M_hat``."""
        self.w_hat = self._matrix("W_hat", 0, input_shape[-1])
        self.m_hat = self._matrix("M_hat", 1, input_shape[-1])

    def weights_matrix(self) -> keras.KerasTensor:
        """W, ([ensemble,] inputs, units)."""
        return between_minus_one_and_one(self.w_hat, self.m_hat)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, [ensemble,] inputs) -> (batch, [ensemble,] units)."""
        return self._times(x, self.weights_matrix())


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class MultiplicativeNAC(NAC):
    """NAC•: m = exp(W log(|x| + epsilon)): products, quotients and powers of the inputs' sizes.

    The exponent is cut at ``largest_exponent``: with 100 inputs of 2 an untrained W can reach
    2 ** 100 and, out of range, float32's infinity; then one batch turns every weight into nan. The
    bound is that of iNALU (Schlör et al. 2020): exp(20) = 4.9e8, whose square and whose gradient's
    square, in Adam, stay finite. Above the bound the output stands still and has no gradient.

    Args:
        units: number of outputs.
        ensemble: number of members, or None.
        epsilon: keeps the logarithm of 0 finite.
        largest_exponent: the bound; None for the paper's form, which may overflow.
        **kwargs: as for ``NAC``.
    """

    def __init__(
        self,
        units: int,
        ensemble: int | None = None,
        *,
        epsilon: float = EPSILON,
        largest_exponent: float | None = LARGEST_EXPONENT,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, ensemble, **kwargs)
        self.epsilon, self.largest_exponent = epsilon, largest_exponent

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, [ensemble,] inputs) -> (batch, [ensemble,] units), none of them negative."""
        logs = ops.log(ops.abs(x) + self.epsilon)
        return product(self._times(logs, self.weights_matrix()), self.largest_exponent)

    def get_config(self) -> dict:
        """The arguments, serialised."""
        own = {"epsilon": self.epsilon, "largest_exponent": self.largest_exponent}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class NALU(MultiplicativeNAC):
    """The neural arithmetic logic unit: y = g * a + (1 - g) * m, g = sigmoid(G x).

    a is a NAC's sum and m a NAC•'s product. The paper's form, the default, has one W for both and a
    gate that sees the input.

    Args:
        units: number of outputs.
        ensemble: number of members, or None.
        shared: one W for sum and product; otherwise the product has its own.
        gate_sees_input: otherwise the gate is a free parameter for each output, g = sigmoid(G).
        gate_initializer: draws G.
        **kwargs: as for ``MultiplicativeNAC``.
    """

    def __init__(
        self,
        units: int,
        ensemble: int | None = None,
        *,
        shared: bool = True,
        gate_sees_input: bool = True,
        gate_initializer: Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(units, ensemble, **kwargs)
        self.shared, self.gate_sees_input = shared, gate_sees_input
        self.gate_initializer = keras.initializers.get(gate_initializer)

    def build(self, input_shape: tuple) -> None:
        """Draw W's two matrices, the product's own two if it has them, and the gate's."""
        super().build(input_shape)
        inputs = input_shape[-1]
        gate_inputs = inputs if self.gate_sees_input else 1
        self.gate = self._matrix("G", 2, gate_inputs, self.gate_initializer)
        if not self.shared:
            self.product_w_hat = self._matrix("product_W_hat", 3, inputs)
            self.product_m_hat = self._matrix("product_M_hat", 4, inputs)

    def product_matrix(self) -> keras.KerasTensor:
        """The W of the product, ([ensemble,] inputs, units)."""
        if self.shared:
            return self.weights_matrix()
        return between_minus_one_and_one(self.product_w_hat, self.product_m_hat)

    def gate_of(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """g, (batch, [ensemble,] units), or without the batch if the gate does not see the input.

        1 takes the sum, 0 the product.
        """
        if self.gate_sees_input:
            return ops.sigmoid(self._times(x, self.gate))
        return ops.sigmoid(ops.squeeze(self.gate, axis=-2))

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, [ensemble,] inputs) -> (batch, [ensemble,] units)."""
        gate = self.gate_of(x)
        logs = ops.log(ops.abs(x) + self.epsilon)
        products = product(self._times(logs, self.product_matrix()), self.largest_exponent)
        return gate * self._times(x, self.weights_matrix()) + (1 - gate) * products

    def get_config(self) -> dict:
        """The arguments, serialised."""
        return {
            **super().get_config(),
            "shared": self.shared,
            "gate_sees_input": self.gate_sees_input,
            "gate_initializer": keras.initializers.serialize(self.gate_initializer),
        }
