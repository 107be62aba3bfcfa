"""What each group of the renderer's stages is worth on real words.

    python benchmarks/renderer.py ../shared/data/real_words/*_dev --fonts FOLDER

A narrow network first learns to read print, once. From there it is trained once with everything the
renderer does, once with nothing of it, and once without each group of stages, each time with the
same settings; then every one reads the same folders. The table goes to data/results/renderer.json
after each training; an interrupted one goes on where it stopped.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np

from course_utils.files import replacing
from course_utils.ocr.benchmark import BenchmarkError, evaluate
from course_utils.ocr.datasets import STYLES, Style, SyntheticWords
from course_utils.ocr.fonts import Face, default_faces, faces_in
from course_utils.ocr.recognizer import Recognizer
from course_utils.ocr.rendering import Recipe, draw_recipe
from course_utils.ocr.texts import draw_text, plain_text
from course_utils.ocr.training import Settings, TrainingError, train
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "renderer.json"
PRINT = Settings(style="print", width=0.25, steps=1000, interval=250, validation=500)
SIGNS = replace(PRINT, style="signs", steps=500, warmup=50)


@dataclass(frozen=True)
class Without:
    """The default mix without some stages.

    Attributes:
        stages: names of strengths in ``Recipe``, set to what a plain recipe has.
    """

    stages: tuple[str, ...]

    def __call__(self, rng: np.random.Generator) -> Recipe:
        """A recipe of what is left."""
        plain = Recipe()
        return replace(draw_recipe(rng), **{name: getattr(plain, name) for name in self.stages})


STAGES = {
    "letters spaced, bouncing, thicker and thinner": (
        *("spacing", "bounce", "small_capitals", "weight"),
    ),
    "borders, shadows, hollow letters": ("border", "shadow", "hollow"),
    "curvature and perspective": ("curvature", "perspective"),
    "crops too tight and too loose": ("crop",),
    "low contrast": ("contrast",),
    "grounds: clutter, texture, gradient, light": ("clutter", "texture", "gradient", "light"),
    "camera: blur, low resolution, sharpening, noise, JPEG": (
        *("blur", "low_resolution", "sharpening", "noise", "jpeg"),
    ),
}
VARIANTS = {
    "everything": STYLES["signs"],
    "nothing (plain print)": STYLES["print"],
    **{f"without {name}": Style(draw_text, Without(stages)) for name, stages in STAGES.items()},
    "without codes, addresses and punctuation": Style(plain_text, draw_recipe),
}


def learn(
    settings: Settings, folder: Path, style: Style, faces: Sequence[Face], workers: int
) -> Path:
    """Train; where the weights are. A training that has ended is not repeated."""
    words = tuple(
        SyntheticWords(settings.seed, split, faces=faces, style=style)
        for split in ("train", "validation")
    )
    train(settings, folder, workers=workers, progress=True, words=words)
    return folder / "last.weights.h5"


def read(weights: Path, folders: Sequence[Path]) -> dict[str, float]:
    """Word accuracy under the protocol: of each folder, and their mean."""
    keras.utils.clear_session()
    recognizer = Recognizer.load(weights)
    accuracies = {folder.name: evaluate(recognizer, folder).accuracy for folder in folders}
    return {**accuracies, "mean": statistics.mean(accuracies.values())}


def table(rows: dict[str, dict]) -> str:
    """The rows as text, the best first."""
    ordered = sorted(rows.items(), key=lambda row: -row[1]["mean"])
    names = list(ordered[0][1])
    lines = [f"{'trained with':60}" + "".join(f"{name:>14}" for name in names)]
    for variant, row in ordered:
        lines.append(f"{variant:60}" + "".join(f"{row[name]:14.1%}" for name in names))
    return "\n".join(lines)


def main() -> None:
    """Train the variants, read, print the table and record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="have images and a labels.tsv")
    parser.add_argument("--fonts", type=Path, required=True, help="folder of scripts/gather_fonts")
    parser.add_argument("--runs", type=Path, default=Path("runs/renderer"), help="(%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="that draw (%(default)s)")
    parser.add_argument("--precision", default="float32", help="dtype policy (%(default)s)")
    arguments = parser.parse_args()
    many, few = faces_in(arguments.fonts), default_faces()
    try:
        first = replace(PRINT, precision=arguments.precision)
        base = learn(
            first, arguments.runs / "print", STYLES["print"], many, arguments.workers
        ).resolve()
        settings = replace(SIGNS, precision=arguments.precision, initial_weights=str(base))
        rows = {}
        trained = [(name, style, many) for name, style in VARIANTS.items()]
        trained.append((f"with {len(few)} faces, not {len(many)}", STYLES["signs"], few))
        for number, (name, style, faces) in enumerate(trained):
            folder = arguments.runs / f"{number:02}"
            weights = learn(settings, folder, style, faces, arguments.workers)
            rows[name] = read(weights, arguments.folders)
            record = {"settings": asdict(replace(settings, initial_weights="print"))}
            record |= {"first": asdict(first), "rows": rows, "made": provenance()}
            with replacing(RECORD) as unfinished:
                unfinished.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except (BenchmarkError, TrainingError) as error:
        parser.exit(2, f"error: {error}\n")
    print(table(rows))


if __name__ == "__main__":
    main()
