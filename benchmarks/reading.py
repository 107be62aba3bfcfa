"""The course's recognizer beside Tesseract and RapidOCR: same pictures, same cores, one run.

    python benchmarks/reading.py ../shared/data/real_words/* --rapidocr PYTHON

Every engine reads in a process of its own, limited to the same two cores: first 200 of the pictures
one by one, then all of them together. Needs Linux; Tesseract (on Debian and Ubuntu: apt install
tesseract-ocr); and RapidOCR (pip install rapidocr onnxruntime) in the environment of the Python
that --rapidocr names. An engine that is missing is left out. The table is printed and recorded in
data/results/reading.json, the plot is data/results/reading.png.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from matplotlib.figure import Figure

from course_utils.files import replacing
from course_utils.ocr.benchmark import BenchmarkError, read_labels
from course_utils.ocr.metrics import (
    character_error_rate,
    normalise,
    one_minus_ned,
    word_accuracy,
)
from course_utils.ocr.weights import WEIGHTS, sha256
from course_utils.paths import DATA
from course_utils.provenance import provenance
from course_utils.teaching import style

ENGINES = Path(__file__).parent / "engines"
RECORD, PLOT = DATA / "results" / "reading.json", DATA / "results" / "reading.png"
CORES = 2
SINGLE = 200
MISSING = 3  # exit status of an engine that is not installed, as in engines/measure.py

Labels = dict[str, list[tuple[Path, str]]]  # by folder


class EngineError(RuntimeError):
    """An engine that failed; the message says how."""


def run_engine(python: str, script: str, job: dict) -> dict | None:
    """Let an engine read.

    Args:
        python: the interpreter that has the engine.
        script: its file in ``engines``.
        job: see ``engines/measure.py``.

    Returns:
        What it measured, or None if it is not installed.

    Raises:
        EngineError: it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [python, str(ENGINES / script), str(result)]
        run = subprocess.run(command, input=json.dumps(job), text=True, capture_output=True)
        if run.returncode == MISSING:
            print(f"left out: {run.stderr}", file=sys.stderr)
            return None
        if run.returncode:
            raise EngineError(f"{script} failed: {run.stderr.strip().splitlines()[-1]}")
        return json.loads(result.read_text("utf-8"))


def scores(texts: list[str], labels: Labels) -> dict[str, dict[str, float]]:
    """Accuracy, CER and 1-NED of each folder, as the benchmarks compare: see ``normalise``.

    Args:
        texts: what an engine read, folder after folder.
        labels: the folders.
    """
    result = {}
    left = iter(texts)
    for name, words in labels.items():
        read = [normalise(next(left)) for _ in words]
        truths = [normalise(truth) for _, truth in words]
        result[name] = {
            "accuracy": word_accuracy(read, truths),
            "cer": character_error_rate(read, truths),
            "one_minus_ned": one_minus_ned(read, truths),
        }
    return result


def measure(labels: Labels, rapidocr: str) -> list[dict]:
    """Each engine's speed, memory and scores."""
    paths = [str(path.resolve()) for words in labels.values() for path, _ in words]
    job = {"all": paths, "single": paths[:: -(-len(paths) // SINGLE)], "cores": CORES}
    engines = {"course.py": sys.executable, "tesseract.py": sys.executable, "rapid.py": rapidocr}
    rows = []
    for script, python in engines.items():
        row = run_engine(python, script, job)
        if row is not None:
            rows.append({**row, "folders": scores(row.pop("texts"), labels)})
    return rows


def table(rows: list[dict]) -> str:
    """The measurements as text, one line an engine and folder."""
    lines = [
        "engine            folder         accuracy    CER  1-NED  single/s  batched/s  peak MiB"
    ]
    for row in rows:
        speed = (
            f"{row['images_per_second_single']:8.1f}  {row['images_per_second_batched']:9.1f}"
            f"  {row['peak_mib']:8.0f}"
        )
        for name, score in row["folders"].items():
            lines.append(
                f"{row['version']:16}  {name:13}  {score['accuracy']:8.1%}  {score['cer']:5.1%}"
                f"  {score['one_minus_ned']:5.3f}  {speed}"
            )
    return "\n".join(lines)


def draw(rows: list[dict]) -> Figure:
    """Accuracy, speed and memory as bars, a colour an engine."""
    style.use()
    figure = Figure(figsize=(11, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[3, 2, 1])
    folders = list(rows[0]["folders"])
    for place, (row, colour) in enumerate(zip(rows, style.COLOURS.values(), strict=False)):
        width = 0.8 / len(rows)
        shift = (place - (len(rows) - 1) / 2) * width
        accuracies = [100 * row["folders"][name]["accuracy"] for name in folders]
        speeds = [row["images_per_second_single"], row["images_per_second_batched"]]
        for ax, values in ((left, accuracies), (middle, speeds), (right, [row["peak_mib"]])):
            places = [number + shift for number in range(len(values))]
            bars = ax.bar(places, values, width, color=colour, label=row["version"])
            ax.bar_label(bars, fmt="%.0f", fontsize=9)
    left.set(title="Words right, %", ylim=(0, 105))
    left.set_xticks(range(len(folders)), folders)
    middle.set(title=f"Images a second, {CORES} cores")
    middle.set_xticks([0, 1], ["one by one", "together"])
    right.set(title="Memory, MiB")
    right.set_xticks([])
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(rows))
    return figure


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, record and draw; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--rapidocr",
        default=sys.executable,
        metavar="PYTHON",
        help="the interpreter that has RapidOCR (default: this one)",
    )
    chosen = parser.parse_args(arguments)
    # The engines inherit it.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    begun = time.perf_counter()
    try:
        labels = {folder.resolve().name: read_labels(folder) for folder in chosen.folders}
        rows = measure(labels, chosen.rapidocr)
    except (BenchmarkError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table(rows))
    result = {
        "engines": rows,
        "words": {name: len(words) for name, words in labels.items()},
        "cores_used": CORES,
        "weights": sha256(WEIGHTS),
        "seconds": time.perf_counter() - begun,
        **provenance(),
    }
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    with replacing(RECORD) as unfinished:
        unfinished.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    with replacing(PLOT) as unfinished:
        draw(rows).savefig(unfinished, format="png", dpi=120, metadata={"Software": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
