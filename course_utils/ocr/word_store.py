"""A word dataset on disk: one file that many processes map into memory."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.datasets import WordImage
from course_utils.ocr.preprocessing import HEIGHT, WIDTH

Skipped = list[tuple[str, str]]

RECORD = np.dtype(
    [("image", np.uint8, (HEIGHT, WIDTH)), ("text", np.str_, Alphabet().time_steps)], align=True
)


class StoreError(ValueError):
    """Stored words that cannot be written or read; the message says why."""


class StoredWords(Sequence[WordImage]):
    """Words that ``store_words`` wrote, mapped into memory.

    A copy sent to another process maps the same file and takes no memory of its own.
    """

    def __init__(self, folder: Path) -> None:
        """Map the words in ``folder``.

        Raises:
            StoreError: the folder does not hold what was once stored there.
        """
        self._folder = folder
        try:
            records = np.load(folder / "words.npy", mmap_mode="r", allow_pickle=False)
            self._images, self._texts = records["image"], records["text"]
        except (OSError, ValueError, IndexError, EOFError) as error:
            raise StoreError(f"{folder}: damaged, delete it and start again ({error})") from None

    def __reduce__(self) -> tuple:
        return StoredWords, (self._folder,)

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, index: int) -> WordImage:
        return WordImage(np.array(self._images[index]), str(self._texts[index]))

    @cached_property
    def skipped(self) -> Skipped:
        """(name, reason) of each image of the source that was passed over."""
        return [tuple(pair) for pair in json.loads((self._folder / "skipped.json").read_text())]


def store_words(words: Iterable[WordImage], skipped: Skipped, folder: Path) -> None:
    """Write words into a folder that appears when it is whole, and not before.

    Args:
        words: what to store, 4.2 kB each; they are written as they come.
        skipped: what ``StoredWords.skipped`` will say; read when ``words`` is exhausted.
        folder: the new folder. If another process makes it meanwhile, it is left as it is.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
        try:
            _write(words, partial / "words.npy")
            (partial / "skipped.json").write_text(json.dumps(skipped))
            os.replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        if not folder.exists():
            raise StoreError(f"{folder}: cannot be written ({error.strerror})") from None
    for killed in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(killed, ignore_errors=True)


def _write(words: Iterable[WordImage], path: Path) -> None:
    """Write records as they come; how many they are is entered at the end."""
    count = 0
    with open(path, "xb") as file:
        _write_header(file, count)
        for word in words:
            file.write(np.array((word.image, word.text), RECORD).tobytes())
            count += 1
        file.seek(0)
        _write_header(file, count)
        file.flush()
        os.fsync(file.fileno())


def _write_header(file: BinaryIO, count: int) -> None:
    """The header of a .npy file; NumPy leaves room in it for any count."""
    header = {"descr": np.lib.format.dtype_to_descr(RECORD), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, header | {"shape": (count,)})
