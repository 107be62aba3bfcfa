"""Trains networks on the totals of short sequences of digits, and tests them on long ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from course_utils.arithmetic.digit_networks import build, build_eye, build_head
from course_utils.arithmetic.digits import OUTPUTS, Images, draw, totals
from course_utils.arithmetic.ensembles import FED, SummedSquaredError

LENGTH = 10  # of the sequences in training
BATCH = 32
AT_ONCE = 500  # images
TEST_PART = 1_000_000  # of the draws of a seed
LEARNING_RATE = 5e-3  # with 0.01 the eyes of some seeds never told all digits apart
LEARNING_RATES = {"RNN": 3e-3, "GRU": 3e-3, "LSTM": 3e-3}  # with 0.01 some learnt nothing
# With 0.999 Adam remembers the large gradients of the start, and its steps on a saturating weight
# shrink with the gradient: the weight stops short of 1.
BETA_2 = 0.95


@dataclass(frozen=True)
class Counter:
    """A trained network of each seed.

    Attributes:
        task: "count" or "add".
        head: one of ``digit_networks.HEADS``.
        seeds: of the members.
        network: eye and head, for sequences as long as in training.
        losses: (logged,) mean squared error of the last batches, over all members.
    """

    task: str
    head: str
    seeds: list[int]
    network: keras.Model
    losses: np.ndarray


def train(
    head: str,
    task: str,
    images: Images,
    seeds: Sequence[int],
    steps: int,
    *,
    length: int = LENGTH,
    learning_rate: float | None = None,
    on_interval: Callable[[int, float], None] | None = None,
) -> Counter:
    """Train a network of each seed; a seed chooses its weights and its sequences.

    Args:
        head: one of ``digit_networks.HEADS``.
        task: "count" or "add".
        images: to make sequences of.
        seeds: of the members.
        steps: batches of 32 sequences for each member.
        length: images in a sequence.
        learning_rate: Adam's at the start, falling to 0 along a cosine; each head has its own.
        on_interval: called after every few steps with the steps so far and the last loss, a mean
            over the members.

    Raises:
        ValueError: ``steps`` is below 1.
    """
    if steps < 1:
        raise ValueError(f"{steps} steps: give at least 1")
    seeds, size = list(seeds), images.pixels.shape[1:]
    network = build(head, task, seeds, size, length)
    numbers = BATCH * len(seeds) * length * size[0] * size[1]
    fed = max(1, min(100, steps, FED // numbers))
    rate = learning_rate or LEARNING_RATES.get(head, LEARNING_RATE)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps), beta_2=BETA_2),
        SummedSquaredError(),
        jit_compile=True,
        steps_per_execution=fed,
    )
    losses, step = [], 0
    while step < steps:
        due = min(fed, steps - step)
        places = draw(images, seeds, step, due * BATCH, length)
        target = totals(images.labels[places], task)
        history = network.fit(
            images.pixels[places], target, batch_size=BATCH, shuffle=False, verbose=0
        )
        step += due
        losses.append(history.history["loss"][0] / len(seeds))
        if on_interval:
            on_interval(step, losses[-1])
    return Counter(task, head, seeds, network, np.array(losses))


def look(counter: Counter, pixels: np.ndarray) -> np.ndarray:
    """What the eyes make of each image: (n, height, width) -> (n, members, 10)."""
    eye = build_eye(counter.seeds, pixels.shape[1:], length=1)
    eye.set_weights(counter.network.layers[0].get_weights())
    members = len(counter.seeds)
    seen = []
    for start in range(0, len(pixels), AT_ONCE):
        some = pixels[start : start + AT_ONCE, None, None]
        same = np.broadcast_to(some, (len(some), members, *some.shape[2:]))
        seen.append(ops.convert_to_numpy(eye(same))[:, :, 0])
    return np.concatenate(seen)


@dataclass(frozen=True)
class Answers:
    """What a counter says of sequences of one length.

    Attributes:
        length: images in each.
        said: (sequences, members, outputs).
        true: the same shape.
    """

    length: int
    said: np.ndarray
    true: np.ndarray

    def per_digit(self) -> np.ndarray:
        """(members,) absolute errors, added over the outputs, divided by the length; their mean."""
        return np.abs(self.said - self.true).sum(axis=2).mean(axis=0) / self.length

    def share(self) -> np.ndarray:
        """(members,) absolute errors, all added, as a share of the true totals, all added."""
        return np.abs(self.said - self.true).sum(axis=(0, 2)) / self.true.sum(axis=(0, 2))

    def rounded(self) -> "Answers":
        """The same with whole numbers, which all totals are."""
        return Answers(self.length, np.round(self.said), self.true)


def ask(
    counter: Counter, images: Images, length: int, sequences: int = 200, snap: bool = False
) -> Answers:
    """Let a counter read sequences of any length.

    Each image is looked at once; only the head reads the sequence.

    Args:
        counter: trained.
        images: to make sequences of, other than those it was trained on.
        length: images in each.
        sequences: for each member.
        snap: put -1, 0 or 1, the nearest, in the place of each weight W on a NAC's state.
    """
    outputs = OUTPUTS[counter.task]
    places = draw(images, counter.seeds, TEST_PART, sequences, length)
    seen = look(counter, images.pixels)
    x = np.stack([seen[places[:, i], i] for i in range(len(counter.seeds))], axis=1)
    head = build_head(counter.head, counter.seeds, length, outputs)
    head.set_weights(counter.network.layers[1].get_weights())
    said = snapped(head, x) if snap else ops.convert_to_numpy(head(x))
    return Answers(length, said, totals(images.labels[places], counter.task))


def state_weights(head: keras.Model) -> np.ndarray:
    """W of a NAC's state to its state, (members, outputs, outputs)."""
    module = head.layers[0].module
    return ops.convert_to_numpy(module.weights_matrix())[:, -module.units :]


def snapped(head: keras.Model, x: np.ndarray) -> np.ndarray:
    """The totals of a NAC whose state's weights are rounded: (batch, members, outputs)."""
    module = head.layers[0].module
    w = ops.convert_to_numpy(module.weights_matrix())
    given = np.einsum("brti,rio->tbro", x, w[:, : -module.units])
    kept = np.round(w[:, -module.units :])
    state = np.zeros(given.shape[1:], np.float32)
    for step in given:
        state = step + np.einsum("bri,rio->bro", state, kept)
    return state
