"""A NAC that is made to keep its state: what a total over a thousand steps needs."""

from typing import Any

import keras
import numpy as np
from keras import ops

from course_utils.arithmetic.modules import NAC, between_minus_one_and_one
from course_utils.arithmetic.recurrent import Recurrent


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class KeepingNAC(NAC):
    """A NAC for ``Recurrent`` whose state starts near "kept" and is drawn to be kept exactly.

    A weight of 0.999 on the state leaves 0.37 of it after 1,000 steps. Three things bring it nearer
    to 1, none of which changes what the module computes from its weights W:

    - it starts there, as recurrent ReLU networks do (Le et al. 2015, arXiv:1504.00941): ``W_hat``
      of the state is ``start`` times the identity, ``M_hat`` is ``start`` on the diagonal and
      -``start`` elsewhere; what W the inputs get is drawn as in a NAC;
    - the stored matrices count ``speed`` times, which under Adam, whose steps do not depend on a
      gradient's size, is a learning rate ``speed`` times as large for them alone;
    - ``Keeping`` adds ``saturation`` * min(|W|, 1 - |W|), of the state's weights, to the loss;
      Madsen and Johansen (2020, arXiv:2001.05016) draw weights to -1, 0 and 1 in this way.

    Args:
        units: number of outputs, which is the size of the state.
        ensemble: number of members, or None.
        start: of ``W_hat`` and ``M_hat`` of the state.
        speed: how many times faster than other weights they learn.
        saturation: how strongly they are drawn to -1, 0 and 1.
        **kwargs: as for ``NAC``.
    """

    def __init__(
        self,
        units: int,
        ensemble: int | None = None,
        *,
        start: float = 4.0,
        speed: float = 10.0,
        saturation: float = 100.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, ensemble, **kwargs)
        self.start, self.speed, self.saturation = start, speed, saturation

    def build(self, input_shape: tuple) -> None:
        """Draw the inputs' matrices, set the state's, which come after them."""
        super().build(input_shape)
        inputs = input_shape[-1] - self.units
        kept = np.eye(self.units)
        for weight, state in ((self.w_hat, kept), (self.m_hat, 2 * kept - 1)):
            value = np.array(ops.convert_to_numpy(weight))
            value[..., inputs:, :] = self.start * state
            weight.assign(value / self.speed)

    def weights_matrix(self) -> keras.KerasTensor:
        """W, ([ensemble,] inputs, units)."""
        return between_minus_one_and_one(self.speed * self.w_hat, self.speed * self.m_hat)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, [ensemble,] inputs) -> (batch, [ensemble,] units)."""
        return self._times(x, self.weights_matrix())

    def distance(self) -> keras.KerasTensor:
        """Of the state's weights from -1, 0 or 1, the nearest: summed."""
        sizes = ops.abs(self.weights_matrix()[..., -self.units :, :])
        return ops.sum(ops.minimum(sizes, 1 - sizes))

    def get_config(self) -> dict:
        """The arguments, serialised."""
        own = {"start": self.start, "speed": self.speed, "saturation": self.saturation}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class Keeping(Recurrent):
    """A ``Recurrent`` of a ``KeepingNAC``, which adds the distance of its weights to the loss."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """(batch, members, time, inputs) -> (batch, members, units)."""
        self.add_loss(self.module.saturation * self.module.distance())
        return super().call(x)
