"""Checkpoints: everything a training run needs to go on, never half-written.

A checkpoint is a folder ``checkpoint-000500`` with ``state.npz`` (arrays) and ``state.json`` (the
rest). It is written beside, under a temporary name, forced to the disk, and then renamed: whatever
moment the process dies at, the folders with a final name are whole.
"""

import errno
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from course_utils.files import replacing
from course_utils.ocr.training.settings import TrainingError

_PREFIX, _UNFINISHED = "checkpoint-", "unfinished-"


def save_checkpoint(
    folder: Path, step: int, arrays: dict[str, np.ndarray], state: dict[str, Any]
) -> None:
    """Write the checkpoint of ``step`` into ``folder`` and delete the earlier ones.

    Args:
        folder: the run's folder; it exists.
        step: training steps done.
        arrays: any arrays by name.
        state: anything JSON can hold.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    unfinished = folder / f"{_UNFINISHED}{step:06d}"
    with writing(folder):
        try:
            unfinished.mkdir()
            with open(unfinished / "state.npz", "xb") as file:
                np.savez(file, **arrays)
                _force(file)
            with open(unfinished / "state.json", "x", encoding="utf-8") as file:
                json.dump(state, file)
                _force(file)
            os.rename(unfinished, folder / f"{_PREFIX}{step:06d}")
        except OSError:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        _force_folder(folder)
    _tidy(folder, keep=step)


def load_checkpoint(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """The last checkpoint in ``folder``, its arrays and state, or None if there is none.

    What an interrupted process left behind is deleted.

    Raises:
        TrainingError: the checkpoint cannot be read.
    """
    steps = [int(path.name.removeprefix(_PREFIX)) for path in _numbered(folder, _PREFIX)]
    step = max(steps, default=None)
    _tidy(folder, keep=step)
    if step is None:
        return None
    path = folder / f"{_PREFIX}{step:06d}"
    try:
        with np.load(path / "state.npz", allow_pickle=False) as file:
            arrays = dict(file)
        return arrays, json.loads((path / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"{path} cannot be read ({error}): delete the run's folder to begin anew"
        ) from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file that is either the old one or the new one, never a part.

    Args:
        path: the file.
        write: writes the content to the path that it is given.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    with writing(path.parent), replacing(path) as unfinished:
        write(unfinished)
        with open(unfinished, "r+b") as file:
            os.fsync(file.fileno())


def require_space(folder: Path, size: int) -> None:
    """Refuse now what would fail halfway: HDF5 can crash the process when a disk gets full.

    Args:
        folder: where something is going to be written.
        size: its size in bytes.

    Raises:
        TrainingError: there is less space left.
    """
    with writing(folder):
        if shutil.disk_usage(folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingError(
                f"no space left on the disk of {folder}: free some and start again, and the run "
                "goes on from its last checkpoint"
            ) from error
        raise TrainingError(
            f"cannot write into {folder} ({error.strerror}): choose another folder with --out"
        ) from error


def _force(file: IO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _force_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders, and its renames need no forcing.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbered(folder: Path, prefix: str) -> list[Path]:
    """Prefix and step; whatever else stands in the folder is the user's."""
    return [p for p in folder.glob(f"{prefix}*") if p.name.removeprefix(prefix).isdigit()]


def _tidy(folder: Path, keep: int | None) -> None:
    kept = None if keep is None else f"{_PREFIX}{keep:06d}"
    for path in [*_numbered(folder, _PREFIX), *_numbered(folder, _UNFINISHED)]:
        if path.name == kept:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
