"""Grounds that words stand on: scikit-image's photographs and a few made by formula."""

from functools import cache

import cv2
import numpy as np
from skimage import data

SIDE = 512
PHOTOGRAPHS = ("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel", "rocket")


def _photograph(name: str) -> np.ndarray:
    picture = getattr(data, name)()
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _clouds(rng: np.random.Generator, roughness: float) -> np.ndarray:
    """Noise summed over octaves; a high ``roughness`` keeps more of the fine ones."""
    field = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(2, 9):
        grid = rng.standard_normal((2**octave, 2**octave)).astype(np.float32)
        layer = cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        field += roughness**octave * layer
    return cv2.normalize(field, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def _grooves(period: int, slope: float) -> np.ndarray:
    """Soft parallel stripes ``period`` pixels apart, as of planks or blinds."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return (127.5 + 127.5 * np.sin(2 * np.pi * (y + slope * x) / period)).astype(np.uint8)


@cache
def texture_bank() -> np.ndarray:
    """All textures: (n, 512, 512) uint8, grey."""
    rng = np.random.default_rng(0)
    made = [_clouds(rng, roughness) for roughness in (0.5, 0.6, 0.75, 0.95)]
    made += [_grooves(period, slope) for period, slope in ((37, 0.0), (61, 0.4), (45, 3.0))]
    return np.stack([_photograph(name) for name in PHOTOGRAPHS] + made)


def texture_patch(dice: np.ndarray, height: int, width: int) -> np.ndarray:
    """A patch of some texture with mean 0 and standard deviation 1.

    Args:
        dice: five uniform numbers in [0, 1) that choose the texture, the place, size and mirroring.
        height: rows of the patch.
        width: columns of the patch.

    Returns:
        (height, width) float32.
    """
    bank = texture_bank()
    scale = 0.5 + 2.5 * dice[0] ** 2
    rows, columns = (min(SIDE, max(8, int(side * scale))) for side in (height, width))
    top, left = int(dice[1] * (SIDE - rows + 1)), int(dice[2] * (SIDE - columns + 1))
    patch = bank[int(dice[3] * len(bank)), top : top + rows, left : left + columns]
    patch = cv2.resize(patch, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    mean, deviation = cv2.meanStdDev(patch)
    patch = (patch - float(mean[0, 0])) / max(float(deviation[0, 0]), 4.0)
    return patch[:, ::-1] if dice[4] < 0.5 else patch
