"""Any picture of a word -> the network's input, (32, 128, 1) float32 in [0, 1]."""

import io
import threading
import warnings
from os import PathLike
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageOps

HEIGHT, WIDTH = 32, 128
WHITE = 255
FIT = "stretch"
MODES = (FIT, "pad")
MAX_PIXELS = 89_478_485  # the size from which Pillow, by default, suspects a decompression bomb
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")

Picture = str | PathLike | bytes | Image.Image | np.ndarray

_warning_filters = threading.Lock()


class ImageError(ValueError):
    """Something that cannot be taken as an image; the message says what and why."""


def preprocess(image: Picture, mode: str = FIT) -> np.ndarray:
    """The network's input for one picture.

    Args:
        image: as for ``to_grey``.
        mode: as for ``fit``.

    Returns:
        (32, 128, 1) float32; 0 is black, 1 is white.

    Raises:
        ImageError: as in ``to_grey``.
        ValueError: an unknown ``mode``.
    """
    return fit(to_grey(image), mode)[..., np.newaxis].astype(np.float32) / WHITE


def fit(grey: np.ndarray, mode: str = FIT) -> np.ndarray:
    """Bring a grey image to the network's size.

    Args:
        grey: (h, w) uint8.
        mode: "stretch" resizes to exactly 32 x 128. "pad" is the original course's rule: white is
            added on the right and below; what is larger is first shrunk, keeping its aspect ratio.

    Returns:
        (32, 128) uint8.

    Raises:
        ImageError: ``grey`` is not a two-dimensional uint8 array with pixels.
        ValueError: an unknown ``mode``.
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise ImageError(
            f"fit takes (h, w) uint8 and got {grey.shape} {grey.dtype}: use to_grey first"
        )
    if mode == "stretch":
        return _resize(grey, HEIGHT, WIDTH)
    if mode == "pad":
        return _pad(grey)
    raise ValueError(f"mode {mode!r}: choose one of {', '.join(MODES)}")


def _pad(grey: np.ndarray) -> np.ndarray:
    height, width = grey.shape
    scale = min(HEIGHT / height, WIDTH / width, 1)
    grey = _resize(grey, max(1, round(height * scale)), max(1, round(width * scale)))
    padded = np.full((HEIGHT, WIDTH), WHITE, np.uint8)
    padded[: grey.shape[0], : grey.shape[1]] = grey
    return padded


def _resize(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """Average over the axes that shrink, then interpolate along those that grow."""
    shrunk = min(height, grey.shape[0]), min(width, grey.shape[1])
    if shrunk != grey.shape:
        grey = cv2.resize(grey, shrunk[::-1], interpolation=cv2.INTER_AREA)
    if shrunk != (height, width):
        grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_CUBIC)
    return grey


def to_grey(image: Picture) -> np.ndarray:
    """Read a picture as grey levels.

    Colours become luma (ITU-R BT.601), transparent pixels are laid over white, 16-bit levels are
    scaled from 0..65535 to 0..255, and a photograph is turned upright as its EXIF data asks.

    Args:
        image: a file's path; a file's content as bytes; a PIL image; or an array of shape (h, w),
            (h, w, 1) grey, (h, w, 2) grey and alpha, (h, w, 3) RGB or (h, w, 4) RGBA, whose
            dtype is bool, uint8, uint16, or floating with values in [0, 1].

    Returns:
        A new (h, w) uint8 array; 0 is black, 255 is white.

    Raises:
        ImageError: it is none of these, or empty, damaged, or larger than ``MAX_PIXELS``.
    """
    if isinstance(image, np.ndarray):
        return _array_to_grey(np.asarray(image), "the array")
    if isinstance(image, Image.Image):
        return _pil_to_grey(image, "the image")
    if isinstance(image, bytes | bytearray | memoryview):
        return _file_to_grey(io.BytesIO(image), "the bytes")
    if isinstance(image, str | PathLike):
        return _path_to_grey(image)
    raise ImageError(
        f"{type(image).__name__} is not an image: give a path, bytes, a PIL image or an array"
    )


def _path_to_grey(path: str | PathLike) -> np.ndarray:
    try:
        with open(path, "rb") as file:
            return _file_to_grey(file, str(path))
    except ImageError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{path}: cannot be opened ({reason})") from None


def _file_to_grey(file: BinaryIO, name: str) -> np.ndarray:
    try:
        # The filters are the whole process's: two threads must not save and restore them at once.
        with _warning_filters, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise ImageError(
            f"{name}: more pixels than Pillow allows, perhaps a decompression bomb; shrink it first"
        ) from None
    except Image.UnidentifiedImageError:
        raise ImageError(f"{name}: empty or not an image, give {', '.join(FORMATS)}") from None
    except Exception as error:  # on damaged data Pillow's readers raise a dozen classes
        raise ImageError(f"{name}: damaged or cut short ({error})") from None
    return _pil_to_grey(image, name)


def _pil_to_grey(image: Image.Image, name: str) -> np.ndarray:
    _check_size(image.height, image.width, name)
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            return _array_to_grey(_levels(image, name), name)
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image.convert("RGBA"))
        return np.array(image.convert("L"))
    except ImageError:
        raise
    except Exception as error:  # as above: pixels are decoded only now
        raise ImageError(f"{name}: damaged or cut short ({error})") from None


def _levels(image: Image.Image, name: str) -> np.ndarray:
    """The pixels of an image with more than 8 bits a level; mode "I" keeps 16 of its 32."""
    levels = np.asarray(image)
    if image.mode == "I":
        if levels.min() < 0 or levels.max() > 65535:
            raise ImageError(f"{name}: has levels outside 0..65535, scale them")
        levels = levels.astype(np.uint16)
    return levels


def _array_to_grey(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (2,), (3,), (4,)):
        raise ImageError(
            f"{name}: shape {array.shape} is not an image's, give (h, w) or (h, w, 1 to 4)"
        )
    _check_size(*array.shape[:2], name)
    levels = _eight_bit(array, name)
    if levels.shape[2:] in ((), (1,)):
        return levels.reshape(levels.shape[:2])
    return _pil_to_grey(Image.fromarray(levels), name)


def _eight_bit(array: np.ndarray, name: str) -> np.ndarray:
    kind, size = array.dtype.kind, array.dtype.itemsize
    if (kind, size) == ("u", 1):
        return np.array(array, order="C")
    if kind == "b":
        return array.astype(np.uint8) * np.uint8(WHITE)
    if (kind, size) == ("u", 2):
        return np.rint(array / np.float32(257)).astype(np.uint8)
    if kind == "f":
        if not ((array >= 0) & (array <= 1)).all():
            raise ImageError(f"{name}: has values outside [0, 1] or NaN, scale or clip them")
        return np.rint(array.astype(np.float32) * WHITE).astype(np.uint8)
    raise ImageError(f"{name}: dtype {array.dtype}, give bool, uint8, uint16 or floats in [0, 1]")


def _check_size(height: int, width: int, name: str) -> None:
    if not height * width:
        raise ImageError(f"{name}: {width} x {height} has no pixels")
    if height * width > MAX_PIXELS:
        raise ImageError(
            f"{name}: {width} x {height} is more than {MAX_PIXELS:,} pixels, perhaps a "
            "decompression bomb; shrink it first"
        )
