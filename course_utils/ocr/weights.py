"""The network's weights as a file: how they are saved, and which file comes with the course."""

import hashlib
import os
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np

from course_utils.files import replacing
from course_utils.ocr.crnn import build_crnn, channels_of
from course_utils.paths import DATA

WEIGHTS = DATA / "weights" / "crnn.weights.h5"
WEIGHTS_SHA256 = "7c9f5344b0f441cc2780891e39704aecaade07bce1d6094862911bab45560850"


class WeightsError(RuntimeError):
    """A weights file that cannot be read or written; the message says why."""


def load_network(path: str | os.PathLike | None = None) -> keras.Model:
    """Build the network of a weights file.

    Args:
        path: a file from ``save_weights_float16`` or from a training run, of any width. The
            course's own, whose SHA-256 is checked, if not given.

    Returns:
        A float32 model, not compiled.

    Raises:
        WeightsError: the file is missing, damaged, or not this network's.
    """
    shipped = path is None
    path = WEIGHTS if shipped else Path(path)
    try:
        if shipped and sha256(path) != WEIGHTS_SHA256:
            raise WeightsError(
                f"{path} is not the file that belongs to this version of the course: restore it "
                "with `git checkout -- data/weights`"
            )
        network = build_crnn(width=_width(path))
        network.load_weights(path)
    except FileNotFoundError:
        raise WeightsError(f"{path}: there is no such file") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read or is damaged ({_reason(error)})") from None
    except (KeyError, ValueError):
        raise WeightsError(f"{path} does not hold this network's weights") from None
    return network


def _width(path: Path) -> float:
    """The ``width`` of the network in a file, from the channels of its last convolution."""
    with h5py.File(path) as file:
        layers = (f"layers/conv2d{suffix}/vars/0" for suffix in ("", "_1", "_2", "_6"))
        channels = [file[layer].shape[-1] for layer in layers]
    # Channels are rounded, so several widths fit: the shortest number among them was meant.
    widths = (round(channels[-1] / 512, digits) for digits in range(1, 7))
    fitting = (width for width in widths if channels_of(width) == channels)
    return next(fitting, channels[-1] / 512)


def save_weights_float16(model: keras.Model, path: str | os.PathLike) -> None:
    """Save a network's weights in half the space, without the state of its optimiser.

    Args:
        model: from ``build_crnn``, of any width.
        path: the file to write, ``….weights.h5``; an existing one is replaced at once or not at
            all.

    Raises:
        WeightsError: a weight is too large for float16, or the file cannot be written.
    """
    path = Path(path)
    _check_range(model)
    twin = type(model).from_config(model.get_config())  # not compiled: no optimiser to save
    twin.set_weights(model.get_weights())
    try:
        with tempfile.TemporaryDirectory() as folder, replacing(path) as unfinished:
            twin.save_weights(Path(folder) / "float32.weights.h5")
            _halve(Path(folder) / "float32.weights.h5", unfinished)
    except OSError as error:
        raise WeightsError(f"{path} cannot be written ({_reason(error)})") from None


def _check_range(model: keras.Model) -> None:
    for layer in model.layers:
        for values in layer.get_weights():
            if not (np.abs(values) <= np.finfo(np.float16).max).all():
                raise WeightsError(f"layer {layer.name!r} has weights that float16 cannot hold")


def _halve(full: Path, half: Path) -> None:
    """Copy an HDF5 file, every number as float16."""
    with h5py.File(full) as source, h5py.File(half, "w") as target:

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                target.create_dataset(name, data=item[()].astype(np.float16))
            else:
                target.create_group(name).attrs.update(item.attrs)

        source.visititems(copy)


def _reason(error: OSError) -> str:
    """The system's words where there are some; HDF5's own are long."""
    return os.strerror(error.errno) if error.errno else str(error)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
