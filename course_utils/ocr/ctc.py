"""Connectionist temporal classification: the loss that needs no alignment (Graves et al. 2006).

A label of L symbols is read as 2L + 1 states: a blank before, between and behind its symbols. The
loss is -log of the summed probability of all ways through them in T steps. ``lattice`` has the
same recursion in NumPy, written to be looked at.
"""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from course_utils.ocr.alphabet import Alphabet

# log 0. Finite, because -inf - -inf is NaN; far below every log-probability of a float32 softmax.
IMPOSSIBLE = -1e30


def ctc_loss(labels: keras.KerasTensor, logits: keras.KerasTensor, blank: int) -> keras.KerasTensor:
    """CTC loss of every row, with its gradient (Graves et al. 2006, eq. 8 and 16).

    Computed in float32, whatever the logits come in.

    Args:
        labels: (batch, L) class ids, each row padded at its tail, and only there, with ``blank``;
            a row may be empty. Integers, or floats of integer value, as Keras hands them over.
        logits: (batch, T, classes) unnormalised scores.
        blank: class id of the blank.

    Returns:
        (batch,) float32, in nats. Two values are there to be noticed, and
        ``keras.callbacks.TerminateOnNaN`` stops at both; the gradient of such a row is zero, so
        the weights stay usable:

        - ``inf`` where the label needs more than T steps: its probability is zero;
        - ``nan`` where the padding is wrong and nobody could look at the labels beforehand,
          because they are traced in a compiled function.

    Raises:
        ValueError: the shapes do not fit, or L or classes is not static; or the labels can be
            looked at, and hold an id outside 0..blank (-1 as padding, say) or a symbol behind a
            blank.
    """
    _check_shapes(tuple(labels.shape), tuple(logits.shape))
    _refuse_wrong_padding(labels, blank)
    labels = ops.cast(labels, "int32")
    logits = ops.cast(logits, "float32")
    valid = _well_padded(labels, blank, ops)
    labels = ops.clip(labels, 0, blank)
    length = ops.sum(ops.cast(labels != blank, "int32"), axis=1, keepdims=True)

    @ops.custom_gradient
    def loss_of(logits: keras.KerasTensor) -> tuple:
        log_probs = ops.maximum(ops.log_softmax(logits), IMPOSSIBLE)
        on_blank = log_probs[:, :, blank, None]
        on_symbol = ops.take_along_axis(log_probs, labels[:, None, :], axis=2)
        alpha = _sweep(labels, on_blank, on_symbol, start=ops.zeros_like(length))
        arrivals = _arrivals(alpha[0][:, -1], alpha[1][:, -1])
        log_likelihood = ops.take_along_axis(arrivals, length, axis=1)[:, 0]
        infeasible = log_likelihood < IMPOSSIBLE / 2

        def gradient(*args: keras.KerasTensor, upstream: keras.KerasTensor = None) -> tuple:
            (upstream,) = args or (upstream,)
            # The way back is the way forth through everything mirrored, in time and along states.
            mirrored = (_mirror(x) for x in (labels, on_blank, on_symbol))
            beta = _sweep(*mirrored, start=labels.shape[1] - length)
            # alpha and beta both count the step where they meet: take it out once.
            on_blanks, on_symbols = (
                ops.exp(forth + _mirror(back) - here - log_likelihood[:, None, None])
                for forth, back, here in zip(alpha, beta, (on_blank, on_symbol), strict=True)
            )
            on_any_blank = ops.sum(on_blanks, axis=2, keepdims=True)
            # One by definition; dividing by it removes most of what alpha and beta were rounded.
            mass = on_any_blank + ops.sum(on_symbols, axis=2, keepdims=True)
            one_hot = partial(ops.one_hot, num_classes=logits.shape[2], dtype="float32")
            posterior = on_any_blank * one_hot(blank) + ops.matmul(on_symbols, one_hot(labels))
            usable = ops.logical_and(valid, ops.logical_not(infeasible))[:, None, None]
            return upstream[:, None, None] * ops.where(
                usable, ops.exp(log_probs) - posterior / mass, 0.0
            )

        loss = ops.where(infeasible, float("inf"), -log_likelihood)
        return ops.where(valid, loss, float("nan")), gradient

    return loss_of(logits)


def _sweep(
    labels: keras.KerasTensor,
    on_blank: keras.KerasTensor,
    on_symbol: keras.KerasTensor,
    start: keras.KerasTensor,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Log-probability of standing on each state at each step, all ways there summed.

    Args:
        labels: (batch, L) class ids.
        on_blank: (batch, T, 1) log-probabilities of the blank.
        on_symbol: (batch, T, L) log-probabilities of the labels' symbols.
        start: (batch, 1) number of the blank that stands before the first step.

    Returns:
        (batch, T, L + 1) for the blanks and (batch, T, L) for the symbols.
    """
    # The first symbol has none before it, so it does not matter what it is compared with.
    may_skip_blank = labels != ops.roll(labels, 1, axis=1)
    is_start = ops.arange(labels.shape[1] + 1)[None] == start
    blanks = ops.where(is_start, 0.0, IMPOSSIBLE)
    symbols = ops.full_like(on_symbol[:, 0], IMPOSSIBLE)

    def step(states: tuple, here: tuple) -> tuple[tuple, tuple]:
        blanks, symbols = states
        arrivals = _arrivals(blanks, symbols)
        entering = ops.where(may_skip_blank, arrivals[:, :-1], blanks[:, :-1])
        states = arrivals + here[0], _log_add(symbols, entering) + here[1]
        return states, states

    time_major = tuple(ops.transpose(x, (1, 0, 2)) for x in (on_blank, on_symbol))
    _, history = ops.scan(step, (blanks, symbols), time_major)
    return tuple(ops.transpose(x, (1, 0, 2)) for x in history)


def _arrivals(blanks: keras.KerasTensor, symbols: keras.KerasTensor) -> keras.KerasTensor:
    """What a blank receives: from itself and from the symbol before it; (batch, L + 1)."""
    before = ops.pad(symbols, [[0, 0], [1, 0]], constant_values=IMPOSSIBLE)
    return _log_add(blanks, before)


def _log_add(a: keras.KerasTensor, b: keras.KerasTensor) -> keras.KerasTensor:
    return ops.maximum(a, b) + ops.softplus(-ops.abs(a - b))


def _mirror(x: keras.KerasTensor) -> keras.KerasTensor:
    return ops.flip(x, axis=tuple(range(1, len(x.shape))))


def _well_padded(labels: keras.KerasTensor, blank: int, xp: object) -> keras.KerasTensor:
    """(batch,) bool: ids in 0..blank and nothing behind a blank; ``xp`` is numpy or keras.ops."""
    in_range = xp.logical_and(labels >= 0, labels <= blank)
    in_order = xp.logical_or(labels[:, :-1] != blank, labels[:, 1:] == blank)
    return xp.logical_and(xp.all(in_range, axis=1), xp.all(in_order, axis=1))


def _check_shapes(labels: tuple, logits: tuple) -> None:
    if (
        (len(labels), len(logits)) != (2, 3)
        or None in (labels[1], logits[2])
        or len({labels[0], logits[0]} - {None}) == 2
    ):
        raise ValueError(
            f"labels {labels} and logits {logits}: give (batch, L) and (batch, T, classes), with L "
            "and classes static"
        )


def _refuse_wrong_padding(labels: keras.KerasTensor, blank: int) -> None:
    try:
        values = np.asarray(labels)
    except (TypeError, NotImplementedError):  # JAX and TensorFlow: traced, without values yet
        return
    wrong = np.flatnonzero(~_well_padded(values, blank, np))
    if wrong.size:
        raise ValueError(
            f"labels, row {wrong[0]}: give class ids 0..{blank - 1} and pad the tail of the row, "
            f"and only that, with the blank {blank}"
        )


@keras.saving.register_keras_serializable("read_and_reckon")
class CTCLoss(keras.losses.Loss):
    """``ctc_loss`` for ``compile(loss=CTCLoss())``: labels against logits, the mean of the batch.

    Args:
        alphabet: gives the blank; the default alphabet if not given.
        name: as for every Keras loss.
        reduction: as for every Keras loss.
    """

    def __init__(
        self,
        alphabet: Alphabet | None = None,
        name: str = "ctc_loss",
        reduction: str | None = "sum_over_batch_size",
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.alphabet = alphabet or Alphabet()

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Losses of labels (batch, L) and logits (batch, T, classes): (batch,) float32."""
        return ctc_loss(y_true, y_pred, self.alphabet.blank)

    def get_config(self) -> dict:
        """What ``from_config`` needs."""
        return {**super().get_config(), "alphabet": asdict(self.alphabet)}

    @classmethod
    def from_config(cls, config: dict) -> "CTCLoss":
        """The loss that ``get_config`` described."""
        return cls(**{**config, "alphabet": Alphabet(**config["alphabet"])})


@keras.saving.register_keras_serializable("read_and_reckon")
class CTCCost(keras.layers.Layer):
    """The loss as a layer, its lengths given instead of counted; the output is (batch, 1).

    Args:
        blank: class id of the blank.
        **kwargs: as for every Keras layer.
    """

    def __init__(self, blank: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.blank = blank

    def call(self, inputs: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """Losses (batch, 1) of (logits, labels, input_length, label_length)."""
        logits, labels, input_length, label_length = inputs
        labels = ops.where(ops.arange(labels.shape[1]) < label_length, labels, self.blank)
        # A step that surely writes a blank changes no probability: as good as no step.
        surely_blank = ops.where(ops.arange(logits.shape[2]) == self.blank, 0.0, IMPOSSIBLE)
        counts = ops.arange(logits.shape[1])[None, :, None] < input_length[:, :, None]
        return ctc_loss(labels, ops.where(counts, logits, surely_blank), self.blank)[:, None]

    def get_config(self) -> dict:
        """What ``from_config`` needs."""
        return {**super().get_config(), "blank": self.blank}


def four_input_model(crnn: keras.Model, alphabet: Alphabet | None = None) -> keras.Model:
    """The training model of the course's first edition: the loss is its output.

    Before a loss could be handed to ``compile`` with everything it needs, CTC was built into the
    network. Train this model with a loss that passes the output on; ``crnn`` learns with it, and
    ``compile(loss=CTCLoss())`` does the same::

        model.compile("adam", loss=lambda y_true, y_pred: y_pred)
        model.fit([images, labels, input_length, label_length], np.zeros(len(images)))

    Args:
        crnn: a model from images to (batch, T, classes) logits.
        alphabet: gives the blank and the width of the labels; the default if not given.

    Returns:
        A model of the inputs image, labels (batch, time_steps), input_length (batch, 1) and
        label_length (batch, 1), whose output is the loss of each row, (batch, 1).
    """
    alphabet = alphabet or Alphabet()
    image = keras.Input(crnn.input_shape[1:], name="image")
    labels = keras.Input((alphabet.time_steps,), dtype="int32", name="labels")
    input_length = keras.Input((1,), dtype="int32", name="input_length")
    label_length = keras.Input((1,), dtype="int32", name="label_length")
    cost = CTCCost(alphabet.blank, name="ctc")([crnn(image), labels, input_length, label_length])
    return keras.Model([image, labels, input_length, label_length], cost, name="four_inputs")
