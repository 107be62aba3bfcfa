"""How well the training that notebook 04 shows live goes, seed by seed.

    python benchmarks/live_training.py

Each seed trains in a process of its own, with the notebook's settings and words, and then reads
1,000 images of words that neither trained nor chose it. data/results/live_training.json is written
after every seed; started again, the command goes on with the seeds that are missing.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "live_training.json"
SEEDS = range(10)


def measure(seed: int) -> dict:
    """Train with one seed; what the record says of it."""
    from course_utils.ocr.training import train
    from course_utils.teaching import live_training

    start = time.perf_counter()
    words = live_training.live_words(seed)
    watch = live_training.Watch([words.test[index] for index in range(100)])
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        result = train(
            replace(live_training.SETTINGS, seed=seed),
            folder,
            words=words[:2],
            on_interval=lambda row, network: (watch(row, network), kept.append(network)),
        )
        seconds, network = time.perf_counter() - start, kept[-1]
        network.load_weights(Path(folder) / "best.weights.h5")
    log = result["log"]
    return {
        "seed": seed,
        "word accuracy": live_training.accuracy(network, words.test),
        "first step above 50 %": first_above(log, 0.5),
        "first step above 85 %": first_above(log, 0.85),
        "steps at which 100 images read as nothing": watch.silent(),
        "seconds": round(seconds, 1),
        "best step": result["best"]["step"],
        "log": [
            {k: round(row[k], 4) for k in ("step", "loss", "validation_loss", "word_accuracy")}
            for row in log
        ],
    }


def first_above(log: list[dict], accuracy: float) -> int | None:
    """The first step at which more than this share of the validation words was read."""
    return next((row["step"] for row in log if row["word_accuracy"] > accuracy), None)


def write(rows: list[dict]) -> None:
    """The record, with its lowest and its median."""
    from course_utils.teaching.live_training import SETTINGS, live_words

    accuracies = [row["word accuracy"] for row in rows]
    record = {
        **provenance(),
        "settings": asdict(SETTINGS),
        "words": live_words(0).train.fingerprint(),
        "lowest word accuracy": min(accuracies),
        "median word accuracy": round(statistics.median(accuracies), 4),
        "median seconds": statistics.median(row["seconds"] for row in rows),
        "seeds": rows,
    }
    with replacing(RECORD) as path:
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Measure what is missing, print a line a seed, record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="forget the recorded seeds")
    rows = []
    if RECORD.exists() and not parser.parse_args().anew:
        rows = json.loads(RECORD.read_text(encoding="utf-8"))["seeds"]
    for seed in sorted({*SEEDS} - {row["seed"] for row in rows}):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            rows.append(process.apply(measure, (seed,)))
        write(rows)
        shown = {name: value for name, value in rows[-1].items() if name != "log"}
        print(json.dumps(shown), flush=True)


if __name__ == "__main__":
    main()
