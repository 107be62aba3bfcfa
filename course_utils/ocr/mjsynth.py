"""The real MJSynth as a word dataset: from its folder, or the first words of its archive.

MJSynth (Jaderberg et al. 2014, arXiv:1406.2227) has 8.9 million rendered words. A file is called
``90kDICT32px/3000/7/182_slinking_71711.jpg``, and its label stands between the underscores.
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import numpy as np
from tqdm import tqdm

from course_utils.ocr import preprocessing
from course_utils.ocr.alphabet import Alphabet, LabelError
from course_utils.ocr.datasets import WordImage
from course_utils.ocr.http_stream import DownloadError, HttpStream
from course_utils.ocr.preprocessing import HEIGHT, WIDTH, ImageError
from course_utils.ocr.word_store import RECORD, Skipped, StoredWords, StoreError, store_words

CACHE = Path.home() / ".cache" / "read-and-reckon"
MAX_BYTES = 1 << 20  # of one image file; MJSynth's have a few thousand
SPLITS = ("all", "train", "validation")
ANNOTATIONS = {
    "train": "annotation_train.txt",
    "validation": "annotation_val.txt",
    "test": "annotation_test.txt",
}

_ALPHABET = Alphabet()


class MJSynthError(ValueError):
    """A source that does not give MJSynth's words; the message says why."""


class MJSynth(Sequence[WordImage]):
    """The words in a folder of MJSynth, read from their files whenever they are asked for.

    Attributes:
        skipped: (file, reason) for each image that was passed over: corrupt, empty, too large, or
            with a label that ``Alphabet.check`` refuses.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        split: str = "train",
        fit: str = "pad",
        skip_larger: bool = True,
        limit: int | None = None,
        official: bool = False,
    ) -> None:
        """Find the usable images; each one is decoded once, about 0.3 ms.

        Args:
            folder: ``90kDICT32px``, or a folder with word images at any depth, taken in numerical
                order.
            split: "all", or by the original course's rule "validation", every tenth usable image,
                or "train", the others. If ``official``, "train", "validation" or "test".
            fit: how images are brought to 32 x 128, as in ``preprocessing.fit``. "pad" leaves those
                that are not larger as they are, as the original does.
            skip_larger: leave out images higher than 32 or wider than 128, as the original does.
            limit: look no further than this many usable images, before they are split.
            official: take the files that MJSynth's own annotation files list, in their order.

        Raises:
            MJSynthError: the folder cannot be read, or has no usable image or annotation file.
            ValueError: an unknown ``split`` or ``fit``, or a ``limit`` below 1.
        """
        _check_options(limit, fit, split, [*ANNOTATIONS] if official else SPLITS)
        folder = Path(folder)
        self.skipped: Skipped = []
        if official:
            folder, listed = _annotated(folder, split)
        else:
            listed = _image_files(folder)
        contents = _contents(folder, listed, self.skipped)
        usable = [name for name, _ in _usable(contents, limit, fit, skip_larger, self.skipped)]
        if not usable:
            raise MJSynthError(f"{folder}: no usable word image, {len(self.skipped)} passed over")
        if not official:
            usable = [usable[number] for number in _numbers(len(usable), split)]
        self._folder, self._names = folder, usable
        self._fit, self._skip_larger = fit, skip_larger

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> WordImage:
        name = self._names[index]
        return _word(name, _read(self._folder / name), self._fit, self._skip_larger)


class Part(Sequence[WordImage]):
    """The training or validation words of a dataset, by the original course's rule."""

    def __init__(self, words: MJSynth | StoredWords, split: str) -> None:
        self._words = words
        self._numbers = _numbers(len(words), split)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int) -> WordImage:
        return self._words[self._numbers[index]]

    @property
    def skipped(self) -> Skipped:
        """(file, reason) of each image of the source that was passed over."""
        return self._words.skipped


def open_mjsynth(
    source: str | os.PathLike,
    limit: int | None = None,
    cache_dir: str | os.PathLike = CACHE,
    fit: str = "pad",
    skip_larger: bool = True,
) -> tuple[Part, Part]:
    """The words of MJSynth for training and for validation, every tenth one.

    From a folder the words are read as ``MJSynth`` does. An archive is read as a stream, from a
    file or over the network, no further than ``limit`` needs; a checksum of the whole can therefore
    not be verified unless the end is reached. Its words are copied to ``cache_dir``, 4.2 kB each,
    and the next call with the same arguments opens that copy at once.

    Args:
        source: a folder, a ``.tar.gz`` file, or an ``http://`` or ``https://`` address of one.
        limit: how many usable images to take at most, training and validation together; 150,000
            gives the original course's 135,000 and 15,000. Without it all of them are taken.
        cache_dir: where words from archives are kept.
        fit: as in ``MJSynth``.
        skip_larger: as in ``MJSynth``.

    Returns:
        The training words and the validation words.

    Raises:
        MJSynthError: the source cannot be read or has no usable image, or the cache cannot be
            written.
        ValueError: an unknown ``fit`` or a ``limit`` below 1.
    """
    _check_options(limit, fit, "all", SPLITS)
    if _is_address(source):
        identity = [source]
    elif Path(source).is_dir():
        return _divided(MJSynth(source, "all", fit, skip_larger, limit), source)
    elif Path(source).is_file():
        state = Path(source).stat()
        identity = [str(Path(source).resolve()), state.st_size, state.st_mtime_ns]
    else:
        raise MJSynthError(f"{source}: no such folder or archive")

    rules = [*identity, limit, fit, skip_larger, _ALPHABET.characters, str(RECORD)]
    key = hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:12]
    folder = Path(cache_dir) / f"mjsynth-{limit or 'all'}-{fit}-{key}"
    try:
        if not folder.exists():
            skipped: Skipped = []
            words = _usable(_members(source), limit, fit, skip_larger, skipped)
            store_words((word for _, word in words), skipped, folder)
        return _divided(StoredWords(folder), source)
    except StoreError as error:
        raise MJSynthError(str(error)) from None


def _divided(words: MJSynth | StoredWords, source: str | os.PathLike) -> tuple[Part, Part]:
    train, validation = Part(words, "train"), Part(words, "validation")
    if not len(validation):
        raise MJSynthError(
            f"{source}: {len(words)} usable word images, {len(words.skipped)} passed over; "
            "at least 10 are needed for one to validate"
        )
    return train, validation


def _check_options(limit: int | None, fit: str, split: str, splits: Sequence[str]) -> None:
    if split not in splits:
        raise ValueError(f"split {split!r}: choose one of {', '.join(splits)}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit={limit}: take at least 1 image")
    preprocessing.fit(np.zeros((1, 1), np.uint8), fit)


def _numbers(total: int, split: str) -> np.ndarray:
    """Which of ``total`` words belong to a split: counted from one, every tenth validates."""
    tenth = np.arange(1, total + 1) % 10 == 0
    return np.flatnonzero({"all": tenth | ~tenth, "train": ~tenth, "validation": tenth}[split])


# One image


def _usable(
    contents: Iterable[tuple[str, bytes]],
    limit: int | None,
    fit: str,
    skip_larger: bool,
    skipped: Skipped,
) -> Iterator[tuple[str, WordImage]]:
    """The first ``limit`` words that follow the rules; the others' names go to ``skipped``."""
    found = 0
    with tqdm(total=limit, desc="MJSynth", unit=" words", disable=None) as progress:
        for name, content in contents:
            try:
                word = _word(name, content, fit, skip_larger)
            except (ImageError, LabelError) as error:
                skipped.append((name, str(error)))
                continue
            yield name, word
            progress.update()
            found += 1
            if found == limit:
                return


def _word(name: str, content: bytes, fit: str, skip_larger: bool) -> WordImage:
    text = _label(name)
    if not content:
        raise ImageError("the file is empty")
    if len(content) > MAX_BYTES:
        raise ImageError(f"the file has more than {MAX_BYTES:,} bytes")
    grey = preprocessing.to_grey(content)
    if skip_larger and (grey.shape[0] > HEIGHT or grey.shape[1] > WIDTH):
        raise ImageError(f"larger than {HEIGHT} x {WIDTH}")
    return WordImage(preprocessing.fit(grey, fit), text)


def _label(name: str) -> str:
    parts = PurePosixPath(name).stem.split("_")
    if len(parts) < 2:
        raise LabelError("the file name has no label behind an underscore")
    _ALPHABET.check(parts[1])
    return parts[1]


def _is_image(name: str) -> bool:
    return name.lower().endswith(".jpg")


# Folders


def _image_files(folder: Path) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise MJSynthError(f"{error.filename}: cannot be listed ({error.strerror})")

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders.sort(key=_numerical)
        for file in sorted(filter(_is_image, files), key=_numerical):
            yield Path(parent, file).relative_to(folder).as_posix()


def _numerical(name: str) -> tuple:
    """A sorting key that puts 2 before 10."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name


def _annotated(folder: Path, split: str) -> tuple[Path, list[str]]:
    """The folder that the annotation files are in, and the files that they list for a split."""
    for place in (folder, folder / "90kDICT32px", folder / "mnt/ramdisk/max/90kDICT32px"):
        annotation = place / ANNOTATIONS[split]
        if annotation.is_file():
            lines = annotation.read_text(errors="replace").splitlines()
            return place, [
                PurePosixPath(line.split()[0]).as_posix() for line in lines if line.strip()
            ]
    raise MJSynthError(f"{folder}: has no {ANNOTATIONS[split]}, use official=False")


def _contents(folder: Path, names: Iterable[str], skipped: Skipped) -> Iterator[tuple[str, bytes]]:
    for name in names:
        try:
            content = _read(folder / name)
        except OSError as error:
            skipped.append((name, error.strerror))
            continue
        yield name, content


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


# Archives


def _is_address(source: str | os.PathLike) -> bool:
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def _open(source: str | os.PathLike) -> BinaryIO:
    if _is_address(source):
        return io.BufferedReader(HttpStream(source), 1 << 18)
    return open(source, "rb")


def _members(source: str | os.PathLike) -> Iterator[tuple[str, bytes]]:
    """The image files in an archive, in its order; their names never become paths."""
    try:
        with (
            _open(source) as file,
            gzip.GzipFile(fileobj=file) as unzipped,
            tarfile.open(fileobj=unzipped, mode="r|") as archive,
        ):
            while (member := archive.next()) is not None:
                archive.members.clear()  # before Python 3.13 nine million would pile up here
                if member.isreg() and _is_image(member.name):
                    yield member.name, archive.extractfile(member).read(MAX_BYTES + 1)
            while unzipped.read(1 << 18):  # gzip's checksum is behind tar's end
                pass
    except DownloadError as error:
        raise MJSynthError(str(error)) from None
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise MJSynthError(f"{source}: not a whole .tar.gz archive ({error})") from None
