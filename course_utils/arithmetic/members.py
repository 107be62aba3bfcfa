"""Weights of an ensemble, each member's drawn as if it were alone."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

Seeds = int | Sequence[int]


def member_seeds(seed: Seeds, ensemble: int | None) -> list[int]:
    """A seed for each member, one for a lone layer.

    Args:
        seed: that of the first member, the others count on from it; or a list of all.
        ensemble: number of members, or None.

    Raises:
        ValueError: the list has another length, or a seed is below 0.
    """
    members = 1 if ensemble is None else ensemble
    seeds = [seed + member for member in range(members)] if isinstance(seed, int) else list(seed)
    if len(seeds) != members:
        raise ValueError(f"{len(seeds)} seeds for {members} members: give one each")
    if min(seeds) < 0:
        raise ValueError(f"seed {min(seeds)}: give whole numbers from 0 on")
    return seeds


@keras.saving.register_keras_serializable(package="course_utils.arithmetic")
class PerMember(keras.initializers.Initializer):
    """Draws every member's weight by itself, from a seed of its own.

    Along the ensemble axis an ordinary initializer would count the members among the inputs, and
    would make a member's numbers depend on how many others there are. Here member ``r`` of an
    ensemble gets what a lone layer (``ensemble=None``) with the seed ``seed + r`` gets.

    Args:
        initializer: an initializer or its name; of one with a seed only the kind and settings
            count, not the seed.
        seed: as for ``member_seeds``.
        stream: tells apart the weights of one layer.
        ensemble: number of members, or None for a lone weight without a leading axis.
    """

    def __init__(
        self,
        initializer: str | keras.initializers.Initializer = "glorot_uniform",
        seed: Seeds = 0,
        stream: int = 0,
        ensemble: int | None = None,
    ) -> None:
        self.initializer = keras.initializers.get(initializer)
        self.seed, self.stream, self.ensemble = seed, stream, ensemble
        self.seeds = member_seeds(seed, ensemble)

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> keras.KerasTensor:
        """The weight, ``shape``: (ensemble, …), or without that axis for a lone one."""
        if self.ensemble is None:
            return self._member(self.seeds[0])(shape, dtype)
        return ops.stack([self._member(seed)(shape[1:], dtype) for seed in self.seeds])

    def get_config(self) -> dict:
        """The arguments, serialised."""
        return {
            "initializer": keras.initializers.serialize(self.initializer),
            "seed": self.seed,
            "stream": self.stream,
            "ensemble": self.ensemble,
        }

    def _member(self, seed: int) -> keras.initializers.Initializer:
        config = self.initializer.get_config()
        if "seed" in config:
            entropy = np.random.SeedSequence([seed, self.stream])
            config["seed"] = int(entropy.generate_state(1)[0]) >> 1  # TensorFlow's seeds are int32
        return type(self.initializer).from_config(config)
