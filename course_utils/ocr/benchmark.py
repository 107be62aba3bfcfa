"""``python -m course_utils.ocr.benchmark FOLDER…``: how well folders of labelled words are read.

A folder has a ``labels.tsv``, one word a line: image file, tab, text.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure
from tqdm.auto import tqdm

from course_utils.files import replacing
from course_utils.ocr.decoding import beam_search, greedy, lexicon_search
from course_utils.ocr.lexicon import load_lexicon
from course_utils.ocr.metrics import (
    character_error_rate,
    normalise,
    one_minus_ned,
    word_accuracy,
)
from course_utils.ocr.preprocessing import FIT, ImageError, to_grey
from course_utils.ocr.recognizer import Decoder, Recognizer
from course_utils.ocr.trie import Trie
from course_utils.ocr.weights import WEIGHTS, WeightsError, sha256
from course_utils.provenance import provenance

LABELS = "labels.tsv"
SHOWN = 12  # worst readings a folder in the picture
COLUMNS = 4


class BenchmarkError(ValueError):
    """A folder that cannot be measured; the message says why."""


@dataclass(frozen=True)
class WordRead:
    """One word of a folder.

    Attributes:
        path: the image.
        truth: what its label says.
        text: what was read.
        confidence: the decoder's, 0 to 1.
    """

    path: Path
    truth: str
    text: str
    confidence: float

    @property
    def similarity(self) -> float:
        """1-NED of this word under the protocol; 1 if it counts as right."""
        return one_minus_ned([normalise(self.text)], [normalise(self.truth)])


@dataclass(frozen=True)
class Evaluation:
    """How well a folder was read.

    "Protocol" means that of the benchmarks of scene text: lower-case, letters and digits only.

    Attributes:
        name: the folder's name.
        words: every word, in the order of the labels.
        seconds: for opening the files, the network and decoding together.
    """

    name: str
    words: tuple[WordRead, ...]
    seconds: float

    @property
    def exact(self) -> float:
        """Share of words that are right to the letter and its case."""
        return word_accuracy([w.text for w in self.words], [w.truth for w in self.words])

    @property
    def accuracy(self) -> float:
        """Share of words that are right under the protocol."""
        return word_accuracy(*self._normalised())

    @property
    def cer(self) -> float:
        """Character error rate under the protocol."""
        return character_error_rate(*self._normalised())

    @property
    def one_minus_ned(self) -> float:
        """1-NED under the protocol."""
        return one_minus_ned(*self._normalised())

    @property
    def images_per_second(self) -> float:
        """Words read a second, from file to text."""
        return len(self.words) / self.seconds

    def worst(self, count: int = SHOWN) -> list[WordRead]:
        """Up to ``count`` wrong readings: the farthest from the truth, the surest of them first."""
        wrong = [word for word in self.words if word.similarity < 1]
        return sorted(wrong, key=lambda word: (word.similarity, -word.confidence))[:count]

    def figures(self) -> dict[str, str | int | float]:
        """All figures, for a recorded result."""
        return {
            "folder": self.name,
            "words": len(self.words),
            "exact": self.exact,
            "accuracy": self.accuracy,
            "cer": self.cer,
            "one_minus_ned": self.one_minus_ned,
            "images_per_second": self.images_per_second,
        }

    def _normalised(self) -> tuple[list[str], list[str]]:
        return [normalise(w.text) for w in self.words], [normalise(w.truth) for w in self.words]


def read_labels(folder: Path) -> list[tuple[Path, str]]:
    """The images of a folder and their texts.

    Raises:
        BenchmarkError: there is no ``labels.tsv``, a line of it is not file, tab, text, or there is
            no word in it with a letter or digit.
    """
    path = folder / LABELS
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise BenchmarkError(
            f"{path} cannot be read ({reason}): give a folder of images with a {LABELS}"
        ) from None
    labels = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name, *texts = line.split("\t")
        if len(texts) != 1 or not name or not texts[0]:
            raise BenchmarkError(f"{path}, line {number}: expected file, tab, text, got {line!r}")
        labels.append((folder / name, texts[0]))
    if not any(normalise(text) for _, text in labels):
        raise BenchmarkError(f"{path} has no word with a letter a-z or a digit: nothing to measure")
    return labels


def evaluate(
    recognizer: Recognizer,
    folder: str | Path,
    decoder: Decoder = greedy,
    progress: bool = False,
) -> Evaluation:
    """Read every word of a folder.

    Args:
        recognizer: reads.
        folder: has images and a ``labels.tsv``.
        decoder: as for ``Recognizer.read``.
        progress: show a progress bar, if a person is watching.

    Raises:
        BenchmarkError: as in ``read_labels``.
        ImageError: an image is missing or damaged.
    """
    folder = Path(folder)
    paths, truths = zip(*read_labels(folder), strict=True)
    bar = tqdm(
        paths, desc=folder.name, unit="image", leave=False, disable=None if progress else True
    )
    start = time.perf_counter()
    readings = recognizer.read(bar, decoder)
    seconds = time.perf_counter() - start
    rows = zip(paths, truths, readings, strict=True)
    words = tuple(WordRead(path, truth, *reading) for path, truth, reading in rows)
    return Evaluation(folder.resolve().name, words, seconds)


def table(evaluations: list[Evaluation]) -> str:
    """The figures as text for a terminal, one row a folder."""
    names = [e.name for e in evaluations]
    width = max(map(len, ["folder", *names]))
    head = f"{'folder':{width}}  words  accuracy  with case    CER  1-NED  images/s"
    rows = (
        f"{e.name:{width}}  {len(e.words):5}  {e.accuracy:8.1%}  {e.exact:9.1%}  {e.cer:5.1%}  "
        f"{e.one_minus_ned:5.3f}  {e.images_per_second:8.1f}"
        for e in evaluations
    )
    return "\n".join([head, *rows])


def draw_worst(evaluations: list[Evaluation]) -> Figure:
    """The worst readings of every folder: image, truth, what was read, confidence."""
    shown = [(e, e.worst()) for e in evaluations]
    rows = [max(1, -(-len(words) // COLUMNS)) for _, words in shown]
    figure = Figure(figsize=(3 * COLUMNS, 1.1 * sum(rows) + 0.4 * len(rows)), layout="constrained")
    parts = figure.subfigures(len(shown), height_ratios=rows, squeeze=False)[:, 0]
    for part, (evaluation, words), height in zip(parts, shown, rows, strict=True):
        part.suptitle(f"{evaluation.name}: {evaluation.accuracy:.1%} right", weight="bold")
        axes = list(part.subplots(height, COLUMNS, squeeze=False).flat)
        for ax in axes:
            ax.set_axis_off()
        for ax, word in zip(axes, words, strict=False):
            ax.imshow(to_grey(word.path), cmap="gray", vmin=0, vmax=255)
            caption = f"{word.truth} → {word.text or 'nothing'}  {word.confidence:.0%}"
            ax.set_title(caption, fontsize=9, parse_math=False)
    return figure


def _decoder(name: str) -> Decoder:
    if name == "lexicon":
        words = load_lexicon()
        cased = {form for word in words for form in (word, word.capitalize(), word.upper())}
        return partial(lexicon_search, trie=Trie(cased))
    return {"greedy": greedy, "beam": beam_search}[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.ocr.benchmark",
        description=f"Read folders of labelled words (images and a {LABELS}: file, tab, text) and "
        "say how well. Accuracy, CER and 1-NED ignore case and all but letters and digits.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="instead of the course's own")
    parser.add_argument(
        "--decoder",
        choices=("greedy", "beam", "lexicon"),
        default="greedy",
        help="lexicon: only words of the course's lexicon (default: greedy)",
    )
    parser.add_argument(
        "--fit",
        choices=("stretch", "pad"),
        default=FIT,
        help="how pictures are brought to 32 x 128; pad if the network learnt from MJSynth "
        "(default: %(default)s)",
    )
    parser.add_argument("--picture", type=Path, metavar="PNG", help="draw the worst readings")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    return parser


def _write(path: Path, write: Callable[[Path], object]) -> None:
    try:
        with replacing(path) as unfinished:
            write(unfinished)
    except OSError as error:
        raise BenchmarkError(f"{path} cannot be written ({error.strerror})") from None


def main(arguments: list[str] | None = None) -> int:
    """Measure as the command line says; the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        for folder in chosen.folders:
            read_labels(folder)  # before the network takes its time to load
        recognizer = Recognizer.load(chosen.weights, chosen.fit)
        decoder = _decoder(chosen.decoder)
        evaluations = [
            evaluate(recognizer, folder, decoder, progress=True) for folder in chosen.folders
        ]
        print(table(evaluations))
        if chosen.picture:
            figure = draw_worst(evaluations)
            _write(chosen.picture, lambda path: figure.savefig(path, format="png", dpi=100))
        if chosen.json:
            result = {
                "weights": sha256(chosen.weights or WEIGHTS),
                "decoder": chosen.decoder,
                "fit": chosen.fit,
                "folders": [evaluation.figures() for evaluation in evaluations],
                **provenance(),
            }
            text = json.dumps(result, indent=1) + "\n"
            _write(chosen.json, lambda path: path.write_text(text, encoding="utf-8"))
    except (BenchmarkError, WeightsError, ImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
