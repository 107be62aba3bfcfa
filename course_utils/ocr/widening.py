"""A narrow network's skill, carried over into a wider one.

After Chen, Goodfellow and Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer" (2016,
arXiv:1511.05641): a narrow network learns many times faster on a CPU, and the original network
then starts from what it knows. Every channel is copied; the layer behind shares its weights out
over the copies, unevenly, and a little noise lets the copies go ways of their own.

    python -m course_utils.ocr.widening NARROW.weights.h5 --from-width 0.25 WIDE.weights.h5
"""

import argparse
import os
import sys
from pathlib import Path

import keras
import numpy as np
from keras import layers

from course_utils.ocr.crnn import build_crnn


def widen(narrow: keras.Model, wide: keras.Model, noise: float = 0.1, seed: int = 0) -> None:
    """Give ``wide`` weights with which it computes what ``narrow`` does.

    Args:
        narrow: a model from ``build_crnn``.
        wide: the same with at least as many channels in every layer; its weights are replaced.
        noise: standard deviation of the copied kernels' relative errors; 0 keeps the function.
        seed: of the noise and of the shares.

    Raises:
        ValueError: ``wide`` is narrower somewhere.
    """
    rng = np.random.default_rng(seed)
    parents, shares = np.zeros(1, int), np.ones(1)
    pairs = zip(narrow.layers, wide.layers, strict=True)
    for old, new in ((old, new) for old, new in pairs if old.get_weights()):
        if isinstance(old, layers.Conv2D):
            kernel, bias = old.get_weights()
            kernel = kernel[:, :, parents] * shares[:, None]
            parents, shares = _copies(kernel.shape[-1], new.filters, rng, new.name)
            kernel = kernel[..., parents]
            kernel = kernel * (1 + noise * rng.standard_normal(kernel.shape))
            new.set_weights([kernel, bias[parents]])
        elif isinstance(old, layers.BatchNormalization):
            new.set_weights([values[parents] for values in old.get_weights()])
        elif isinstance(old, layers.Bidirectional):
            weights = old.get_weights()
            for place in (0, 3):  # each direction's kernel, before its recurrent kernel and bias
                weights[place] = weights[place][parents] * shares[:, None]
            new.set_weights(weights)
            features = 2 * old.forward_layer.units  # as many in both networks
            parents, shares = np.arange(features), np.ones(features)
        else:
            new.set_weights(old.get_weights())


def _copies(
    few: int, many: int, rng: np.random.Generator, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """For each of ``many`` channels the one it copies, and its share in what that one meant."""
    if many < few:
        raise ValueError(f"{name} has {many} channels and {few} to copy: widen, do not narrow")
    parents = np.arange(many) % few
    shares = rng.uniform(0.5, 1.5, many)
    return parents, shares / np.bincount(parents, shares)[parents]


def main(arguments: list[str] | None = None) -> int:
    """Widen a weights file as the command line says; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.ocr.widening",
        description="Start a wide network from a trained narrow one.",
    )
    parser.add_argument("narrow", type=Path, help="weights to start from")
    parser.add_argument("wide", type=Path, help="weights file to write")
    parser.add_argument("--from-width", type=float, required=True, metavar="W", help="of narrow")
    parser.add_argument("--to-width", type=float, default=1.0, metavar="W", help="of wide (1.0)")
    chosen = parser.parse_args(arguments)
    narrow, wide = build_crnn(width=chosen.from_width), build_crnn(width=chosen.to_width)
    try:
        narrow.load_weights(chosen.narrow)
        widen(narrow, wide)
        half_done = chosen.wide.with_name(f"half-done-{os.getpid()}.weights.h5")
        wide.save_weights(half_done)
        os.replace(half_done, chosen.wide)
    except (OSError, ValueError) as error:
        print(f"error: {chosen.narrow} -> {chosen.wide}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
