"""A 3 x 3 convolution from a quarter of the products: Winograd's F(4 x 4, 3 x 3).

After Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015, arXiv:1509.09308):
36 products make 4 x 4 outputs, where the definition takes 144. The rest is additions, and rounding:
the results differ from the definition's by about 1e-6 of their size, in bfloat16 by about 3 %,
which training bears. It pays on processors, for 128 channels or more.
"""

import keras
import numpy as np
from keras import ops

# The transforms for the points 0, 1, -1, 2, -2 and infinity (B^T, G and A^T in the paper): six
# inputs a tile, three weights, four outputs.
TILE = 4
INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
KERNEL = np.array(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]], np.float32
) / np.float32(24)
OUTPUT = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)


def tiling(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Winograd's transforms of a whole zero-padded row of pixels, tile beside tile.

    Args:
        size: pixels of the row, a multiple of 4.

    Returns:
        (6 * tiles, size), which makes of a row's pixels its tiles' transformed inputs, first place
        of every tile, second place of every tile, …; and (size, 6 * tiles), the way back.
    """
    tiles = size // TILE
    into = np.zeros((6, tiles, size + 2), np.float32)
    back = np.zeros((tiles, TILE, 6, tiles), np.float32)
    for tile in range(tiles):
        into[:, tile, TILE * tile : TILE * tile + 6] = INPUT
        back[tile, :, :, tile] = OUTPUT
    return into.reshape(6 * tiles, -1)[:, 1:-1], back.reshape(size, -1)


def convolve(images: keras.KerasTensor, kernel: keras.KerasTensor) -> keras.KerasTensor:
    """What ``keras.ops.conv(images, kernel, padding="same")`` computes, with its gradients.

    Args:
        images: (n, height, width, channels), height and width static multiples of 4.
        kernel: (3, 3, channels, filters), of the same dtype.

    Returns:
        (n, height, width, filters).

    Raises:
        ValueError: another size of image or kernel.
    """
    _, height, width, channels = images.shape
    if height % TILE or width % TILE or tuple(kernel.shape[:2]) != (3, 3):
        raise ValueError(
            f"images of {height} x {width} and kernel of {tuple(kernel.shape[:2])}: give multiples "
            "of 4, and 3 x 3"
        )
    transforms = (*tiling(height), *tiling(width), KERNEL)
    into_rows, from_rows, into_columns, from_columns, into_products = (
        ops.cast(matrix, images.dtype) for matrix in transforms
    )
    # A matrix for each of the 6 x 6 places in a tile; the axis between them is for rows of tiles.
    kernel = ops.einsum("ia,jb,abxy->ijxy", into_products, into_products, kernel)[:, None]
    # With the images' axis behind those of rows and columns, every step is a matrix product.
    x = ops.transpose(images, (1, 2, 0, 3))
    x = into_columns @ ops.reshape(x, (height, width, -1))
    x = into_rows @ ops.reshape(x, (height, -1))
    x = ops.reshape(x, (6, height // TILE, 6, -1, channels)) @ kernel
    x = from_rows @ ops.reshape(x, (into_rows.shape[0], -1))
    x = from_columns @ ops.reshape(x, (height, into_columns.shape[0], -1))
    x = ops.reshape(x, (height, width, -1, kernel.shape[-1]))
    return ops.transpose(x, (2, 0, 1, 3))
